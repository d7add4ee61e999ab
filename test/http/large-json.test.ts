import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseLargeJson, parseSafely } from '../../src/http/bodies/large-json.js';
import { findUnusable } from '../../src/json/checks.js';

const limits = { levels: 100, containers: 1_000_000 };
const noTurn = (): Promise<void> => Promise.resolve();
const mebibyte = 1024 * 1024;

/** Parses in the given sizes; returns the message if the text is refused. */
async function parsed(text: string, piece = 1, slice = 3, own = limits): Promise<unknown> {
  try {
    return { value: await parseLargeJson(Buffer.from(text), own, noTurn, { piece, slice }) };
  } catch (error) {
    return (error as Error).message.replace(/^Invalid request format.*?reference\. /, '');
  }
}

/** The same at once. */
function parsedAtOnce(text: string): unknown {
  try {
    const value = parseSafely(text);
    return findUnusable('body', value, limits.levels) === undefined ? { value } : undefined;
  } catch {
    return undefined;
  }
}

const names = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 3 }),
  fc.constantFrom('__proto__', 'constructor', 'prototype', 'a', '"', '\\', '\ud800', 'é,[{'),
);
const { value: values } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom(null, true, 0, -1.5e300, '', '\ud83d\ude00', '"]},', '\udc00'),
    names,
    fc.array(tie('value'), { maxLength: 5 }),
    fc.array(fc.tuple(names, tie('value')), { maxLength: 5 }).map((entries) => {
      return Object.fromEntries(entries);
    }),
  ),
}));

/** JSON with white space between its tokens, which may be broken in one place. */
const texts = fc
  .record({
    value: values,
    indent: fc.constantFrom('', ' ', '\t', '\r\n  '),
    change: fc.option(
      fc.record({
        at: fc.nat(),
        length: fc.constantFrom(0, 0, 1),
        text: fc.constantFrom('', ',', '[', ']', '{', '}', ':', '"', '\\', ' ', '\u00a0', '1', 'x'),
      }),
    ),
  })
  .map(({ value, indent, change }) => {
    const text = JSON.stringify(value, null, indent.trim() === '' ? indent : 0);
    if (change === null) return text;
    const at = change.at % (text.length + 1);
    // Half of a pair would be another character in UTF-8.
    return (text.slice(0, at) + change.text + text.slice(at + change.length)).toWellFormed();
  });

describe('JSON that is parsed in pieces', () => {
  it('is what JSON.parse returns, and is refused where that is', async () => {
    await fc.assert(
      fc.asyncProperty(texts, fc.integer({ min: 1, max: 20 }), async (text, piece) => {
        const whole = parsedAtOnce(text);
        // What is ignored may have been looked at before that.
        if (whole !== undefined && findUnusable('', JSON.parse(text)) !== undefined) return;
        const inPieces = await parsed(text, piece, piece);
        if (whole === undefined) expect([text, inPieces]).toEqual([text, expect.any(String)]);
        else expect([text, inPieces]).toEqual([text, whole]);
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    ['[1,2,]', 'body is not valid JSON: Unexpected comma after byte 5'],
    [
      '[1,,2]',
      `body is not valid JSON: Unexpected token ',', "[,2]" is not valid JSON after byte 3`,
    ],
    ['[[1,2][3]]', 'body is not valid JSON: Expected a comma or a bracket after byte 6'],
    ['[1,2', 'body is not valid JSON: Unexpected end of JSON input after byte 3'],
    ['[1,2] 3', 'body is not valid JSON: Unexpected data after the end after byte 5'],
    ['{"a":[1,"\\ud800"]}', 'body/a/1 must not have half a surrogate pair'],
    ['{"a":[1,[{"b":1e999}]]}', 'body/a/1/0/b must be a number below 1.8e308'],
    ['{"a":1,"\\udc00":2}', 'body/\ufffd must not have half a surrogate pair in its name'],
  ])('is refused with the place of the problem: %s', async (text, message) => {
    expect(await parsed(text)).toBe(message);
  });

  it('never changes a prototype', async () => {
    const text =
      '{"a":1,"__proto__":{"x":[1,2],"y":2},"constructor":{"z":1,"prototype":{"w":1,"v":2}}}';
    const { value } = (await parsed(text)) as { value: object };
    expect(Object.entries(value)).toEqual([['a', 1]]);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });

  it('has a limit on levels, containers, values, properties and texts', async () => {
    const inLarge = (text: string) => parsed(text, 32 * 1024, 128 * 1024);
    const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
    expect(await parsed(nested(100))).toEqual({ value: JSON.parse(nested(100)) as unknown });
    expect(await parsed(nested(101))).toMatch(/must not be nested more than 100 levels deep/);
    expect(await parsed('[[],[]]', 1, 1, { ...limits, containers: 2 })).toMatch(
      /The limit is 2 arrays and objects\.$/,
    );
    expect(await inLarge(`[${'1,'.repeat(5_000_001)}1]`)).toMatch(/is 5000000 values\.$/);
    const entries = Array.from({ length: 100_001 }, (_, index) => `"${String(index)}":1`);
    expect(await inLarge(`{${entries.join(',')}}`)).toMatch(/100000 properties of an object/);
    expect(await inLarge(`["${'x'.repeat(6 * mebibyte)}"]`)).toMatch(/5242880 bytes for a text/);
    expect(await inLarge(`["${'x'.repeat(5 * mebibyte - 2)}"]`)).toHaveProperty('value');
  });

  it('leaves a pause after each 128 KiB', async () => {
    let turns = 0;
    const json = Buffer.from(`[${'{"a":"b"},'.repeat(400_000)}1]`);
    const value = await parseLargeJson(json, limits, () => {
      turns += 1;
      return Promise.resolve();
    });
    expect(value).toHaveLength(400_001);
    expect(turns).toBe(Math.ceil(json.length / (128 * 1024)));
  });
});
