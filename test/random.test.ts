import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { publicId, storedId } from '../src/stored-id.js';
import {
  batchNumbersOf,
  idsInRow,
  keyedChance,
  keyedId,
  newSeed,
  runNumberAt,
} from '../src/random.js';

const keyPart = fc.oneof(fc.string(), fc.integer());

describe('keyedChance', () => {
  it('returns a number in [0, 1) that depends only on seed and key', () => {
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

  it('returns another number for another seed or key', () => {
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

  it('splits a key into independent draws', () => {
    const purposes = ['a', 'b', 'c', 'd'] as const;
    const chance = keyedChance('s');
    const drawn = Array.from({ length: 1000 }, (_, index) => {
      const draw = chance.split(purposes, 'ws', index);
      return purposes.map((purpose) => draw(purpose));
    }).flat();
    expect(new Set(drawn).size).toBe(4000);
    for (const draw of drawn) expect(draw).toBeLessThan(1);
    expect(chance.split(purposes, 'ws', 0)('b')).toBe(drawn[1]);
  });

  it('gives a series of independent draws below a key', () => {
    const chance = keyedChance('s');
    const drawn = chance.series(3000, 'ws', 0);
    expect(drawn).toHaveLength(3000);
    expect(new Set(drawn).size).toBe(3000);
    const inTenth = drawn.filter((draw) => draw >= 0.1 && draw < 0.2);
    expect(Math.abs(inTenth.length - 300)).toBeLessThan(60);
    expect(Math.max(...drawn)).toBeLessThan(1);
    // A longer series begins with the same draws.
    expect(chance.series(3, 'ws', 0)).toEqual(drawn.slice(0, 3));
    expect(chance.series(3, 'ws', 1)).not.toEqual(drawn.slice(0, 3));
    expect(keyedChance('t').series(3, 'ws', 0)).not.toEqual(drawn.slice(0, 3));
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
  // facts.md 6
  it('have the format of the vendor and are unique', () => {
    const ids = Array.from({ length: 10_000 }, (_, index) => keyedId('definition', 'w', index));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => !/^test_case_[0-9a-f]{12}$/.test(id))).toEqual([]);
  });

  it('depend only on kind and key', () => {
    fc.assert(
      fc.property(fc.array(keyPart), fc.array(keyPart), (key, other) => {
        const id = keyedId('definition', ...key);
        expect(keyedId('definition', ...key)).toBe(id);
        if (JSON.stringify(key) !== JSON.stringify(other)) {
          expect(keyedId('definition', ...other)).not.toBe(id);
        }
        expect(keyedId('rule', ...key).slice(-12)).not.toBe(id.slice(-12));
      }),
    );
  });

  // facts.md 6
  it('of batches and their runs have the format of the vendor and are all different', () => {
    const batches = Array.from({ length: 600 }, (_, ordinal) => batchNumbersOf(ordinal, 's', 'w'));
    const ids = batches.map(({ batch }) => publicId('batch', batch));
    expect(ids.filter((id) => !/^test_batch_[0-9a-f]{12}$/.test(id))).toEqual([]);
    expect(new Set(ids.map((id) => id.slice(0, -10))).size).toBeGreaterThan(200);
    expect(new Set(ids).size).toBe(600);
    const runs = batches.flatMap((numbers) =>
      Array.from({ length: 1000 }, (_, index) => publicId('run', runNumberAt(numbers, index))),
    );
    expect(runs.filter((id) => !/^test_job_[0-9a-f]{12}$/.test(id))).toEqual([]);
    expect(new Set(runs).size).toBe(600_000);
    expect(batchNumbersOf(7, 's', 'w')).toEqual(batches[7]);
    expect(batchNumbersOf(7, 's', 'v')).not.toEqual(batches[7]);
  });

  it('of successive batches, and of the runs of a batch, have numbers close to each other', () => {
    const batches = Array.from({ length: 256 }, (_, ordinal) => batchNumbersOf(ordinal, 's'));
    const spread = (numbers: number[]) => Math.max(...numbers) - Math.min(...numbers);
    expect(spread(batches.map(({ batch }) => batch))).toBe(255);
    for (const numbers of batches) {
      const runs = Array.from({ length: 4096 }, (_, index) => runNumberAt(numbers, index));
      expect(spread(runs)).toBe(4095);
    }
    expect(spread(batches.map(({ firstRun }) => firstRun))).toBe(255 * 4096);
  });

  it('are converted back to their numbers; other ids stay unchanged', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), (number) => {
        expect(storedId('run', publicId('run', number))).toBe(number);
      }),
    );
    for (const id of ['test_job_1', 'test_job_ABCDEF012345', 'test_batch_0123456789ab', '', '7']) {
      expect(storedId('run', id)).toBe(id);
      expect(publicId('run', id)).toBe(id);
    }
  });

  it('in a row are all different, and continue at zero after the last one', () => {
    const id = idsInRow('0123456789abcdef0123fffe');
    const prefix = '0123456789abcdef0123';
    const first = [0, 1, 2, 3].map(id);
    expect(first).toEqual(['fffe', 'ffff', '0000', '0001'].map((end) => prefix + end));
    expect(new Set(Array.from({ length: 0x10000 }, (_, index) => id(index))).size).toBe(0x10000);
  });

  it('do not repeat a seed', () => {
    expect(newSeed()).not.toBe(newSeed());
  });
});
