import type { components } from '../../contract/retell.gen.js';
import type { Engine } from '../../domain/engines/engine.js';
import { engineOfKey } from '../../domain/engines/response-engine.js';
import { maxOfArray, maxOfPage, sliceSize } from '../../domain/requests/answer-sizes.js';
import { placeholderRevision, type TestCaseRevision } from '../../domain/testing/test-case.js';
import { hasEnded, reportedCreation, reportedStart } from '../../domain/testing/test-run.js';
import { MissingError } from '../../errors.js';
import {
  loadValueGenerator,
  type GenerateValue,
} from '../../simulation/conversation/schema-value.js';
import type { Workspace } from '../../simulation/workspaces/workspace.js';
import type { StoredTestRun } from '../../store/test-runs.js';
import { knownEngine } from '../engines/known-engines.js';
import { arrayOf, gather, tooLarge, type Gathered } from '../gathering.js';
import { findSettledWorkspace, type Caller, type Operation, type Services } from '../operation.js';
import { pageOf, readPageQuery } from '../paging.js';
import { toDefinitionSnapshot } from './definition-snapshot.js';
import { contentOfRun } from './known-run-contents.js';

type TestCaseJob = components['schemas']['TestCaseJob'];

export const getTestRun: Operation<'getTestRun'> = async (services, caller, { params }) => {
  const find = (workspaceId: number) =>
    services.store.testRuns.find(workspaceId, params.test_case_job_id);
  const workspace = await findSettledWorkspace(services, caller, (id) => {
    const stored = find(id);
    return stored === undefined || hasEnded(stored.run);
  });
  const stored = workspace && find(workspace.id);
  if (workspace === undefined || stored === undefined) {
    throw new MissingError(params.test_case_job_id, 'test-run');
  }
  return toTestCaseJob(stored, workspace, await reader(services));
};

export const listTestRunsV2: Operation<'listTestRunsV2'> = async (services, caller, request) => {
  const batchId = request.params.test_case_batch_job_id;
  const list = ['test runs', caller.workspace, batchId];
  const { after = -1, limit } = readPageQuery(request.query, list);
  const range = { after, limit, most: maxOfPage };
  const { gathered, isAll } = await describeRuns(services, caller, batchId, range);
  return pageOf(gathered, list, isAll ? undefined : after + gathered.items.length);
};

export const listTestRuns: Operation<'listTestRuns'> = async (services, caller, { params }) => {
  const batchId = params.test_case_batch_job_id;
  const range = { after: -1, limit: undefined, most: maxOfArray };
  const { gathered, isAll } = await describeRuns(services, caller, batchId, range);
  if (!isAll) throw tooLarge(gathered, `/v2/list-test-runs/${batchId}`);
  return arrayOf(gathered);
};

/** Which runs of a batch to return. */
interface RunRange {
  /** Only runs with a higher index. */
  readonly after: number;
  /** All if undefined. */
  readonly limit: number | undefined;
  /** Stops after so many characters of JSON. */
  readonly most: number;
}

/** In the order of the batch's definitions. */
async function describeRuns(
  services: Services,
  caller: Caller,
  batchId: string,
  range: RunRange,
): Promise<{ gathered: Gathered<TestCaseJob>; isAll: boolean }> {
  const read = await reader(services);
  const { workspace, runs, totalCount } = await listRuns(services, caller, batchId, range);
  const isSameState = services.worker.watch(workspace.id);
  const gathered = gather<TestCaseJob>(range.most);
  let sliceEnd = sliceSize;
  for (const run of runs) {
    if (gathered.isFull()) break;
    if (gathered.size() >= sliceEnd) {
      await services.clock.turn();
      // After a reset or restore the runs that were read are gone: start again.
      if (!isSameState()) return describeRuns(services, caller, batchId, range);
      sliceEnd = gathered.size() + sliceSize;
    }
    gathered.add(toTestCaseJob(run, workspace, read));
  }
  return { gathered, isAll: range.after + 1 + gathered.items.length >= totalCount };
}

async function listRuns(
  services: Services,
  caller: Caller,
  batchId: string,
  { after, limit, most }: RunRange,
): Promise<{ workspace: Workspace; runs: StoredTestRun[]; totalCount: number }> {
  const { batchTests, testRuns } = services.store;
  const find = (workspaceId: number) => batchTests.findKey(workspaceId, batchId);
  const list = (batchKey: number) => testRuns.listPageWithin(most, batchKey, after, limit);
  const workspace = await findSettledWorkspace(services, caller, (id) => {
    const batchKey = find(id);
    return batchKey === undefined || list(batchKey).every(({ run }) => hasEnded(run));
  });
  const batchKey = workspace && find(workspace.id);
  if (workspace === undefined || batchKey === undefined) {
    throw new MissingError(batchId, 'batch-test');
  }
  const { totalCount } = batchTests.get(batchKey);
  return { workspace, runs: list(batchKey), totalCount };
}

/** Reads what runs refer to; each once for a whole page. */
interface Reader {
  /** The revision of the definition. */
  revision(run: StoredTestRun): TestCaseRevision;
  /** The engine that was tested; undefined if it is unknown. */
  engine(run: StoredTestRun): Engine | undefined;
  /** Generates values from JSON schemas. */
  readonly generate: GenerateValue;
}

async function reader({ store }: Services): Promise<Reader> {
  const revisions = new Map<number, TestCaseRevision>();
  const engines = new Map<number, Engine>();

  const revision: Reader['revision'] = ({ target, run, engine, engineVersion }) => {
    if (target.revisionKey === null) {
      const responseEngine = engineOfKey(engine, engineVersion);
      return placeholderRevision(target.unknownDefinitionId, responseEngine, run.createdAt);
    }
    const revision =
      revisions.get(target.revisionKey) ?? store.testCases.getRevision(target.revisionKey);
    revisions.set(target.revisionKey, revision);
    return revision;
  };

  const engine: Reader['engine'] = ({ engineContentKey: key, engine: name, engineVersion }) => {
    if (key === null) return undefined;
    const { type } = engineOfKey(name, engineVersion);
    const engine = engines.get(key) ?? knownEngine(store, type, key);
    engines.set(key, engine);
    return engine;
  };

  return { revision, engine, generate: await loadValueGenerator() };
}

function toTestCaseJob(stored: StoredTestRun, workspace: Workspace, read: Reader): TestCaseJob {
  const { run } = stored;
  const revision = read.revision(stored);
  const content = contentOfRun(stored, revision.content, read.engine(stored), read.generate);
  const createdAt = reportedCreation(run);
  const startedAt = run.status === 'pending' ? createdAt : reportedStart(run);
  return {
    test_case_job_id: run.id,
    status: run.status,
    test_case_definition_id: revision.definitionId,
    test_case_definition_snapshot: toDefinitionSnapshot(revision, stored, workspace),
    transcript_snapshot: (content?.transcript ?? null) as unknown as Record<string, never> | null,
    result_explanation: content?.explanation ?? null,
    creation_timestamp: createdAt,
    user_modified_timestamp: content?.endedAt ?? startedAt,
  };
}
