import type { BatchTest, Tally } from '../domain/batch-test.js';
import { idOf, storedIdOf, type StoredId } from '../made-id.js';
import {
  engineKeyOf,
  engineOfKey,
  engineVersionOf,
  type EngineVersion,
  type ResponseEngine,
} from '../domain/response-engine.js';
import type { Progression } from '../workspace/settings.js';
import { batchCompletions, type BatchCompletions } from './batch-completions.js';
import { bulkInserter, type Value } from './bulk-insert.js';
import { required, type Db } from './database.js';
import { memory } from '../memory.js';
import { rowCache } from './row-cache.js';

export interface NewBatchTest {
  readonly workspaceId: number;
  readonly ordinal: number;
  /** Made, or as it was given. */
  readonly id: StoredId;
  readonly responseEngine: ResponseEngine;
  readonly totalCount: number;
  readonly createdAt: number;
  readonly progression: Progression;
  /** 0 if absent. */
  readonly pollsSeen?: number;
  /** Of what the engine says; null if there is no such engine here. */
  readonly engineContentKey: number | null;
}

/** In the order of the columns; JSON can keep it. */
export type NewBatchRow = readonly [workspaceId: number, ordinal: number, ...rest: Value[]];

/** A batch with how it moves on. */
export interface StoredBatchTest extends BatchTest {
  readonly workspaceId: number;
  readonly batchKey: number;
  readonly ordinal: number;
  readonly progression: Progression;
  /** How often it has been read, where reads move it on. */
  readonly pollsSeen: number;
  readonly engineContentKey: number | null;
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

export interface BatchTestStore extends BatchCompletions {
  /** Reads everything anew: to be called when it was written past this store, or rolled back. */
  readonly forgetAll: () => void;
  /** What is to be written of a batch. */
  toNewRow(batch: NewBatchTest): NewBatchRow;
  /** Answers the key by which runs refer to the first of the batches; those of the rest follow. */
  insertAll(rows: readonly NewBatchRow[]): number;
  find(workspaceId: number, id: string): StoredBatchTest | undefined;
  get(batchKey: number): StoredBatchTest;
  countPoll(batchKey: number): void;
  findKey(workspaceId: number, id: string): number | undefined;
  /** Of one that is there. */
  getKey(workspaceId: number, id: string): number;
  /** In the order of their creation. */
  listAll(workspaceId: number): StoredBatchTest[];
  listPage(page: BatchTestPage): (StoredBatchTest & { readonly position: number })[];
  /** Returns the keys of the batches whose runs have all ended now. */
  recordProgress(progress: readonly BatchProgress[]): number[];
}

interface BatchTestRow {
  id: StoredId;
  engine: string;
  engineVersion: EngineVersion;
  pass: number;
  fail: number;
  error: number;
  totalCount: number;
  createdAt: number;
  modifiedAt: number;
  completesAt: number | null;
  workspaceId: number;
  batchKey: number;
  ordinal: number;
  progression: Progression['kind'];
  pollsNeeded: number | null;
  pollsSeen: number;
  engineContentKey: number | null;
}

const selectBatches = `
  SELECT batch_tests.workspace_id AS workspaceId, batch_key AS batchKey, ordinal,
         batch_test_id AS id, engine, engine_version AS engineVersion,
         engine_content_key AS engineContentKey, pass_count AS pass, fail_count AS fail,
         error_count AS error, total_count AS totalCount, created_at AS createdAt,
         modified_at AS modifiedAt, completes_at AS completesAt, progression, polls_needed AS pollsNeeded,
         polls_seen AS pollsSeen
  FROM batch_tests
  JOIN tested_engines USING (engine_key)`;

export function batchTestStore(db: Db): BatchTestStore {
  const engines = engineKeeper(db);
  const find = db.prepare<{ workspaceId: number; id: StoredId }, BatchTestRow>(
    `${selectBatches} WHERE batch_tests.workspace_id = :workspaceId AND batch_test_id = :id`,
  );
  const get = db.prepare<{ batchKey: number }, BatchTestRow>(
    `${selectBatches} WHERE batch_key = :batchKey`,
  );
  const countPoll = db.prepare<{ batchKey: number }>(
    'UPDATE batch_tests SET polls_seen = polls_seen + 1 WHERE batch_key = :batchKey',
  );
  const findKey = db
    .prepare<{ workspaceId: number; id: StoredId }, number>(
      `SELECT batch_key FROM batch_tests WHERE workspace_id = :workspaceId AND batch_test_id = :id`,
    )
    .pluck();
  const keyOf = (workspaceId: number, id: string) =>
    findKey.get({ workspaceId, id: storedIdOf('batch', id) });
  const listAll = db.prepare<{ workspaceId: number }, BatchTestRow>(
    `${selectBatches} WHERE batch_tests.workspace_id = :workspaceId`,
  );
  const preparePage = (filter: string) =>
    db.prepare<BatchTestPage, BatchTestRow>(
      `${selectBatches}
       WHERE tested_engines.workspace_id = :workspaceId AND engine = :engine ${filter}
         AND ordinal < :before
       ORDER BY ordinal DESC LIMIT :limit`,
    );
  const listPage = preparePage('');
  const listPageOfVersion = preparePage('AND engine_version = :version');
  const recordProgress = db
    .prepare<{ batches: string }, number | null>(
      `UPDATE batch_tests
       SET started_count = started_count + given.started, pass_count = pass_count + given.pass,
           fail_count = fail_count + given.fail, error_count = error_count + given.error,
           modified_at = MAX(batch_tests.modified_at, COALESCE(given.modified_at, 0))
       FROM (
         SELECT value ->> 0 AS batch_key, value ->> 1 AS started, value ->> 2 AS pass,
                value ->> 3 AS fail, value ->> 4 AS error, value ->> 5 AS modified_at
         FROM json_each(:batches)
       ) AS given
       WHERE batch_tests.batch_key = given.batch_key
       RETURNING
         CASE WHEN pass_count + fail_count + error_count = total_count THEN batch_key END`,
    )
    .pluck();
  // As with workspaces: a batch that is polled is read again and again before anything happens.
  const cache = rowCache<StoredBatchTest>();

  return {
    toNewRow: rowMaker(engines.keyOf),
    insertAll: rowInserter(db),
    forgetAll() {
      cache.clear();
      engines.forgetAll();
    },
    find(workspaceId, id) {
      const known = cache.byName(id);
      // Others may have a batch with the same id.
      if (known?.workspaceId === workspaceId) return known;
      const row = find.get({ workspaceId, id: storedIdOf('batch', id) });
      return row && cache.put(row.batchKey, id, toBatchTest(row));
    },
    get: (batchKey) => cache.byId(batchKey) ?? toBatchTest(required(get.get({ batchKey }))),
    countPoll(batchKey) {
      cache.forget(batchKey);
      countPoll.run({ batchKey });
    },
    findKey: keyOf,
    getKey: (workspaceId, id) => required(keyOf(workspaceId, id)),
    listAll: (workspaceId) =>
      listAll
        .all({ workspaceId })
        .map(toBatchTest)
        .sort((a, b) => a.ordinal - b.ordinal),
    listPage({ before = Number.MAX_SAFE_INTEGER, limit = -1, ...page }) {
      const statement = page.version === undefined ? listPage : listPageOfVersion;
      const batches = statement.all({ ...page, before, limit }).map(toBatchTest);
      return batches.map((batch) => ({ ...batch, position: batch.ordinal }));
    },
    recordProgress(progress) {
      if (progress.length === 0) return [];
      const given = progress.map(({ batchKey, started, ended, modifiedAt = null }) => {
        cache.forget(batchKey);
        return [batchKey, started, ended.pass, ended.fail, ended.error, modifiedAt];
      });
      const ended = recordProgress.all({ batches: JSON.stringify(given) });
      return ended.filter((batchKey) => batchKey !== null);
    },
    ...batchCompletions(db, cache),
  };
}

/** Numbers the engines that a workspace tests. */
function engineKeeper(db: Db) {
  const find = db
    .prepare<{ workspaceId: number; engine: string }, number>(
      'SELECT engine_key FROM tested_engines WHERE workspace_id = :workspaceId AND engine = :engine',
    )
    .pluck();
  const add = db.prepare<{ workspaceId: number; engine: string }>(
    'INSERT INTO tested_engines (workspace_id, engine) VALUES (:workspaceId, :engine)',
  );
  const known = memory<string, number>();
  return {
    forgetAll: known.clear,
    keyOf: (workspaceId: number, engine: string): number => {
      const name = { workspaceId, engine };
      return known.get(
        `${String(workspaceId)} ${engine}`,
        () => find.get(name) ?? Number(add.run(name).lastInsertRowid),
      );
    },
  };
}

/** What is written of a batch, but its key. */
const written = [
  'workspace_id',
  'ordinal',
  'batch_test_id',
  'engine_key',
  'engine_version',
  'engine_content_key',
  'total_count',
  'created_at',
  'modified_at',
  'progression',
  'polls_needed',
  'polls_seen',
] as const;

function rowMaker(
  engineKey: (workspaceId: number, engine: string) => number,
): BatchTestStore['toNewRow'] {
  return (batch) => {
    const { workspaceId, responseEngine, createdAt, progression } = batch;
    return [
      workspaceId,
      batch.ordinal,
      batch.id,
      engineKey(workspaceId, engineKeyOf(responseEngine)),
      engineVersionOf(responseEngine),
      batch.engineContentKey,
      batch.totalCount,
      createdAt,
      createdAt,
      progression.kind,
      progression.kind === 'polls' ? progression.polls : null,
      batch.pollsSeen ?? 0,
    ];
  };
}

function rowInserter(db: Db): BatchTestStore['insertAll'] {
  const lastKey = db.prepare<[], number | null>('SELECT MAX(batch_key) FROM batch_tests').pluck();
  const insert = bulkInserter(db, 'batch_tests', ['batch_key', ...written]);
  return (rows) => {
    const firstKey = (lastKey.get() ?? 0) + 1;
    const values: Value[] = [];
    for (const [index, row] of rows.entries()) values.push(firstKey + index, ...row);
    insert(values);
    return firstKey;
  };
}

/** Spelled out, because spreading costs more than reading the row. */
function toBatchTest(row: BatchTestRow): StoredBatchTest {
  const { progression: kind, pollsNeeded } = row;
  return {
    workspaceId: row.workspaceId,
    batchKey: row.batchKey,
    ordinal: row.ordinal,
    id: idOf('batch', row.id),
    responseEngine: engineOfKey(row.engine, row.engineVersion),
    engineContentKey: row.engineContentKey,
    ended: { pass: row.pass, fail: row.fail, error: row.error },
    totalCount: row.totalCount,
    createdAt: row.createdAt,
    modifiedAt: row.modifiedAt,
    completesAt: row.completesAt,
    progression: kind === 'polls' ? { kind, polls: pollsNeeded ?? 1 } : { kind },
    pollsSeen: row.pollsSeen,
  };
}
