import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRateLimit, takeToken, type Bucket } from '../../src/workspace/limits/rate-limit.js';

/** Asks at these times, and tells which requests were let through. */
function ask(limit: { requests: number; window: number }, times: readonly number[]) {
  let bucket: Bucket | undefined;
  return times.map((time) => {
    const decision = takeToken(limit, bucket, time);
    bucket = decision.bucket;
    return decision;
  });
}

describe('takeToken', () => {
  it('allows as many requests as the limit at once, then one for each part of the window', () => {
    const limit = { requests: 4, window: 1000 };
    const times = [0, 0, 0, 0, 0, 249, 250, 250, 500, 10_000, 10_000, 10_000, 10_000, 10_000];
    expect(ask(limit, times).map(({ isLetThrough }) => isLetThrough)).toEqual([
      ...[true, true, true, true, false, false, true, false, true],
      ...[true, true, true, true, false],
    ]);
  });

  it('returns how many requests are left, and when to try again', () => {
    const limit = { requests: 2, window: 1000 };
    expect(ask(limit, [0, 0, 100])).toMatchObject([
      { isLetThrough: true, remaining: 1, retryAfter: 0 },
      { isLetThrough: true, remaining: 0, retryAfter: 500 },
      { isLetThrough: false, remaining: 0, retryAfter: 400 },
    ]);
  });

  it('never allows more than the limit and the tokens that time has added', () => {
    const limit = fc.record({
      requests: fc.integer({ min: 1, max: 50 }),
      window: fc.integer({ min: 1, max: 5000 }),
    });
    const gaps = fc.array(fc.nat({ max: 300 }), { maxLength: 200 });
    fc.assert(
      fc.property(limit, gaps, (limit, gaps) => {
        let time = 0;
        const times = gaps.map((gap) => (time += gap));
        const decisions = ask(limit, times);
        const through = decisions.filter(({ isLetThrough }) => isLetThrough).length;
        const elapsed = (times.at(-1) ?? 0) - (times[0] ?? 0);
        const most = limit.requests + (elapsed * limit.requests) / limit.window;
        expect(through).toBeLessThanOrEqual(Math.floor(most + 1e-6));
        // Whoever waits as long as told to is let through, and no earlier.
        const last = decisions.at(-1);
        if (last === undefined || last.retryAfter === 0) return;
        const later = time + last.retryAfter;
        expect(takeToken(limit, last.bucket, later).isLetThrough).toBe(true);
        expect(takeToken(limit, last.bucket, later - 1).isLetThrough).toBe(false);
      }),
    );
  });
});

describe('parseRateLimit', () => {
  it.each([
    ['off', null],
    ['vendor', 'vendor'],
    ['10/1s', { requests: 10, window: 1000 }],
    [' 1 / 5m ', { requests: 1, window: 300_000 }],
  ])('reads %j', (text, limit) => {
    expect(parseRateLimit(text)).toEqual(limit);
  });

  it.each([
    '',
    '10',
    '10/',
    '/1s',
    '0/1s',
    '-1/1s',
    '1.5/1s',
    '10/0s',
    '10/x',
    '10/1s/1s',
    '1/9999y',
    'Vendor',
    'vendor/1s',
  ])('does not take %j', (text) => {
    expect(parseRateLimit(text)).toBeUndefined();
  });
});
