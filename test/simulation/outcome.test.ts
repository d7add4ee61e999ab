import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyedChance } from '../../src/random.js';
import { drawFate } from '../../src/simulation/outcome.js';
import { defaultSettings } from '../support/emulator.js';

const settings = { ...defaultSettings, seed: 'x' };
const run = { workspace: 'w', batchOrdinal: 0, runIndex: 0 };
const draws = fc.constantFrom(0, 0.25, 0.5, 0.999, 1 - 2 ** -52);

describe('drawFate', () => {
  it('lays the weights end to end', () => {
    const at = (draw: number) =>
      drawFate(() => draw, run, { ...settings, outcomes: { pass: 2, fail: 1, error: 1 } }).outcome;
    expect([at(0), at(0.49), at(0.5), at(0.74), at(0.75), at(0.99)]).toEqual(
      ['pass', 'pass', 'fail', 'fail', 'error', 'error'], // 2 : 1 : 1
    );
  });

  it('never draws an outcome without weight', () => {
    const weight = fc.oneof(fc.constant(0), fc.double({ min: 1e-9, max: 10, noNaN: true }));
    const weights = fc
      .record({ pass: weight, fail: weight, error: weight })
      .filter(({ pass, fail, error }) => pass + fail + error > 0);
    fc.assert(
      fc.property(weights, draws, (outcomes, draw) => {
        const { outcome } = drawFate(() => draw, run, { ...settings, outcomes });
        expect(outcomes[outcome]).toBeGreaterThan(0);
      }),
    );
  });

  it('draws whole milliseconds from the range, both ends included', () => {
    const range = fc
      .tuple(fc.nat({ max: 10_000 }), fc.nat({ max: 10_000 }))
      .map(([min, width]) => ({ min, max: min + width }));
    fc.assert(
      fc.property(range, draws, (runDuration, draw) => {
        const { duration } = drawFate(() => draw, run, { ...settings, runDuration });
        expect(Number.isInteger(duration)).toBe(true);
        expect(duration).toBeGreaterThanOrEqual(runDuration.min);
        expect(duration).toBeLessThanOrEqual(runDuration.max);
      }),
    );
    const fixed = { ...settings, runDuration: { min: 3, max: 4 } };
    const durations = [0, 0.5].map((draw) => drawFate(() => draw, run, fixed).duration);
    expect(durations).toEqual([3, 4]);
  });

  it('draws outcome and duration apart', () => {
    const chance = keyedChance('s');
    const fates = Array.from({ length: 200 }, (_, runIndex) =>
      drawFate(chance, { ...run, runIndex }, settings),
    );
    expect(new Set(fates.map(({ duration }) => duration)).size).toBeGreaterThan(100);
    expect(new Set(fates.map(({ outcome }) => outcome)).size).toBe(3);
  });
});
