import { makeAll } from '../../store/steps.js';
import { endUnfinishedWork } from '../../simulation/workspaces/unfinished-work.js';
import type { Caller, Services } from '../operation.js';

/** Does work of several turns. Requests about the caller's workspace wait, and its time stands still. */
export function exclusively<Result>(
  services: Services,
  caller: Caller,
  work: () => Promise<Result>,
): Promise<Result> {
  return services.exclusiveWork.run(caller.workspace, work, () => {
    mend(services, caller);
  });
}

/** Undoes what failed work left, or finishes it. */
function mend({ store, workspaces, worker, clock, changes }: Services, caller: Caller): void {
  const id = workspaces.find(caller.workspace)?.id;
  // What is left when the emulator closes is mended at the next start.
  if (id === undefined || changes.closed || !store.unfinishedWork.list().includes(id)) return;
  store.now((writer) => {
    makeAll(endUnfinishedWork(writer, id, clock.now()));
  });
  worker.restart(id, store.workspaces.nextDue(id));
}

/** Does work while nothing happens in the workspace. */
export async function whilePaused<Result>(
  { store, worker, changes }: Services,
  id: number,
  work: () => Promise<Result>,
): Promise<Result> {
  const resume = worker.pause(id);
  try {
    return await work();
  } finally {
    resume();
    if (!changes.closed) worker.reschedule(id, store.workspaces.nextDue(id));
  }
}
