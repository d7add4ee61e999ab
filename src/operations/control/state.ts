import { ApiError } from '../../errors.js';
import { runningFrom } from '../../workspace/clock.js';
import { found, openSettledWorkspace, type ControlOperation } from './control-operation.js';

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

export const takeSnapshot: ControlOperation<'takeSnapshot'> = async (
  services,
  caller,
  { params },
) => {
  const { store } = services;
  const { id, now: takenAt } = await openSettledWorkspace(services, caller);
  const name = params.snapshot_name;
  store.now(({ snapshots }) => {
    snapshots.take(id, name, takenAt);
  });
  return { name, takenAt };
};

export const restoreSnapshot: ControlOperation<'restoreSnapshot'> = (
  services,
  caller,
  { params },
) => {
  const { store, workspaces, worker, clock } = services;
  const { id } = workspaces.open(caller.workspace);
  const snapshot = store.now((writer) => {
    const restored = found(writer.snapshots.restore(id, params.snapshot_name));
    const { clock: saved } = writer.workspaces.get(id);
    const time = restored.takenAt;
    writer.workspaces.setClock(
      id,
      saved.mode === 'manual'
        ? { mode: 'manual', time }
        : runningFrom(time, clock.now(), saved.speed),
    );
    return restored;
  });
  worker.restart(id, store.workspaces.nextDue(id));
  return snapshot;
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
