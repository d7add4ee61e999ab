import { describe, expect, it } from 'vitest';
import { readEngine } from '../../../src/domain/engines/engine.js';
import type { JsonObject } from '../../../src/domain/json.js';
import { isShort, stepsOf } from '../../../src/simulation/conversation/schema-effort.js';
import { describeRun } from '../../../src/simulation/conversation/run-content.js';
import { content, run } from '../../support/ended-runs.js';

const many = <Item>(count: number, item: (index: number) => Item): Item[] =>
  Array.from({ length: count }, (_, index) => item(index));

const custom = (name: string, more: object = {}) => ({ type: 'custom', name, ...more });

const doubled = (count: number, part: (before: string) => JsonObject): JsonObject => ({
  $defs: Object.fromEntries(
    many(count, (at) => [
      `d${String(at)}`,
      at === 0 ? { type: 'string' } : part(`#/$defs/d${String(at - 1)}`),
    ]),
  ),
  $ref: `#/$defs/d${String(count - 1)}`,
});

const hugeSchemas: Readonly<Record<string, JsonObject>> = {
  'a long text': { type: 'string', minLength: 1e9 },
  'a long text, said as a text': { anyOf: [{ type: 'string', minLength: '1e9' }] },
  'a longer text than is written with digits': { allOf: [{ type: 'string', minLength: 1e21 }] },
  'a long list': { type: 'array', minItems: 1e9, items: { type: 'string' } },
  'lists of lists': {
    ...{ type: 'array', minItems: 99 },
    items: { type: 'array', minItems: 99, items: { type: 'array', minItems: 99, items: {} } },
  },
  'many properties': { type: 'object', minProperties: 900 },
  'much that a list contains': { type: 'array', contains: { const: 1 }, minContains: 900 },
  'a repeated pattern': { type: 'string', pattern: 'a{100000}' },
  'repetitions of repetitions': { type: 'string', pattern: '((a{99}){99}){99}' },
  'a pattern with all characters': { type: 'string', pattern: '[\u0000-\uffff]' },
  'a pattern that hits no length': { type: 'string', pattern: '[a-z]{200}', minLength: 900 },
  'names that take for ever to match': { patternProperties: { '^(a+)+$': {} } },
  'names that take long to match': { patternProperties: { 'a*b*c': {} } },
  'all of what doubles': doubled(30, ($ref) => ({ allOf: [{ $ref }, { $ref }] })),
  'properties that multiply': doubled(9, ($ref) => ({
    properties: Object.fromEntries(many(10, (at) => [`p${String(at)}`, { $ref }])),
  })),
  'a reference to itself': { $ref: '#' },
  'itself in all of it': { allOf: [{ $ref: '#' }, { $ref: '#' }] },
  'what is not itself': { not: { $ref: '#' } },
};

const usualSchemas: Readonly<Record<string, JsonObject>> = {
  'a phone number': { type: 'string', pattern: '^\\+1\\d{10}$' },
  'a slug': { type: 'string', pattern: '^[a-z0-9]+(-[a-z0-9]+)*$', maxLength: 100 },
  'a choice of types': { anyOf: [{ type: 'integer' }, { type: 'null' }] },
  'a list of objects': {
    ...{ type: 'array', minItems: 3, uniqueItems: true },
    items: { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] },
  },
  'a tree': {
    $defs: {
      tree: { properties: { children: { type: 'array', items: { $ref: '#/$defs/tree' } } } },
    },
    $ref: '#/$defs/tree',
  },
};

describe('a schema', () => {
  it.each(Object.entries(hugeSchemas))('is not used if it asks for %s', (_, schema) => {
    expect(stepsOf(schema, 2000)).toBe(Infinity);
    const parameters = { type: 'object', properties: { x: schema }, required: ['x'] };
    const engine = readEngine('retell-llm', { general_tools: [custom('book', { parameters })] });
    const asked: unknown[] = [];
    const spy = (given: JsonObject): unknown => asked.push(given);
    const { transcript } = describeRun(run(), content({ metrics: ['Calls book'] }), engine, spy);
    expect(transcript?.transcript).toContainEqual(expect.objectContaining({ name: 'book' }));
    expect(asked).toEqual([]);
  });

  it.each(Object.entries(usualSchemas))('is used if it asks for %s', (_, schema) => {
    expect(stepsOf(schema, 2000)).toBeLessThan(2000);
  });

  it('is used a bounded number of times in one conversation', () => {
    const names = many(100, (at) => `p${String(at)}`);
    const properties = Object.fromEntries(names.map((name) => [name, { pattern: 'a' }]));
    const parameters = { type: 'object', properties, required: names };
    const tools = many(100, (at) => custom(`book_${String(at)}`, { parameters }));
    const engine = readEngine('retell-llm', { general_tools: tools });
    let asked = 0;
    const metrics = many(100, (at) => `Calls book_${String(at)}`);
    describeRun(run(), content({ metrics }), engine, () => (asked += 1));
    expect(asked).toBeGreaterThan(50);
    expect(asked).toBeLessThan(500);
  });

  it('has upper bounds that the generator would reach, but not here', () => {
    const schema = { anyOf: [{ type: 'array', maxItems: 1e6, items: { maxLength: 1e6 } }] };
    const parameters = { type: 'object', properties: { x: schema }, required: ['x'] };
    const engine = readEngine('retell-llm', { general_tools: [custom('book', { parameters })] });
    const asked: unknown[] = [];
    describeRun(run(), content({ metrics: ['Calls book'] }), engine, (given) => asked.push(given));
    expect(asked).toEqual([{ anyOf: [{ type: 'array', maxItems: 2, items: { maxLength: 50 } }] }]);
  });
});

describe('isShort', () => {
  it('checks a whole value: its strings, its names and their number', () => {
    expect(isShort({ a: ['bcd', 1, null] }, 20)).toBe(true);
    expect(isShort('x'.repeat(21), 20)).toBe(false);
    expect(isShort([['x'.repeat(21)]], 20)).toBe(false);
    expect(isShort({ ['x'.repeat(21)]: 1 }, 20)).toBe(false);
    expect(
      isShort(
        many(21, () => 0),
        20,
      ),
    ).toBe(false);
    expect(isShort(Object.fromEntries(many(21, (at) => [at, 0])), 20)).toBe(false);
  });
});
