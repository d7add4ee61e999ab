import type { components } from '../contract/retell.gen.js';
import { batchStatus, type BatchTest, type ResponseEngine } from '../domain/batch-test.js';
import { ApiError } from '../errors.js';
import { newBatchTestId, newTestRunId } from '../random.js';
import type { Operation } from './operation.js';

export const createBatchTest: Operation<'createBatchTest'> = (
  { store, worker },
  caller,
  { body },
) => {
  const responseEngine = knownProperties(body.response_engine);
  const { workspace, batch } = store.transactionWithNewIds(() => {
    const workspace = store.workspaces.open(caller.workspace, caller.now);
    const batch: BatchTest = {
      id: newBatchTestId(),
      responseEngine,
      ended: { pass: 0, fail: 0, error: 0 },
      totalCount: body.test_case_definition_ids.length,
      // The machine's clock may have been set back while the emulator was down.
      createdAt: Math.max(caller.now, workspace.settledAt),
      modifiedAt: Math.max(caller.now, workspace.settledAt),
    };
    const ordinal = store.workspaces.takeBatchOrdinal(workspace.id);
    const batchKey = store.batchTests.insert({ ...batch, workspaceId: workspace.id, ordinal });
    store.testRuns.insertAll(
      { workspaceId: workspace.id, batchKey },
      body.test_case_definition_ids.map((testCaseDefinitionId) => ({
        id: newTestRunId(),
        testCaseDefinitionId,
      })),
    );
    return { workspace, batch };
  });
  worker.nudge(workspace.id, batch.createdAt);
  return toTestCaseBatchJob(batch);
};

export const getBatchTest: Operation<'getBatchTest'> = async (
  { store, worker },
  caller,
  { params },
) => {
  const workspace = store.workspaces.find(caller.workspace);
  if (workspace === undefined) throw new ApiError('not_found');
  await worker.settle(workspace.id, caller.now);
  const batch = store.batchTests.find(workspace.id, params.test_case_batch_job_id);
  if (batch === undefined) throw new ApiError('not_found');
  return toTestCaseBatchJob(batch);
};

/** Observed: clients send extra properties and the service ignores them. */
function knownProperties(engine: ResponseEngine): ResponseEngine {
  const version = engine.version === undefined ? {} : { version: engine.version };
  return engine.type === 'retell-llm'
    ? { type: engine.type, llm_id: engine.llm_id, ...version }
    : { type: engine.type, conversation_flow_id: engine.conversation_flow_id, ...version };
}

function toTestCaseBatchJob(batch: BatchTest): components['schemas']['TestCaseBatchJob'] {
  return {
    test_case_batch_job_id: batch.id,
    status: batchStatus(batch),
    response_engine: batch.responseEngine,
    pass_count: batch.ended.pass,
    fail_count: batch.ended.fail,
    error_count: batch.ended.error,
    total_count: batch.totalCount,
    creation_timestamp: batch.createdAt,
    user_modified_timestamp: batch.modifiedAt,
  };
}
