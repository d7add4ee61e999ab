import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyedChance, keyedId, newSeed, runIdAt, runIdsOf } from '../src/random.js';

const keyPart = fc.oneof(fc.string(), fc.integer());

describe('keyedChance', () => {
  it('gives a number in [0, 1) that depends on seed and key alone', () => {
    fc.assert(
      fc.property(fc.string(), fc.array(keyPart), fc.array(keyPart), (seed, key, other) => {
        const chance = keyedChance(seed);
        const first = chance(...key);
        chance(...other);
        expect(chance(...key)).toBe(first);
        expect(keyedChance(seed)(...key)).toBe(first);
        expect(first).toBeGreaterThanOrEqual(0);
        expect(first).toBeLessThan(1);
      }),
    );
  });

  it('gives another number for another seed or key', () => {
    const chance = keyedChance('a');
    const draws = [
      chance('ws', 1, 11, 'x'),
      chance('ws', 11, 1, 'x'),
      chance('ws', 1, 11, 'y'),
      chance('ws1', 11, 'x'),
      keyedChance('b')('ws', 1, 11, 'x'),
    ];
    expect(new Set(draws).size).toBe(draws.length);
  });

  it('spreads evenly', () => {
    const chance = keyedChance('even');
    const buckets = Array.from({ length: 10 }, () => 0);
    for (let index = 0; index < 10_000; index += 1) {
      const bucket = Math.floor(chance('ws', 0, index, 'outcome') * 10);
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    // Exact for this seed; five standard deviations would be 150.
    for (const count of buckets) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});

describe('ids', () => {
  it('have the format of the vendor and are unique', () => {
    const runIds = Array.from({ length: 10_000 }, (_, index) => keyedId('run', 'seed', 'w', index));
    expect(new Set(runIds).size).toBe(runIds.length);
    for (const id of runIds) expect(id).toMatch(/^test_job_[0-9a-f]{12}$/);
    expect(keyedId('batch', 'w')).toMatch(/^test_batch_[0-9a-f]{12}$/);
    expect(keyedId('definition', 'w')).toMatch(/^test_case_[0-9a-f]{12}$/);
  });

  it('depend on kind and key alone', () => {
    fc.assert(
      fc.property(fc.array(keyPart), fc.array(keyPart), (key, other) => {
        const id = keyedId('run', ...key);
        expect(keyedId('run', ...key)).toBe(id);
        if (JSON.stringify(key) !== JSON.stringify(other)) {
          expect(keyedId('run', ...other)).not.toBe(id);
        }
        expect(keyedId('batch', ...key).slice(-12)).not.toBe(id.slice(-12));
      }),
    );
  });

  it('of the runs of a batch are neighbours, in the format of the vendor, and all different', () => {
    const ids = Array.from({ length: 200 }, (_, batch) => {
      const made = runIdsOf('seed', 'w', batch);
      return Array.from({ length: 1000 }, (_, index) => runIdAt(made, index));
    });
    for (const id of ids.flat()) expect(id).toMatch(/^test_job_[0-9a-f]{12}$/);
    expect(new Set(ids.flat()).size).toBe(200_000);
    for (const batch of ids) expect(new Set(batch.map((id) => id.slice(0, -3))).size).toBe(1);
    expect(runIdAt(runIdsOf('seed', 'w', 0), 7)).toBe(ids[0]?.[7]);
  });

  it('do not repeat a seed', () => {
    expect(newSeed()).not.toBe(newSeed());
  });
});
