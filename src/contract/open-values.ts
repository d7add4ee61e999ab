import type { FuncKeywordDefinition, ValidateFunction } from 'ajv/dist/2020.js';
import { suggestion } from '../nearest.js';

/** What to do with a value that an open list of the contract does not have. */
export type UnknownValuesPolicy = 'warn' | 'reject' | 'accept';

/** A value that an open list of the contract does not have. */
export interface UnknownValue {
  /** Such as `body/nodes/3/type`. */
  readonly path: string;
  /** The first characters of the value. */
  readonly value: string;
  readonly known: readonly unknown[];
  /** How many other paths of the same kind have the same value. */
  others: number;
}

/** The `this` of a check. */
interface OpenValues {
  /** Called only if there is such a value. */
  readonly policy: () => UnknownValuesPolicy;
  readonly root: string;
  /** Filled under the policy `warn`. Has one entry for each value and kind of path. */
  readonly found: Map<string, UnknownValue>;
}

/** The most values to report for one body, which may have any number. */
const maxFound = 20;

/** The most characters of a value to keep. Clients choose its length. */
const maxValueLength = 100;

/** The name under which Ajv knows an `enum` with `x-open: true`. */
const openEnumKeyword = 'openEnum';

const checkOpenEnum: NonNullable<FuncKeywordDefinition['validate']> = function (
  this: OpenValues,
  known: readonly unknown[],
  value: string,
  _parentSchema: unknown,
  context?: { instancePath: string },
) {
  if (known.includes(value)) return true;
  const policy = this.policy();
  if (policy === 'reject') {
    // The same error as from a closed `enum`.
    checkOpenEnum.errors = [
      {
        keyword: 'enum',
        message: 'must be equal to one of the allowed values',
        params: { allowedValues: known },
      },
    ];
    return false;
  }
  if (policy === 'warn') add(this, value, known, context?.instancePath ?? '');
  return true;
};

export const openEnum: FuncKeywordDefinition = {
  keyword: openEnumKeyword,
  type: 'string',
  schemaType: 'array',
  errors: true,
  validate: checkOpenEnum,
};

function add(
  { root, found }: OpenValues,
  text: string,
  known: readonly unknown[],
  path: string,
): void {
  const value = text.slice(0, maxValueLength);
  noteUnknownValue(found, { path: root + path, value, known, others: 0 });
}

/** Adds a value to those of a body. */
export function noteUnknownValue(found: Map<string, UnknownValue>, unknown: UnknownValue): void {
  const key = keyOf(unknown.path, unknown.value);
  const before = found.get(key);
  if (before !== undefined) before.others += unknown.others + 1;
  else if (found.size < maxFound) found.set(key, unknown);
}

/** The key is the same for all items of a list. */
const keyOf = (path: string, value: string): string =>
  `${path.replaceAll(/\/\d+(?=\/|$)/g, '/*')} ${value}`;

export const noValues: readonly UnknownValue[] = Object.freeze([]);

/** One object for all checks. A check is synchronous, so two checks never use it at the same time. */
const context: { -readonly [Name in keyof OpenValues]: OpenValues[Name] } = {
  policy: () => 'accept',
  root: '',
  found: new Map(),
};

/** Runs a compiled schema that may contain `openEnum`. */
export function validateWithOpenEnums(
  validate: ValidateFunction,
  value: unknown,
  root: string,
  policy: OpenValues['policy'],
): { readonly passes: boolean; readonly unknownValues: readonly UnknownValue[] } {
  context.root = root;
  context.policy = policy;
  const passes = validate.call(context, value);
  if (context.found.size === 0) return passes ? passed : failed;
  const unknownValues = [...context.found.values()];
  context.found = new Map();
  return { passes, unknownValues };
}

const passed = { passes: true, unknownValues: noValues };
const failed = { passes: false, unknownValues: noValues };

/** Replaces the `enum` of an open list by our own keyword, which Ajv knows. */
export function withOpenEnums(schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null || !('x-open' in schema)) return schema;
  const { enum: known, ...others } = schema as { enum?: unknown };
  return { ...others, [openEnumKeyword]: known };
}

/** Returns for example `body/model is "gpt-9", which the contract does not list (did you mean "gpt-5"?)`. */
export function describeUnknownValue({ path, value, known, others }: UnknownValue): string {
  const texts = known.filter((one) => typeof one === 'string');
  const more = others === 0 ? '' : `; ${String(others)} more of this kind have the same value`;
  return `${path} is ${JSON.stringify(value)}, which the contract does not list${suggestion(value, texts)}${more}`;
}

/** The most values that one process reports. */
const maxReported = 1000;

/** @param source the beginning of the line, which says what the values are part of. */
export type ReportUnknownValues = (values: readonly UnknownValue[], source?: string) => void;

/** Returns a function that reports each value once for each kind of path. */
export function unknownValueReporter(log: (line: string) => void): ReportUnknownValues {
  const reported = new Set<string>();
  return (values, source = '') => {
    for (const unknown of values) {
      const key = keyOf(unknown.path, unknown.value);
      if (reported.has(key) || reported.size >= maxReported) continue;
      reported.add(key);
      log(source + describeUnknownValue(unknown));
    }
  };
}
