import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesGlob } from '../../src/domain/glob.js';

/** What is meant, tried out in every way. */
function matches(glob: string, text: string): boolean {
  const [first, ...rest] = glob;
  if (first === undefined) return text === '';
  const after = rest.join('');
  if (first === '*') return matches(after, text) || (text !== '' && matches(glob, text.slice(1)));
  return text !== '' && (first === '?' || first === text[0]) && matches(after, text.slice(1));
}

describe('a glob', () => {
  it.each([
    ['/get-*/?', '/get-batch-test/1', true],
    ['/get-*/?', '/get-batch-test/12', false],
    ['*', '', true],
    ['?', '', false],
    ['', 'a', false],
    ['refund*', 'Refund', false],
    ['a.c(d)[e]', 'a.c(d)[e]', true],
    ['a.c', 'abc', false],
    ['a*c', 'a\nb\nc', true],
    ['*.*', 'a*b', false],
  ])('%j on %j: %j', (glob, text, expected) => {
    expect(matchesGlob(glob, text)).toBe(expected);
  });

  it('matches the texts that it describes, and no others', () => {
    const glob = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', '.'), maxLength: 8 });
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '*', '.'), maxLength: 8 });
    fc.assert(
      fc.property(glob, text, (glob, text) => {
        expect(matchesGlob(glob, text)).toBe(matches(glob, text));
      }),
      { numRuns: 2000 },
    );
  });

  it('decides fast for long texts that almost match', () => {
    const [glob, text] = ['*a'.repeat(200) + '*b', 'a'.repeat(10_000)];
    expect(matchesGlob(glob, text)).toBe(false);
    expect(matchesGlob(glob, `${text}b`)).toBe(true);
    const near = `*${'a'.repeat(200)}?${'a'.repeat(200)}b*`;
    expect(matchesGlob(near, 'a'.repeat(100_000))).toBe(false);
    expect(matchesGlob(near, `${'a'.repeat(100_000)}b`)).toBe(true);
  });
});
