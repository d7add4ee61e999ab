import { refuseUsedUp } from '../domain/counter.js';
import { runNumberAt, type BatchNumbers, type RunNumbers } from '../random.js';
import type { BatchTestStore, NewBatchRow, NewBatchTest } from './batch-tests.js';
import type { Db } from './database.js';
import { freeNumbersOf } from './free-numbers.js';
import { placesOf } from './inbox-places.js';
import {
  storedTargetOf,
  type NewTestRuns,
  type RunTarget,
  type StoredTarget,
  type TestRunStore,
} from './test-runs.js';
import type { WorkspaceStore } from './workspaces.js';

/**
 * Where batches lie once they are accepted, until somebody asks for what is in their tables or there
 * are many: the more rows are written together, the less each costs. Here they are written with
 * the others of their commit, to one place without an index, so that none is lost meanwhile.
 *
 * A savepoint begins with an empty inbox. So what it accepted goes when it is undone, and nothing else.
 */
export interface Inbox {
  /**
   * Takes in a batch, in one commit with what else is written in this turn of the event loop.
   * @param numbersOf gives others at each attempt, for when they are taken.
   */
  accept(
    batch: AcceptedBatch,
    targets: readonly RunTarget[],
    numbersOf: (ordinal: number, attempt: number) => BatchNumbers,
  ): BatchNumbers;
  /** Writes a batch whose ids are given to its tables. Answers its key. To be called in a transaction. */
  insert(batch: NewBatchTest, runs: Pick<NewTestRuns, 'ids' | 'targets'>): number;
  /** Writes to the tables what lies in it. */
  readonly empty: () => void;
  /** Writes what was accepted since the last commit; the next follows. */
  readonly write: () => void;
  /** Reads anew what lies in it: to be called when something was undone. */
  readonly forget: () => void;
  /** To be called when batches are written past it, so that other numbers are taken than it knows. */
  readonly forgetFree: () => void;
}

/** A batch whose ids are to be made; one that has just been created has not been read yet. */
export type AcceptedBatch = Omit<NewBatchTest, 'id' | 'ordinal' | 'totalCount' | 'pollsSeen'>;

/** In the form in which it is written, as JSON. */
interface Accepted extends RunNumbers {
  readonly row: NewBatchRow;
  /** Of its runs. */
  readonly targets: readonly StoredTarget[];
}

interface InboxParts {
  /** Opens a transaction that is committed at the end of the turn, if none is open. */
  readonly join: () => void;
  readonly workspaces: WorkspaceStore;
  readonly batchTests: BatchTestStore;
  readonly testRuns: TestRunStore;
}

/** Runs that may lie in it between two turns, which bounds the time it takes to empty it. */
const mostRuns = 256;

/** Up to so many runs of a batch are written in one statement with those of others. */
const fewRuns = 10;

export function inboxOf(db: Db, parts: InboxParts): Inbox {
  const { join, workspaces, batchTests, testRuns } = parts;
  const places = placesOf<Accepted>(db);
  const free = freeNumbersOf(db);
  /** What lies in it; undefined if that has to be read. */
  let accepted: Accepted[] | undefined;
  /** How many of them are written in it. */
  let written = 0;
  let runCount = 0;
  let isBeingEmptied = false;
  /** False where they may be found damaged, and before that nobody is to be told of a success. */
  let tablesAreSound = false;

  const present = (): Accepted[] => {
    if (accepted === undefined) {
      accepted = places.list();
      written = accepted.length;
      runCount = accepted.reduce((sum, { targets }) => sum + targets.length, 0);
    }
    return accepted;
  };

  // All or nothing, because what it throws may be caught, and the rest committed.
  const moveToTables = db.transaction((entries: readonly Accepted[]) => {
    writeToTables(parts, entries);
    if (written > 0) places.clear();
  });

  const emptyNow = (): void => {
    isBeingEmptied = true;
    tablesAreSound = false;
    try {
      moveToTables(present());
      accepted = [];
      written = 0;
      runCount = 0;
      tablesAreSound = true;
    } finally {
      isBeingEmptied = false;
      if (!tablesAreSound) places.forget();
    }
  };

  return {
    accept(batch, targets, numbersOf) {
      join();
      const { workspaceId } = batch;
      const ordinal = workspaces.nextBatchOrdinal(workspaceId);
      refuseUsedUp(ordinal, 'ordinal of the kind "batch"');
      const numbers = free.choose(workspaceId, (attempt) => numbersOf(ordinal, attempt));
      const { batch: id, firstRun, runMask } = numbers;
      present().push({
        // Spelled out, because spreading costs as much as the rest.
        row: batchTests.toNewRow({
          workspaceId,
          ordinal,
          id,
          responseEngine: batch.responseEngine,
          engineContentKey: batch.engineContentKey,
          totalCount: targets.length,
          createdAt: batch.createdAt,
          progression: batch.progression,
        }),
        firstRun,
        runMask,
        targets: targets.map(storedTargetOf),
      });
      runCount += targets.length;
      workspaces.useBatchOrdinal(workspaceId, ordinal);
      return numbers;
    },
    insert(batch, runs) {
      free.forget();
      const { workspaceId } = batch;
      const batchKey = batchTests.insertAll([batchTests.toNewRow(batch)]);
      testRuns.insertAll([{ workspaceId, batchKey, ...runs }]);
      return batchKey;
    },
    empty() {
      if (isBeingEmptied || present().length === 0) return;
      // If the transaction was lost, others lie here now.
      join();
      if (present().length > 0) emptyNow();
    },
    write() {
      if (accepted === undefined || accepted.length === written) return;
      if (runCount > mostRuns || !tablesAreSound) {
        emptyNow();
        return;
      }
      places.add(accepted.slice(written));
      written = accepted.length;
    },
    forget() {
      accepted = undefined;
      places.forget();
      tablesAreSound = false;
    },
    forgetFree: free.forget,
  };
}

function writeToTables(
  { workspaces, batchTests, testRuns }: InboxParts,
  entries: readonly Accepted[],
): void {
  let batchKey = batchTests.insertAll(entries.map(({ row }) => row));
  const runs: NewTestRuns[] = [];
  const ordinals = new Map<number, number>();
  for (const entry of entries) {
    const { row, targets } = entry;
    const [workspaceId, ordinal] = row;
    if (targets.length > fewRuns) {
      testRuns.insertMade({ workspaceId, batchKey }, entry, targets);
    } else {
      const ids = targets.map((_, index) => runNumberAt(entry, index));
      runs.push({ workspaceId, batchKey, ids, targets });
    }
    ordinals.set(workspaceId, ordinal + 1);
    batchKey += 1;
  }
  testRuns.insertAll(runs);
  for (const [id, batch] of ordinals) workspaces.raiseOrdinals(id, { batch });
}

/** Tables and columns that lack what lies in the inbox. */
const lacking = /\b(batch_tests|test_runs|counted|next_batch_ordinal)\b/;

/** Has whatever is asked of these find it there, by emptying the inbox first. */
export function emptyBeforeUse(db: Db, empty: () => void): void {
  const prepare = db.prepare.bind(db) as (sql: string) => AnyStatement;
  db.prepare = ((sql: string) => {
    const statement = prepare(sql);
    if (!lacking.test(sql)) return statement;
    for (const method of ['run', 'get', 'all'] as const) {
      const execute = statement[method].bind(statement);
      statement[method] = (...parameters) => {
        empty();
        return execute(...parameters);
      };
    }
    return statement;
  }) as unknown as Db['prepare'];
}

type AnyStatement = Record<'run' | 'get' | 'all', (...parameters: unknown[]) => unknown>;
