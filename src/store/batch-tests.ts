import type { BatchTest, Tally } from '../domain/testing/batch-test.js';
import { publicId, storedId, type StoredId } from '../stored-id.js';
import {
  engineKeyOf,
  engineOfKey,
  engineVersionOf,
  type EngineVersion,
  type ResponseEngine,
} from '../domain/engines/response-engine.js';
import type { Progression } from '../workspace/settings.js';
import {
  completionStore,
  type CompletionReader,
  type CompletionWriter,
} from './batch-completions.js';
import type { Caches } from './caches.js';
import { required, type Db } from './database/database.js';
import { cached } from '../bounded-cache.js';

export interface NewBatchTest {
  readonly workspaceId: number;
  readonly ordinal: number;
  /** Generated, or given by fixtures. */
  readonly id: StoredId;
  readonly responseEngine: ResponseEngine;
  readonly totalCount: number;
  readonly createdAt: number;
  readonly progression: Progression;
  /** 0 if absent. */
  readonly pollsSeen?: number;
  /** The key of the engine's content; null if the engine is unknown. */
  readonly engineContentKey: number | null;
}

/** A batch with its progression. */
export interface StoredBatchTest extends BatchTest {
  readonly workspaceId: number;
  readonly batchKey: number;
  readonly ordinal: number;
  readonly progression: Progression;
  /** How many times the batch was read, for the progression `polls`. */
  readonly pollsSeen: number;
  readonly engineContentKey: number | null;
}

/** The changes of one batch in one step of the simulation. */
export interface BatchProgress {
  readonly batchKey: number;
  started: number;
  readonly ended: Tally;
  /** When the last of these runs ended; undefined if none ended. */
  modifiedAt: number | undefined;
}

/** One page of a workspace's batches on an engine, newest first. */
export interface BatchTestPage {
  readonly workspaceId: number;
  readonly engine: string;
  /** Only batches of this version of the engine; of all versions if undefined. */
  readonly version: number | undefined;
  /** Only batches that were created before the batch with this ordinal; all if undefined. */
  readonly before: number | undefined;
  /** The maximum number; all if undefined. */
  readonly limit: number | undefined;
}

export interface BatchTestReader extends CompletionReader {
  find(workspaceId: number, id: string): StoredBatchTest | undefined;
  get(batchKey: number): StoredBatchTest;
  findKey(workspaceId: number, id: string): number | undefined;
  /** The batches in the order of their creation. */
  listAll(workspaceId: number): StoredBatchTest[];
  listPage(page: BatchTestPage): (StoredBatchTest & { readonly position: number })[];
}

export interface BatchTestWriter extends BatchTestReader, CompletionWriter {
  /** Inserts a batch. Returns the key by which its runs refer to it. */
  insert(batch: NewBatchTest): number;
  countPoll(batchKey: number): void;
  /** Adds these changes to the counts. Returns the keys of the batches whose runs have now all ended. */
  addProgress(progress: readonly BatchProgress[]): number[];
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

export function batchTestStore(db: Db, caches: Caches): BatchTestWriter {
  const getRow = db.prepare<{ batchKey: number }, BatchTestRow>(
    `${selectBatches} WHERE batch_key = :batchKey`,
  );
  const countPoll = db.prepare<{ batchKey: number }>(
    'UPDATE batch_tests SET polls_seen = polls_seen + 1 WHERE batch_key = :batchKey',
  );
  const findRowKey = db
    .prepare<{ workspaceId: number; id: StoredId }, number>(
      `SELECT batch_key FROM batch_tests WHERE workspace_id = :workspaceId AND batch_test_id = :id`,
    )
    .pluck();
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
  // One by one: most steps change one batch, and a statement that returns rows costs more than two
  // statements.
  const addProgress = db.prepare<Tally & { batchKey: number; started: number; modifiedAt: number }>(
    `UPDATE batch_tests
     SET started_count = started_count + :started, pass_count = pass_count + :pass,
         fail_count = fail_count + :fail, error_count = error_count + :error,
         modified_at = MAX(modified_at, :modifiedAt)
     WHERE batch_key = :batchKey`,
  );
  const hasEnded = db
    .prepare<{ batchKey: number }, 0 | 1>(
      `SELECT pass_count + fail_count + error_count = total_count FROM batch_tests
       WHERE batch_key = :batchKey`,
    )
    .pluck();
  // hot path: clients poll a batch many times between two changes. Every write of a batch deletes its entry.
  // The key of a batch never changes.
  const batches = caches.create<number, StoredBatchTest>();
  const keys = caches.create<string, number>();
  const insert = inserter(db, engineKeeper(db, caches));
  const onChange = (batchKey: number): void => {
    batches.delete(batchKey);
  };
  const get = (batchKey: number) =>
    cached(batches, batchKey, () => toBatchTest(required(getRow.get({ batchKey }))));
  const findKey = (workspaceId: number, id: string) => {
    const name = `${String(workspaceId)} ${id}`;
    const known = keys.get(name);
    if (known !== undefined) return known;
    const key = findRowKey.get({ workspaceId, id: storedId('batch', id) });
    if (key !== undefined) keys.set(name, key);
    return key;
  };

  return {
    insert(batch) {
      const batchKey = insert(batch);
      const created = newBatchTest(batch, batchKey);
      batches.set(batchKey, created);
      keys.set(`${String(created.workspaceId)} ${created.id}`, batchKey);
      return batchKey;
    },
    find(workspaceId, id) {
      const batchKey = findKey(workspaceId, id);
      return batchKey === undefined ? undefined : get(batchKey);
    },
    get,
    countPoll(batchKey) {
      onChange(batchKey);
      countPoll.run({ batchKey });
    },
    findKey,
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
    addProgress(progress) {
      const ended: number[] = [];
      for (const { batchKey, started, ended: tally, modifiedAt } of progress) {
        onChange(batchKey);
        addProgress.run({ ...tally, batchKey, started, modifiedAt: modifiedAt ?? 0 });
        if (modifiedAt !== undefined && hasEnded.get({ batchKey }) === 1) ended.push(batchKey);
      }
      return ended;
    },
    ...completionStore(db, onChange),
  };
}

type EngineKeyOf = (workspaceId: number, engine: string) => number;

/** The numbers of the engines that a workspace tests. */
function engineKeeper(db: Db, caches: Caches): EngineKeyOf {
  const find = db
    .prepare<{ workspaceId: number; engine: string }, number>(
      'SELECT engine_key FROM tested_engines WHERE workspace_id = :workspaceId AND engine = :engine',
    )
    .pluck();
  const add = db.prepare<{ workspaceId: number; engine: string }>(
    'INSERT INTO tested_engines (workspace_id, engine) VALUES (:workspaceId, :engine)',
  );
  // hot path: most batches test the same engine. Entries never become stale, because engines are never
  // deleted.
  const keys = caches.create<string, number>();
  return (workspaceId, engine) => {
    const name = { workspaceId, engine };
    return cached(
      keys,
      `${String(workspaceId)} ${engine}`,
      () => find.get(name) ?? Number(add.run(name).lastInsertRowid),
    );
  };
}

function inserter(db: Db, engineKey: EngineKeyOf): BatchTestWriter['insert'] {
  const insert = db.prepare<(string | number | null)[]>(
    `INSERT INTO batch_tests (workspace_id, ordinal, batch_test_id, engine_key, engine_version,
                              engine_content_key, total_count, created_at, modified_at,
                              progression, polls_needed, polls_seen)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  return (batch) => {
    const { workspaceId, responseEngine, createdAt, progression } = batch;
    const { lastInsertRowid } = insert.run(
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
    );
    return Number(lastInsertRowid);
  };
}

// hot path
const newBatchTest = (batch: NewBatchTest, batchKey: number): StoredBatchTest => ({
  workspaceId: batch.workspaceId,
  batchKey,
  ordinal: batch.ordinal,
  id: publicId('batch', batch.id),
  responseEngine: batch.responseEngine,
  engineContentKey: batch.engineContentKey,
  ended: { pass: 0, fail: 0, error: 0 },
  totalCount: batch.totalCount,
  createdAt: batch.createdAt,
  modifiedAt: batch.createdAt,
  completesAt: null,
  progression: batch.progression,
  pollsSeen: batch.pollsSeen ?? 0,
});

// hot path
function toBatchTest(row: BatchTestRow): StoredBatchTest {
  const { progression: kind, pollsNeeded } = row;
  return {
    workspaceId: row.workspaceId,
    batchKey: row.batchKey,
    ordinal: row.ordinal,
    id: publicId('batch', row.id),
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
