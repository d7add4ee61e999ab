import { sqliteError, type Db } from './database.js';
import type { WriteWatch } from './write-health.js';

/**
 * Commits what is written in one turn of the event loop together, because the commit is most of what
 * a small write costs.
 *
 * The price: what was written is on the disk at the end of its turn at the earliest. So a request that
 * wrote is answered then, and when the commit fails, all requests of that turn fail.
 *
 * It is in one of these states:
 *
 * - **idle**. No transaction is open. `begin` opens one: open, or held while `acrossTurns` does work.
 * - **open**. A transaction is open. This process reads what was written in it; a process that comes
 *   after a crash does not. The end of the turn commits it: idle. So does `commitNow`, at once.
 * - **held**. The same for long work that is done in slices, each in a turn of its own, and that is
 *   done again in the same way if it is lost. The end of the turn does not commit it, unless a request
 *   has written to it and waits, or the work is over: then it is open. So many slices commit it, too.
 *
 * A transaction may also end by itself, when the disk fails. Then what was written in it is gone, and
 * whoever waits is told.
 */
export interface GroupCommit {
  /** Opens a transaction, if none is open. */
  readonly begin: () => void;
  /** Commits what is open. Those who wrote are told if that fails; the caller is not. */
  readonly commitNow: () => void;
  /**
   * Does work that writes. Resolves when that is committed, at the end of the turn; rejects if a
   * commit has failed since the work began.
   */
  runThenCommit<Result>(work: () => Result | Promise<Result>): Promise<Result>;
  /** Does work that writes slice by slice. Resolves and rejects in the same way, at its end. */
  acrossTurns<Result>(work: () => Promise<Result>): Promise<Result>;
  /** For reads: their answers go out together, so that the client is woken once. */
  readonly endOfTurn: () => Promise<void>;
}

interface Group {
  /** Settled by its commit. */
  readonly committed: Promise<void>;
  readonly settle: (error?: Error) => void;
  state: 'open' | 'held';
  /** How often something was written to it. */
  writes: number;
}

/** Writes that a transaction is held for: it is in memory until it is committed. */
const maxHeldWrites = 50;

/**
 * @param turn resolves in the next turn of the event loop.
 * @param events `beforeCommit` may write something more; `onRollback` is told when a commit failed.
 * @param health told of each success and failure.
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

  /** @throws what a commit failed with since then. */
  const committedSince = async (before: typeof lastFailure): Promise<void> => {
    if (group?.state === 'held') commitAtEndOfTurn(group);
    await (group?.committed ?? endOfTurn());
    if (lastFailure !== undefined && lastFailure !== before) throw lastFailure.error;
  };

  return {
    begin() {
      const isFull = group?.state === 'held' && group.writes >= maxHeldWrites;
      // What has ended by itself must not take in what would then be written without it.
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
        await committedSince(before);
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
        await committedSince(before);
      }
    },
    endOfTurn,
  };
}

/** Resolves once for all that ask in the same turn. */
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
  // A failure is handled even where nobody waits.
  committed.catch(() => undefined);
  return { committed, settle, state: 'held', writes: 0 };
}

/** Ends an open transaction without its writes. SQLite ends it by itself on some failures. */
export function rollBack(db: Db): void {
  try {
    if (db.inTransaction) db.exec('ROLLBACK');
  } catch {
    // On a failing disk. SQLite ends the transaction all the same.
  }
}
