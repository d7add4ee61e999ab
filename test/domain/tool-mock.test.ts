import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  leastArguments,
  selectMock,
  shadowedMocks,
  type ToolMock,
} from '../../src/domain/testing/tool-mock.js';

const any = (output: string, tool_name = 'book'): ToolMock => ({
  ...{ tool_name, output },
  input_match_rule: { type: 'any' },
});
const partial = (args: Record<string, unknown>, output: string): ToolMock => ({
  ...{ tool_name: 'book', output },
  input_match_rule: { type: 'partial_match', args },
});

// As it comes out of a stored JSON text.
const value = fc
  .jsonValue({ maxDepth: 2 })
  .map((json) => JSON.parse(JSON.stringify(json)) as unknown);
const args = fc.dictionary(fc.constantFrom('a', 'b', 'c', '__x'), value, { maxKeys: 3 });

describe('selectMock', () => {
  // facts.md 24
  it('returns the first mock of the tool whose rule fits', () => {
    const mocks = [any('other', 'cancel'), partial({ day: 'Friday' }, 'friday'), any('rest')];
    const output = (name: string, call: object) =>
      selectMock(mocks, name, call as Record<string, unknown>)?.output;
    expect(output('book', { day: 'Friday', time: 10 })).toBe('friday');
    expect(output('book', { day: 'Monday' })).toBe('rest');
    expect(output('book', {})).toBe('rest');
    expect(output('cancel', { day: 'Friday' })).toBe('other');
    expect(output('unheard_of', {})).toBeUndefined();
  });

  it('compares values, not texts or identities', () => {
    const nested = partial({ guest: { name: 'Ann', seats: [1, 2] } }, 'x');
    const fits = (call: object) => selectMock([nested], 'book', call as Record<string, unknown>);
    expect(fits({ guest: { seats: [1, 2], name: 'Ann' } })).toBe(nested);
    expect(fits({ guest: { name: 'Ann', seats: [2, 1] } })).toBeUndefined();
    expect(fits({ guest: { name: 'Ann', seats: [1, 2], age: 3 } })).toBeUndefined();
    expect(selectMock([partial({ n: 1 }, 'x')], 'book', { n: '1' })).toBeUndefined();
    expect(selectMock([partial({ toString: null }, 'x')], 'book', {})).toBeUndefined();
  });

  // facts.md 24
  it('matches by subset: other arguments are allowed, and no listed one may be absent', () => {
    fc.assert(
      fc.property(args, args, (listed, others) => {
        const mock = partial(listed, 'x');
        const call = { ...others, ...listed };
        expect(selectMock([mock], 'book', call)).toBe(mock);
        for (const name of Object.keys(listed)) {
          const without = Object.fromEntries(Object.entries(call).filter(([key]) => key !== name));
          expect(selectMock([mock], 'book', without)).toBeUndefined();
        }
      }),
    );
  });

  it('is satisfied by the least arguments of the mock itself', () => {
    fc.assert(
      fc.property(args, (listed) => {
        const mock = partial(listed, 'x');
        expect(selectMock([mock], 'book', leastArguments(mock))).toBe(mock);
      }),
    );
  });
});

describe('shadowedMocks', () => {
  it('finds mocks that are never used, and the mock that is used instead', () => {
    const mocks = [
      partial({ a: 1 }, 'first'),
      partial({ a: 1, b: 2 }, 'shadowed by the first'),
      partial({ b: 2 }, 'answers'),
      any('the rest'),
      partial({ c: 3 }, 'shadowed by the rest'),
      any('shadowed by the rest, too'),
      any('of another tool', 'cancel'),
    ];
    expect(shadowedMocks(mocks)).toEqual([
      { index: 1, by: 0 },
      { index: 4, by: 3 },
      { index: 5, by: 3 },
    ]);
  });

  it('does not report a mock that some call reaches', () => {
    fc.assert(
      fc.property(fc.array(fc.option(args), { maxLength: 6 }), (rules) => {
        const mocks = rules.map((rule) => (rule === null ? any('x') : partial(rule, 'x')));
        for (const { index, by } of shadowedMocks(mocks)) {
          const call = leastArguments(mocks[index] ?? any('x'));
          expect(by).toBe(mocks.indexOf(selectMock(mocks, 'book', call) ?? any('x')));
        }
      }),
    );
  });

  // Compared with each other, these would take hours.
  it('reads lists of any length', () => {
    const list = Array.from({ length: 20_000 }, (_, at) => at);
    expect(shadowedMocks(list.map((at) => partial({ at }, '')))).toEqual([]);
    expect(shadowedMocks(list.map(() => any('')))).toHaveLength(19_999);
    const long = list.slice(0, 500).map((at) => partial({ list: [...list, at] }, ''));
    expect(shadowedMocks(long)).toEqual([]);
  });
});
