import type { Store } from '../store/store.js';
import { lastToldEnd, recordBatches, runStarter } from './slice.js';
import type { Workspace } from './workspace.js';

/**
 * Ends the next `count` runs of a batch that time does not move. They are taken to have been
 * under way since the batch was created. To be called within a transaction.
 */
export function endNextRuns(
  store: Store,
  workspace: Workspace,
  batchKey: number,
  count: number,
): void {
  const starter = runStarter(store, workspace);
  const ended = store.testRuns.listWaiting(batchKey, count).map((run) => ({
    ...starter.start(run, run.queuedAt),
    endsAt: workspace.now,
  }));
  starter.close();
  store.running.start(workspace.id, ended, new Set(ended));
  recordBatches(store, ended, ended, lastToldEnd);
  const { id, now } = workspace;
  store.workspaces.recordProgress({ id, runningDelta: 0, settledAt: now });
}
