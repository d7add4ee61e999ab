import { changeSettings as change } from '../../simulation/workspaces/change-settings.js';
import { openSettledWorkspace, type ControlOperation } from './control-operation.js';

export const getSettings: ControlOperation<'getSettings'> = ({ workspaces }, caller) =>
  workspaces.open(caller.workspace).settingsInput;

/** Runs that are due start first, under the settings from before. */
export const changeSettings: ControlOperation<'changeSettings'> = async (
  services,
  caller,
  { body },
) => {
  const { store, worker, workspaces } = services;
  const workspace = await openSettledWorkspace(services, caller);
  const { id } = workspace;
  const settings = { ...body };
  delete settings.workspace;
  store.now((writer) => {
    change(writer, workspace, settings);
  });
  // With another concurrency, other runs and calls are due.
  worker.reschedule(id, store.workspaces.nextDue(id));
  return workspaces.get(id).settingsInput;
};
