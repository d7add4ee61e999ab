import type { Store } from '../store/store.js';
import { lastReportedEnd, recordBatches, runStarter } from './advance.js';
import type { Workspace } from './workspace.js';

/**
 * Ends the next `count` runs of a batch that does not progress by time. They count as started when the
 * batch was created. Call it within a transaction.
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
  recordBatches(store, ended, ended, lastReportedEnd);
  const { id, now } = workspace;
  store.workspaces.recordProgress({ id, runningDelta: 0, settledAt: now });
}
