import type { Alarm, Clock } from '../workspace/clock.js';
import type { PlaySlice } from './slice.js';

/** How long to wait after a failure, of the disk for example, before trying again. */
const retryMs = 1000;

/** Moves runs on as their time comes. */
export interface Worker {
  /** Says that something in this workspace is due at `time`. */
  nudge(workspaceId: number, time: number): void;
  /** Makes what is due in the workspace by `now` happen, then resolves. */
  settle(workspaceId: number, now: number): Promise<void>;
  stop(): void;
}

export interface WorkerParts {
  readonly clock: Clock;
  readonly playSlice: PlaySlice;
  /** The work to take up: when something is due in each workspace that has any left. */
  readonly unfinished: readonly { readonly id: number; readonly dueAt: number }[];
  /** Told when work failed; it is tried again. */
  readonly onError: (error: unknown) => void;
}

/**
 * Takes up the unfinished work, and goes on until stopped.
 *
 * A slice of work is synchronous and a transaction, so ticks and reads that settle the same
 * workspace may interleave between slices: each finds what the one before it left.
 */
export function startWorker({ clock, playSlice, unfinished, onError }: WorkerParts): Worker {
  /** When something is next due, by workspace; only workspaces with unfinished work are here. */
  const due = new Map(unfinished.map(({ id, dueAt }) => [id, dueAt]));
  let alarm: (Alarm & { readonly time: number }) | undefined;
  let stopped = false;

  const isDue = (id: number, now: number): boolean => (due.get(id) ?? Infinity) <= now;

  function advance(id: number, now: number): void {
    const next = playSlice(id, now);
    if (next === Infinity) due.delete(id);
    else due.set(id, next);
  }

  /** Sets the one alarm, unless one that rings early enough is set. */
  function setAlarm(time: number): void {
    if (stopped || time === Infinity || (alarm !== undefined && alarm.time <= time)) return;
    alarm?.cancel();
    alarm = { time, ...clock.wakeAt(time, () => void tick()) };
  }

  function setAlarmForNext(): void {
    let next = Infinity;
    for (const time of due.values()) next = Math.min(next, time);
    setAlarm(next);
  }

  /** Settles every workspace in which something is due, a slice of each in turn. */
  async function tick(): Promise<void> {
    alarm = undefined;
    try {
      const now = clock.now();
      let ids = [...due.keys()].filter((id) => isDue(id, now));
      while (ids.length > 0) {
        for (const id of ids) {
          if (stopped) return;
          if (isDue(id, now)) advance(id, now);
          await clock.turn();
        }
        ids = ids.filter((id) => isDue(id, now));
      }
      setAlarmForNext();
    } catch (error) {
      onError(error);
      setAlarm(clock.now() + retryMs);
    }
  }

  setAlarmForNext();

  return {
    nudge(id, time) {
      due.set(id, Math.min(due.get(id) ?? Infinity, time));
      setAlarm(time);
    },
    async settle(id, now) {
      while (isDue(id, now)) {
        advance(id, now);
        if (isDue(id, now)) await clock.turn();
      }
    },
    stop() {
      stopped = true;
      alarm?.cancel();
    },
  };
}
