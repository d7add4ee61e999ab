import type { components } from '../../contract/control.gen.js';
import { ApiError } from '../../errors.js';
import type { ListedWorkspace } from '../../store/workspace-list.js';
import { workspaceNameOf } from '../../workspace/name.js';
import type { ControlOperation } from './control-operation.js';

export const listWorkspaces: ControlOperation<'listWorkspaces'> = ({ store }) =>
  store.workspaceList.all().map(toWire);

export const getWorkspace: ControlOperation<'getWorkspace'> = ({ store }, caller) =>
  toWire(store.workspaceList.find(caller.workspace));

export const changeWorkspace: ControlOperation<'changeWorkspace'> = (
  { store, workspaces },
  caller,
  { body: { label } },
) => {
  // The list must not show keys.
  if (label !== null && workspaceNameOf(label) === caller.workspace) {
    throw new ApiError('invalid_request', 'body/label must not be the API key');
  }
  const { id } = workspaces.open(caller.workspace);
  store.now((writer) => {
    writer.workspaceList.setLabel(id, label);
  });
  return toWire(store.workspaceList.find(caller.workspace));
};

const toWire = ({
  name,
  label,
  lastUsedAt,
}: ListedWorkspace): components['schemas']['Workspace'] => ({
  workspace: name,
  label,
  lastUsedAt,
});
