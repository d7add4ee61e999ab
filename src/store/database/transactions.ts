import { isDuplicate, type Db } from './database.js';
import { groupCommit, rollBack, type GroupCommit } from './group-commit.js';
import type { WriteWatch } from './write-health.js';

/**
 * The ways to write. Each passes a writer to its work; there is no other way to get one. Either all
 * writes of the work happen or, if it throws, none.
 *
 * | way        | use it for                                                                         |
 * | ---------- | ---------------------------------------------------------------------------------- |
 * | `now`      | work that must be committed, alone, before the next line runs                      |
 * | `together` | all other work: it is committed with the other writes of this turn                 |
 * | `dryRun`   | finding out whether the work would throw: its writes are undone                    |
 *
 * Writes of `together` are committed when the call around them resolves: `runThenCommit`, in which a
 * request runs, or `acrossTurns`, in which the simulation runs.
 *
 * Work that takes the number of the attempt is repeated if a row was refused because its id is taken. It
 * must create another id at each attempt. That is rare, because at least 28 bits of an id are random.
 */
export interface Transactions<Writer> extends Pick<
  GroupCommit,
  'runThenCommit' | 'acrossTurns' | 'endOfTurn'
> {
  now<Result>(work: Work<Writer, Result>): Result;
  together<Result>(work: Work<Writer, Result>): Result;
  dryRun(work: Work<Writer, unknown>): void;
}

/** @param attempt counts from 1. */
export type Work<Writer, Result> = (writer: Writer, attempt: number) => Result;

const maxAttempts = 3;

export interface TransactionEvents {
  /** Resolves in the next turn of the event loop. */
  readonly turn: () => Promise<void>;
  /** May write more in the same transaction. */
  readonly beforeCommit: () => void;
  /** Rows that were read since the transaction began may never have existed. */
  readonly onUndo: () => void;
  /** The common commit of several requests failed. */
  readonly onRollback: () => void;
}

export function transactionsOf<Writer>(
  db: Db,
  writer: Writer,
  events: TransactionEvents,
  health: WriteWatch,
): Transactions<Writer> & Pick<GroupCommit, 'commitNow'> {
  const { begin, commitNow, ...waiting } = groupCommit(db, events.turn, events, health);
  const whole = {
    begin: db.prepare('BEGIN IMMEDIATE'),
    end: db.prepare('COMMIT'),
    undo: () => {
      rollBack(db);
    },
  };
  const part = {
    begin: db.prepare('SAVEPOINT part'),
    end: db.prepare('RELEASE part'),
    undo: () => {
      if (db.inTransaction) db.exec('ROLLBACK TO part; RELEASE part');
    },
  };
  /** True while work runs: work that it calls is a part of the same transaction. */
  let isInWork = false;

  const attempt = <Result>(frame: typeof whole, work: Work<Writer, Result>, attempt: number) => {
    const wasInWork = isInWork;
    frame.begin.run();
    isInWork = true;
    try {
      const result = work(writer, attempt);
      frame.end.run();
      return result;
    } catch (error) {
      frame.undo();
      health.failed(error);
      events.onUndo();
      throw error;
    } finally {
      isInWork = wasInWork;
    }
  };
  const run = <Result>(frame: typeof whole, work: Work<Writer, Result>): Result => {
    for (let count = 1; ; count += 1) {
      try {
        return attempt(frame, work, count);
      } catch (error) {
        const canBeDoneAgain = work.length > 1 && count < maxAttempts;
        if (!canBeDoneAgain || !isDuplicate(error)) throw error;
      }
    }
  };
  const now = <Result>(work: Work<Writer, Result>): Result => {
    if (isInWork) return run(part, work);
    commitNow();
    const result = run(whole, work);
    health.succeeded();
    return result;
  };
  return {
    ...waiting,
    commitNow,
    now,
    together(work) {
      if (!isInWork) begin();
      return run(part, work);
    },
    dryRun(work) {
      const undo = new Error('undone');
      try {
        now((...args) => {
          work(...args);
          throw undo;
        });
      } catch (error) {
        if (error !== undo) throw error;
      }
    },
  };
}
