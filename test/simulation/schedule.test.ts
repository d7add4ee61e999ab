import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scheduleRuns } from '../../src/simulation/testing/schedule.js';

interface Run {
  readonly id: number;
  readonly queuedAt: number;
  readonly duration: number;
}
interface StartedRun extends Run {
  readonly startedAt: number;
  readonly endsAt: number;
}

const start = (run: Run, startedAt: number): StartedRun => ({
  ...run,
  startedAt,
  endsAt: startedAt + run.duration,
});

/** Plays a queue to `until`, `page` runs loaded at a time, pausing at each of `pauses`. */
function playAll(queue: readonly Run[], slots: number, page = Infinity, pauses: number[] = []) {
  const started: StartedRun[] = [];
  const ended: StartedRun[] = [];
  let settledAt = 0;
  for (const until of [...pauses.sort((a, b) => a - b), 1_000_000]) {
    for (let more = true; more;) {
      const running = started.filter((run) => !ended.includes(run));
      const ending = running
        .filter((run) => run.endsAt <= until)
        .sort((a, b) => a.endsAt - b.endsAt);
      // What is queued later than now isn't there yet.
      const waiting = queue.slice(started.length).filter((run) => run.queuedAt <= until);
      const last = ending.length > page ? ending[page - 1] : undefined;
      const progress = scheduleRuns<Run, StartedRun>({
        settledAt,
        until: last?.endsAt ?? until,
        freeSlots: slots - running.length,
        running: ending.slice(0, page),
        queue: waiting.slice(0, page),
        queueGoesOn: waiting.length > page,
        start,
      });
      expect(progress.settledAt).toBeGreaterThanOrEqual(settledAt);
      settledAt = progress.settledAt;
      started.push(...progress.started);
      ended.push(...progress.ended);
      const nextEnd = Math.min(
        ...started.filter((run) => !ended.includes(run)).map(({ endsAt }) => endsAt),
      );
      more = Math.min(nextEnd, progress.nextStart) <= until;
    }
  }
  return { started, ended };
}

const runs = fc
  .array(fc.record({ queuedAt: fc.integer({ min: 0, max: 50 }), duration: fc.nat({ max: 20 }) }), {
    maxLength: 40,
  })
  .map((list) =>
    list.sort((a, b) => a.queuedAt - b.queuedAt).map((run, id): Run => ({ ...run, id })),
  );
const slots = fc.integer({ min: 1, max: 6 });

describe('scheduleRuns', () => {
  it('starts a run when it is queued and a slot is free, and ends it after its duration', () => {
    const queue = [
      { id: 0, queuedAt: 0, duration: 10 },
      { id: 1, queuedAt: 0, duration: 4 },
      { id: 2, queuedAt: 1, duration: 5 },
      { id: 3, queuedAt: 30, duration: 0 },
    ];
    const { started } = playAll(queue, 2);
    expect(started.map(({ startedAt, endsAt }) => [startedAt, endsAt])).toEqual([
      [0, 10],
      [0, 4],
      [4, 9],
      [30, 30],
    ]);
  });

  it('does not touch events that are due later', () => {
    const progress = scheduleRuns<Run, StartedRun>({
      settledAt: 0,
      until: 9,
      freeSlots: 0,
      running: [],
      queue: [{ id: 0, queuedAt: 0, duration: 1 }],
      queueGoesOn: false,
      start,
    });
    expect(progress).toEqual({ settledAt: 0, nextStart: Infinity, started: [], ended: [] });
  });

  it('starts nothing while too many runs are in progress', () => {
    const running = [{ id: 9, queuedAt: 0, duration: 1, startedAt: 4, endsAt: 5 }];
    const queue = [{ id: 0, queuedAt: 0, duration: 1 }];
    const progress = scheduleRuns<Run, StartedRun>({
      ...{ settledAt: 4, until: 9, freeSlots: -1, running, queue, queueGoesOn: false, start },
    });
    expect(progress.ended).toEqual(running);
    expect(progress.started).toEqual([]);
  });

  it('is first in, first out, never exceeds its slots, and is never idle while runs wait', () => {
    fc.assert(
      fc.property(runs, slots, (queue, slotCount) => {
        const { started, ended } = playAll(queue, slotCount);
        expect(started.map(({ id }) => id)).toEqual(queue.map(({ id }) => id));
        expect(ended.length).toBe(queue.length);
        for (const [index, run] of started.entries()) {
          const before = started.slice(0, index);
          const busy = before.filter(({ endsAt }) => endsAt > run.startedAt).length;
          expect(busy).toBeLessThan(slotCount);
          const waitedSince = Math.max(run.queuedAt, before.at(-1)?.startedAt ?? 0);
          if (run.startedAt > waitedSince) {
            const busyJustBefore = before.filter(({ endsAt }) => endsAt >= run.startedAt).length;
            expect(busyJustBefore).toBeGreaterThanOrEqual(slotCount);
          }
        }
      }),
    );
  });

  it('gives the same result at any times of calls and any sizes of loads', () => {
    const pauses = fc.array(fc.nat({ max: 300 }), { maxLength: 10 });
    fc.assert(
      fc.property(
        runs,
        slots,
        fc.integer({ min: 1, max: 5 }),
        pauses,
        (queue, slotCount, page, at) => {
          const whole = playAll(queue, slotCount);
          const piecemeal = playAll(queue, slotCount, page, at);
          expect(piecemeal.started).toEqual(whole.started);
        },
      ),
    );
  });
});
