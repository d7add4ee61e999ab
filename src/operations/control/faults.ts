import type { components } from '../../contract/control.gen.js';
import { ApiError } from '../../errors.js';
import { keyedId } from '../../random.js';
import { findFaultMistake } from '../../simulation/fault-check.js';
import type { StoredFault } from '../../store/faults.js';
import { found, type ControlOperation } from './control-operation.js';

type Schemas = components['schemas'];

export const addFault: ControlOperation<'addFault'> = ({ store, workspaces }, caller, { body }) => {
  const mistake = findFaultMistake(body);
  if (mistake !== undefined) throw new ApiError('invalid_request', `body ${mistake}`);
  const { id: workspaceId, name, now: createdAt, settings } = workspaces.open(caller.workspace);
  const added = store.now((writer, attempt) => {
    const ordinal = writer.workspaces.takeOrdinal(workspaceId, 'fault');
    const id = keyedId('fault', settings.seed, name, ordinal, attempt);
    const added = { id, fault: body, createdAt, seen: 0, hits: 0 };
    writer.faults.insert(workspaceId, added);
    return added;
  });
  return toFault(added);
};

export const listFaults: ControlOperation<'listFaults'> = ({ store, workspaces }, caller) =>
  store.faults.list(workspaces.open(caller.workspace).id).map(toFault);

export const deleteFaults: ControlOperation<'deleteFaults'> = ({ store, workspaces }, caller) => {
  const { id } = workspaces.open(caller.workspace);
  store.together(({ faults }) => {
    faults.deleteAll(id);
  });
  return undefined;
};

export const deleteFault: ControlOperation<'deleteFault'> = (
  { store, workspaces },
  caller,
  { params },
) => {
  const { id } = workspaces.open(caller.workspace);
  found(store.together(({ faults }) => faults.delete(id, params.fault_id)) || undefined);
  return undefined;
};

const toFault = ({ id, fault, seen, hits }: StoredFault): Schemas['Fault'] => ({
  ...fault,
  id,
  seen,
  hits,
});

export const getCredit: ControlOperation<'getCredit'> = ({ workspaces }, caller) => ({
  remaining: workspaces.open(caller.workspace).credit,
});

export const setCredit: ControlOperation<'setCredit'> = (
  { store, workspaces },
  caller,
  { body },
) => {
  const { id } = workspaces.open(caller.workspace);
  store.together((writer) => {
    writer.workspaces.setCredit(id, body.remaining);
  });
  return { remaining: body.remaining };
};
