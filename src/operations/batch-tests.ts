import type { components } from '../contract/retell.gen.js';
import { batchStatus, type BatchTest } from '../domain/batch-test.js';
import { knownEngine } from '../domain/response-engine.js';
import { ApiError } from '../errors.js';
import { newBatchTestId, newTestRunId } from '../random.js';
import type { NewTestRun } from '../store/test-runs.js';
import {
  findSettledWorkspace,
  momentIn,
  type Caller,
  type Operation,
  type Services,
} from './operation.js';
import { readEngineQuery, readPageQuery, toPage } from './paging.js';

export const createBatchTest: Operation<'createBatchTest'> = (services, caller, { body }) => {
  const { store, worker } = services;
  const responseEngine = knownEngine(body.response_engine);
  const { workspaceId, batch } = store.transactionWithNewIds(() => {
    const workspace = store.workspaces.open(caller.workspace, caller.now);
    const workspaceId = workspace.id;
    const runs = newTestRuns(services, workspaceId, body.test_case_definition_ids);
    const now = momentIn(workspace, caller);
    const batch: BatchTest = {
      id: newBatchTestId(),
      responseEngine,
      ended: { pass: 0, fail: 0, error: 0 },
      totalCount: runs.length,
      createdAt: now,
      modifiedAt: now,
    };
    const ordinal = store.workspaces.takeBatchOrdinal(workspaceId);
    const batchKey = store.batchTests.insert({ ...batch, workspaceId, ordinal });
    store.testRuns.insertAll({ workspaceId, batchKey }, runs);
    return { workspaceId, batch };
  });
  worker.nudge(workspaceId, batch.createdAt);
  return toTestCaseBatchJob(batch);
};

/** One run for each id, with the definition as it is now. @throws ApiError 400 by policy */
function newTestRuns(
  { store, settings }: Services,
  workspaceId: number,
  definitionIds: readonly string[],
): NewTestRun[] {
  const runs = definitionIds.map((definitionId): NewTestRun => {
    const revisionKey = store.testCases.findRevisionKey(workspaceId, definitionId);
    return revisionKey === undefined
      ? { id: newTestRunId(), revisionKey: null, unknownDefinitionId: definitionId }
      : { id: newTestRunId(), revisionKey, unknownDefinitionId: null };
  });
  if (settings.unknownTestCases === 'reject') refuseUnknown(runs);
  return runs;
}

/** Unknown ids to name in a message; a batch may have a thousand, of any length. */
const mostNamed = 100;

function refuseUnknown(runs: readonly NewTestRun[]): void {
  const unknown = new Set(runs.flatMap(({ unknownDefinitionId: id }) => (id === null ? [] : [id])));
  if (unknown.size === 0) return;
  const named = [...unknown].slice(0, mostNamed).map((id) => JSON.stringify(id.slice(0, 100)));
  const more = unknown.size > mostNamed ? ` and ${String(unknown.size - mostNamed)} more` : '';
  throw new ApiError(
    'invalid_request',
    `body/test_case_definition_ids must be ids of test case definitions; there is no ${named.join(', ')}${more}`,
  );
}

export const getBatchTest: Operation<'getBatchTest'> = async (services, caller, { params }) => {
  const workspace = await findSettledWorkspace(services, caller);
  const batch =
    workspace && services.store.batchTests.find(workspace.id, params.test_case_batch_job_id);
  if (batch === undefined) throw new ApiError('not_found');
  return toTestCaseBatchJob(batch);
};

export const listBatchTestsV2: Operation<'listBatchTestsV2'> = async (
  services,
  caller,
  { query },
) => {
  const engine = readEngineQuery(query);
  const list = ['batch tests', caller.workspace, engine, query.version ?? 'any'];
  const page = readPageQuery(query, list);
  const range = { engine, version: query.version, before: page.after, limit: page.limit + 1 };
  return toPage(await listBatches(services, caller, range), page, list, toTestCaseBatchJob);
};

export const listBatchTests: Operation<'listBatchTests'> = async (services, caller, { query }) => {
  const engine = readEngineQuery(query);
  const range = { engine, version: query.version, before: undefined, limit: undefined };
  return (await listBatches(services, caller, range)).map(toTestCaseBatchJob);
};

async function listBatches(
  services: Services,
  caller: Caller,
  range: Omit<Parameters<Services['store']['batchTests']['listPage']>[0], 'workspaceId'>,
) {
  const workspace = await findSettledWorkspace(services, caller);
  if (workspace === undefined) return [];
  return services.store.batchTests.listPage({ ...range, workspaceId: workspace.id });
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
