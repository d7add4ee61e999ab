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
  /** The same, where the workspace was put into another state: what settles the old one stops. */
  restart(workspaceId: number, next: number | null): void;
  /** True if all that is due in the workspace by `until` has happened. */
  isSettled(workspaceId: number, until: number): boolean;
  /** The last moment, no later than `until`, by which all that is due in the workspace has happened. */
  settledBy(workspaceId: number, until: number): number;
  /** Takes up the unfinished work anew, because what was done of it could not be stored. */
  readonly resume: () => void;
  /**
   * Makes what is due in the workspace by `until` happen, then tells what did; undefined if the
   * workspace was restarted meanwhile.
   */
  settle(workspaceId: number, until: number): Promise<Happened | undefined>;
  /** Returns what tells whether the workspace is still in the state that it is in now. */
  readonly watch: (workspaceId: number) => () => boolean;
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
  const eras = createEras();

  function advance(id: number, until: number): SliceResult {
    const result = playSlice(id, until);
    reschedule(id, result.next);
    return result;
  }

  async function tick(): Promise<void> {
    try {
      stored.takeUp();
      await parts.prolonged(() =>
        playDue(agenda, clock, (id) => {
          if (!stopped) advance(id, parts.nowOf(id));
          return !stopped;
        }),
      );
      alarm.setBy(agenda.nextWall());
    } catch (error) {
      parts.onError(error);
      // What is due would fail again if it was tried at once.
      alarm.putOff(clock.now() + retryMs);
    }
  }

  function reschedule(id: number, next: number | null): void {
    alarm.setBy(agenda.set(id, next ?? Infinity));
    changes.announce(id);
  }

  stored.takeUp();
  return {
    nudge(id, time) {
      alarm.setBy(agenda.set(id, Math.min(agenda.timeOf(id), time)));
    },
    reschedule,
    restart(id, next) {
      eras.begin(id);
      reschedule(id, next);
    },
    isSettled: (id, until) => stored.nextOf(id) > until,
    settledBy: (id, until) => Math.min(until, stored.nextOf(id) - 1),
    resume: stored.resume,
    settle: (id, until) =>
      parts.prolonged(async () => {
        stored.takeUp();
        const isSameEra = eras.watch(id);
        const isDue = () => isSameEra() && agenda.timeOf(id) <= until;
        const happened = await playWhile(isDue, clock, () => advance(id, until));
        return isSameEra() ? happened : undefined;
      }),
    watch: eras.watch,
    nextWall: agenda.nextWall,
    stop() {
      stopped = true;
      alarm.stop();
    },
  };
}

/** Plays slices of one workspace, and tells what happened in all of them. */
async function playWhile(
  isDue: () => boolean,
  clock: Clock,
  play: () => Happened,
): Promise<Happened> {
  let total: Happened = { runsStarted: 0, runsEnded: 0, batchTestsCompleted: 0 };
  while (isDue()) {
    total = sum(total, play());
    if (isDue()) await letOthersIn(clock);
  }
  return total;
}

/** Plays a slice of every workspace in which something is due, in turn, until one says to stop. */
async function playDue(
  agenda: Agenda,
  clock: Clock,
  play: (workspaceId: number) => boolean,
): Promise<void> {
  const wall = clock.now();
  for (let ids = agenda.listDueBy(wall); ids.length > 0; ids = agenda.listDueBy(wall)) {
    for (const id of ids) {
      if (agenda.isDueBy(id, wall) && !play(id)) return;
      await letOthersIn(clock);
    }
  }
}

/** Puts what is stored on the agenda, at the start and when the agenda knows of what was lost. */
function storedWork({ clock, listUnfinished }: WorkerParts, agenda: Agenda, alarm: SharedAlarm) {
  let isOnAgenda = false;
  return {
    /** When something is next due in a workspace; at any time while the agenda does not know. */
    nextOf: (id: number): number => (isOnAgenda ? agenda.timeOf(id) : -Infinity),
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

/** Tells whether a workspace was put into another state meanwhile. */
function createEras() {
  const eras = new Map<number, number>();
  const eraOf = (id: number): number => eras.get(id) ?? 0;
  return {
    begin(id: number): void {
      eras.set(id, eraOf(id) + 1);
    },
    watch: (id: number) => {
      const era = eraOf(id);
      return () => eraOf(id) === era;
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
