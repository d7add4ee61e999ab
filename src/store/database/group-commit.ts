import { sqliteError, type Db } from './database.js';
import type { WriteWatch } from './write-health.js';

/**
 * Commits all writes of one turn of the event loop together, because the commit is most of the cost of a
 * small write.
 *
 * The price: a write is on the disk at the end of its turn at the earliest. So a request that wrote is
 * answered only then, and if the commit fails, all requests of that turn fail.
 *
 * It is in one of these states:
 *
 * - **idle**. No transaction is open. `begin` opens one: open, or held while `acrossTurns` does work.
 * - **open**. A transaction is open. This process reads its writes; after a crash they are lost. The end of
 *   the turn commits it: idle. `commitNow` does so at once.
 * - **held**. Like open, for long work in slices, each in a turn of its own. If it is lost, the work is done
 *   again in the same way. The end of the work commits it: idle. So does the write after `maxHeldWrites`.
 *   The end of a turn does not, unless a request that wrote to it waits: then it is open.
 *
 * A transaction may also end by itself, when the disk fails. Then its writes are lost, and the requests that
 * wait for it fail.
 */
export interface GroupCommit {
  /** Opens a transaction, unless one is open. */
  readonly begin: () => void;
  /** Commits the open transaction. If that fails, those who wrote get the error, and the caller does not. */
  readonly commitNow: () => void;
  /**
   * Does work that writes. Resolves at the end of the turn, when its writes are committed. Rejects if a
   * commit has failed since the work began.
   */
  runThenCommit<Result>(work: () => Result | Promise<Result>): Promise<Result>;
  /** Does work that writes slice by slice. At its end it resolves or rejects in the same way. */
  acrossTurns<Result>(work: () => Promise<Result>): Promise<Result>;
  /**
   * Waits for the end of the turn. Answers of reads are then sent together, so that the client wakes only
   * once.
   */
  readonly endOfTurn: () => Promise<void>;
}

interface Group {
  /** Settled by the commit of the transaction. */
  readonly committed: Promise<void>;
  readonly settle: (error?: Error) => void;
  state: 'open' | 'held';
  /** How many times something was written to it. */
  writes: number;
}

/** A held transaction is committed after so many writes, because it is in memory until then. */
const maxHeldWrites = 50;

/**
 * @param turn resolves in the next turn of the event loop.
 * @param events `beforeCommit` may write more; `onRollback` is called after a commit failed.
 * @param health hears of each success and failure.
 */
export function groupCommit(
  db: Db,
  turn: () => Promise<void>,
  events: { readonly beforeCommit: () => void; readonly onRollback: () => void },
  health: Pick<WriteWatch, 'succeeded' | 'failed' | 'expectFile'>,
): GroupCommit {
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  const endOfTurn = sharedPromise(turn);
  /** Undefined while idle. */
  let group: Group | undefined;
  let holders = 0;
  let lastFailure: { readonly error: Error } | undefined;

  const commitNow = (): void => {
    if (group === undefined) return;
    const { settle } = group;
    group = undefined;
    try {
      if (!db.inTransaction) {
        throw sqliteError('the transaction was rolled back', 'SQLITE_ABORT_ROLLBACK');
      }
      events.beforeCommit();
      commit.run();
      settle();
      health.succeeded();
    } catch (error) {
      lastFailure = { error: error as Error };
      health.failed(error);
      settle(lastFailure.error);
      rollBack(db);
      events.onRollback();
    }
  };

  const commitAtEndOfTurn = (group: Group): void => {
    group.state = 'open';
    void endOfTurn().then(commitNow);
  };

  /** @throws the error of a commit that has failed since then. */
  const throwIfFailedSince = (before: typeof lastFailure): void => {
    if (lastFailure !== undefined && lastFailure !== before) throw lastFailure.error;
  };

  return {
    begin() {
      const isFull = group?.state === 'held' && group.writes >= maxHeldWrites;
      // If the transaction ended by itself, later writes must not count as a part of it.
      if (isFull || (group !== undefined && !db.inTransaction)) commitNow();
      if (group === undefined) {
        begin.run();
        group = newGroup();
        if (holders === 0) commitAtEndOfTurn(group);
      }
      group.writes += 1;
    },
    commitNow,
    async runThenCommit(work) {
      health.expectFile();
      const before = lastFailure;
      try {
        const working = work();
        // hot path: most work is done at once, and waiting for it costs as much as a part of it.
        const result = working instanceof Promise ? await working : working;
        if (group?.state === 'held') commitAtEndOfTurn(group);
        await (group?.committed ?? endOfTurn());
        throwIfFailedSince(before);
        return result;
      } catch (error) {
        health.failed(error);
        throw error;
      }
    },
    async acrossTurns(work) {
      const before = lastFailure;
      holders += 1;
      try {
        return await work();
      } finally {
        holders -= 1;
        commitNow();
        throwIfFailedSince(before);
      }
    },
    endOfTurn,
  };
}

/** Returns a function that gives all its callers in one turn the same promise. */
function sharedPromise(turn: () => Promise<void>): () => Promise<void> {
  let end: Promise<void> | undefined;
  return () =>
    (end ??= turn().then(() => {
      end = undefined;
    }));
}

function newGroup(): Group {
  let settle: Group['settle'] = () => undefined;
  const committed = new Promise<void>((resolve, reject) => {
    settle = (error) => {
      if (error === undefined) resolve();
      else reject(error);
    };
  });
  // Marks a failure as handled even if nobody waits for it.
  committed.catch(() => undefined);
  return { committed, settle, state: 'held', writes: 0 };
}

/** Undoes an open transaction. After some failures, SQLite has done that itself. */
export function rollBack(db: Db): void {
  try {
    if (db.inTransaction) db.exec('ROLLBACK');
  } catch {
    // A failing disk can cause this. SQLite ends the transaction anyway.
  }
}
