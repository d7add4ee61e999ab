import type { components, operations } from '../../contract/control.gen.js';
import type { OperationRequest, OperationResult } from '../../contract/operation.js';
import { ApiError } from '../../errors.js';
import type { Happened } from '../../simulation/clockwork/worker.js';
import type { Workspace } from '../../simulation/workspaces/workspace.js';
import { settle, type Caller, type Services } from '../operation.js';

/** Operations of the process as a whole. */
export type ProcessOperationId = 'getHealth' | 'getMetrics' | 'getReadiness';
export type ControlOperationId = Exclude<keyof operations, ProcessOperationId>;

type Schemas = components['schemas'];

/**
 * Performs an operation of the control contract in one workspace. It is called for each workspace if the
 * request says `"workspace": "*"`.
 * @throws ApiError to refuse.
 */
export type ControlOperation<Id extends ControlOperationId> = (
  services: Services,
  caller: Caller,
  request: OperationRequest<operations, Id>,
) => ControlResult<Id> | Promise<ControlResult<Id>>;

type ControlResult<Id extends ControlOperationId> = Exclude<
  OperationResult<operations, Id>,
  Schemas['EveryWorkspace']
>;

/** The caller's workspace after all that was due in it has happened; created if it does not exist. */
export function openSettledWorkspace(
  services: Services,
  caller: Caller,
): Workspace | Promise<Workspace> {
  return settle(services, services.workspaces.open(caller.workspace));
}

/** Makes all happen that is due by then. @throws ApiError 409 if the workspace was reset or restored meanwhile */
export async function settleUntil(
  { worker }: Services,
  id: number,
  time: number | (() => number),
): Promise<Happened> {
  const happened = await worker.settle(id, time);
  if (happened !== undefined) return happened;
  throw wasReset();
}

export const wasReset = (): ApiError =>
  new ApiError('conflict', 'The workspace was reset, or put back to a snapshot, meanwhile.');

/** @throws ApiError 404 */
export function found<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new ApiError('not_found');
  return value;
}
