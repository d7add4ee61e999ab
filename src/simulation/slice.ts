import type { Tally } from '../domain/batch-test.js';
import type { Chance } from '../random.js';
import type { BatchProgress } from '../store/batch-tests.js';
import type { Store } from '../store/store.js';
import type { QueuedRun, StartedRun } from '../store/test-runs.js';
import type { Settings } from '../workspace/settings.js';
import { drawFate } from './outcome.js';
import { play } from './schedule.js';

export interface SliceParts {
  readonly store: Store;
  readonly chance: Chance;
  readonly settings: Settings;
  /** By which the store knows the seed that `chance` was made of. */
  readonly seedKey: number;
}

/**
 * Brings one workspace towards `now` by a bounded amount of work, in one transaction.
 * Answers when something is next due there: `now` or before if there is more to do,
 * Infinity if nothing is left.
 */
export type PlaySlice = (workspaceId: number, now: number) => number;

/** @param size runs loaded at once, which bounds how long a slice holds the event loop. */
export function slicePlayer(
  { store, chance, settings, seedKey }: SliceParts,
  size: number,
): PlaySlice {
  return store.transaction((workspaceId, now) => {
    const workspace = store.workspaces.get(workspaceId);
    const running = store.testRuns.listEnding(workspaceId, now, size);
    const queue = store.testRuns.listQueued(workspaceId, size);
    // Of runs that end later than the last one loaded nothing is known yet.
    const last = running.length === size ? running.at(-1) : undefined;
    const { started, ended, settledAt, nextStart } = play<QueuedRun, StartedRun>({
      settledAt: workspace.settledAt,
      until: last?.endsAt ?? now,
      freeSlots: settings.concurrency - workspace.runningCount,
      running,
      queue,
      queueGoesOn: queue.length === size,
      start(run, startedAt) {
        const { batchKey, runIndex } = run;
        const fate = drawFate(chance, { ...run, workspace: workspace.name }, settings);
        const { outcome, duration } = fate;
        return { batchKey, runIndex, startedAt, endsAt: startedAt + duration, outcome, seedKey };
      },
    });

    const over = new Set(ended);
    for (const run of started) if (!over.has(run)) store.testRuns.recordStart(run);
    for (const run of ended) store.testRuns.recordEnd(run);
    for (const batch of tallyByBatch(started, ended)) store.batchTests.recordProgress(batch);
    const runningDelta = started.length - ended.length;
    store.workspaces.recordProgress({ id: workspaceId, runningDelta, settledAt });
    return Math.min(nextStart, store.workspaces.nextEnd(workspaceId) ?? Infinity);
  });
}

function tallyByBatch(
  started: readonly StartedRun[],
  ended: readonly StartedRun[],
): Iterable<BatchProgress> {
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
  return batches.values();
}
