import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  allowedFrom,
  canonicalWindow,
  findWindowProblem,
} from '../../src/domain/calls/call-time-window.js';

const at = (text: string): number => Date.parse(text);
const nine = { start: 9 * 60, end: 17 * 60 };

describe('a window for calls', () => {
  it.each([
    ['before it opens', '2026-03-02T13:00:00Z', '2026-03-02T14:00:00Z'],
    ['when it opens', '2026-03-02T14:00:00Z', '2026-03-02T14:00:00Z'],
    ['within it', '2026-03-02T15:00:30Z', '2026-03-02T15:00:30Z'],
    ['in its last minute', '2026-03-02T21:59:59Z', '2026-03-02T21:59:59Z'],
    ['when it closes', '2026-03-02T22:00:00Z', '2026-03-03T14:00:00Z'],
    ['before clocks are put forward', '2026-03-07T22:30:00Z', '2026-03-08T13:00:00Z'],
  ])('in New York, %s', (_when, from, expected) => {
    const window = { windows: [nine], timezone: 'America/New_York' };
    expect(new Date(allowedFrom(window, at(from))).toISOString()).toBe(
      new Date(at(expected)).toISOString(),
    );
  });

  it('is open on its days only', () => {
    const window = { windows: [nine], day: ['Monday', 'Friday'] as const, timezone: 'UTC' };
    const from = at('2026-03-03T10:00:00Z');
    expect(allowedFrom({ ...window, day: [...window.day] }, from)).toBe(at('2026-03-06T09:00:00Z'));
  });

  it('is from Los Angeles if it does not say', () => {
    expect(allowedFrom({ windows: [nine] }, at('2026-01-05T00:00:00Z'))).toBe(
      at('2026-01-05T00:00:00Z'),
    );
    expect(allowedFrom({ windows: [nine] }, at('2026-01-05T01:00:00Z'))).toBe(
      at('2026-01-05T17:00:00Z'),
    );
  });

  it('in an hour that clocks leave out opens on the next day', () => {
    const window = { windows: [{ start: 120, end: 150 }], timezone: 'America/New_York' };
    expect(allowedFrom(window, at('2026-03-08T06:00:00Z'))).toBe(at('2026-03-09T06:00:00Z'));
  });

  it('has one form', () => {
    const windows = [
      { start: 600, end: 700 },
      { start: 0, end: 60 },
      { start: 650, end: 720 },
    ];
    expect(canonicalWindow({ windows, day: [] })).toEqual({
      windows: [
        { start: 0, end: 60 },
        { start: 600, end: 720 },
      ],
      timezone: 'America/Los_Angeles',
    });
  });

  it('is refused with the place of what is wrong', () => {
    expect(findWindowProblem({ windows: [nine, { start: 5, end: 5 }] })).toMatch(/^\/windows\/1/);
    expect(findWindowProblem({ windows: [nine], timezone: 'Mars/Olympus' })).toMatch(/^\/timezone/);
    expect(findWindowProblem({ windows: [nine], timezone: 'Europe/Berlin' })).toBeUndefined();
  });

  const zones = ['UTC', 'America/Los_Angeles', 'Europe/Berlin', 'Asia/Kathmandu'] as const;
  const days = ['Sunday', 'Monday', 'Wednesday', 'Saturday'] as const;

  /** Whether it is open at a moment, by another way to the local time. */
  function isOpen(
    { windows, day, timezone }: Parameters<typeof allowedFrom>[0],
    moment: number,
  ): boolean {
    const text = new Date(moment).toLocaleString('en-GB', {
      timeZone: timezone ?? '',
      weekday: 'long',
    });
    const clock = new Date(moment).toLocaleTimeString('en-GB', { timeZone: timezone ?? '' });
    const [hour = 0, minute = 0] = clock.split(':').map(Number);
    const isDay = day === undefined || day.some((name) => text.startsWith(name));
    const now = hour * 60 + minute;
    return isDay && windows.some(({ start, end }) => start <= now && now < end);
  }

  it('opens at the first minute that is in it', () => {
    const window = fc.record(
      {
        windows: fc.array(
          fc
            .tuple(fc.nat(1438), fc.integer({ min: 1, max: 600 }))
            .map(([start, length]) => ({ start, end: Math.min(1440, start + length) })),
          { minLength: 1, maxLength: 3 },
        ),
        timezone: fc.constantFrom(...zones),
        day: fc.uniqueArray(fc.constantFrom(...days), { minLength: 1 }),
      },
      { requiredKeys: ['windows', 'timezone'] },
    );
    // Around the days on which clocks change, too.
    const moment = fc.integer({ min: at('2026-03-01'), max: at('2026-11-10') });
    fc.assert(
      fc.property(window, moment, (given, from) => {
        const found = allowedFrom(given, from);
        expect(isOpen(given, found)).toBe(true);
        const minute = 60_000;
        for (const part of [0.1, 0.4, 0.7, 0.95]) {
          const before = from + (found - from) * part;
          if (before < found) expect(isOpen(given, before)).toBe(false);
        }
        if (found - minute >= from) expect(isOpen(given, found - minute)).toBe(false);
      }),
      { numRuns: 100 },
    );
  });
});
