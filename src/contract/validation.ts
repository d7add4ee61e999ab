import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { ApiError } from '../errors.js';
import type { Contract, ContractOperation } from './document.js';

/** Checks one part of one operation; answers what is wrong with it, or undefined. */
export type Check = (value: unknown) => string | undefined;

/** Compiles the checks of a contract's operations, on demand. */
export interface ContractValidation {
  /** @throws ApiError 400 naming the place in the body and the fault. */
  body(operation: ContractOperation): (body: unknown) => void;
  /** Checks an answer of ours; undefined where the contract has no JSON for that status. */
  response(operation: ContractOperation, status: number): Check | undefined;
}

export function contractValidation({ document }: Contract): ContractValidation {
  const ajv = new Ajv2020({
    // A JSON body is taken as it came: "1" is not a number.
    coerceTypes: false,
    discriminator: true,
    // `example` and the like are OpenAPI's, not JSON Schema's.
    strict: false,
    // JSON.parse makes Infinity of 1e400; the store could not give it back.
    strictNumbers: true,
    // Shows the schema behind an error, to name what would have been right.
    verbose: true,
  });
  ajv.addSchema(forAjv(document), 'contract');

  const compile = (pointer: string): ValidateFunction | undefined =>
    ajv.getSchema(`contract#${pointer}/content/application~1json/schema`);

  return {
    body({ path, method }) {
      const validate = compile(`/paths/${toPointerPart(path)}/${method}/requestBody`);
      return (body) => {
        if (body === undefined) throw new ApiError('invalid_request', 'body must not be empty');
        if (validate === undefined || validate(body)) return;
        throw new ApiError('invalid_request', describe('body', validate.errors));
      };
    },
    response({ path, method }, status) {
      const response = document.paths[path]?.[method]?.responses[status];
      const validate = compile(
        response?.$ref?.slice('#'.length) ??
          `/paths/${toPointerPart(path)}/${method}/responses/${String(status)}`,
      );
      return (
        validate &&
        ((value) => (validate(value) ? undefined : describe('response', validate.errors)))
      );
    },
  };
}

const toPointerPart = (part: string): string =>
  encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));

/**
 * A copy that Ajv takes. It refuses a discriminator's `mapping`, which other tools need; the
 * enum of the tag in each schema says the same. Its keys stay, for the message.
 */
function forAjv(document: object): object {
  return JSON.parse(
    JSON.stringify(document, (key, value: unknown) => {
      if (key !== 'discriminator') return value;
      const { propertyName, mapping = {} } = value as { propertyName: string; mapping?: object };
      return { propertyName, allowed: Object.keys(mapping) };
    }),
  ) as object;
}

/** The first fault, as `body/response_engine/type must be one of …`. */
function describe(root: string, errors: readonly ErrorObject[] | null | undefined): string {
  const [error] = errors ?? [];
  if (error === undefined) return `${root} is invalid`;
  const { keyword, instancePath, params, parentSchema, message = 'is invalid' } = error;
  const place = root + instancePath;
  switch (keyword) {
    case 'discriminator': {
      const { tag, tagValue } = params as { tag: string; tagValue: unknown };
      const { allowed } = parentSchema?.['discriminator'] as { allowed: string[] };
      return tagValue === undefined
        ? `${place} must have required property '${tag}'`
        : `${place}/${tag} must be ${alternatives(allowed)}; ${quote(tagValue)} is not supported`;
    }
    case 'enum':
      return `${place} must be ${alternatives((params as { allowedValues: unknown[] }).allowedValues)}`;
    case 'type':
      return `${place} must be ${String((params as { type: unknown }).type).replaceAll(',', ' or ')}`;
    default:
      return `${place} ${message}`;
  }
}

const alternatives = (values: readonly unknown[]): string => values.map(quote).join(' or ');

/** As JSON; what the client sent may be of any length and must not fill the answer. */
function quote(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= 100 ? text : `${text.slice(0, 100)}…`;
}
