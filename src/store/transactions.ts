import { isDuplicate, type Db } from './database.js';
import { groupCommit, rollBack, type GroupCommit } from './group-commit.js';
import type { WriteWatch } from './write-health.js';

/**
 * The ways to write. Each gives its work what writes; nothing else has it. The writes of the work all
 * happen or, if it throws, none.
 *
 * | way        | use it for                                                                         |
 * | ---------- | ---------------------------------------------------------------------------------- |
 * | `now`      | what must be committed, alone, before the next line runs                           |
 * | `together` | the rest: it is committed with what else this turn of the event loop writes        |
 * | `dryRun`   | finding out whether the work would throw: it is undone                             |
 *
 * What `together` wrote is certain once `runThenCommit`, in which a request runs, has resolved, or
 * `acrossTurns`, in which the simulation runs.
 *
 * Work that takes the number of the attempt is done again if a row was refused because its id is taken.
 * It has to create another id at each attempt. That is rare: 28 bits of an id, at least, are chance.
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
  /** May write what goes with the rest. */
  readonly beforeCommit: () => void;
  /** What was read since the transaction began may never have been so. */
  readonly onUndo: () => void;
  /** What several had written together could not be committed. */
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
  /** True while work is done: what it calls is a part of it. */
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
