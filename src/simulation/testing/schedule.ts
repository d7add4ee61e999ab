import TinyQueue from 'tinyqueue';

/** A run that waits for a slot, first in, first out. */
export interface Queued {
  readonly queuedAt: number;
}

/** A run under way. */
export interface Running {
  readonly endsAt: number;
}

/** The state of a workspace, and the time to advance it to. */
export interface ScheduleInput<Q extends Queued, R extends Running, S extends R = R> {
  /** Nothing may happen before this. */
  readonly settledAt: number;
  /** Everything due by then happens. */
  readonly until: number;
  /** How many more runs may be under way. May be below zero after concurrency was lowered. */
  readonly freeSlots: number;
  /** Runs under way that end by `until`, in any order. */
  readonly running: readonly R[];
  readonly queue: readonly Q[];
  /** True if `queue` is only the first part of the real queue. */
  readonly queueGoesOn: boolean;
  /** Decides how the run ends and when; `endsAt` is not before `startedAt`. */
  readonly start: (run: Q, startedAt: number) => S;
}

export interface ScheduleResult<R extends Running, S extends R = R> {
  /** The time of the last event. */
  readonly settledAt: number;
  /** In order of time. A run may be in both lists. */
  readonly started: readonly S[];
  readonly ended: readonly R[];
  /** When the queue's head starts, if no end comes first; Infinity while no slot is free. */
  readonly nextStart: number;
}

/**
 * Simulates a workspace event by event, in order of time: a run ends when its duration is over, which
 * frees a slot; the head of the queue starts as soon as it is queued and a slot is free. The result
 * does not depend on when, or how often, this is called.
 */
export function scheduleRuns<Q extends Queued, R extends Running, S extends R = R>(
  situation: ScheduleInput<Q, R, S>,
): ScheduleResult<R, S> {
  const { until, queue } = situation;
  const running = new TinyQueue<R>([...situation.running], (a, b) => a.endsAt - b.endsAt);
  const started: S[] = [];
  const ended: R[] = [];
  let { settledAt, freeSlots } = situation;

  for (;;) {
    const ending = running.peek();
    const next = queue[started.length];
    const nextEnd = ending?.endsAt ?? Infinity;
    // Runs beyond the loaded part of the queue were queued before now.
    const queuedAt = next?.queuedAt ?? (situation.queueGoesOn ? settledAt : Infinity);
    const nextStart = freeSlots > 0 ? Math.max(queuedAt, settledAt) : Infinity;
    const time = Math.min(nextEnd, nextStart);
    if (time > until) return { settledAt, nextStart, started, ended };

    // At the same moment ends come first; no two runs share a slot either way.
    if (ending !== undefined && nextEnd <= nextStart) {
      running.pop();
      ended.push(ending);
      freeSlots += 1;
    } else if (next !== undefined) {
      const run = situation.start(next, time);
      started.push(run);
      freeSlots -= 1;
      if (run.endsAt <= until) running.push(run);
    } else {
      // The next run to start is not loaded yet.
      return { settledAt, nextStart, started, ended };
    }
    settledAt = Math.max(settledAt, time);
  }
}
