import type { Clock, WorkspaceClock } from '../../workspace/clock.js';
import { createDueTimes, type DueTimes } from './due-times.js';
import { createSharedTimer, type SharedTimer } from './shared-timer.js';
import type { Changes } from './changes.js';
import type { AdvanceOnce, AdvanceResult } from './advance-once.js';

/** How long to wait after a failure, of the disk for example, before trying again. */
const retryMs = 1000;

/** Moves runs on as their time comes. Times are those of the workspaces' own clocks. */
export interface Worker {
  /** Wakes the worker at `time` at the latest: something in this workspace is due then. */
  scheduleBy(workspaceId: number, time: number): void;
  /** Sets when the workspace is next due, if at all, after other code changed it. */
  reschedule(workspaceId: number, next: number | null): void;
  /** The same after a reset or restore. Code that settles the state before it stops. */
  restart(workspaceId: number, next: number | null): void;
  /** True if all that is due in the workspace by `until` has happened. */
  isSettled(workspaceId: number, until: number): boolean;
  /** The last moment, no later than `until`, by which all that is due in the workspace has happened. */
  settledBy(workspaceId: number, until: number): number;
  /** Reads the unfinished work again, because its progress could not be stored. */
  readonly resume: () => void;
  /**
   * Makes all that is due in the workspace by `until` happen. Returns what happened; undefined if the
   * workspace was reset or restored meanwhile.
   * @param until a time, or a function that is asked for it before each step.
   */
  settle(workspaceId: number, until: number | (() => number)): Promise<Happened | undefined>;
  /**
   * Lets nothing happen in the workspace until the returned function is called. Code that settles the
   * workspace waits until then.
   */
  readonly pause: (workspaceId: number) => () => void;
  /** Returns a function that returns false once the workspace was reset or restored. */
  readonly watch: (workspaceId: number) => () => boolean;
  /** When something is next due, by the wall clock; Infinity if nothing is. */
  nextWall(): number;
  stop(): void;
}

export type Happened = Omit<AdvanceResult, 'next'>;

export interface WorkerParts {
  readonly clock: Clock;
  readonly changes: Changes;
  readonly advanceOnce: AdvanceOnce;
  readonly clockOf: (workspaceId: number) => WorkspaceClock;
  /** The time in a workspace. */
  readonly nowOf: (workspaceId: number) => number;
  /** Runs work that advances workspaces; rejects if its writes could not be stored. */
  readonly acrossTurns: <Result>(work: () => Promise<Result>) => Promise<Result>;
  /** When something is due in each workspace that has unfinished work. */
  readonly listUnfinished: () => readonly {
    readonly id: number;
    readonly clock: WorkspaceClock;
    readonly dueAt: number;
  }[];
  /** Called when work failed; the worker tries it again. */
  readonly onError: (error: unknown) => void;
  /** Called after the clock of a workspace, or what is due in it, was changed by other code. */
  readonly onReschedule?: (workspaceId: number) => void;
  /** Called after a reset or restore, before `onReschedule`. */
  readonly onRestart?: (workspaceId: number) => void;
}

/**
 * Resumes the unfinished work, and goes on until it is stopped.
 *
 * One step of `advanceOnce` is synchronous and one transaction. Ticks, and reads that settle the same
 * workspace, may therefore alternate between steps: each step starts from what the last one stored.
 */
export function startWorker(parts: WorkerParts): Worker {
  const { clock, changes, advanceOnce } = parts;
  const dueTimes = createDueTimes(parts.clockOf);
  const timer = createSharedTimer(clock, tick);
  let stopped = false;
  const stored = storedWork(parts, dueTimes, timer);
  const [generations, pauses] = [createGenerations(), createPauses()];

  function advance(id: number, until: number): AdvanceResult {
    const result = advanceOnce(id, until);
    setNext(id, result.next);
    return result;
  }

  async function tick(): Promise<void> {
    try {
      stored.resumeStored();
      await parts.acrossTurns(() =>
        advanceDue(dueTimes, clock, (id) => {
          // What ends the pause puts it on the dueTimes again.
          if (stopped) return undefined;
          if (pauses.of(id) !== undefined) dueTimes.set(id, Infinity);
          return pauses.of(id) === undefined ? advance(id, parts.nowOf(id)) : nothingHappened;
        }),
      );
      timer.scheduleBy(dueTimes.nextWall());
    } catch (error) {
      parts.onError(error);
      // The work that is due would fail again at once.
      timer.postponeUntil(clock.now() + retryMs);
    }
  }

  function setNext(id: number, next: number): void {
    timer.scheduleBy(dueTimes.set(id, next));
    changes.announce(id);
  }

  function reschedule(id: number, next: number | null): void {
    setNext(id, next ?? Infinity);
    parts.onReschedule?.(id);
  }

  stored.resumeStored();
  return {
    scheduleBy: (id, time) => {
      timer.scheduleBy(dueTimes.set(id, Math.min(dueTimes.timeOf(id), time)));
    },
    reschedule,
    restart(id, next) {
      generations.begin(id);
      parts.onRestart?.(id);
      reschedule(id, next);
    },
    isSettled: (id, until) => pauses.of(id) === undefined && stored.nextOf(id) > until,
    settledBy: (id, until) => Math.min(until, stored.nextOf(id) - 1),
    resume: stored.resume,
    settle: settler(parts, { dueTimes, stored, generations, pauses }, advance),
    pause: pauses.begin,
    watch: generations.watch,
    nextWall: dueTimes.nextWall,
    stop() {
      stopped = true;
      timer.stop();
    },
  };
}

interface Schedule {
  readonly dueTimes: DueTimes;
  readonly stored: ReturnType<typeof storedWork>;
  readonly generations: ReturnType<typeof createGenerations>;
  readonly pauses: ReturnType<typeof createPauses>;
}

function settler(
  { clock, acrossTurns }: WorkerParts,
  { dueTimes, stored, generations, pauses }: Schedule,
  advance: (id: number, until: number) => AdvanceResult,
): Worker['settle'] {
  return async (id, until) => {
    const isSameGeneration = generations.watch(id);
    const bound = typeof until === 'number' ? () => until : until;
    const isDue = (): boolean =>
      isSameGeneration() && pauses.of(id) === undefined && dueTimes.timeOf(id) <= bound();
    let total = nothingHappened;
    for (;;) {
      await pauses.of(id);
      const happened = await acrossTurns(() => {
        stored.resumeStored();
        return advanceWhile(isDue, clock, () => advance(id, bound()));
      });
      total = addHappened(total, happened);
      if (pauses.of(id) === undefined) return isSameGeneration() ? total : undefined;
    }
  };
}

/** Advances one workspace while something is due. Returns the sum of what happened. */
async function advanceWhile(
  isDue: () => boolean,
  clock: Clock,
  advance: () => Happened,
): Promise<Happened> {
  let total = nothingHappened;
  while (isDue()) {
    const happened = advance();
    total = addHappened(total, happened);
    if (happened.waitFor !== undefined) await happened.waitFor;
    if (isDue()) await yieldToEventLoop(clock);
  }
  return total;
}

/** Advances each workspace in which something is due, in turn, until `advance` returns undefined. */
async function advanceDue(
  dueTimes: DueTimes,
  clock: Clock,
  advance: (workspaceId: number) => Happened | undefined,
): Promise<void> {
  const wall = clock.now();
  for (let ids = dueTimes.listDueBy(wall); ids.length > 0; ids = dueTimes.listDueBy(wall)) {
    for (const id of ids) {
      if (dueTimes.isDueBy(id, wall)) {
        const happened = advance(id);
        if (happened === undefined) return;
        if (happened.waitFor !== undefined) await happened.waitFor;
      }
      await yieldToEventLoop(clock);
    }
  }
}

/** Loads the due times of stored work: at the start, and after a rollback made them wrong. */
function storedWork(
  { clock, listUnfinished }: WorkerParts,
  dueTimes: DueTimes,
  timer: SharedTimer,
) {
  let isLoaded = false;
  return {
    /** When something is next due in a workspace; -Infinity while the due times are not loaded. */
    nextOf: (id: number): number => (isLoaded ? dueTimes.timeOf(id) : -Infinity),
    resumeStored(): void {
      if (isLoaded) return;
      for (const due of listUnfinished())
        timer.scheduleBy(dueTimes.set(due.id, due.dueAt, due.clock));
      isLoaded = true;
    },
    /** Loads them later: after a failed write, the disk may not be readable either. */
    resume: (): void => {
      isLoaded = false;
      timer.scheduleBy(clock.now());
    },
  };
}

/** Counts the resets and restores of each workspace, so that running work notices them. */
function createGenerations() {
  const generations = new Map<number, number>();
  const generationOf = (id: number): number => generations.get(id) ?? 0;
  return {
    begin(id: number): void {
      generations.set(id, generationOf(id) + 1);
    },
    watch: (id: number) => {
      const generation = generationOf(id);
      return () => generationOf(id) === generation;
    },
  };
}

/** Workspaces in which nothing is to happen for a while. */
function createPauses() {
  const ends = new Map<number, Promise<void>>();
  return {
    /** Resolves when the pause is over; undefined if there is none. */
    of: (id: number): Promise<void> | undefined => ends.get(id),
    begin: (id: number): (() => void) => {
      let end: () => void = () => undefined;
      const ended = new Promise<void>((resolve) => {
        end = () => {
          ends.delete(id);
          resolve();
        };
      });
      ends.set(id, ended);
      return end;
    },
  };
}

/** Waits two turns: requests that came meanwhile are read in one, and answered at its end. */
async function yieldToEventLoop(clock: Clock): Promise<void> {
  await clock.turn();
  await clock.turn();
}

export const nothingHappened: Happened = {
  runsStarted: 0,
  runsEnded: 0,
  batchTestsCompleted: 0,
  callsStarted: 0,
  callsEnded: 0,
};

export const addHappened = (a: Happened, b: Happened): Happened => ({
  runsStarted: a.runsStarted + b.runsStarted,
  runsEnded: a.runsEnded + b.runsEnded,
  batchTestsCompleted: a.batchTestsCompleted + b.batchTestsCompleted,
  callsStarted: a.callsStarted + b.callsStarted,
  callsEnded: a.callsEnded + b.callsEnded,
});
