import type { Clock, WorkspaceClock } from '../workspace/clock.js';
import { createAgenda, type Agenda } from './agenda.js';
import { sharedAlarm, type SharedAlarm } from './alarm.js';
import type { Changes } from './changes.js';
import type { PlaySlice, SliceResult } from './slice.js';

/** How long to wait after a failure, of the disk for example, before trying again. */
const retryMs = 1000;

/** Moves runs on as their time comes. Times are those of the workspaces' own clocks. */
export interface Worker {
  /** Says that something in this workspace is due at `time`. */
  nudge(workspaceId: number, time: number): void;
  /** Says that a workspace was changed from outside: when it is next due, if at all. */
  reschedule(workspaceId: number, next: number | null): void;
  /** True if all that is due in the workspace by `until` has happened. */
  isSettled(workspaceId: number, until: number): boolean;
  /** Takes up the unfinished work anew, because what was done of it could not be stored. */
  readonly resume: () => void;
  /** Makes what is due in the workspace by `until` happen, then tells what did. */
  settle(workspaceId: number, until: number): Promise<Happened>;
  /** When something is next due, by the wall clock; Infinity if nothing is. */
  nextWall(): number;
  stop(): void;
}

export type Happened = Omit<SliceResult, 'next'>;

export interface WorkerParts {
  readonly clock: Clock;
  readonly changes: Changes;
  readonly playSlice: PlaySlice;
  readonly clockOf: (workspaceId: number) => WorkspaceClock;
  /** The time in a workspace. */
  readonly nowOf: (workspaceId: number) => number;
  /** Does what plays slices; rejects if what they did could not be stored. */
  readonly prolonged: <Result>(work: () => Promise<Result>) => Promise<Result>;
  /** The work to take up: when something is due in each workspace that has any left. */
  readonly listUnfinished: () => readonly {
    readonly id: number;
    readonly clock: WorkspaceClock;
    readonly dueAt: number;
  }[];
  /** Told when work failed; it is tried again. */
  readonly onError: (error: unknown) => void;
}

/**
 * Takes up the unfinished work, and goes on until stopped.
 *
 * A slice of work is synchronous and a transaction, so ticks and reads that settle the same
 * workspace may interleave between slices: each finds what the one before it left.
 */
export function startWorker(parts: WorkerParts): Worker {
  const { clock, changes, playSlice } = parts;
  const agenda = createAgenda(parts.clockOf);
  const alarm = sharedAlarm(clock, tick);
  let stopped = false;
  const stored = storedWork(parts, agenda, alarm);

  function advance(id: number, until: number): SliceResult {
    const result = playSlice(id, until);
    alarm.setBy(agenda.set(id, result.next));
    changes.announce(id);
    return result;
  }

  /** Settles every workspace in which something is due, a slice of each in turn. */
  async function playDue(): Promise<void> {
    const wall = clock.now();
    for (let ids = agenda.listDueBy(wall); ids.length > 0; ids = agenda.listDueBy(wall)) {
      for (const id of ids) {
        if (stopped) return;
        if (agenda.isDueBy(id, wall)) advance(id, parts.nowOf(id));
        await letOthersIn(clock);
      }
    }
  }

  async function tick(): Promise<void> {
    try {
      stored.takeUp();
      await parts.prolonged(playDue);
      alarm.setBy(agenda.nextWall());
    } catch (error) {
      parts.onError(error);
      // What is due would fail again if it was tried at once.
      alarm.putOff(clock.now() + retryMs);
    }
  }

  stored.takeUp();
  return {
    nudge(id, time) {
      alarm.setBy(agenda.set(id, Math.min(agenda.timeOf(id), time)));
    },
    reschedule(id, next) {
      alarm.setBy(agenda.set(id, next ?? Infinity));
      changes.announce(id);
    },
    isSettled: (id, until) => stored.isOnAgenda() && agenda.timeOf(id) > until,
    resume: stored.resume,
    settle: (id, until) =>
      parts.prolonged(async () => {
        stored.takeUp();
        let total: Happened = { runsStarted: 0, runsEnded: 0, batchTestsCompleted: 0 };
        while (agenda.timeOf(id) <= until) {
          total = sum(total, advance(id, until));
          if (agenda.timeOf(id) <= until) await letOthersIn(clock);
        }
        return total;
      }),
    nextWall: agenda.nextWall,
    stop() {
      stopped = true;
      alarm.stop();
    },
  };
}

/** Puts what is stored on the agenda, at the start and when the agenda knows of what was lost. */
function storedWork({ clock, listUnfinished }: WorkerParts, agenda: Agenda, alarm: SharedAlarm) {
  let isOnAgenda = false;
  return {
    isOnAgenda: () => isOnAgenda,
    takeUp(): void {
      if (isOnAgenda) return;
      for (const due of listUnfinished()) alarm.setBy(agenda.set(due.id, due.dueAt, due.clock));
      isOnAgenda = true;
    },
    /** Not at once: where work is lost, the disk may not be read either. */
    resume: (): void => {
      isOnAgenda = false;
      alarm.setBy(clock.now());
    },
  };
}

/** Two turns: requests that came meanwhile are read in one, and answered at the end of it. */
async function letOthersIn(clock: Clock): Promise<void> {
  await clock.turn();
  await clock.turn();
}

const sum = (a: Happened, b: Happened): Happened => ({
  runsStarted: a.runsStarted + b.runsStarted,
  runsEnded: a.runsEnded + b.runsEnded,
  batchTestsCompleted: a.batchTestsCompleted + b.batchTestsCompleted,
});
