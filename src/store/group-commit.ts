import { noCheckpoint, type Checkpoint } from './checkpoint.js';
import { sqliteError, type Db } from './database.js';
import type { WriteWatch } from './write-health.js';

/**
 * Lets what is written soon after each other share a commit, which is most of what a small write
 * costs. No request is answered before what it wrote is committed.
 */
export interface GroupCommit {
  /** Opens a transaction that is committed at the end of the turn, if none is open. */
  readonly join: () => void;
  /**
   * Opens a transaction, if none is open, that goes on for some turns: until `prolonged` is over,
   * unless something else has it committed before. For work that is done again in the same way if
   * it is lost.
   */
  prolong(): void;
  /** Does work that prolongs; rejects if anything could not be committed meanwhile. */
  prolonged<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Commits at once, if a transaction is open, so that what follows stands for itself. */
  readonly flush: () => void;
  /** Resolves at the end of the turn, when what is written now is committed; rejects if it wasn't. */
  committed(): Promise<void>;
  /**
   * Does work that writes; resolves once that is committed, at the end of the turn at the latest, and
   * rejects if anything could not be committed meanwhile, whoever asked for that.
   */
  certain<Result>(work: () => Result | Promise<Result>): Promise<Result>;
  /** For who reads, so that answers go out together and their client wakes once. */
  endOfTurn(): Promise<void>;
}

interface Group {
  readonly done: Promise<void>;
  readonly finish: (error?: Error) => void;
  /** True once a request waits for it. */
  endsWithTurn: boolean;
  /** How often it was prolonged. */
  prolongations: number;
}

/** How often to prolong a transaction: what it wrote is in memory until it is committed. */
const mostProlongations = 50;

/**
 * @param turn resolves in the next turn of the event loop.
 * @param around what to write last of all, and who to tell when what was written is not to be,
 *   because the commit failed.
 * @param checkpoint in the pauses of which only `flush` commits.
 * @param health told of how it goes.
 */
export function groupCommit(
  db: Db,
  turn: () => Promise<void>,
  around: { readonly beforeCommit: () => void; readonly onRollback: () => void },
  checkpoint: Checkpoint = noCheckpoint,
  health: Pick<WriteWatch, 'succeeded' | 'failed' | 'expectFile'> = noHealth,
): GroupCommit {
  const transaction = plainTransaction(db);
  let group: Group | undefined;
  /** The last one. */
  let failure: { readonly error: Error } | undefined;
  const endOfTurn = shared(turn);

  const endWithTurn = (group: Group): void => {
    if (group.endsWithTurn) return;
    group.endsWithTurn = true;
    void endOfTurn().then(commitSoon);
  };

  /** Commits as soon as something may be committed. */
  const commitSoon = (): void => {
    if (group === undefined) return;
    const pause = db.inTransaction ? checkpoint.pause() : undefined;
    if (pause === undefined) flush();
    else void pause.then(commitSoon);
  };

  const flush = (): void => {
    if (group === undefined) {
      checkpoint.endPause();
      return;
    }
    const { finish } = group;
    group = undefined;
    try {
      transaction.expectOpen();
      checkpoint.endPause();
      around.beforeCommit();
      transaction.commit();
      finish();
      checkpoint.afterCommit();
      health.succeeded();
    } catch (error) {
      failure = { error: error as Error };
      health.failed(error);
      finish(failure.error);
      transaction.undo();
      around.onRollback();
    }
  };

  /** Throws if a commit has failed since this one. */
  const throwIfFailedSince = (before: typeof failure): void => {
    if (failure !== undefined && failure !== before) throw failure.error;
  };

  const committed = (): Promise<void> => {
    if (group === undefined) return endOfTurn();
    endWithTurn(group);
    return group.done;
  };

  const present = (): Group => {
    // One that has ended by itself must not take in what would then be written without it.
    if (group !== undefined && !db.inTransaction) flush();
    if (group === undefined) {
      transaction.begin();
      group = newGroup();
    }
    return group;
  };

  return {
    join() {
      // One that stands for itself commits what is done in it.
      if (group === undefined && db.inTransaction) return;
      endWithTurn(present());
    },
    prolong() {
      if (group !== undefined && group.prolongations >= mostProlongations) commitSoon();
      present().prolongations += 1;
    },
    async prolonged(work) {
      const before = failure;
      const result = await work().finally(() => {
        commitSoon();
        // In a pause that is later.
        return group?.done.catch(() => undefined);
      });
      throwIfFailedSince(before);
      return result;
    },
    flush,
    committed,
    async certain(work) {
      health.expectFile();
      const before = failure;
      try {
        const working = work();
        // Most work is done at once, and waiting for what is there costs as much as a part of it.
        const result = working instanceof Promise ? await working : working;
        await committed();
        throwIfFailedSince(before);
        return result;
      } catch (error) {
        health.failed(error);
        throw error;
      }
    },
    endOfTurn,
  };
}

/** Resolves once for all who ask in the same turn. */
function shared(turn: () => Promise<void>): () => Promise<void> {
  let end: Promise<void> | undefined;
  return () =>
    (end ??= turn().then(() => {
      end = undefined;
    }));
}

const noHealth = {
  succeeded: () => undefined,
  failed: () => undefined,
  expectFile: () => undefined,
};

function newGroup(): Group {
  let finish: Group['finish'] = () => undefined;
  const done = new Promise<void>((resolve, reject) => {
    finish = (error) => {
      if (error === undefined) resolve();
      else reject(error);
    };
  });
  // Who wrote waits for it; nobody may be left who does.
  done.catch(() => undefined);
  return { done, finish, endsWithTurn: false, prolongations: 0 };
}

function plainTransaction(db: Db) {
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  const rollback = db.prepare('ROLLBACK');
  return {
    begin(): void {
      begin.run();
    },
    /** Some failures, of the disk for example, end the transaction by themselves. */
    expectOpen(): void {
      if (db.inTransaction) return;
      throw sqliteError('the transaction was rolled back', 'SQLITE_ABORT_ROLLBACK');
    },
    commit(): void {
      commit.run();
    },
    undo(): void {
      try {
        if (db.inTransaction) rollback.run();
      } catch {
        // On a failing disk. SQLite ends the transaction all the same.
      }
    },
  };
}
