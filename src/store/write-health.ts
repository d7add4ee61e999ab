import { stopwatch } from '../workspace/clock.js';
import { sqliteError } from './database.js';
import { storageFailure } from './failures.js';

/** Whether the database can be written, and if not, why. */
export interface WriteHealth {
  /** What is wrong now, in words that follow "its database"; undefined if nothing is. May write. */
  problem(): string | undefined;
  /** To be called with what made work fail. Other errors than those of the database do not count. */
  readonly failed: (error: unknown) => void;
  /** Whom to tell of each change: of the problem, or undefined when it is over. */
  onChange(tell: (problem: string | undefined) => void): void;
}

/** The same for those who write. */
export interface WriteWatch extends WriteHealth {
  /** To be called after each commit. */
  readonly succeeded: () => void;
  /** To be called before what a request writes. @throws SqliteError if that would be lost */
  readonly expectFile: () => void;
}

/** How often to look for the file, where it was found, and for room on the disk, where there was none. */
const lookAfterMs = 1000;

/** How SQLite names a file that is no longer where it was opened. */
const moved = sqliteError('the database file is gone', 'SQLITE_READONLY_DBMOVED');

/** How to find out about the database. */
export interface Probes {
  /** True if what is written would be found again after a restart. */
  readonly isInPlace: () => boolean;
  /** Throws if the disk has no room: a little may fit into the database's log all the same. */
  readonly tryDisk: () => void;
  /** Commits something. */
  readonly tryToCommit: () => void;
}

export function writeHealthOf({ isInPlace, tryDisk, tryToCommit }: Probes): WriteWatch {
  let isGone = false;
  let failure: string | undefined;
  let nextLook = -Infinity;
  let nextTry = -Infinity;
  let told: string | undefined;
  let tell: (problem: string | undefined) => void = () => undefined;

  const current = (): string | undefined => (isGone ? storageFailure(moved) : failure);
  const tellChange = (): void => {
    const problem = current();
    if (problem === told) return;
    told = problem;
    tell(problem);
  };
  const look = (): void => {
    isGone = !isInPlace();
    nextLook = stopwatch() + lookAfterMs;
    tellChange();
  };
  const failed = (error: unknown): void => {
    const reason = storageFailure(error);
    // What failed with another's commit has that one's reason.
    if (reason === undefined || error === moved || isOfAnother(error, failure)) return;
    failure = reason;
    tellChange();
  };
  return {
    failed,
    succeeded() {
      if (failure === undefined || stopwatch() < nextTry) return;
      try {
        tryDisk();
      } catch {
        nextTry = stopwatch() + lookAfterMs;
        return;
      }
      failure = undefined;
      tellChange();
    },
    expectFile() {
      if (isGone || stopwatch() >= nextLook) look();
      if (isGone) throw moved;
    },
    problem() {
      look();
      // Nobody may be left who writes, where requests are sent only to what is ready.
      if (!isGone && failure !== undefined) {
        nextTry = -Infinity;
        try {
          tryToCommit();
        } catch (error) {
          failed(error);
        }
      }
      return current();
    },
    onChange(listener) {
      tell = listener;
    },
  };
}

const isOfAnother = (error: unknown, failure: string | undefined): boolean =>
  failure !== undefined && (error as { code?: string }).code === 'SQLITE_ABORT_ROLLBACK';
