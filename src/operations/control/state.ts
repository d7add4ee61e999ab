import { ApiError } from '../../errors.js';
import { inSlices } from '../../simulation/workspaces/in-slices.js';
import { restoreSnapshot as restore } from '../../simulation/workspaces/unfinished-work.js';
import { exclusively, whilePaused } from './exclusive.js';
import { openSettledWorkspace, type ControlOperation } from './control-operation.js';

export const resetWorkspace: ControlOperation<'resetWorkspace'> = (services, caller, { body }) => {
  const { store, workspaces, journal, webhooks } = services;
  const only = body?.only;
  if (only?.includes('journal') !== false) {
    journal?.clear(caller.workspace);
    webhooks.journal.clear(caller.workspace);
  }
  const workspace = workspaces.find(caller.workspace);
  if (workspace !== undefined) {
    if (only === undefined) workspaces.reset(workspace.id);
    else if (only.includes('faults')) {
      store.together(({ faults }) => {
        faults.deleteAll(workspace.id);
      });
    }
  }
  return { status: 'reset' };
};

export const listSnapshots: ControlOperation<'listSnapshots'> = ({ store, workspaces }, caller) =>
  store.snapshots.list(workspaces.open(caller.workspace).id);

export const takeSnapshot: ControlOperation<'takeSnapshot'> = (services, caller, { params }) =>
  exclusively(services, caller, async () => {
    const { id, now } = await openSettledWorkspace(services, caller);
    return whilePaused(services, id, () =>
      inSlices(services, ({ snapshots }) => snapshots.take(id, params.snapshot_name, now)),
    );
  });

export const restoreSnapshot: ControlOperation<'restoreSnapshot'> = (services, caller, request) => {
  const { store, workspaces, worker, clock } = services;
  const { snapshot_name: name } = request.params;
  const { id } = workspaces.open(caller.workspace);
  if (!store.snapshots.has(id, name)) throw new ApiError('not_found');
  return exclusively(services, caller, async () => {
    const restored = await whilePaused(services, id, () =>
      inSlices(services, function* (writer) {
        writer.unfinishedWork.beginToRestore(id, name);
        const restored = yield* restore(writer, id, name, clock.now());
        writer.unfinishedWork.end(id);
        return restored;
      }),
    );
    worker.restart(id, store.workspaces.nextDue(id));
    await services.functionAnswers.resume([id]);
    return restored;
  });
};

export const deleteSnapshot: ControlOperation<'deleteSnapshot'> = (
  { store, workspaces },
  caller,
  { params },
) => {
  const { id } = workspaces.open(caller.workspace);
  const isDeleted = store.together(({ snapshots }) => snapshots.delete(id, params.snapshot_name));
  if (!isDeleted) throw new ApiError('not_found');
  return undefined;
};
