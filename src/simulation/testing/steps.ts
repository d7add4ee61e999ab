import type { StoreWriter } from '../../store/store.js';
import { addBatchProgress, lastReportedEnd, runStarter } from './advance.js';
import type { Workspace } from '../workspaces/workspace.js';

/**
 * Ends the next `count` runs of a batch that does not progress by time. They count as started when the
 * batch was created.
 */
export function endNextRuns(
  writer: StoreWriter,
  workspace: Workspace,
  batchKey: number,
  count: number,
): void {
  const starter = runStarter(writer, workspace);
  const ended = writer.testRuns.listWaiting(batchKey, count).map((run) => ({
    ...starter.start(run, run.queuedAt),
    endsAt: workspace.now,
  }));
  starter.close();
  writer.running.start(workspace.id, ended, new Set(ended));
  addBatchProgress(writer, ended, ended, lastReportedEnd);
  const { id, now } = workspace;
  writer.workspaces.addProgress({ id, runningDelta: 0, settledAt: now });
}
