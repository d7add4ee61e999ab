import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyedChance } from '../../src/random.js';
import {
  planOutcome,
  drawForRun,
  type ForcedOutcomes,
} from '../../src/simulation/testing/outcome.js';
import { maxDuration, parseSettings } from '../../src/workspace/settings.js';
import { defaultSettings } from '../support/emulator.js';

const settings = parseSettings({ ...defaultSettings, seed: 'x' });
const run = { workspace: 'w', batchOrdinal: 0, runIndex: 0 };
const draws = fc.constantFrom(0, 0.25, 0.5, 0.999, 1 - 2 ** -52);
const nothing: ForcedOutcomes = {
  byRule: undefined,
  byVariables: undefined,
  unknownDefinitionId: null,
};

const planAt = (draw: number, change: Partial<typeof settings> = {}) =>
  planOutcome(() => draw, { ...settings, ...change }, nothing);

describe('planning an outcome by chance', () => {
  it('maps the weights to intervals', () => {
    const outcomes = { pass: 2, fail: 1, error: 1 };
    const at = (draw: number) => planAt(draw, { outcomes }).outcome;
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
        expect(outcomes[planAt(draw, { outcomes }).outcome]).toBeGreaterThan(0);
      }),
    );
  });

  it('draws whole milliseconds from the range, both ends included', () => {
    const range = fc
      .tuple(fc.nat({ max: 10_000 }), fc.nat({ max: 10_000 }))
      .map(([from, width]) => ({ kind: 'range' as const, from, to: from + width }));
    fc.assert(
      fc.property(range, draws, (runDuration, draw) => {
        const { duration } = planAt(draw, { runDuration });
        expect(Number.isInteger(duration)).toBe(true);
        expect(duration).toBeGreaterThanOrEqual(runDuration.from);
        expect(duration).toBeLessThanOrEqual(runDuration.to);
      }),
    );
    const runDuration = { kind: 'range', from: 3, to: 4 } as const;
    expect([0, 0.5].map((draw) => planAt(draw, { runDuration }).duration)).toEqual([3, 4]);
  });

  // facts.md 63
  it('draws lognormal durations around the median, with a tail that ends', () => {
    const chance = keyedChance('s');
    const drawn = (sigma: number) =>
      Array.from({ length: 2001 }, (_, runIndex) => {
        const runDuration = { kind: 'lognormal', median: 2000, sigma } as const;
        return planOutcome(
          drawForRun(chance, { ...run, runIndex }),
          { ...settings, runDuration },
          nothing,
        ).duration;
      }).toSorted((a, b) => a - b);
    expect(new Set(drawn(0))).toEqual(new Set([2000]));
    const durations = drawn(0.5);
    expect(durations.every((duration) => Number.isInteger(duration) && duration > 0)).toBe(true);
    // Exact for this seed.
    expect(Math.abs((durations[1000] ?? 0) - 2000)).toBeLessThan(100);
    // One sigma: 84 of 100 lie below the median times e to the sigma.
    expect((durations[1682] ?? 0) / 2000).toBeCloseTo(Math.exp(0.5), 1);
    expect(drawn(5).at(-1)).toBeLessThanOrEqual(maxDuration);
  });

  it('draws outcome and duration apart', () => {
    const chance = keyedChance('s');
    const planned = Array.from({ length: 200 }, (_, runIndex) =>
      planOutcome(drawForRun(chance, { ...run, runIndex }), settings, nothing),
    );
    expect(new Set(planned.map(({ duration }) => duration)).size).toBeGreaterThan(100);
    expect(new Set(planned.map(({ outcome }) => outcome)).size).toBe(3);
  });
});

describe('forced outcomes', () => {
  const byRule = { rule: 'rule_1', outcome: { status: 'fail', explanation: 'Told' } } as const;
  const byVariables = { status: 'error', duration: '3s' } as const;
  const decide = (orders: Partial<ForcedOutcomes>) =>
    planOutcome(drawForRun(keyedChance('s'), run), settings, { ...nothing, ...orders });

  it('comes from a rule, else a variable, else an id, else chance', () => {
    const unknownDefinitionId = 'test_case_fail_7';
    expect(decide({ byRule, byVariables, unknownDefinitionId })).toMatchObject({
      outcome: 'fail',
      forcedBy: { source: 'rule', rule: 'rule_1', explanation: 'Told' },
    });
    expect(decide({ byVariables, unknownDefinitionId })).toMatchObject({
      ...{ outcome: 'error', duration: 3000 },
      forcedBy: { source: 'dynamic-variable' },
    });
    expect(decide({ unknownDefinitionId })).toMatchObject({
      outcome: 'fail',
      forcedBy: { source: 'definition-id' },
    });
    expect(decide({ unknownDefinitionId: 'test_case_7' }).forcedBy).toBeNull();
  });

  it('leaves absent properties to chance, with the same draws', () => {
    const { outcome, duration } = decide({});
    expect(decide({ byRule }).duration).toBe(duration);
    expect(decide({ byVariables: { explanation: 'Told' } }).outcome).toBe(outcome);
  });
});
