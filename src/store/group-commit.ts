import type { Db } from './database.js';

/**
 * Lets requests of one turn of the event loop share a commit, which is most of what a small one
 * costs. None of them is answered before it is done.
 */
export interface GroupCommit {
  /** Opens a transaction that is committed at the end of the turn, if none is open. */
  join(): void;
  /** Commits at once, if a transaction is open, so that what follows stands for itself. */
  flush(): void;
  /**
   * Resolves at the end of the turn, when what was written in it is committed; rejects if it could
   * not be. So the answers of a turn go out together, and who waits for them is woken once.
   */
  readonly committed: () => Promise<void>;
}

interface Group {
  readonly done: Promise<void>;
  readonly finish: (error?: Error) => void;
}

/**
 * @param turn resolves in the next turn of the event loop.
 * @param around what to write last of all, and who to tell when what was written is not to be,
 *   because the commit failed.
 */
export function groupCommit(
  db: Db,
  turn: () => Promise<void>,
  around: { readonly beforeCommit: () => void; readonly onRollback: () => void },
): GroupCommit {
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  const rollback = db.prepare('ROLLBACK');
  let group: Group | undefined;
  let end: Promise<void> | undefined;
  const endOfTurn = (): Promise<void> =>
    (end ??= turn().then(() => {
      end = undefined;
    }));

  const flush = (): void => {
    if (group === undefined) return;
    const { finish } = group;
    group = undefined;
    try {
      // Some failures, of the disk for example, end the transaction by themselves.
      if (!db.inTransaction) throw new Error('the transaction was rolled back');
      around.beforeCommit();
      commit.run();
      finish();
    } catch (error) {
      if (db.inTransaction) rollback.run();
      around.onRollback();
      finish(error as Error);
    }
  };

  return {
    join() {
      if (group !== undefined) return;
      begin.run();
      let finish: Group['finish'] = () => undefined;
      const done = new Promise<void>((resolve, reject) => {
        finish = (error) => {
          if (error === undefined) resolve();
          else reject(error);
        };
      });
      // Who wrote waits for it; nobody may be left who does.
      done.catch(() => undefined);
      group = { done, finish };
      void endOfTurn().then(flush);
    },
    flush,
    committed: () => group?.done ?? endOfTurn(),
  };
}
