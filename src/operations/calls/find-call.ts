import { MissingError } from '../../errors.js';
import { callContextReader } from '../../simulation/calls/call-steps.js';
import type { Workspace } from '../../simulation/workspaces/workspace.js';
import type { StoredCall } from '../../store/calls.js';
import { findSettledWorkspace, type Caller, type Services } from '../operation.js';

export interface FoundCall {
  readonly workspace: Workspace;
  readonly stored: StoredCall;
}

/** A call once all that was due in its workspace has happened. @throws ApiError */
export async function findCall(services: Services, caller: Caller, id: string): Promise<FoundCall> {
  const workspace = await findSettledWorkspace(services, caller);
  const stored = workspace && services.store.calls.find(workspace.id, id);
  if (workspace === undefined || stored === undefined) {
    throw new MissingError(id, 'call', 'unprocessable');
  }
  return { workspace, stored };
}

/**
 * Finds a call in which the request lets something happen, of which somebody may have to be told. What that
 * needs is loaded first; then it is found again, because another request may move it meanwhile.
 */
export async function findCallToMove(
  services: Services,
  find: () => Promise<FoundCall>,
): Promise<FoundCall> {
  const { store, callWebhooks } = services;
  const found = await find();
  const loading = callWebhooks.prepare(found.workspace.id, callContextReader(store)(found.stored));
  if (loading === undefined) return found;
  await loading;
  return find();
}
