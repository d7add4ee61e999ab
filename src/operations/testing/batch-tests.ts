import type { components } from '../../contract/retell.gen.js';
import { idPropertyOf } from '../../domain/engines/asset.js';
import { batchStatus, type BatchTest } from '../../domain/testing/batch-test.js';
import { knownEngine } from '../../domain/engines/response-engine.js';
import { ApiError, MissingError } from '../../errors.js';
import { batchNumbersOf } from '../../random.js';
import { cacheJson } from '../../json/cached-json.js';
import { endNextRuns } from '../../simulation/testing/steps.js';
import type { Workspace } from '../../simulation/workspaces/workspace.js';
import type { NewBatchTest, StoredBatchTest } from '../../store/batch-tests.js';
import type { StoreReader, StoreWriter } from '../../store/store.js';
import type { RunTarget } from '../../store/test-runs.js';
import type { Progression } from '../../workspace/settings.js';
import { engineWarningsFinder } from './engine-warnings.js';
import { resolveEngine } from '../engines/engines.js';
import { toArraySlowly } from '../gathering.js';
import {
  findSettledWorkspace,
  findWorkspace,
  refuseWithoutCredit,
  settle,
  type Caller,
  type Operation,
  type Services,
} from '../operation.js';
import { readEngineQuery, readPageQuery, toPage } from '../paging.js';

type TestCaseBatchJob = components['schemas']['TestCaseBatchJob'];

export const createBatchTest: Operation<'createBatchTest'> = (services, caller, { body }) => {
  const opened = services.workspaces.open(caller.workspace);
  const progression = caller.progression ?? opened.settings.progression;
  const create = (workspace: Workspace) => createIn(services, caller, workspace, progression, body);
  // Runs that are due start first, then those that end at once: both may match the same rule.
  const workspace = progression.kind === 'immediate' ? settle(services, opened) : opened;
  return workspace instanceof Promise ? workspace.then(create) : create(workspace);
};

function createIn(
  services: Services,
  caller: Caller,
  workspace: Workspace,
  progression: Progression,
  body: Parameters<typeof createBatchTest>[2]['body'],
): TestCaseBatchJob {
  const { store, worker } = services;
  refuseWithoutCredit(workspace, body.test_case_definition_ids.length);
  const { id: workspaceId, now, settings, credit } = workspace;
  const { engine: responseEngine, contentKey: engineContentKey } = resolveEngine(
    services,
    workspace,
    knownEngine(body.response_engine),
    'body/response_engine',
  );
  const targets = findTargets(services, workspace, body.test_case_definition_ids);
  const given = { workspaceId, responseEngine, engineContentKey, createdAt: now, progression };
  const batch = store.together((writer, attempt) => {
    const batch = insertBatch(writer, workspace, given, targets, attempt);
    // Credit is taken here and not as runs start, so that no run starts without credit.
    if (credit !== null) writer.workspaces.setCredit(workspaceId, credit - targets.length);
    return batch;
  });
  if (engineContentKey !== null) {
    const finder = engineWarningsFinder(store, engineContentKey, responseEngine, targets);
    caller.warnLater?.(finder.find, finder.size);
  }
  // Without a free slot, the next thing to happen is the end of a run, which the worker knows already.
  const mayStart = progression.kind === 'time' && workspace.runningCount < settings.concurrency;
  if (mayStart) worker.scheduleBy(workspaceId, now + settings.batchStartDelay);
  return toTestCaseBatchJob(batch);
}

function insertBatch(
  writer: StoreWriter,
  workspace: Workspace,
  given: Omit<NewBatchTest, 'id' | 'ordinal' | 'totalCount'>,
  targets: readonly RunTarget[],
  attempt: number,
): BatchTest {
  const { id: workspaceId, name, settings } = workspace;
  const totalCount = targets.length;
  const ordinal = writer.workspaces.takeOrdinal(workspaceId, 'batch');
  const numbers = batchNumbersOf(ordinal, settings.seed, name, attempt);
  // Hot path: built field by field.
  const batchKey = writer.batchTests.insert({
    workspaceId,
    ordinal,
    id: numbers.batch,
    responseEngine: given.responseEngine,
    engineContentKey: given.engineContentKey,
    totalCount,
    createdAt: given.createdAt,
    progression: given.progression,
  });
  writer.testRuns.insertCreated({ workspaceId, batchKey }, numbers, targets);
  // As it is before any of its runs.
  const batch = writer.batchTests.get(batchKey);
  if (given.progression.kind === 'immediate') {
    endNextRuns(writer, workspace, batchKey, totalCount);
  }
  return batch;
}

/** The current revision of each definition. @throws ApiError 400 if unknown ids are rejected */
function findTargets(
  { store }: Services,
  { id, settings }: Workspace,
  definitionIds: readonly string[],
): RunTarget[] {
  const targets = definitionIds.map((definitionId): RunTarget => {
    const revisionKey = store.testCases.findRevisionKey(id, definitionId);
    return revisionKey === undefined
      ? { revisionKey: null, unknownDefinitionId: definitionId }
      : { revisionKey, unknownDefinitionId: null };
  });
  if (settings.unknownTestCases === 'reject') refuseUnknown(targets);
  return targets;
}

/** The most unknown ids that a message names. */
const maxNamed = 100;

function refuseUnknown(targets: readonly RunTarget[]): void {
  const unknown = new Set(
    targets.flatMap(({ unknownDefinitionId: id }) => (id === null ? [] : [id])),
  );
  if (unknown.size === 0) return;
  const named = [...unknown].slice(0, maxNamed).map((id) => JSON.stringify(id.slice(0, 100)));
  const more = unknown.size > maxNamed ? ` and ${String(unknown.size - maxNamed)} more` : '';
  throw new ApiError(
    'invalid_request',
    `body/test_case_definition_ids must be ids of test case definitions; there is no ${named.join(', ')}${more}`,
  );
}

export const getBatchTest: Operation<'getBatchTest'> = (services, caller, { params }) => {
  const poll = (workspace: Workspace | undefined) => {
    const batch =
      workspace && services.store.batchTests.find(workspace.id, params.test_case_batch_job_id);
    if (workspace === undefined || batch === undefined) {
      throw new MissingError(params.test_case_batch_job_id, 'batch-test');
    }
    return answerOf(caller.onlyLooks === true ? batch : countPoll(services, workspace, batch));
  };
  const workspace = findSettledWorkspace(services, caller, (id) => {
    const batch = services.store.batchTests.find(id, params.test_case_batch_job_id);
    return batch === undefined || isFinal(batch);
  });
  // Hot path: no promise if the workspace is settled, as it is for most polls.
  return workspace instanceof Promise ? workspace.then(poll) : poll(workspace);
};

/** True if time cannot change the batch any more. */
const isFinal = (batch: StoredBatchTest): boolean =>
  batch.progression.kind !== 'time' || batchStatus(batch) === 'complete';

/** Answers by stored row, since clients poll a batch many times between two changes. A new row is a new key. */
const answers = new WeakMap<StoredBatchTest, TestCaseBatchJob>();

function answerOf(batch: StoredBatchTest): TestCaseBatchJob {
  const known = answers.get(batch);
  if (known !== undefined) return known;
  const answer = cacheJson(toTestCaseBatchJob(batch));
  answers.set(batch, answer);
  return answer;
}

/** Counts a read of the batch, which moves it on under the progression `polls`. */
function countPoll(
  { store, changes }: Services,
  workspace: Workspace,
  batch: StoredBatchTest,
): StoredBatchTest {
  const { progression, batchKey, totalCount, pollsSeen, ended } = batch;
  if (progression.kind !== 'polls' || pollsSeen >= progression.polls) return batch;
  // Fixtures may have ended more runs than that.
  const toEnd = Math.floor((totalCount * (pollsSeen + 1)) / progression.polls);
  const missing = Math.max(toEnd - ended.pass - ended.fail - ended.error, 0);
  const polled = store.now((writer) => {
    writer.batchTests.countPoll(batchKey);
    endNextRuns(writer, workspace, batchKey, missing);
    return writer.batchTests.get(batchKey);
  });
  changes.announce(workspace.id);
  return polled;
}

export const listBatchTestsV2: Operation<'listBatchTestsV2'> = async (
  services,
  caller,
  { query },
) => {
  const engine = readEngineQuery(query);
  const list = ['batch tests', caller.workspace, engine, query.version ?? 'latest'];
  const page = readPageQuery(query, list);
  const version = query.version ?? latestVersion(services, caller, query);
  const range = { engine, version, before: page.after, limit: page.limit + 1 };
  return toPage(await listBatches(services, caller, range), page, list, toTestCaseBatchJob);
};

export const listBatchTests: Operation<'listBatchTests'> = async (services, caller, { query }) => {
  const engine = readEngineQuery(query);
  const version = query.version ?? latestVersion(services, caller, query);
  const { store, clock } = services;
  const each = (workspaceId: number, last?: ListedBatch) =>
    eachBatch(store, { workspaceId, engine, version }, last);
  const workspace = await findSettledWorkspace(services, caller, (id) => {
    for (const batch of each(id)) if (!isFinal(batch)) return false;
    return true;
  });
  const source = {
    list: (last?: ListedBatch) => (workspace === undefined ? [] : each(workspace.id, last)),
    toWire: toTestCaseBatchJob,
    turn: () => clock.turn(),
  };
  return toArraySlowly(source, '/v2/list-batch-tests');
};

type ListedBatch = StoredBatchTest & { readonly position: number };

/** Batches that are read at once. */
const chunkSize = 1000;

/** All batches of an engine after `last`, the newest first. */
function* eachBatch(
  { batchTests }: StoreReader,
  range: { workspaceId: number; engine: string; version: number | undefined },
  last?: ListedBatch,
): Generator<ListedBatch> {
  for (let before = last?.position; ;) {
    const chunk = batchTests.listPage({ ...range, before, limit: chunkSize });
    yield* chunk;
    if (chunk.length < chunkSize) return;
    before = chunk.at(-1)?.position;
  }
}

/** Documented: a list is of the engine's latest version, unless the query names a version. */
function latestVersion(
  services: Services,
  caller: Caller,
  query: Parameters<typeof readEngineQuery>[0],
): number | undefined {
  const workspace = findWorkspace(services, caller);
  const { type: kind } = query;
  const id = query[idPropertyOf[kind]] ?? '';
  // The latest version of an unknown engine is not known.
  return workspace && services.store.assets.refer({ workspaceId: workspace.id, kind, id })?.version;
}

async function listBatches(
  services: Services,
  caller: Caller,
  range: Omit<Parameters<Services['store']['batchTests']['listPage']>[0], 'workspaceId'>,
) {
  const list = (workspaceId: number) =>
    services.store.batchTests.listPage({ ...range, workspaceId });
  const workspace = await findSettledWorkspace(services, caller, (id) => list(id).every(isFinal));
  return workspace === undefined ? [] : list(workspace.id);
}

function toTestCaseBatchJob(batch: BatchTest): TestCaseBatchJob {
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
