import { assetStore, type AssetStore } from './assets.js';
import { batchTestStore, type BatchTestStore } from './batch-tests.js';
import { closeDatabase, isDuplicate, openDatabase, required, type Db } from './database.js';
import { faultStore, type FaultStore } from './faults.js';
import { groupCommit } from './group-commit.js';
import { loadMigrations, migrate } from './migrate.js';
import { outcomeRuleStore, type OutcomeRuleStore } from './outcome-rules.js';
import { snapshotStore, type SnapshotStore } from './snapshots.js';
import { testCaseStore, type TestCaseStore } from './test-cases.js';
import { testRunStore, type TestRunStore } from './test-runs.js';
import { workspaceStore, type WorkspaceStore } from './workspaces.js';

/** Everything the emulator remembers. */
export interface Store {
  readonly workspaces: WorkspaceStore;
  readonly testCases: TestCaseStore;
  readonly batchTests: BatchTestStore;
  readonly testRuns: TestRunStore;
  readonly outcomeRules: OutcomeRuleStore;
  readonly assets: AssetStore;
  readonly faults: FaultStore;
  readonly snapshots: SnapshotStore;
  /** Makes a function whose writes all happen, or, if it throws, none. */
  transaction<Args extends unknown[], Result>(
    work: (...args: Args) => Result,
  ): (...args: Args) => Result;
  /**
   * Like `transaction`, done over if it used an id that is taken, so that `work`, which must
   * make other ids at each attempt, is certain of them. With 48 bits that is a rare event.
   */
  transactionWithNewIds<Result>(work: (attempt: number) => Result): Result;
  /**
   * The same, in one commit with what else is written in this turn of the event loop: what it did
   * counts once `committed` has resolved.
   */
  groupedTransactionWithNewIds<Result>(work: (attempt: number) => Result): Result;
  /**
   * Resolves at the end of the turn, when all that was written is committed. Rejects if it could
   * not be.
   */
  committed(): Promise<void>;
  /** Does the work and undoes it, to see whether it throws. */
  rehearse(work: () => void): void;
  /** The seed to go on with: the one given, else the file's own, else `fallback`. Kept in the file. */
  keepSeed(given: string | undefined, fallback: () => string): string;
  /** By which runs refer to a seed. */
  seedKeyOf(seed: string): number;
  /** Of all workspaces, by state. */
  countRuns(): RunCounts;
  /** In bytes, without the log. */
  size(): number;
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
  const db = openDatabase(path);
  try {
    migrate(db, loadMigrations(), now);
  } catch (error) {
    db.close();
    throw error;
  }
  const workspaces = workspaceStore(db);
  const batchTests = batchTestStore(db);
  const snapshots = snapshotStore(db);
  const forgetAll = (): void => {
    workspaces.forgetAll();
    batchTests.forgetAll();
  };
  /** What was read of a transaction that is rolled back was never so. */
  const orForget = <Result>(work: () => Result): Result => {
    try {
      return work();
    } catch (error) {
      forgetAll();
      throw error;
    }
  };
  const group = groupCommit(db, turn, {
    beforeCommit: workspaces.writeTaken,
    onRollback: () => {
      forgetAll();
      workspaces.forgetTaken();
    },
  });
  // Made once, because making it costs more than the transaction.
  const inTransaction = db.transaction((work: () => unknown) => work());
  const tryWithNewIds = <Result>(work: (attempt: number) => Result): Result => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return orForget(() => inTransaction.immediate(() => work(attempt)) as Result);
      } catch (error) {
        if (!isDuplicate(error) || attempt === 3) throw error;
      }
    }
  };
  return {
    workspaces,
    testCases: testCaseStore(db),
    batchTests,
    testRuns: testRunStore(db),
    outcomeRules: outcomeRuleStore(db),
    assets: assetStore(db),
    faults: faultStore(db),
    snapshots: {
      ...snapshots,
      restore(...args) {
        forgetAll();
        return snapshots.restore(...args);
      },
      clear(...args) {
        forgetAll();
        snapshots.clear(...args);
      },
    },
    transaction(work) {
      const transaction = db.transaction(work);
      return (...args) => {
        group.flush();
        return orForget(() => transaction.immediate(...args));
      };
    },
    transactionWithNewIds(work) {
      group.flush();
      return tryWithNewIds(work);
    },
    groupedTransactionWithNewIds(work) {
      group.join();
      return tryWithNewIds(work);
    },
    committed: group.committed,
    rehearse(work) {
      group.flush();
      const undo = new Error('to be undone');
      try {
        db.transaction(() => {
          work();
          throw undo;
        })();
      } catch (error) {
        if (error !== undo) throw error;
      } finally {
        forgetAll();
      }
    },
    ...seedStore(db),
    ...figuresOf(db),
    close: () => {
      group.flush();
      closeDatabase(db);
    },
  };
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
