import type { Outcome } from '../domain/testing/batch-test.js';
import type { ForcedBy } from '../domain/testing/forced-outcome.js';
import { publicId, storedId, type StoredId } from '../stored-id.js';
import type { EngineVersion } from '../domain/engines/response-engine.js';
import type { TestRun } from '../domain/testing/test-run.js';
import { runNumberAt, type RunNumbers } from '../random.js';
import { required, type Db } from './database/database.js';

/** The content that a run uses: a revision, or an id that no definition has. */
export type RunTarget =
  | { readonly revisionKey: number; readonly unknownDefinitionId: null }
  | { readonly revisionKey: null; readonly unknownDefinitionId: string };

/** A run of a batch. */
export interface RunPosition {
  readonly batchKey: number;
  /** The index of the run in its batch, from 0. */
  readonly runIndex: number;
}

export interface BatchReference {
  readonly workspaceId: number;
  readonly batchKey: number;
}

/** A pending run, with all that its outcome may depend on. */
export interface QueuedRun extends RunPosition {
  readonly batchOrdinal: number;
  /** When the batch was created. */
  readonly queuedAt: number;
  readonly revisionKey: number | null;
  readonly unknownDefinitionId: string | null;
  /** The test variables of its definition, as JSON. */
  readonly magic: string | null;
  /** The type and id of the batch's engine. */
  readonly engine: string;
  readonly engineVersion: EngineVersion;
}

/** A run with its content and the engine of its batch. */
export interface StoredTestRun {
  readonly runIndex: number;
  readonly run: TestRun;
  readonly target: RunTarget;
  /** The type and id of the batch's engine. */
  readonly engine: string;
  readonly engineVersion: EngineVersion;
  /** The key of that engine's content; null if the engine is unknown. */
  readonly engineContentKey: number | null;
}

export interface TestRunReader {
  find(workspaceId: number, id: string): StoredTestRun | undefined;
  /** The runs of a batch in their order, after the index `after`; all of them without a limit. */
  listPage(batchKey: number, after: number, limit: number | undefined): StoredTestRun[];
  /** The same, until the forced outcomes of the runs have so many characters. */
  listPageWithin(most: number, batchKey: number, after: number, limit?: number): StoredTestRun[];
  /** The bytes of the forced outcomes of a workspace's runs. */
  orderedSize(workspaceId: number): number;
  /** Pending runs, first in, first out. */
  listQueued(workspaceId: number, limit: number): QueuedRun[];
  /** The pending runs of a batch, in their order. */
  listWaiting(batchKey: number, limit: number): QueuedRun[];
}

export interface TestRunWriter extends TestRunReader {
  /** Inserts all runs of a batch, with ids from the numbers. */
  insertCreated(batch: BatchReference, numbers: RunNumbers, targets: readonly RunTarget[]): void;
  /** Inserts all runs of a batch, with the given ids. */
  insertGiven(batch: BatchReference, runs: readonly { id: StoredId; target: RunTarget }[]): void;
}

/** The status decides which of the nullable columns are set. */
interface TestRunRow {
  batchOrdinal: number;
  runIndex: number;
  id: StoredId;
  status: TestRun['status'];
  revisionKey: number | null;
  unknownDefinitionId: string | null;
  outcome: Outcome | null;
  startedAt: number | null;
  endsAt: number | null;
  seed: string | null;
  ordered: string | null;
  createdAt: number;
  engine: string;
  engineVersion: EngineVersion;
  engineContentKey: number | null;
}

const selectRuns = `
  SELECT ordinal AS batchOrdinal, test_runs.run_index AS runIndex, test_run_id AS id,
         CASE WHEN started.outcome IS NULL THEN 'pending'
              WHEN running.outcome IS NULL THEN started.outcome
              ELSE 'in_progress' END AS status,
         revision_key AS revisionKey, unknown_definition_id AS unknownDefinitionId,
         started.outcome, started_at AS startedAt, started.ends_at AS endsAt, seed, ordered,
         created_at AS createdAt, engine, engine_version AS engineVersion,
         engine_content_key AS engineContentKey
  FROM test_runs
  JOIN batch_tests USING (batch_key)
  JOIN tested_engines USING (engine_key)
  LEFT JOIN started_test_runs AS started
    ON started.batch_key = test_runs.batch_key AND started.run_index = test_runs.run_index
  LEFT JOIN running_test_runs AS running
    ON running.workspace_id = test_runs.workspace_id AND running.ends_at = started.ends_at
      AND running.batch_key = test_runs.batch_key AND running.run_index = test_runs.run_index
  LEFT JOIN seeds USING (seed_key)`;

const selectWaiting = `
  SELECT test_runs.batch_key, run_index, ordinal, batch_tests.created_at, test_runs.revision_key,
         unknown_definition_id, magic, engine, engine_version
  FROM batch_tests
  JOIN tested_engines USING (engine_key)
  JOIN test_runs ON test_runs.batch_key = batch_tests.batch_key
    AND test_runs.run_index >= batch_tests.started_count
  LEFT JOIN test_case_revisions ON test_case_revisions.revision_key = test_runs.revision_key`;

/** Up to this number, inserting runs one by one is faster than from JSON. */
const fewRuns = 10;

/** The columns of `selectWaiting`. */
type WaitingRow = [
  batchKey: number,
  runIndex: number,
  batchOrdinal: number,
  queuedAt: number,
  revisionKey: number | null,
  unknownDefinitionId: string | null,
  magic: string | null,
  engine: string,
  engineVersion: EngineVersion,
];

// hot path
const toQueuedRun = (row: WaitingRow): QueuedRun => ({
  batchKey: row[0],
  runIndex: row[1],
  batchOrdinal: row[2],
  queuedAt: row[3],
  revisionKey: row[4],
  unknownDefinitionId: row[5],
  magic: row[6],
  engine: row[7],
  engineVersion: row[8],
});

export function testRunStore(db: Db): TestRunWriter {
  const find = db.prepare<{ workspaceId: number; id: StoredId }, TestRunRow>(
    `${selectRuns} WHERE test_runs.workspace_id = :workspaceId AND test_run_id = :id`,
  );
  const listPage = db.prepare<{ batchKey: number; after: number; limit: number }, TestRunRow>(
    `${selectRuns} WHERE test_runs.batch_key = :batchKey AND test_runs.run_index > :after
     ORDER BY test_runs.run_index LIMIT :limit`,
  );
  // Rows are arrays, because names of columns would double the time to read a row.
  const listQueued = db
    .prepare<{ workspaceId: number; limit: number }, WaitingRow>(
      `${selectWaiting}
       WHERE batch_tests.workspace_id = :workspaceId AND started_count < total_count
         AND progression = 'time'
       ORDER BY ordinal, run_index LIMIT :limit`,
    )
    .raw();
  const listWaiting = db
    .prepare<{ batchKey: number; limit: number }, WaitingRow>(
      `${selectWaiting} WHERE batch_tests.batch_key = :batchKey ORDER BY run_index LIMIT :limit`,
    )
    .raw();

  const orderedSize = db
    .prepare<{ workspaceId: number }, number>(
      `SELECT COALESCE(SUM(octet_length(ordered)), 0)
       FROM started_test_runs
       JOIN batch_tests USING (batch_key)
       WHERE batch_tests.workspace_id = :workspaceId`,
    )
    .pluck();

  return {
    ...runInserter(db),
    find(workspaceId, id) {
      const row = find.get({ workspaceId, id: storedId('run', id) });
      return row && toStoredTestRun(row);
    },
    listPage: (batchKey, after, limit = -1) =>
      listPage.all({ batchKey, after, limit }).map(toStoredTestRun),
    listPageWithin(most, batchKey, after, limit = -1) {
      const runs: StoredTestRun[] = [];
      let size = 0;
      for (const row of listPage.iterate({ batchKey, after, limit })) {
        runs.push(toStoredTestRun(row));
        size += row.ordered?.length ?? 0;
        if (size >= most) break;
      }
      return runs;
    },
    orderedSize: (workspaceId) => required(orderedSize.get({ workspaceId })),
    listWaiting: (batchKey, limit) => listWaiting.all({ batchKey, limit }).map(toQueuedRun),
    listQueued: (workspaceId, limit) => listQueued.all({ workspaceId, limit }).map(toQueuedRun),
  };
}

function runInserter(db: Db): Pick<TestRunWriter, 'insertCreated' | 'insertGiven'> {
  const insert = db.prepare<(string | number | null)[]>(
    `INSERT INTO test_runs (batch_key, run_index, workspace_id, test_run_id, revision_key,
                            unknown_definition_id)
     VALUES (?, ?, ?, ?, ?, ?)`,
  );
  // One statement for all runs is faster. SQLite has no exclusive or: (a | b) - (a & b) computes it.
  const insertMany = db.prepare<RunNumbers & BatchReference & { targets: string }>(
    `INSERT INTO test_runs (batch_key, run_index, workspace_id, test_run_id, revision_key,
                            unknown_definition_id)
     SELECT :batchKey, key, :workspaceId, :firstRun + (key | :runXor) - (key & :runXor),
            CASE type WHEN 'integer' THEN value END, CASE type WHEN 'text' THEN value END
     FROM json_each(:targets)`,
  );
  const insertOne = (
    { batchKey, workspaceId }: BatchReference,
    index: number,
    id: StoredId,
    { revisionKey, unknownDefinitionId }: RunTarget,
  ) => insert.run(batchKey, index, workspaceId, id, revisionKey, unknownDefinitionId);
  return {
    insertCreated(batch, numbers, targets) {
      if (targets.length > fewRuns) {
        const keys = targets.map((target) => target.revisionKey ?? target.unknownDefinitionId);
        insertMany.run({ ...batch, ...numbers, targets: JSON.stringify(keys) });
        return;
      }
      for (const [index, target] of targets.entries()) {
        insertOne(batch, index, runNumberAt(numbers, index), target);
      }
    },
    insertGiven(batch, runs) {
      for (const [index, { id, target }] of runs.entries()) insertOne(batch, index, id, target);
    },
  };
}

const parseForcedBy = (ordered: string | null): ForcedBy | null =>
  ordered === null ? null : (JSON.parse(ordered) as ForcedBy);

function toStoredTestRun({ ordered, ...rest }: TestRunRow): StoredTestRun {
  const { engine, engineVersion, engineContentKey, ...row } = rest;
  const { id, revisionKey, unknownDefinitionId, ...run } = row;
  return {
    runIndex: run.runIndex,
    run: { ...run, id: publicId('run', id), forcedBy: parseForcedBy(ordered) } as TestRun,
    target: { revisionKey, unknownDefinitionId } as RunTarget,
    engine,
    engineVersion,
    engineContentKey,
  };
}
