import { objectOf, type JsonObject } from '../../domain/json.js';
import type { Draw } from '../../random.js';
import { isoDateOf, kindOf, type Facts } from './facts.js';
import { isShort, stepsOf, withNearBounds, type Effort } from './schema-effort.js';

/** Makes a value that fits a JSON schema. The same seed makes the same value. */
export type GenerateValue = (schema: JsonObject, seed: number) => unknown;

/** Loads the generator. Only requests that read a conversation need it. */
export async function loadValueGenerator(): Promise<GenerateValue> {
  const { generateSync } = await import('json-schema-faker');
  return (schema, seed): unknown =>
    generateSync(schema, {
      ...{ seed, maxDefaultItems: 2, optionalsProbability: 0, useExamplesValue: true },
      // Random dates must not depend on the current time.
      ...{ minDateTime: '2027-01-01T00:00:00Z', maxDateTime: '2027-12-31T00:00:00Z' },
      ...{ failOnInvalidTypes: false, defaultInvalidTypeProduct: null },
    });
}

/** What values are made from. */
export interface ValueSource {
  readonly facts: Facts;
  readonly generate: GenerateValue;
  /** For values that the facts do not have. */
  readonly draw: Draw;
  readonly effort: Effort;
}

/** The most schemas inside each other. */
const deepest = 6;

/** The most properties of one object. */
const maxProperties = 200;

/** The most values of one `enum`. */
const maxChoices = 1000;

/** The most characters of a value from a schema. */
const maxValueLength = 5000;

/**
 * The arguments of a call. Observed: they have all properties of the schema, and `null` for optional
 * properties without a value.
 */
export function argumentsOf(schema: JsonObject | undefined, source: ValueSource): JsonObject {
  return schema === undefined ? {} : objectValue(schema, source, 0);
}

function objectValue(schema: JsonObject, source: ValueSource, depth: number): JsonObject {
  if (isComposed(schema)) return objectOf(generated(schema, source)) ?? {};
  const properties = Object.entries(objectOf(schema['properties']) ?? {}).slice(0, maxProperties);
  const required = new Set(
    listIn(schema, 'required', maxProperties).filter((name) => typeof name === 'string'),
  );
  const entries = properties.flatMap(([name, property]): [string, unknown][] => {
    const propertySchema = objectOf(property) ?? {};
    const isRequired = required.has(name);
    const value = propertyValue(name, propertySchema, isRequired, source, depth);
    // Inside an argument, the tool could refuse `null`.
    return value === null && !isRequired && depth > 0 ? [] : [[name, value]];
  });
  const named = new Set(properties.map(([name]) => name));
  const unnamed = [...required].filter((name) => !named.has(name));
  return Object.fromEntries([...entries, ...unnamed.map((name) => [name, ''] as const)]);
}

function propertyValue(
  name: string,
  schema: JsonObject,
  isRequired: boolean,
  source: ValueSource,
  depth: number,
): unknown {
  if (!source.effort.spend(stepsOfProperty)) return isRequired ? emptyOf(schema) : null;
  const known = knownValue(name, schema, source.facts);
  if (known !== undefined) return known;
  if (!isRequired) return null;
  return valueOf(name, schema, source, depth + 1);
}

/** A text for a variable of that name. */
export const textValue = (name: string, source: ValueSource): string =>
  String(propertyValue(name, { type: 'string' }, true, source, 0));

/** Keywords that only the library handles. */
const composing = ['$ref', 'allOf', 'anyOf', 'oneOf', 'not', 'if', 'pattern', 'contains'] as const;
const composingObject = [
  'patternProperties',
  'minProperties',
  'dependentRequired',
  'dependentSchemas',
] as const;

const isComposed = (schema: JsonObject): boolean =>
  composing.some((keyword) => keyword in schema) ||
  composingObject.some((keyword) => keyword in schema);

/** The value from the variables or the prompt, if the schema allows it. */
function knownValue(name: string, schema: JsonObject, facts: Facts): unknown {
  if ('const' in schema) return isShort(schema['const'], maxValueLength) ? schema['const'] : null;
  if (isComposed(schema)) return undefined;
  const kind = kindOf(name);
  // Any text could be a summary, so only a required property gets one.
  const said = kind === undefined || kind === 'summary' ? undefined : facts.said(kind);
  const texts = [facts.variable(name), said];
  for (const text of texts) {
    if (text === undefined) continue;
    const value = toType(text, schema);
    if (value !== undefined && allows(schema, value)) return value;
  }
  return Array.isArray(schema['enum']) ? facts.mentioned(schema['enum']) : undefined;
}

function valueOf(name: string, schema: JsonObject, source: ValueSource, depth: number): unknown {
  if ('const' in schema && isShort(schema['const'], maxValueLength)) return schema['const'];
  const choices = listIn(schema, 'enum', maxChoices);
  if (choices.length > 0) {
    const choice = choices[Math.floor(source.draw('choice', name) * choices.length)];
    return isShort(choice, maxValueLength) ? choice : emptyOf(schema);
  }
  const given = [schema['default'], firstOf(schema['examples'])].find(
    (value) => value !== undefined && isShort(value, maxValueLength) && allows(schema, value),
  );
  if (given !== undefined && !isComposed(schema)) return given;
  if (depth > deepest || isComposed(schema)) return generated(schema, source, name);
  switch (typeOf(schema)) {
    case 'object':
      return objectValue(schema, source, depth);
    case 'array':
      return arrayValue(name, schema, source, depth);
    case 'boolean':
      return true;
    case 'null':
      return null;
    case 'integer':
    case 'number':
    case 'string':
      return inventedValue(name, schema, source);
    default:
      return generated(schema, source, name);
  }
}

/** A text or a number of the kind that the name tells, or else one that the schema allows. */
function inventedValue(name: string, schema: JsonObject, source: ValueSource): unknown {
  const { format } = schema;
  const byFormat = { email: 'email', date: 'date', 'date-time': 'dateTime' } as const;
  const kind =
    typeof format === 'string' && Object.hasOwn(byFormat, format)
      ? byFormat[format as keyof typeof byFormat]
      : kindOf(name);
  const text = kind === undefined ? undefined : source.facts.value(kind);
  const values = [
    text,
    ...(format === 'date-time' ? ['2027-03-04T10:00:00Z'] : []),
    ...(format === 'date' ? ['2027-03-04'] : []),
    ...(kind === undefined && typeOf(schema) === 'string' ? [wordsOfName(name)] : []),
    ...(typeOf(schema) === 'string' ? [] : ['1']),
  ];
  for (const candidate of values) {
    if (candidate === undefined) continue;
    const value = toType(candidate, schema);
    if (value !== undefined && allows(schema, value)) return value;
  }
  return generated(schema, source, name);
}

const wordsOfName = (name: string): string =>
  name
    .slice(0, maxValueLength)
    .replaceAll(/[_-]+|(?<=[a-z\d])(?=[A-Z])/g, ' ')
    .toLowerCase();

function arrayValue(name: string, schema: JsonObject, source: ValueSource, depth: number): unknown {
  const { minItems = 1, uniqueItems, prefixItems } = schema;
  const items = objectOf(schema['items']);
  const simple = items !== undefined && prefixItems === undefined && uniqueItems !== true;
  if (!simple || minItems !== 1) return generated(schema, source, name);
  return schema['maxItems'] === 0 ? [] : [valueOf(singular(name), items, source, depth + 1)];
}

const singular = (name: string): string => name.replace(/s$/, '');

/** The most characters of a schema for the library; a client may send megabytes. */
const maxSchemaLength = 10_000;

/** The most values and characters to make for one value. */
const maxSteps = 2000;

/** The steps of one property, and of one call of the library. */
const stepsOfProperty = 2;
const stepsOfLibrary = 20;

/** A value from the library; an empty value if the schema asks for too much. */
function generated(schema: JsonObject, source: ValueSource, name = ''): unknown {
  const { generate, draw, effort } = source;
  if (!isShort(schema, maxSchemaLength)) return emptyOf(schema);
  if (!effort.spend(stepsOfLibrary + stepsOf(schema, maxSteps))) return emptyOf(schema);
  try {
    const seed = Math.floor(draw('value', name) * 2 ** 31);
    return generate(withNearBounds(schema), seed) ?? null;
  } catch {
    return emptyOf(schema);
  }
}

function emptyOf(schema: JsonObject): unknown {
  const empty = { object: {}, array: [], string: '', integer: 0, number: 0, boolean: false };
  const type = typeOf(schema);
  return type !== undefined && Object.hasOwn(empty, type)
    ? empty[type as keyof typeof empty]
    : null;
}

function typeOf(schema: JsonObject): string | undefined {
  const { type } = schema;
  if (typeof type === 'string') return type;
  if (Array.isArray(type)) {
    return type.find((one): one is string => typeof one === 'string' && one !== 'null');
  }
  if ('properties' in schema) return 'object';
  return 'items' in schema ? 'array' : undefined;
}

const listIn = (schema: JsonObject, name: string, most: number): unknown[] =>
  Array.isArray(schema[name]) ? schema[name].slice(0, most) : [];

const firstOf = (value: unknown): unknown => (Array.isArray(value) ? value[0] : undefined);

const numberWords = [
  'zero',
  'one',
  'two',
  'three',
  'four',
  'five',
  'six',
  'seven',
  'eight',
  'nine',
  'ten',
];

/** A text as a value of the schema's type; undefined if it has no such value. */
function toType(text: string, schema: JsonObject): unknown {
  switch (typeOf(schema)) {
    case 'string':
      return schema['format'] === 'date' ? (isoDateOf(text) ?? text) : text;
    case 'number':
    case 'integer': {
      const word = numberWords.indexOf(text.toLowerCase());
      const digits = text.replaceAll(/[,$€£\s]/g, '');
      if (word === -1 && !/^-?\d{1,15}(?:\.\d{1,6})?$/.test(digits)) return undefined;
      const number = word === -1 ? Number(digits) : word;
      return typeOf(schema) === 'integer' ? Math.trunc(number) : number;
    }
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : undefined;
    default:
      return undefined;
  }
}

/** Whether a schema without composition allows the value. */
function allows(schema: JsonObject, value: unknown): boolean {
  const { enum: choices, format, multipleOf } = schema;
  if (Array.isArray(choices) && !listIn(schema, 'enum', maxChoices).includes(value)) return false;
  const bound = (name: string): number | undefined =>
    typeof schema[name] === 'number' ? schema[name] : undefined;
  if (typeof value === 'string') {
    return (
      typeOf(schema) === 'string' &&
      value.length >= (bound('minLength') ?? 0) &&
      value.length <= (bound('maxLength') ?? Infinity) &&
      (format === undefined || hasFormat(value, format))
    );
  }
  if (typeof value === 'number') {
    return (
      (typeOf(schema) === 'number' || (typeOf(schema) === 'integer' && Number.isInteger(value))) &&
      value >= (bound('minimum') ?? -Infinity) &&
      value <= (bound('maximum') ?? Infinity) &&
      value > (bound('exclusiveMinimum') ?? -Infinity) &&
      value < (bound('exclusiveMaximum') ?? Infinity) &&
      (typeof multipleOf !== 'number' || Number.isInteger(value / multipleOf))
    );
  }
  return typeof value === 'boolean' ? typeOf(schema) === 'boolean' : false;
}

function hasFormat(value: string, format: unknown): boolean {
  switch (format) {
    case 'date':
      return /^\d{4}-\d{2}-\d{2}$/.test(value);
    case 'date-time':
      return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/.test(value);
    case 'email':
      return /^[\w.+-]+@[\w-]+(?:\.[\w-]+)+$/.test(value);
    default:
      return false;
  }
}
