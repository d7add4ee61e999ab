import type { Tally } from '../domain/batch-test.js';
import { keyedChance } from '../random.js';
import type { BatchProgress } from '../store/batch-tests.js';
import type { Store } from '../store/store.js';
import type { QueuedRun, StartedRun } from '../store/test-runs.js';
import { decideFate } from './fate.js';
import { openOrderBook } from './orders.js';
import { play } from './schedule.js';
import type { Workspace } from './workspace.js';

/** What came of a bounded amount of work in one workspace. */
export interface SliceResult {
  readonly runsStarted: number;
  readonly runsEnded: number;
  readonly batchTestsCompleted: number;
  /** When something is next due there, by its clock; Infinity if nothing is. */
  readonly next: number;
}

/** Brings one workspace towards a time of its clock, in one transaction. */
export type PlaySlice = (workspaceId: number, until: number) => SliceResult;

/** @param size runs loaded at once, which bounds how long a slice holds the event loop. */
export function slicePlayer(
  store: Store,
  get: (workspaceId: number) => Workspace,
  size: number,
): PlaySlice {
  return store.transaction((workspaceId, until) => {
    const workspace = get(workspaceId);
    const running = store.testRuns.listEnding(workspaceId, until, size);
    const queue = store.testRuns.listQueued(workspaceId, size);
    const starter = runStarter(store, workspace);
    // Of runs that end later than the last one loaded nothing is known yet.
    const last = running.length === size ? running.at(-1) : undefined;
    const { started, ended, settledAt, nextStart } = play<QueuedRun, StartedRun>({
      settledAt: workspace.settledAt,
      until: last?.endsAt ?? until,
      freeSlots: workspace.settings.concurrency - workspace.runningCount,
      running,
      queue,
      queueGoesOn: queue.length === size,
      start: starter.start,
    });
    starter.close();

    const over = new Set(ended);
    store.testRuns.recordStarts(started.filter((run) => !over.has(run)));
    store.testRuns.recordEnds(ended);
    const batchTestsCompleted = recordBatches(store, started, ended);
    const runningDelta = started.length - ended.length;
    const startedCount = started.length;
    store.workspaces.recordProgress({ id: workspaceId, runningDelta, startedCount, settledAt });
    const next = Math.min(nextStart, store.workspaces.nextEnd(workspaceId) ?? Infinity);
    const counts = { runsStarted: started.length, runsEnded: ended.length };
    return { ...counts, batchTestsCompleted, next };
  });
}

/** Starts runs of a workspace: settles how and when each of them ends. */
export function runStarter(store: Store, workspace: Workspace) {
  const { seed } = workspace.settings;
  const chance = keyedChance(seed);
  const seedKey = store.seedKeyOf(seed);
  const orders = openOrderBook(store, workspace.id);
  return {
    start: (run: QueuedRun, startedAt: number): StartedRun => {
      const { batchKey, runIndex, batchOrdinal } = run;
      const identity = { workspace: workspace.name, batchOrdinal, runIndex };
      const fate = decideFate(chance, identity, workspace.settings, orders.ordersFor(run));
      const { outcome, duration, order } = fate;
      const endsAt = startedAt + duration;
      return { batchKey, runIndex, startedAt, endsAt, outcome, seedKey, order };
    },
    close: () => {
      orders.close();
    },
  };
}

/** Counts what happened on the batches it happened to. Answers how many are now complete. */
export function recordBatches(
  store: Store,
  started: readonly StartedRun[],
  ended: readonly StartedRun[],
): number {
  const batches = new Map<number, BatchProgress>();
  const batchOf = ({ batchKey }: StartedRun): BatchProgress => {
    const none: Tally = { pass: 0, fail: 0, error: 0 };
    const fresh = { batchKey, started: 0, ended: none, modifiedAt: undefined };
    const batch = batches.get(batchKey) ?? fresh;
    batches.set(batchKey, batch);
    return batch;
  };
  for (const run of started) batchOf(run).started += 1;
  for (const run of ended) {
    const batch = batchOf(run);
    batch.ended[run.outcome] += 1;
    batch.modifiedAt = run.endsAt;
  }
  let completed = 0;
  for (const batch of batches.values()) {
    const isComplete = store.batchTests.recordProgress(batch);
    if (isComplete && batch.modifiedAt !== undefined) completed += 1;
  }
  return completed;
}
