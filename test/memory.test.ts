import { describe, expect, it } from 'vitest';
import { memory } from '../src/memory.js';

describe('a memory', () => {
  it('finds out once what it knows, also that there is nothing', () => {
    const known = memory<string, number | undefined>();
    let asked = 0;
    const ask = (value: number | undefined) => () => {
      asked += 1;
      return value;
    };
    expect(known.get('a', ask(1))).toBe(1);
    expect(known.get('a', ask(2))).toBe(1);
    expect(known.get('nothing', ask(undefined))).toBeUndefined();
    expect(known.get('nothing', ask(3))).toBeUndefined();
    expect(asked).toBe(2);
  });

  it('finds out anew what it was told to forget, and takes what it is given', () => {
    const known = memory<string, number>();
    known.put('a', 1);
    known.put('b', 1);
    known.forget('a');
    expect([known.get('a', () => 2), known.get('b', () => 2)]).toEqual([2, 1]);
    known.clear();
    expect(known.get('b', () => 3)).toBe(3);
  });

  it('finds out each time what is asked for by a long text, which it does not keep', () => {
    const known = memory<string, number>();
    let asked = 0;
    for (const key of ['a'.repeat(1000), 'a'.repeat(1000)]) known.get(key, () => (asked += 1));
    expect(asked).toBe(2);
  });

  it('keeps a bounded number', () => {
    const known = memory<number, number>();
    for (let key = 0; key < 1001; key += 1) known.put(key, key);
    expect([known.get(0, () => -1), known.get(1000, () => -1)]).toEqual([-1, 1000]);
  });
});
