import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

export type Method = 'get' | 'put' | 'post' | 'delete' | 'patch';
const methods: readonly Method[] = ['get', 'put', 'post', 'delete', 'patch'];

/** An OpenAPI document, as far as routes are made from it. */
export interface ContractDocument {
  readonly paths: Record<string, Partial<Record<Method, OperationObject>>>;
  readonly security?: readonly object[];
}

interface OperationObject {
  readonly operationId: string;
  readonly security?: readonly object[];
  readonly requestBody?: object;
  readonly responses: Record<string, { readonly $ref?: string }>;
}

/** One operation of a contract. */
export interface ContractOperation {
  readonly id: string;
  readonly method: Method;
  /** OpenAPI's template, `/get-batch-test/{test_case_batch_job_id}`. */
  readonly path: string;
  readonly needsKey: boolean;
  readonly hasBody: boolean;
  /** The status of its one success answer. */
  readonly success: number;
}

/** A contract as shipped: its text, what it says, and where its text came from. */
export interface Contract {
  readonly name: string;
  readonly yaml: string;
  readonly document: ContractDocument;
  readonly operations: readonly ContractOperation[];
}

/** Reads `openapi/<name>.yaml` of this package. */
export function loadContract(name: 'retell' | 'control'): Contract {
  const file = fileURLToPath(new URL(`../../openapi/${name}.yaml`, import.meta.url));
  const yaml = readFileSync(file, 'utf8');
  const document = parse(yaml) as ContractDocument;
  return { name, yaml, document, operations: listOperations(document) };
}

function listOperations(document: ContractDocument): ContractOperation[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    methods.flatMap((method) => {
      const operation = item[method];
      if (operation === undefined) return [];
      const security = operation.security ?? document.security ?? [];
      const success = Object.keys(operation.responses).find((status) => status.startsWith('2'));
      return {
        id: operation.operationId,
        method,
        path,
        needsKey: security.length > 0,
        hasBody: operation.requestBody !== undefined,
        success: Number(success),
      };
    }),
  );
}
