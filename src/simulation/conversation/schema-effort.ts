import { objectOf, type JsonObject } from '../../domain/json.js';

/**
 * How much work the schemas of one conversation may make. A client's schema of a few lines can ask
 * for a text of a gigabyte, so the work is counted before it is done.
 */
export class Effort {
  #left = 5000;

  /** Whether there is that much left; if so, it is spent. */
  spend(steps: number): boolean {
    if (steps > this.#left) return false;
    this.#left -= steps;
    return true;
  }
}

/** Whether a JSON value is no longer than so many characters, found without reading much more. */
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

/** Objects and arrays within each other that the generator fills. */
const deepest = 5;

/** Schemas within each other that say something of the same value. */
const mostNested = 40;

/** Values that the generator tries where the first is none. */
const attempts = 50;

/** Those count less for a pattern: most of the time the first text is of the right length. */
const attemptsOfPattern = 10;

/**
 * About how many values and characters it takes to make a value of a schema.
 * @returns Infinity if it is more than `most`, or cannot be told.
 */
export function stepsOf(root: JsonObject, most: number): number {
  let steps = 0;
  const visit = (given: unknown, times: number, depth: number, nested: number): void => {
    const schema = objectOf(given);
    steps += times;
    if (steps > most || schema === undefined) return;
    if (nested > mostNested) {
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

/** As JavaScript compares it: of a text, too. */
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

/** Without what could make matching a long name take time that grows faster than the name. */
const isPlainPattern = (pattern: string): boolean =>
  !pattern.includes('(') && (pattern.match(/[*+{]/g) ?? []).length <= 1;

/** How often the generator repeats what has no end, beyond what is asked for. */
const repetitions = 5;

/** How many characters a pattern asks for at the most, and how many it lists as choices. */
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

/** A range such as `a-z` is written out by the generator, which is less work than a character each. */
function choicesOf(text: string): number {
  if (!text.startsWith('[')) return 1;
  let choices = 0;
  for (const [, from = '', to = ''] of text.matchAll(/([\s\S])-([\s\S])/g)) {
    choices += Math.max(0, to.charCodeAt(0) - from.charCodeAt(0));
  }
  return 1 + Math.floor(choices / 16);
}

/** Where a reference leads to within a schema. */
function follow(root: JsonObject, reference: string): unknown {
  if (!reference.startsWith('#')) return undefined;
  let found: unknown = root;
  for (const name of reference.split('/').slice(1, mostNested)) {
    const key = name.replaceAll('~1', '/').replaceAll('~0', '~');
    const within = found as JsonObject | null | undefined;
    const isThere = typeof within === 'object' && within !== null && Object.hasOwn(within, key);
    found = isThere ? within[key] : undefined;
  }
  return found;
}

/** Keywords that hold values, not schemas. */
const holdsValues: readonly string[] = ['const', 'enum', 'default', 'examples', 'example'];

/** Bounds from above that the generator would go up to, and those from below that go with them. */
const generous = { maxLength: ['minLength', 50], maxItems: ['minItems', 2] } as const;

/** The schema with bounds from above that are near those from below: the generator goes up to them. */
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
