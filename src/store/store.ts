import type { Statement } from 'better-sqlite3';
import { assetStore, type AssetStore } from './assets.js';
import { batchTestStore, type BatchTestStore } from './batch-tests.js';
import { checkpointOf, noCheckpoint, type Checkpoint } from './checkpoint.js';
import { applicationId, openDatabaseFile } from './database-file.js';
import { emptyBeforeUse, inboxOf, type Inbox } from './inbox.js';
import { isInUse, openDatabase, required, type Db } from './database.js';
import { usingAtStart } from './failures.js';
import { faultStore, type FaultStore } from './faults.js';
import { loadMigrations, migrate } from './migrate.js';
import { outcomeRuleStore, type OutcomeRuleStore } from './outcome-rules.js';
import { runningStore, type RunningStore } from './running.js';
import { snapshotStore, type SnapshotStore } from './snapshots.js';
import { testCaseStore, type TestCaseStore } from './test-cases.js';
import { testRunStore, type TestRunStore } from './test-runs.js';
import { unfinishedLoads, type UnfinishedLoads } from './unfinished-loads.js';
import { transactionsOf, type Transactions } from './transactions.js';
import { workspaceList, type WorkspaceList } from './workspace-list.js';
import { workspaceStore, type WorkspaceStore } from './workspaces.js';
import { writeHealthOf, type WriteHealth } from './write-health.js';

/** Everything the emulator remembers. */
export interface Store extends Omit<Transactions, 'flush' | 'join'> {
  readonly workspaces: WorkspaceStore;
  readonly workspaceList: WorkspaceList;
  readonly inbox: Inbox;
  readonly testCases: TestCaseStore;
  readonly batchTests: BatchTestStore;
  readonly testRuns: TestRunStore;
  readonly running: RunningStore;
  readonly outcomeRules: OutcomeRuleStore;
  readonly assets: AssetStore;
  readonly faults: FaultStore;
  readonly snapshots: SnapshotStore;
  readonly unfinishedLoads: UnfinishedLoads;
  readonly health: WriteHealth;
  /** The seed to go on with: the one given, else the file's own, else `fallback`. Kept in the file. */
  keepSeed(given: string | undefined, fallback: () => string): string;
  /** By which runs refer to a seed. */
  seedKeyOf(seed: string): number;
  /** Of all workspaces, by state. */
  countRuns(): RunCounts;
  /** In bytes, without the log. */
  size(): number;
  /** Whom to tell when what several had written together could not be committed. */
  onRollback(tell: () => void): void;
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
  const { db, checkpoint, isInPlace, tryDisk, close } = usingAtStart(path, () =>
    openMigrated(path, now),
  );
  emptyBeforeUse(db, () => {
    inbox.empty();
  });
  const workspaces = workspaceStore(db);
  const list = workspaceList(db);
  const batchTests = batchTestStore(db);
  const testRuns = testRunStore(db);
  const testCases = testCaseStore(db);
  const assets = assetStore(db);
  const faults = faultStore(db);
  const forgetAll = (): void => {
    for (const store of [workspaces, batchTests, testCases, assets, faults]) store.forgetAll();
  };
  const undo = (): void => {
    forgetAll();
    inbox.forget();
    list.forgetWritten();
  };
  let tellOfRollback = (): void => undefined;
  const health = writeHealthOf({
    ...{ isInPlace, tryDisk },
    tryToCommit: () => tryToCommit(),
  });
  const { flush, join, ...transactions } = transactionsOf(
    db,
    {
      turn,
      beforeWork: () => {
        inbox.empty();
      },
      beforeCommit: () => {
        inbox.write();
        list.writeUsesIfDue();
      },
      onUndo: undo,
      onRollback: () => {
        undo();
        tellOfRollback();
      },
    },
    checkpoint,
    health,
  );
  // It is written even where it says the same.
  const tryToCommit = transactions.transaction(() =>
    db.exec(`PRAGMA application_id = ${String(applicationId)}`),
  );
  const inbox = inboxOf(db, { join, workspaces, batchTests, testRuns });
  const overwrite = (): void => {
    forgetAll();
    inbox.forgetFree();
  };
  const snapshots = snapshotStore(db, overwrite);
  return {
    ...transactions,
    workspaces,
    workspaceList: list,
    inbox,
    testCases,
    batchTests,
    testRuns,
    running: runningStore(db),
    outcomeRules: outcomeRuleStore(db),
    assets,
    faults,
    health,
    snapshots,
    unfinishedLoads: unfinishedLoads(db, snapshots, overwrite),
    ...seedStore(db),
    ...figuresOf(db, transactions),
    onRollback(tell) {
      tellOfRollback = tell;
    },
    close: () => {
      try {
        flush();
        // Where the disk takes no more, that is what can be done without.
        ignoreErrors(list.writeUses);
      } finally {
        close();
      }
    },
  };
}

function ignoreErrors(write: () => void): void {
  try {
    write();
  } catch {
    // As the caller says.
  }
}

interface OpenFile {
  readonly db: Db;
  readonly checkpoint: Checkpoint;
  /** True if what is written will be found at the next start. */
  readonly isInPlace: () => boolean;
  /** Throws if the disk has no room. */
  readonly tryDisk: () => void;
  readonly close: () => void;
}

function openMigrated(path: string, now: number): OpenFile {
  const file = path === ':memory:' ? undefined : openDatabaseFile(path);
  let db: Db | undefined;
  let checkpoint = noCheckpoint;
  const close = (): void => {
    checkpoint.close();
    db?.close();
    file?.close();
  };
  try {
    db = openDatabase(path);
    migrate(db, loadMigrations(), now);
    if (file) checkpoint = checkpointOf(db, file);
    return {
      ...{ db, checkpoint, close },
      isInPlace: () => (file?.isInPlace() ?? true) && checkpoint.hasLog(),
      tryDisk: () => file?.tryDisk(),
    };
  } catch (error) {
    if (isInUse(error)) file?.leaveOpen();
    else close();
    throw error;
  }
}

function seedStore(db: Db): Pick<Store, 'keepSeed' | 'seedKeyOf'> {
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
  return {
    keepSeed(given, fallback) {
      const seed = given ?? readSeed.get() ?? fallback();
      writeSeed.run({ seed });
      return seed;
    },
    seedKeyOf: (seed) => findSeed.get({ seed }) ?? required(addSeed.get({ seed })),
  };
}

/** Figures for whoever watches. */
function figuresOf(
  db: Db,
  { transaction }: Pick<Transactions, 'transaction'>,
): Pick<Store, 'countRuns' | 'size'> {
  const beginToCount = transaction(() => db.exec(countingOfRuns));
  let countRuns: Statement<[], RunCounts> | undefined;
  const size = db
    .prepare<[], number>('SELECT page_count * page_size FROM pragma_page_count, pragma_page_size')
    .pluck();
  return {
    countRuns() {
      if (countRuns === undefined) {
        beginToCount();
        countRuns = db.prepare(`SELECT ${runCounts} FROM counted`);
      }
      return required(countRuns.get());
    },
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
 * All batches are read once, when the figures are first asked for. From then on SQLite keeps the
 * sums, as part of whatever changes a batch, and undoes it with that.
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
