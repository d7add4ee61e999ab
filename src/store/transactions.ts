import type { Checkpoint } from './checkpoint.js';
import { isDuplicate, type Db } from './database.js';
import { groupCommit, type GroupCommit } from './group-commit.js';
import type { WriteWatch } from './write-health.js';

export interface Transactions extends Pick<GroupCommit, 'prolonged' | 'certain' | 'endOfTurn'> {
  /** Makes a function whose writes all happen, or, if it throws, none. */
  transaction<Args extends unknown[], Result>(
    work: (...args: Args) => Result,
  ): (...args: Args) => Result;
  /**
   * The same, but it may be committed only after some turns of the event loop, with others like
   * it. What it did is certain once `prolonged`, in which it is called, has resolved.
   */
  prolongedTransaction<Args extends unknown[], Result>(
    work: (...args: Args) => Result,
  ): (...args: Args) => Result;
  /**
   * Like `transaction`, done over if it used an id that is taken, so that `work`, which must
   * make other ids at each attempt, is certain of them. That is rare: of an id, 28 bits at least
   * are chance.
   */
  transactionWithNewIds<Result>(work: (attempt: number) => Result): Result;
  /**
   * The same, in one commit with what else is written in this turn of the event loop: what it did
   * counts once `certain`, in which it is called, has resolved.
   */
  groupedTransactionWithNewIds<Result>(work: (attempt: number) => Result): Result;
  /** Like that, for work that makes no ids. */
  groupedTransaction<Result>(work: () => Result): Result;
  /** Does the work and undoes it, to see whether it throws. */
  rehearse(work: () => void): void;
  /** Commits at once what is not committed yet. */
  readonly flush: () => void;
  /** Opens a transaction that is committed at the end of the turn, if none is open. */
  readonly join: () => void;
}

/** What to do around transactions. */
export interface TransactionEvents {
  /** Resolves in the next turn of the event loop. */
  readonly turn: () => Promise<void>;
  /** To write what must not be undone with it. */
  readonly beforeWork: () => void;
  /** To write what goes with the rest of it. */
  readonly beforeCommit: () => void;
  /** What was read in a transaction that was rolled back was never so. */
  readonly onUndo: () => void;
  /** Told when what several had written together could not be committed. */
  readonly onRollback: () => void;
}

export function transactionsOf(
  db: Db,
  events: TransactionEvents,
  checkpoint: Checkpoint,
  health: WriteWatch,
): Transactions {
  const group = groupCommit(db, events.turn, events, checkpoint, health);
  // Made once, because making it costs more than the transaction.
  const transaction = db.transaction((work: () => unknown) => work());
  const atomically = <Result>(work: () => Result): Result => {
    try {
      const result = transaction.immediate(work) as Result;
      if (!db.inTransaction) {
        checkpoint.afterCommit();
        health.succeeded();
      }
      return result;
    } catch (error) {
      health.failed(error);
      events.onUndo();
      throw error;
    }
  };
  const withNewIds = <Result>(work: (attempt: number) => Result): Result => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return atomically(() => work(attempt));
      } catch (error) {
        if (!isDuplicate(error) || attempt === 3) throw error;
      }
    }
  };
  const standAlone = (): void => {
    events.beforeWork();
    group.flush();
  };
  const joinGroup = (): void => {
    group.join();
    events.beforeWork();
  };
  return {
    transaction:
      (work) =>
      (...args) => {
        standAlone();
        return atomically(() => work(...args));
      },
    prolongedTransaction:
      (work) =>
      (...args) => {
        group.prolong();
        events.beforeWork();
        return atomically(() => work(...args));
      },
    transactionWithNewIds(work) {
      standAlone();
      return withNewIds(work);
    },
    groupedTransaction(work) {
      joinGroup();
      return atomically(work);
    },
    groupedTransactionWithNewIds(work) {
      joinGroup();
      return withNewIds(work);
    },
    rehearse(work) {
      standAlone();
      const undo = new Error('to be undone');
      try {
        atomically(() => {
          work();
          throw undo;
        });
      } catch (error) {
        if (error !== undo) throw error;
      }
    },
    prolonged: (work) => group.prolonged(work),
    certain: (work) => group.certain(work),
    endOfTurn: () => group.endOfTurn(),
    flush: group.flush,
    join: group.join,
  };
}
