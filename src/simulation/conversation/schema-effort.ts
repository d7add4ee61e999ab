import { objectOf, type JsonObject } from '../../domain/json.js';

/**
 * Bounds the work for the schemas of one conversation. A schema of a few lines can ask for a text of
 * a gigabyte, so the work is counted before it is done.
 */
export class Effort {
  #left = 5000;

  /** Returns false if there are fewer steps left; takes the steps otherwise. */
  spend(steps: number): boolean {
    if (steps > this.#left) return false;
    this.#left -= steps;
    return true;
  }
}

/** Whether a JSON value has at most so many characters. Reads little more than that. */
export function isShort(value: unknown, longest: number): boolean {
  let left = longest;
  const rest = [value];
  while (rest.length > 0 && left >= 0) {
    const next = rest.pop();
    left -= typeof next === 'string' ? next.length : 1;
    if (typeof next !== 'object' || next === null) continue;
    if (Array.isArray(next) && next.length > left) return false;
    const names = Object.keys(next);
    left -= names.length;
    for (const name of names) {
      left -= name.length;
      if (left < 0) break;
      rest.push((next as JsonObject)[name]);
    }
  }
  return left >= 0;
}

/** How many objects and arrays inside each other the generator fills. */
const deepest = 5;

/** The most schemas inside each other. */
const maxNested = 40;

/** How many values the generator tries. */
const attempts = 50;

/** The same for a pattern, for which most first values have the right length. */
const attemptsOfPattern = 10;

/**
 * Estimates how many values and characters the generator makes for a schema.
 * @returns Infinity if there are more than `most`, or if the number cannot be estimated.
 */
export function stepsOf(root: JsonObject, most: number): number {
  let steps = 0;
  const visit = (given: unknown, times: number, depth: number, nested: number): void => {
    const schema = objectOf(given);
    steps += times;
    if (steps > most || schema === undefined) return;
    if (nested > maxNested) {
      steps = Infinity;
      return;
    }
    const { $ref: reference } = schema;
    if (typeof reference === 'string') visit(follow(root, reference), times, depth, nested + 1);
    for (const name of ['allOf', 'anyOf', 'oneOf', 'if', 'then', 'else']) {
      for (const part of partsOf(schema[name])) visit(part, times, depth, nested + 1);
    }
    if ('not' in schema) visit(schema['not'], times * attempts, depth, nested + 1);
    steps += times * stepsOfText(schema);
    const within = (part: unknown, count: number): void => {
      steps += times * count;
      if (depth < deepest && count > 0) visit(part, times * count, depth + 1, nested + 1);
    };
    for (const name of ['properties', 'patternProperties', 'dependentSchemas', 'prefixItems']) {
      for (const part of Object.values(objectOf(schema[name]) ?? schema[name] ?? [])) {
        within(part, 1);
      }
    }
    const tries = schema['uniqueItems'] === true ? attempts : 1;
    const items = Math.max(2, numberOf(schema['minItems']), numberOf(schema['minContains']));
    if ('items' in schema) within(schema['items'], items * tries);
    if ('contains' in schema) within(schema['contains'], items * attempts);
    // The generator counts all properties again for each that it adds.
    const properties = numberOf(schema['minProperties']);
    steps += times * properties ** 2;
    within(schema['additionalProperties'], properties);
  };
  visit(root, 1, 0, 0);
  return steps <= most ? steps : Infinity;
}

const partsOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value];

/** As JavaScript compares it: a text counts as its number. */
const numberOf = (value: unknown): number => {
  const number = Number(value ?? 0);
  return Number.isNaN(number) ? 0 : Math.max(0, number);
};

function stepsOfText({ minLength, maxLength, pattern, patternProperties }: JsonObject): number {
  const names = Object.keys(objectOf(patternProperties) ?? {});
  if (!names.every(isPlainPattern)) return Infinity;
  const tries = minLength === undefined && maxLength === undefined ? 1 : attemptsOfPattern;
  const ofPattern = typeof pattern === 'string' ? tries * stepsOfPattern(pattern) : 0;
  return numberOf(minLength) + ofPattern;
}

/** True if the time to match a name grows no faster than its length. */
const isPlainPattern = (pattern: string): boolean =>
  !pattern.includes('(') && (pattern.match(/[*+{]/g) ?? []).length <= 1;

/** How often the generator repeats `*` and `+`, beyond the minimum. */
const repetitions = 5;

/** The most characters that a pattern asks for, and those that it lists as choices. */
function stepsOfPattern(pattern: string): number {
  const token = /\\.|\[(?:\\.|[^\]\\])*\]?|\{(\d+)(?:,(\d*))?\}|[\s\S]/gy;
  const groups = [0];
  let last = 0;
  for (const [text, least = '', most = ''] of pattern.matchAll(token)) {
    const times = timesOf(text, least, most);
    if (times !== undefined) {
      groups.push((groups.pop() ?? 0) + last * (times - 1));
      last *= times;
    } else if (text === '(') {
      groups.push(0);
    } else {
      last = text === ')' && groups.length > 1 ? (groups.pop() ?? 0) : choicesOf(text);
      groups.push((groups.pop() ?? 0) + last);
    }
  }
  return groups.reduce((sum, steps) => sum + steps, 0);
}

function timesOf(text: string, least: string, most: string): number | undefined {
  if (least !== '') return Math.max(Number(least) + repetitions, Number(most));
  return text === '*' || text === '+' ? repetitions : text === '?' ? 1 : undefined;
}

/** The generator writes out a range such as `a-z`, with less work than for separate characters. */
function choicesOf(text: string): number {
  if (!text.startsWith('[')) return 1;
  let choices = 0;
  for (const [, from = '', to = ''] of text.matchAll(/([\s\S])-([\s\S])/g)) {
    choices += Math.max(0, to.charCodeAt(0) - from.charCodeAt(0));
  }
  return 1 + Math.floor(choices / 16);
}

/** The schema that a reference inside a schema refers to. */
function follow(root: JsonObject, reference: string): unknown {
  if (!reference.startsWith('#')) return undefined;
  let found: unknown = root;
  for (const name of reference.split('/').slice(1, maxNested)) {
    const key = name.replaceAll('~1', '/').replaceAll('~0', '~');
    const within = found as JsonObject | null | undefined;
    const isThere = typeof within === 'object' && within !== null && Object.hasOwn(within, key);
    found = isThere ? within[key] : undefined;
  }
  return found;
}

/** Keywords that hold values, not schemas. */
const holdsValues: readonly string[] = ['const', 'enum', 'default', 'examples', 'example'];

/** Upper bounds that the generator would reach, each with its lower bound and a usual value. */
const generous = { maxLength: ['minLength', 50], maxItems: ['minItems', 2] } as const;

/** The schema with upper bounds near the lower ones, because the generator goes up to the upper ones. */
export function withNearBounds(schema: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(schema).map(([name, value]) => [
      name,
      holdsValues.includes(name) ? value : nearer(schema, name, value),
    ]),
  );
}

function nearer(schema: JsonObject, name: string, value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map((item: unknown) => nearer({}, '', item));
  }
  if (typeof value === 'object' && value !== null) return withNearBounds(value as JsonObject);
  if (typeof value !== 'number' || (name !== 'maxLength' && name !== 'maxItems')) return value;
  const [least, usual] = generous[name];
  return Math.min(value, Math.max(numberOf(schema[least]), usual));
}
