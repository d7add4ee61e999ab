import { describe, expect, it } from 'vitest';
import { boundedCache, cached } from '../src/bounded-cache.js';

describe('a bounded cache', () => {
  it('computes a value once, and again after it was deleted', () => {
    const cache = boundedCache<string, number>();
    let found = 0;
    const ask = () => cached(cache, 'a', () => (found += 1));
    expect([ask(), ask()]).toEqual([1, 1]);
    cache.delete('a');
    expect([ask(), ask()]).toEqual([2, 2]);
  });

  it('computes a value with a long key each time, because it does not keep it', () => {
    const cache = boundedCache<string, number>();
    let asked = 0;
    for (const key of ['a'.repeat(1000), 'a'.repeat(1000)]) cached(cache, key, () => (asked += 1));
    expect(asked).toBe(2);
    expect(cache.size).toBe(0);
  });

  it('keeps a bounded number of values, those that were used last', () => {
    const cache = boundedCache<number, number>();
    for (let key = 0; key < 1000; key += 1) cached(cache, key, () => key);
    cached(cache, 0, () => -1);
    cached(cache, 1000, () => 1000);
    expect([0, 1, 2, 1000].map((key) => cache.get(key))).toEqual([0, undefined, 2, 1000]);
  });
});
