import type { ErrorObject, Options as AjvOptions, ValidateFunction } from 'ajv/dist/2020.js';
import { SchemaError } from '../errors.js';
import { createAjv, createdOnce, partAdder } from './ajv.js';
import { formType, type Contract, type ContractOperation } from './document.js';
import { inObservedWords } from './observed-words.js';
import { vendorFormats, type TextFormats } from './formats.js';
import {
  noValues,
  openEnum,
  validateWithOpenEnums,
  withOpenEnums,
  type UnknownValue,
  type UnknownValuesPolicy,
} from './open-values.js';

/** The checks of a contract's operations. Each is compiled at its first use. */
export interface ContractValidation {
  /**
   * @param policy what to do with values that an open list does not have; called only if there is one.
   * @returns those values, if the policy is `warn`.
   * @throws ApiError 400 that names the path in the body and the problem.
   */
  checkBody(
    operation: ContractOperation,
    body: unknown,
    policy?: () => UnknownValuesPolicy,
    place?: BodyPart,
  ): readonly UnknownValue[];
  /** Converts strings to the numbers that the contract requires. @throws ApiError 400 */
  checkQuery(operation: ContractOperation, query: unknown): void;
  /** Describes how an answer of the emulator breaks the contract; undefined if it does not. */
  findResponseMismatch(operation: ContractOperation, response: unknown): string | undefined;
  /** Returns the paths in a valid body that the contract does not have. */
  findIgnored(operation: ContractOperation, body: unknown): string[];
  /** Checks a value against a schema of the contract. */
  checkValue(schemaName: string, value: unknown, policy: UnknownValuesPolicy): CheckedValue;
}

/** Says that the body is only a part of one: a list, of which the items before `start` are left out. */
export interface BodyPart {
  readonly list: string;
  readonly start: number;
}

export interface CheckedValue {
  /** Where and how the value differs from the schema; undefined if it does not. */
  readonly mismatch: string | undefined;
  /** Values that an open list does not have, if the policy is `warn`. */
  readonly unknownValues: readonly UnknownValue[];
}

/** One for each contract and process. A process may have many emulators. */
const validations = new WeakMap<Contract, ContractValidation>();

export function contractValidation(
  contract: Contract,
  formats: TextFormats = {},
): ContractValidation {
  const validation = validations.get(contract) ?? createValidation(contract, formats);
  validations.set(contract, validation);
  return validation;
}

/** In the form that Ajv needs. */
export const ajvFormats = (formats: TextFormats): Record<string, (text: string) => boolean> =>
  Object.fromEntries(Object.entries(formats).map(([name, { accepts }]) => [name, accepts]));

const commonOptions = {
  // JSON.parse returns Infinity for 1e400, which the database cannot store.
  strictNumbers: true,
  // Adds the schema to each error, so that the message can say what is allowed.
  verbose: true,
  // Passes `this` to the keyword of open lists, which has the policy.
  passContext: true,
  keywords: [openEnum],
} as const satisfies AjvOptions;

const rejectAll = (): UnknownValuesPolicy => 'reject';
const acceptAll = (): UnknownValuesPolicy => 'accept';

function optionsWith(own: TextFormats) {
  const formats = { ...vendorFormats, ...own };
  return { formats, options: { ...commonOptions, formats: ajvFormats(formats) } };
}

function createValidation(contract: Contract, own: TextFormats): ContractValidation {
  const { formats, options } = optionsWith(own);
  // A JSON body is not converted: "1" is not a number. A query consists of strings, so it is converted.
  const getSchema = schemasOf(contract, { ...options, coerceTypes: false, discriminator: true });
  const queryAjv = createdOnce(() => createAjv({ ...options, coerceTypes: true }));

  const bodyCheck = compiledOnce((operation) => getSchema(bodyPointer(operation)));
  const strippingCheck = compiledOnce(bodyStripper(contract, options));
  const queryCheck = compiledOnce(({ query }) =>
    queryAjv().compile({
      type: 'object',
      properties: Object.fromEntries(query.map(({ name, schema }) => [name, schema])),
      required: query.filter(({ required }) => required).map(({ name }) => name),
    }),
  );
  const responseCheck = compiledOnce((operation) =>
    getSchema(contentPointer(operation, `responses/${String(operation.success)}`)),
  );

  return {
    checkBody(operation, body, policy = rejectAll, part) {
      if (body === undefined && !operation.needsBody) return noValues;
      if (body === undefined) throw noBodyError();
      return refuse(bodyCheck(operation), body, 'body', policy, formats, part);
    },
    checkQuery(operation, query) {
      refuse(queryCheck(operation), query, 'query', rejectAll, formats);
      refuseHugeNumbers(query);
    },
    findIgnored(operation, body) {
      const known = structuredClone(body);
      const strip = strippingCheck(operation);
      if (strip !== undefined) validateWithOpenEnums(strip, known, '', acceptAll);
      return findMissing('body', body, known);
    },
    checkValue(schemaName, value, policy) {
      const validate = getSchema(`/components/schemas/${schemaName}`);
      if (validate === undefined) throw new Error(`there is no schema ${schemaName}`);
      const { passes, unknownValues } = validateWithOpenEnums(validate, value, '', () => policy);
      const mismatch = passes
        ? undefined
        : describe('', maxHelpful(validate.errors ?? []), formats);
      return { mismatch, unknownValues };
    },
    findResponseMismatch(operation, response) {
      const validate = responseCheck(operation);
      if (
        validate === undefined ||
        validateWithOpenEnums(validate, response, '', acceptAll).passes
      ) {
        return undefined;
      }
      return describe('response', maxHelpful(validate.errors ?? []), formats);
    },
  };
}

/** Compiles the schema at a JSON pointer into the contract. @param prepare converts it for Ajv. */
function schemasOf(contract: Contract, options: AjvOptions, prepare = forAjv) {
  const parts = createdOnce(() => {
    const ajv = createAjv(options);
    return { ajv, add: partAdder(ajv, 'contract', contract.document, prepare) };
  });
  return (pointer: string): ValidateFunction | undefined => {
    const id = parts().add(pointer);
    return id === undefined ? undefined : parts().ajv.getSchema(id);
  };
}

/** Ajv converts "Infinity" and "1e400" to numbers. @throws SchemaError */
function refuseHugeNumbers(query: unknown): void {
  for (const [name, value] of Object.entries(query as object)) {
    if (typeof value !== 'number' || Math.abs(value) <= Number.MAX_SAFE_INTEGER) continue;
    const problem = `query/${name} must be between -(2^53 - 1) and 2^53 - 1`;
    throw new SchemaError(problem, `request/${problem}`);
  }
}

const schemaError = (root: string, error: ErrorObject | undefined, formats: TextFormats) =>
  new SchemaError(describe(root, error, formats), inObservedWords(root, error));

const noBodyError = () =>
  new SchemaError('body must not be empty', "request must have required property 'body'");

/** @throws ApiError 400 if the value is invalid. */
function refuse(
  validate: ValidateFunction | undefined,
  value: unknown,
  root: string,
  policy: () => UnknownValuesPolicy,
  formats: TextFormats,
  part?: BodyPart,
): readonly UnknownValue[] {
  if (validate === undefined) return noValues;
  const { passes, unknownValues } = validateWithOpenEnums(validate, value, root, policy);
  if (passes) return unknownValues;
  const error = maxHelpful(validate.errors ?? []);
  if (error !== undefined && part !== undefined) {
    error.instancePath = pathInWhole(error.instancePath, part);
  }
  throw schemaError(root, error, formats);
}

/** The path of an item in the whole list, given its path in a part of it. */
export const pathInWhole = (path: string, { list, start }: BodyPart): string =>
  path.replace(
    /^((?:body)?\/(\w+)\/)(\d+)/,
    (found, before: string, name: string, index: string) =>
      name === list ? before + String(start + Number(index)) : found,
  );

/** Returns a check that removes unknown properties from a body. */
function bodyStripper(contract: Contract, options: AjvOptions): Compile {
  const getSchema = schemasOf(
    contract,
    { ...options, removeAdditional: true, discriminator: true },
    (part) => withoutAdditional(forAjv(part)),
  );
  return (operation) => getSchema(bodyPointer(operation));
}

type Compile = (operation: ContractOperation) => ValidateFunction | undefined;

function compiledOnce(compile: Compile): Compile {
  const compiled = new Map<string, ValidateFunction | undefined>();
  return (operation) => {
    if (!compiled.has(operation.id)) compiled.set(operation.id, compile(operation));
    return compiled.get(operation.id);
  };
}

/** A copy of the document in which objects with named properties allow no others. */
function withoutAdditional(document: object): object {
  return JSON.parse(
    JSON.stringify(document, (_key, value: unknown) =>
      typeof value === 'object' && value !== null && 'type' in value && 'properties' in value
        ? { additionalProperties: false, ...value }
        : value,
    ),
  ) as object;
}

/** The paths in a value that another value, which is otherwise equal, does not have. */
function findMissing(path: string, value: unknown, other: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const others = (other ?? {}) as Record<string, unknown>;
  return Object.entries(value).flatMap(([name, part]) =>
    Object.hasOwn(others, name)
      ? findMissing(`${path}/${name}`, part, others[name])
      : [`${path}/${name}`],
  );
}

const bodyPointer = (operation: ContractOperation): string =>
  contentPointer(operation, 'requestBody', operation.form && formType);

/** Where the contract has the schema of what an operation takes or answers. */
const contentPointer = (
  { path, method }: ContractOperation,
  holder: string,
  mediaType = 'application/json',
): string =>
  `/paths/${toPointerPart(path)}/${method}/${holder}/content/${toPointerPart(mediaType)}/schema`;

const toPointerPart = (part: string): string =>
  encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));

/** A file of a form. The parser of forms has put an object in its place: see `UploadedFile`. */
const isFile = (schema: unknown): boolean =>
  typeof schema === 'object' && schema !== null && 'format' in schema && schema.format === 'binary';

const aFile = {
  description: 'a file',
  not: { type: ['string', 'number', 'boolean', 'null', 'array'] },
};

/**
 * A copy of a part of the contract for Ajv, which refuses the `mapping` of a discriminator. Other tools need it; for
 * Ajv, the enum of the tag in each schema says the same. The keys of `mapping` stay, for the message.
 */
function forAjv(part: object): object {
  return JSON.parse(
    JSON.stringify(part, (key, value: unknown) => {
      if (isFile(value)) return aFile;
      if (key !== 'discriminator') return withOpenEnums(value);
      const { propertyName, mapping = {} } = value as { propertyName: string; mapping?: object };
      return { propertyName, allowed: Object.keys(mapping) };
    }),
  ) as object;
}

/** Describes the first problem, such as `body/response_engine/type must be one of …`. */
function describe(root: string, error: ErrorObject | undefined, formats: TextFormats): string {
  if (error === undefined) return `${root} is invalid`;
  const { keyword, instancePath, params, parentSchema, message = 'is invalid' } = error;
  const path = root + instancePath;
  if (error.propertyName !== undefined) {
    return `${path} must NOT have the property name ${quote(error.propertyName)}`;
  }
  switch (keyword) {
    case 'discriminator': {
      const { tag, tagValue } = params as { tag: string; tagValue: unknown };
      const { allowed } = parentSchema?.['discriminator'] as { allowed: string[] };
      return tagValue === undefined
        ? `${path} must have required property '${tag}'`
        : `${path}/${tag} must be ${alternatives(allowed)}; ${quote(tagValue)} is not supported`;
    }
    case 'enum':
      return `${path} must be ${alternatives((params as { allowedValues: unknown[] }).allowedValues)}`;
    case 'type':
      return `${path} must be ${String((params as { type: unknown }).type).replaceAll(',', ' or ')}`;
    case 'additionalProperties':
    case 'unevaluatedProperties': {
      const name = Object.values(params as Record<string, unknown>)[0];
      return `${path} must NOT have the unknown property ${quote(name)}`;
    }
    case 'format': {
      const { format } = params as { format: string };
      return `${path} must be ${formats[format]?.allowed ?? format}`;
    }
    // Only the description can say what a `not` excludes.
    case 'not':
      return `${path} must be ${String(parentSchema?.['description'])}`;
    default:
      return `${path} ${message}`;
  }
}

/** The first error. If there are alternatives, an error of the alternative that has the value's type. */
function maxHelpful(errors: readonly ErrorObject[]): ErrorObject | undefined {
  const choice = errors.find(({ keyword }) => keyword === 'anyOf');
  return (
    errors.find(
      ({ keyword, instancePath }) =>
        choice !== undefined &&
        keyword !== 'anyOf' &&
        (keyword !== 'type' || instancePath !== choice.instancePath),
    ) ?? errors[0]
  );
}

const alternatives = (values: readonly unknown[]): string => values.map(quote).join(' or ');

/** As JSON, cut if it is long: the client chooses its length, and it must not fill the answer. */
function quote(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= 100 ? text : `${text.slice(0, 100)}…`;
}
