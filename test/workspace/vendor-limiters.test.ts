import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadContract } from '../../src/contract/document.js';
import {
  countInWindow,
  vendorLimiterOf,
  type RateWindows,
} from '../../src/workspace/limits/vendor-limiters.js';

describe('vendorLimiterOf', () => {
  const paths = new Map(loadContract('retell').operations.map(({ id, path }) => [id, path]));

  // Documented: a group is named by the paths in it.
  it.each([...paths])('has %s in the group of %s', (id, path) => {
    const isList = path.includes('/list-') || path.startsWith('/get-batch-test/');
    const isPlayground = path.includes('playground');
    const isNewCall = /\/(create-(phone|web)|register-phone)-call$/.test(path);
    const [name, requests, window] = isPlayground
      ? ['llm-playground', 8, 2000]
      : isNewCall
        ? ['call', 1000, 10_000]
        : isList
          ? ['list', 15, 10_000]
          : ['general', 100, 10_000];
    expect(vendorLimiterOf(id)).toEqual({ name, requests, window });
  });
});

/** Bursts of requests for an operation, each after a while. */
const bursts = fc.array(
  fc.record({
    operation: fc.constantFrom(
      'getBatchTest',
      'listAgents',
      'createPlaygroundCompletion',
      'getAgent',
    ),
    size: fc.integer({ min: 1, max: 60 }),
    gap: fc.oneof(fc.nat({ max: 4000 }), fc.constantFrom(0, 1, 1999, 2000, 9999, 10_000)),
  }),
  { maxLength: 40 },
);

describe('countInWindow', () => {
  /** What is left of a limit, told from the moments at which requests were let through before. */
  function model({ requests, window }: { requests: number; window: number }, through: number[]) {
    let start = -Infinity;
    let count = 0;
    for (const time of through) {
      if (time >= start + window) [start, count] = [time, 0];
      count += 1;
    }
    return (now: number) =>
      now >= start + window
        ? { left: requests, ends: now + window }
        : { left: requests - count, ends: start + window };
  }

  it('allows the same requests as a model of the windows, for each operation separately', () => {
    fc.assert(
      fc.property(bursts, (bursts) => {
        const through = new Map<string, number[]>();
        let windows: RateWindows = {};
        let now = 1000;
        for (const { operation, size, gap } of bursts) {
          now += gap;
          for (let index = 0; index < size; index += 1) {
            const times = through.get(operation) ?? [];
            const { left, ends } = model(vendorLimiterOf(operation), times)(now);
            const decision = countInWindow(windows, operation, now);
            expect(decision).toMatchObject({
              remaining: Math.max(left - 1, 0),
              reset: ends - now,
              limiter: vendorLimiterOf(operation),
            });
            expect(decision.windows !== undefined).toBe(left > 0);
            if (decision.windows === undefined) continue;
            windows = decision.windows;
            through.set(operation, [...times, now]);
          }
        }
      }),
    );
  });

  it('returns the exact time when the full number is allowed again', () => {
    fc.assert(
      fc.property(bursts, (bursts) => {
        let windows: RateWindows = {};
        let now = 1000;
        for (const { operation, size, gap } of bursts) {
          now += gap;
          for (let index = 0; index < size; index += 1) {
            windows = countInWindow(windows, operation, now).windows ?? windows;
          }
          const { reset, limiter, windows: after } = countInWindow(windows, operation, now);
          const next = (time: number) => countInWindow(windows, operation, time);
          expect(next(now + reset).remaining).toBe(limiter.requests - 1);
          if (after === undefined) expect(next(now + reset - 1).windows).toBeUndefined();
        }
      }),
    );
  });

  it('keeps no window that is over', () => {
    let windows = countInWindow({}, 'createPlaygroundCompletion', 1000).windows ?? {};
    windows = countInWindow(windows, 'getAgent', 2999).windows ?? {};
    expect(Object.keys(windows)).toEqual(['createPlaygroundCompletion', 'getAgent']);
    windows = countInWindow(windows, 'listAgents', 3000).windows ?? {};
    expect(Object.keys(windows)).toEqual(['getAgent', 'listAgents']);
  });

  it('starts again if a window is in the future, as after fixtures with another clock', () => {
    const windows = { getBatchTest: { startedAt: 5000, requests: 15 } };
    expect(countInWindow(windows, 'getBatchTest', 4999)).toMatchObject({ remaining: 14 });
    expect(countInWindow(windows, 'getBatchTest', 5000)).toMatchObject({ windows: undefined });
  });
});
