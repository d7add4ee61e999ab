import { assetStore, type AssetStore } from './assets.js';
import { batchTestStore, type BatchTestStore } from './batch-tests.js';
import { openDatabase, required, type Db } from './database.js';
import { usingAtStart } from './failures.js';
import { faultStore, type FaultStore } from './faults.js';
import { loadMigrations, migrate } from './migrate.js';
import { outcomeRuleStore, type OutcomeRuleStore } from './outcome-rules.js';
import { runningStore, type RunningStore } from './running.js';
import { snapshotStore, type SnapshotStore } from './snapshots.js';
import { testCaseStore, type TestCaseStore } from './test-cases.js';
import { testRunStore, type TestRunStore } from './test-runs.js';
import { transactionsOf, type Transactions } from './transactions.js';
import { workspaceStore, type WorkspaceStore } from './workspaces.js';

/** Everything the emulator remembers. */
export interface Store extends Omit<Transactions, 'flush'> {
  readonly workspaces: WorkspaceStore;
  readonly testCases: TestCaseStore;
  readonly batchTests: BatchTestStore;
  readonly testRuns: TestRunStore;
  readonly running: RunningStore;
  readonly outcomeRules: OutcomeRuleStore;
  readonly assets: AssetStore;
  readonly faults: FaultStore;
  readonly snapshots: SnapshotStore;
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
  const db = usingAtStart(path, () => openMigrated(path, now));
  const workspaces = workspaceStore(db);
  const batchTests = batchTestStore(db);
  const assets = assetStore(db);
  const faults = faultStore(db);
  const forgetAll = (): void => {
    for (const store of [workspaces, batchTests, assets, faults]) store.forgetAll();
  };
  let tellOfRollback = (): void => undefined;
  const { flush, ...transactions } = transactionsOf(db, {
    turn,
    beforeCommit: workspaces.writeTaken,
    onUndo: forgetAll,
    onRollback: () => {
      forgetAll();
      workspaces.forgetTaken();
      tellOfRollback();
    },
  });
  return {
    ...transactions,
    workspaces,
    testCases: testCaseStore(db),
    batchTests,
    testRuns: testRunStore(db),
    running: runningStore(db),
    outcomeRules: outcomeRuleStore(db),
    assets,
    faults,
    snapshots: snapshotStore(db, forgetAll),
    ...seedStore(db),
    ...figuresOf(db),
    onRollback(tell) {
      tellOfRollback = tell;
    },
    close: () => {
      flush();
      db.close();
    },
  };
}

function openMigrated(path: string, now: number): Db {
  const db = openDatabase(path);
  try {
    migrate(db, loadMigrations(), now);
  } catch (error) {
    db.close();
    throw error;
  }
  return db;
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

/** Figures for whoever watches: counts are kept with the batches, so no run is looked at. */
function figuresOf(db: Db): Pick<Store, 'countRuns' | 'size'> {
  const countRuns = db.prepare<[], RunCounts>(
    `SELECT COALESCE(SUM(total_count - started_count), 0) AS pending,
            COALESCE(SUM(started_count - pass_count - fail_count - error_count), 0) AS in_progress,
            COALESCE(SUM(pass_count), 0) AS pass, COALESCE(SUM(fail_count), 0) AS fail,
            COALESCE(SUM(error_count), 0) AS error
     FROM batch_tests`,
  );
  const size = db
    .prepare<[], number>('SELECT page_count * page_size FROM pragma_page_count, pragma_page_size')
    .pluck();
  return { countRuns: () => required(countRuns.get()), size: () => required(size.get()) };
}
