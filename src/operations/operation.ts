import type { OperationRequest, OperationResult } from '../contract/operation.js';
import type { operations } from '../contract/retell.gen.js';
import type { Worker } from '../simulation/worker.js';
import type { Store } from '../store/store.js';
import type { WorkspaceRow } from '../store/workspaces.js';
import type { Settings } from '../workspace/settings.js';

export type OperationId = keyof operations;

/** What operations work with. */
export interface Services {
  readonly store: Store;
  readonly worker: Worker;
  readonly settings: Settings;
}

/** Who asks, and when. */
export interface Caller {
  /** The name of the workspace behind the caller's key. */
  readonly workspace: string;
  /** Milliseconds since the epoch, read once for the whole request. */
  readonly now: number;
}

/**
 * What an operation of the vendor's contract means. Its request has been validated; what it
 * returns is the body of the success answer.
 * @throws ApiError to refuse.
 */
export type Operation<Id extends OperationId> = (
  services: Services,
  caller: Caller,
  request: OperationRequest<operations, Id>,
) => OperationResult<operations, Id> | Promise<OperationResult<operations, Id>>;

/** The caller's workspace; undefined while nothing has been created in it. */
export const findWorkspace = (
  { store }: Services,
  { workspace }: Caller,
): WorkspaceRow | undefined => store.workspaces.find(workspace);

/** The same, once all that was due there by now has happened. */
export async function findSettledWorkspace(
  services: Services,
  caller: Caller,
): Promise<WorkspaceRow | undefined> {
  const workspace = findWorkspace(services, caller);
  if (workspace !== undefined) await services.worker.settle(workspace.id, caller.now);
  return workspace;
}

/**
 * When something that the caller does happens. Not before what has happened in the workspace:
 * the machine's clock may have been set back while the emulator was down.
 */
export const momentIn = ({ settledAt }: WorkspaceRow, { now }: Caller): number =>
  Math.max(now, settledAt);
