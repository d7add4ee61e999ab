import { readContractSource, type ContractName } from './source.js';

export type Method = 'get' | 'put' | 'post' | 'delete' | 'patch';
const methods: readonly Method[] = ['get', 'put', 'post', 'delete', 'patch'];

/** The parts of an OpenAPI document that routes are created from. */
export interface ContractDocument {
  readonly paths: Record<string, Partial<Record<Method, OperationObject>>>;
  readonly components: {
    readonly parameters?: Record<string, ParameterObject>;
    readonly schemas?: Record<string, SchemaObject>;
  };
  readonly security?: readonly object[];
}

export interface ParameterObject {
  readonly $ref?: string;
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema: object;
}

/** The parts of a schema by which texts of a form are read. */
export interface SchemaObject {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly items?: SchemaObject;
  readonly properties?: Readonly<Record<string, SchemaObject>>;
}

interface OperationObject {
  readonly operationId: string;
  readonly parameters?: readonly ParameterObject[];
  readonly 'x-successor'?: string;
  readonly 'x-keeps-unknown-properties'?: boolean;
  readonly 'x-refuses-unknown-query'?: boolean;
  readonly security?: readonly object[];
  readonly requestBody?: {
    readonly required?: boolean;
    readonly content: Readonly<Record<string, { readonly schema: SchemaObject }>>;
  };
  readonly responses: Record<string, { readonly $ref?: string }>;
}

/** The media type of forms, which may have files. */
export const formType = 'multipart/form-data';

/** One operation of a contract. */
export interface ContractOperation {
  readonly id: string;
  readonly method: Method;
  /** OpenAPI's template, such as `/get-batch-test/{test_case_batch_job_id}`. */
  readonly path: string;
  readonly needsKey: boolean;
  readonly hasBody: boolean;
  /** The schema of a body that is a form; undefined if a body is JSON. */
  readonly form: SchemaObject | undefined;
  /** False if the body may be absent. */
  readonly needsBody: boolean;
  readonly query: readonly ParameterObject[];
  /** Observed: the real service refuses a query parameter that the operation does not have. */
  readonly refusesUnknownQuery: boolean;
  /** True if unknown properties of the body are stored and returned. */
  readonly keepsUnknownProperties: boolean;
  /** The template of the path of the operation that replaces this deprecated one. */
  readonly successor: string | undefined;
  /** The status of its only success answer. */
  readonly success: number;
  /** All documented statuses, in ascending order. */
  readonly statuses: readonly number[];
}

/** One of the two contracts of this package. */
export interface Contract {
  readonly document: ContractDocument;
  readonly operations: readonly ContractOperation[];
}

/** Each contract is read once per process, which may have many emulators. */
const contracts = new Map<ContractName, Contract>();

/** Reads `openapi/<name>.yaml` of this package. */
export function loadContract(name: ContractName): Contract {
  const contract = contracts.get(name) ?? readContract(name);
  contracts.set(name, contract);
  return contract;
}

function readContract(name: ContractName): Contract {
  const document = readContractSource(name) as ContractDocument;
  return { document, operations: listOperations(document) };
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
        form: formOf(document, operation),
        needsBody: operation.requestBody?.required === true,
        query: queryParameters(document, operation),
        refusesUnknownQuery: operation['x-refuses-unknown-query'] === true,
        keepsUnknownProperties: operation['x-keeps-unknown-properties'] === true,
        successor: operation['x-successor'],
        success: Number(success),
        statuses: Object.keys(operation.responses).map(Number),
      };
    }),
  );
}

function formOf(
  { components }: ContractDocument,
  { requestBody }: OperationObject,
): SchemaObject | undefined {
  const schema = requestBody?.content[formType]?.schema;
  const name = schema?.$ref?.split('/').at(-1);
  return name === undefined ? schema : components.schemas?.[name];
}

/** The names in a query that the operation does not have. */
export const unknownQueryOf = ({ query }: ContractOperation, given: unknown): string[] =>
  Object.keys(given ?? {}).filter((name) => query.every((known) => known.name !== name));

function queryParameters(
  { components }: ContractDocument,
  { parameters = [] }: OperationObject,
): ParameterObject[] {
  return parameters
    .map((parameter) => {
      const name = parameter.$ref?.split('/').at(-1);
      return (name === undefined ? undefined : components.parameters?.[name]) ?? parameter;
    })
    .filter((parameter) => parameter.in === 'query');
}
