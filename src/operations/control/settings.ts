import { openSettledWorkspace, type ControlOperation } from './control-operation.js';

export const getSettings: ControlOperation<'getSettings'> = ({ workspaces }, caller) =>
  workspaces.open(caller.workspace).settingsInput;

/** What has started by now has started under the settings of before. */
export const changeSettings: ControlOperation<'changeSettings'> = async (
  services,
  caller,
  { body },
) => {
  const { store, worker, workspaces } = services;
  const { id, now } = await openSettledWorkspace(services, caller);
  const change = { ...body };
  delete change.workspace;
  store.transaction(() => {
    store.workspaces.setSettings(id, { ...store.workspaces.get(id).settings, ...change });
    // More room lets runs start from now on, not from when the last thing happened.
    store.workspaces.recordProgress({ id, runningDelta: 0, settledAt: now });
  })();
  // With more room, or less, other runs are due.
  worker.reschedule(id, store.workspaces.nextDue(id));
  return workspaces.get(id).settingsInput;
};
