import type { Statement } from 'better-sqlite3';
import { cached } from '../bounded-cache.js';
import type { CallRuleInput } from '../domain/calls/call-rule.js';
import type { CallStatus } from '../domain/calls/call.js';
import type { ChatStatus } from '../domain/chats/chat.js';
import type { ChatRuleInput } from '../domain/chats/chat-rule.js';
import type { OutcomeRuleInput } from '../domain/testing/outcome-rule.js';
import { assetStore, type AssetReader, type AssetWriter } from './assets.js';
import { batchTestStore, type BatchTestReader, type BatchTestWriter } from './batch-tests.js';
import { storeCaches, type Caches } from './caches.js';
import { applicationId, openDatabaseFile, watchLog } from './database/database-file.js';
import { isInUse, logPathOf, openDatabase, required, type Db } from './database/database.js';
import { usingAtStart } from './database/failures.js';
import { chatStore, type ChatReader, type ChatWriter } from './chats.js';
import { callStore, type CallReader, type CallWriter } from './calls.js';
import { contactedNumbers, type ContactedReader } from './contacted-numbers.js';
import { deliveryStore, type DeliveryReader, type DeliveryWriter } from './deliveries.js';
import { faultStore, type FaultReader, type FaultWriter } from './faults.js';
import { prepareSchema } from './database/migrate.js';
import { objectStore, type ObjectReader, type ObjectWriter } from './objects.js';
import {
  phoneNumberStore,
  type PhoneNumberReader,
  type PhoneNumberWriter,
} from './phone-numbers.js';
import {
  callRuleStore,
  chatRuleStore,
  outcomeRuleStore,
  type RuleReader,
  type RuleWriter,
} from './rules.js';
import { runningStore, type RunningReader, type RunningWriter } from './running.js';
import { noCalls, noChats, statusCounter } from './status-counts.js';
import { snapshotStore, type SnapshotReader, type SnapshotWriter } from './snapshots.js';
import { testCaseStore, type TestCaseReader, type TestCaseWriter } from './test-cases.js';
import { testRunStore, type TestRunReader, type TestRunWriter } from './test-runs.js';
import { checkpointAfterCommits } from './database/checkpoint.js';
import { transactionsOf, type Transactions } from './database/transactions.js';
import {
  unfinishedWorkStore,
  type UnfinishedWorkReader,
  type UnfinishedWorkWriter,
} from './unfinished-work.js';
import { workspaceRows } from './workspace-rows.js';
import {
  workspaceList,
  type WorkspaceListReader,
  type WorkspaceListWriter,
} from './workspace-list.js';
import { workspaceStore, type WorkspaceReader, type WorkspaceWriter } from './workspaces.js';
import { writeHealthOf, type WriteHealth } from './database/write-health.js';

/** Reads the emulator's data. */
export interface StoreReader {
  readonly workspaces: WorkspaceReader;
  readonly workspaceList: WorkspaceListReader;
  readonly testCases: TestCaseReader;
  readonly batchTests: BatchTestReader;
  readonly testRuns: TestRunReader;
  readonly running: RunningReader;
  readonly outcomeRules: RuleReader<OutcomeRuleInput>;
  readonly callRules: RuleReader<CallRuleInput>;
  readonly chatRules: RuleReader<ChatRuleInput>;
  readonly assets: AssetReader;
  readonly faults: FaultReader;
  readonly phoneNumbers: PhoneNumberReader;
  readonly objects: ObjectReader;
  readonly contactedNumbers: ContactedReader;
  readonly calls: CallReader;
  readonly chats: ChatReader;
  readonly deliveries: DeliveryReader;
  readonly snapshots: SnapshotReader;
  readonly unfinishedWork: UnfinishedWorkReader;
}

/** Reads and writes the data. Only a transaction has one: see `Transactions`. */
export interface StoreWriter extends StoreReader {
  readonly workspaces: WorkspaceWriter;
  readonly workspaceList: WorkspaceListWriter;
  readonly testCases: TestCaseWriter;
  readonly batchTests: BatchTestWriter;
  readonly testRuns: TestRunWriter;
  readonly running: RunningWriter;
  readonly outcomeRules: RuleWriter<OutcomeRuleInput>;
  readonly callRules: RuleWriter<CallRuleInput>;
  readonly chatRules: RuleWriter<ChatRuleInput>;
  readonly assets: AssetWriter;
  readonly faults: FaultWriter;
  readonly phoneNumbers: PhoneNumberWriter;
  readonly objects: ObjectWriter;
  readonly calls: CallWriter;
  readonly chats: ChatWriter;
  readonly deliveries: DeliveryWriter;
  readonly snapshots: SnapshotWriter;
  readonly unfinishedWork: UnfinishedWorkWriter;
  /** The seed to use: the given one, else that of the file, else `fallback`. It is stored in the file. */
  keepSeed(given: string | undefined, fallback: () => string): string;
  /** The key by which runs refer to a seed. */
  seedKeyOf(seed: string): number;
}

/** All stored data of the emulator. */
export interface Store extends StoreReader, Transactions<StoreWriter> {
  readonly health: WriteHealth;
  /** The number of runs of all workspaces, by state. */
  countRuns(): RunCounts;
  /** The number of calls of all workspaces, by status. */
  readonly countCalls: () => Record<CallStatus, number>;
  /** The number of chats of all workspaces, by status. */
  readonly countChats: () => Record<ChatStatus, number>;
  /** The size in bytes without the log. */
  size(): number;
  /** Calls back if the writes of several requests could not be committed together. */
  onRollback(listener: () => void): void;
  close(): void;
}

export type RunCounts = Record<'pending' | 'in_progress' | 'pass' | 'fail' | 'error', number>;

/**
 * Opens the database and brings it up to date.
 * @param path a file, or `:memory:`.
 * @param turn resolves in the next turn of the event loop.
 * @throws StartupError
 */
export function openStore(
  path: string,
  now: number,
  turn: () => Promise<void> = () => Promise.resolve(),
): Store {
  const { db, close, afterCommit, ...file } = usingAtStart(path, () => openMigrated(path, now));
  const caches = storeCaches();
  const writer = writerOf(db, caches);
  const { workspaceList: list } = writer;
  const undo = (): void => {
    caches.clear();
    list.forgetWritten();
  };
  let notifyOfRollback = (): void => undefined;
  const health = writeHealthOf({
    ...file,
    tryToCommit() {
      // Written even if the value does not change.
      transactions.now(() => db.exec(`PRAGMA application_id = ${String(applicationId)}`));
    },
  });
  const { commitNow, ...transactions } = transactionsOf<StoreWriter>(
    db,
    writer,
    {
      turn,
      beforeCommit: list.writeUsesIfDue,
      onUndo: undo,
      onRollback: () => {
        undo();
        notifyOfRollback();
      },
    },
    {
      ...health,
      succeeded() {
        health.succeeded();
        afterCommit();
      },
    },
  );
  return {
    ...(writer as StoreReader),
    ...transactions,
    ...figuresOf(db, transactions),
    health,
    onRollback(listener) {
      notifyOfRollback = listener;
    },
    close: () => {
      try {
        commitNow();
        // A full disk may refuse this, and the emulator works without it.
        ignoreErrors(list.writeUses);
      } finally {
        close();
      }
    },
  };
}

function writerOf(db: Db, caches: Caches): StoreWriter {
  const snapshots = snapshotStore(db, workspaceRows(db, caches.clear));
  return {
    workspaces: workspaceStore(db, caches),
    workspaceList: workspaceList(db),
    testCases: testCaseStore(db, caches),
    batchTests: batchTestStore(db, caches),
    testRuns: testRunStore(db),
    running: runningStore(db),
    outcomeRules: outcomeRuleStore(db, caches),
    callRules: callRuleStore(db, caches),
    chatRules: chatRuleStore(db, caches),
    assets: assetStore(db, caches),
    faults: faultStore(db, caches),
    phoneNumbers: phoneNumberStore(db, caches),
    objects: objectStore(db),
    contactedNumbers: contactedNumbers(db),
    calls: callStore(db, caches),
    chats: chatStore(db),
    deliveries: deliveryStore(db),
    snapshots,
    unfinishedWork: unfinishedWorkStore(db, snapshots, caches.clear),
    ...seedStore(db, caches),
  };
}

function ignoreErrors(write: () => void): void {
  try {
    write();
  } catch {
    // The caller says so.
  }
}

interface OpenFile {
  readonly db: Db;
  /** True if written data will still be there at the next start. */
  readonly isInPlace: () => boolean;
  /** @throws if the disk has no room. */
  readonly tryDisk: () => void;
  readonly afterCommit: () => void;
  readonly close: () => void;
}

function openMigrated(path: string, now: number): OpenFile {
  const file = path === ':memory:' ? undefined : openDatabaseFile(path);
  let db: Db | undefined;
  let log: ReturnType<typeof watchLog> | undefined;
  const close = (): void => {
    log?.close();
    db?.close();
    file?.close();
  };
  try {
    db = openDatabase(path);
    prepareSchema(db, now);
    if (file === undefined) {
      const nothing = () => undefined;
      return { db, close, isInPlace: () => true, tryDisk: nothing, afterCommit: nothing };
    }
    const ownLog = (log = watchLog(logPathOf(db)));
    const isInPlace = () => file.isInPlace() && ownLog.isThere();
    const afterCommit = checkpointAfterCommits(db, { logSize: () => ownLog.size(), isInPlace });
    return {
      db,
      close,
      isInPlace,
      tryDisk: () => {
        file.tryDisk();
      },
      afterCommit,
    };
  } catch (error) {
    if (isInUse(error)) file?.leaveOpen();
    else close();
    throw error;
  }
}

function seedStore(db: Db, caches: Caches): Pick<StoreWriter, 'keepSeed' | 'seedKeyOf'> {
  const readSeed = db.prepare<[], string>('SELECT seed FROM emulator').pluck();
  const writeSeed = db.prepare<{ seed: string }>(
    `INSERT INTO emulator (only_row, seed) VALUES (1, :seed)
     ON CONFLICT (only_row) DO UPDATE SET seed = :seed`,
  );
  const findSeed = db
    .prepare<{ seed: string }, number>('SELECT seed_key FROM seeds WHERE seed = :seed')
    .pluck();
  const addSeed = db
    .prepare<{ seed: string }, number>('INSERT INTO seeds (seed) VALUES (:seed) RETURNING seed_key')
    .pluck();
  // hot path: each step of the simulation reads it. Entries never become stale, because seeds are never
  // deleted.
  const keys = caches.create<string, number>();
  return {
    keepSeed(given, fallback) {
      const seed = given ?? readSeed.get() ?? fallback();
      writeSeed.run({ seed });
      return seed;
    },
    seedKeyOf: (seed) =>
      cached(keys, seed, () => findSeed.get({ seed }) ?? required(addSeed.get({ seed }))),
  };
}

/** Figures for the metrics. */
function figuresOf(
  db: Db,
  { now }: Pick<Transactions<StoreWriter>, 'now'>,
): Pick<Store, 'countRuns' | 'countCalls' | 'countChats' | 'size'> {
  let countRuns: Statement<[], RunCounts> | undefined;
  const size = db
    .prepare<[], number>('SELECT page_count * page_size FROM pragma_page_count, pragma_page_size')
    .pluck();
  return {
    countRuns() {
      if (countRuns === undefined) {
        now(() => db.exec(countingOfRuns));
        countRuns = db.prepare(`SELECT ${runCounts} FROM counted`);
      }
      return required(countRuns.get());
    },
    countCalls: statusCounter(db, now, 'calls', noCalls),
    countChats: statusCounter(db, now, 'chats', noChats),
    size: () => required(size.get()),
  };
}

const runCounts = `total_count - started_count AS pending,
  started_count - pass_count - fail_count - error_count AS in_progress,
  pass_count AS pass, fail_count AS fail, error_count AS error`;

const counts = ['total_count', 'started_count', 'pass_count', 'fail_count', 'error_count'];

const changeCounts = (changeOf: (column: string) => string): string =>
  `UPDATE counted SET ${counts.map((column) => `${column} = ${column} + ${changeOf(column)}`).join(', ')};`;

/**
 * Reads all batches once, when the figures are first read. After that SQLite updates the sums in the same
 * transaction as each change of a batch, and undoes both together.
 */
const countingOfRuns = `
  CREATE TEMP TABLE counted AS
    SELECT ${counts.map((column) => `COALESCE(SUM(${column}), 0) AS ${column}`).join(', ')}
    FROM batch_tests;
  CREATE TEMP TRIGGER count_inserted AFTER INSERT ON batch_tests BEGIN
    ${changeCounts((column) => `new.${column}`)}
  END;
  CREATE TEMP TRIGGER count_updated AFTER UPDATE OF ${counts.join(', ')} ON batch_tests BEGIN
    ${changeCounts((column) => `new.${column} - old.${column}`)}
  END;
  CREATE TEMP TRIGGER count_deleted AFTER DELETE ON batch_tests BEGIN
    ${changeCounts((column) => `-old.${column}`)}
  END;`;
