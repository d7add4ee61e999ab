import type { BatchTest, Tally } from '../domain/batch-test.js';
import type { ResponseEngine } from '../domain/response-engine.js';
import type { Db } from './database.js';

export interface NewBatchTest {
  readonly workspaceId: number;
  readonly ordinal: number;
  readonly id: string;
  readonly responseEngine: ResponseEngine;
  readonly totalCount: number;
  readonly createdAt: number;
}

/** What a slice of simulation did to one batch. */
export interface BatchProgress {
  readonly batchKey: number;
  started: number;
  readonly ended: Tally;
  /** When the last of it happened; undefined if no run ended. */
  modifiedAt: number | undefined;
}

/** One page of a workspace's batches on an engine, newest first. */
export interface BatchTestPage {
  readonly workspaceId: number;
  readonly engine: string;
  /** Only batches on this version; on any if undefined. */
  readonly version: number | undefined;
  /** Only what was created before the batch with this ordinal; all if undefined. */
  readonly before: number | undefined;
  /** All if undefined. */
  readonly limit: number | undefined;
}

export interface BatchTestStore {
  /** Answers the key by which runs refer to the batch. */
  insert(batch: NewBatchTest): number;
  find(workspaceId: number, id: string): BatchTest | undefined;
  findKey(workspaceId: number, id: string): number | undefined;
  listPage(page: BatchTestPage): (BatchTest & { readonly position: number })[];
  recordProgress(progress: BatchProgress): void;
}

interface BatchTestRow {
  id: string;
  responseEngine: string;
  pass: number;
  fail: number;
  error: number;
  totalCount: number;
  createdAt: number;
  modifiedAt: number;
}

const columns = `batch_test_id AS id, response_engine AS responseEngine, pass_count AS pass,
  fail_count AS fail, error_count AS error, total_count AS totalCount, created_at AS createdAt,
  modified_at AS modifiedAt`;

export function batchTestStore(db: Db): BatchTestStore {
  const insert = db.prepare<Omit<NewBatchTest, 'responseEngine'> & { responseEngine: string }>(
    `INSERT INTO batch_tests (workspace_id, ordinal, batch_test_id, response_engine,
                              total_count, created_at, modified_at)
     VALUES (:workspaceId, :ordinal, :id, :responseEngine, :totalCount, :createdAt, :createdAt)`,
  );
  const find = db.prepare<{ workspaceId: number; id: string }, BatchTestRow>(
    `SELECT ${columns} FROM batch_tests WHERE workspace_id = :workspaceId AND batch_test_id = :id`,
  );
  const findKey = db
    .prepare<{ workspaceId: number; id: string }, number>(
      `SELECT batch_key FROM batch_tests WHERE workspace_id = :workspaceId AND batch_test_id = :id`,
    )
    .pluck();
  const preparePage = (filter: string) =>
    db.prepare<BatchTestPage, BatchTestRow & { position: number }>(
      `SELECT ordinal AS position, ${columns} FROM batch_tests
       WHERE workspace_id = :workspaceId AND engine = :engine ${filter} AND ordinal < :before
       ORDER BY ordinal DESC LIMIT :limit`,
    );
  const listPage = preparePage('');
  const listPageOfVersion = preparePage('AND engine_version = :version');
  const recordProgress = db.prepare<
    Tally & { batchKey: number; started: number; modifiedAt: number | null }
  >(
    `UPDATE batch_tests
     SET started_count = started_count + :started, pass_count = pass_count + :pass,
         fail_count = fail_count + :fail, error_count = error_count + :error,
         modified_at = COALESCE(:modifiedAt, modified_at)
     WHERE batch_key = :batchKey`,
  );

  return {
    insert(batch) {
      const responseEngine = JSON.stringify(batch.responseEngine);
      return Number(insert.run({ ...batch, responseEngine }).lastInsertRowid);
    },
    find(workspaceId, id) {
      const row = find.get({ workspaceId, id });
      return row && toBatchTest(row);
    },
    findKey: (workspaceId, id) => findKey.get({ workspaceId, id }),
    listPage({ before = Number.MAX_SAFE_INTEGER, limit = -1, ...page }) {
      const statement = page.version === undefined ? listPage : listPageOfVersion;
      return statement.all({ ...page, before, limit }).map(toBatchTest);
    },
    recordProgress({ batchKey, started, ended, modifiedAt = null }) {
      recordProgress.run({ batchKey, started, ...ended, modifiedAt });
    },
  };
}

function toBatchTest<Row extends BatchTestRow>({ pass, fail, error, responseEngine, ...row }: Row) {
  return {
    ...row,
    responseEngine: JSON.parse(responseEngine) as ResponseEngine,
    ended: { pass, fail, error },
  };
}
