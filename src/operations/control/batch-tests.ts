import type { components } from '../../contract/control.gen.js';
import { batchStatus, type BatchTest } from '../../domain/testing/batch-test.js';
import { ApiError } from '../../errors.js';
import { endNextRuns } from '../../simulation/testing/steps.js';
import { parseDuration } from '../../workspace/settings.js';
import { findSettledWorkspace, type Caller, type Services } from '../operation.js';
import { found, type ControlOperation } from './control-operation.js';
import { waitFor } from './waiting.js';

type State = components['schemas']['BatchTestState'];

export const stepBatchTest: ControlOperation<'stepBatchTest'> = (services, caller, { params }) =>
  moveByHand(services, caller, params.test_case_batch_job_id, 1);

export const completeBatchTest: ControlOperation<'completeBatchTest'> = (
  services,
  caller,
  { params },
) => moveByHand(services, caller, params.test_case_batch_job_id, Infinity);

async function moveByHand(
  services: Services,
  caller: Caller,
  batchId: string,
  count: number,
): Promise<State> {
  const { store, changes } = services;
  const workspace = found(await findSettledWorkspace(services, caller));
  const { batchKey, progression, totalCount } = found(store.batchTests.find(workspace.id, batchId));
  if (progression.kind !== 'manual') {
    const fault = `It is moved by its progression, "${progression.kind}"; only "manual" batches are moved by hand.`;
    throw new ApiError('conflict', fault);
  }
  const moved = store.now((writer) => {
    endNextRuns(writer, workspace, batchKey, Math.min(count, totalCount));
    return writer.batchTests.get(batchKey);
  });
  changes.announce(workspace.id);
  return toState(moved);
}

export const waitForBatchTest: ControlOperation<'waitForBatchTest'> = async (
  services,
  caller,
  { params, query },
) => {
  const { status = 'complete', timeout = '30s' } = query;
  const { id: workspaceId } = found(await findSettledWorkspace(services, caller));
  const read = (): BatchTest =>
    found(services.store.batchTests.find(workspaceId, params.test_case_batch_job_id));
  const isThere = (): boolean => batchStatus(read()) === status;

  await waitFor(services, {
    workspace: caller.workspace,
    subscribe: (listener) => services.changes.subscribe(workspaceId, listener),
    isThere,
    timeout: parseDuration(timeout) ?? 0,
    signal: caller.signal,
  });
  const batch = read();
  if (batchStatus(batch) === status) return toState(batch);
  const { pass, fail, error } = batch.ended;
  throw new ApiError(
    'wait_timeout',
    `After ${timeout} the batch is ${batchStatus(batch)}: of ${String(batch.totalCount)} runs ${String(pass)} passed, ${String(fail)} failed, ${String(error)} ended in error.`,
  );
};

const toState = (batch: BatchTest): State => ({
  id: batch.id,
  status: batchStatus(batch),
  passCount: batch.ended.pass,
  failCount: batch.ended.fail,
  errorCount: batch.ended.error,
  totalCount: batch.totalCount,
});
