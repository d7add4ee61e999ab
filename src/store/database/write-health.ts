import { stopwatch } from '../../workspace/clock.js';
import { sqliteError } from './database.js';
import { storageFailure } from './failures.js';

/** Whether the database can be written, and the problem if it cannot. */
export interface WriteHealth {
  /** The present problem, in words that follow "its database"; undefined if there is none. May write. */
  problem(): string | undefined;
  /** Call with the error that made work fail. Errors that are not of the database do not count. */
  readonly failed: (error: unknown) => void;
  /** Calls back at each change: with the problem, or with undefined when it is over. */
  onChange(listener: (problem: string | undefined) => void): void;
}

/** The same for code that writes. */
export interface WriteWatch extends WriteHealth {
  /** Call after each commit. */
  readonly succeeded: () => void;
  /** Call before a request writes. @throws SqliteError if its writes would be lost */
  readonly expectFile: () => void;
}

/** How often to check that the file exists, and, after the disk was full, that it has room. */
const lookAfterMs = 1000;

/** SQLite's error code for a file that was moved or deleted while it was open. */
const moved = sqliteError('the database file is gone', 'SQLITE_READONLY_DBMOVED');

/** The checks of a database. */
export interface Probes {
  /** True if written data would be found after a restart. */
  readonly isInPlace: () => boolean;
  /** @throws if the disk has no room. A little may still fit into the database's log. */
  readonly tryDisk: () => void;
  /** Commits something. */
  readonly tryToCommit: () => void;
}

export function writeHealthOf({ isInPlace, tryDisk, tryToCommit }: Probes): WriteWatch {
  let isGone = false;
  let failure: string | undefined;
  let nextLook = -Infinity;
  let nextTry = -Infinity;
  let reported: string | undefined;
  let notify: (problem: string | undefined) => void = () => undefined;

  const current = (): string | undefined => (isGone ? storageFailure(moved) : failure);
  const reportChange = (): void => {
    const problem = current();
    if (problem === reported) return;
    reported = problem;
    notify(problem);
  };
  const look = (): void => {
    isGone = !isInPlace();
    nextLook = stopwatch() + lookAfterMs;
    reportChange();
  };
  const failed = (error: unknown): void => {
    const reason = storageFailure(error);
    // Work that failed because of another commit has that commit's error.
    if (reason === undefined || error === moved || isOfAnother(error, failure)) return;
    failure = reason;
    reportChange();
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
      reportChange();
    },
    expectFile() {
      if (isGone || stopwatch() >= nextLook) look();
      if (isGone) throw moved;
    },
    problem() {
      look();
      // There may be no more writes to find out, because clients wait until the emulator is ready.
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
      notify = listener;
    },
  };
}

const isOfAnother = (error: unknown, failure: string | undefined): boolean =>
  failure !== undefined && (error as { code?: string }).code === 'SQLITE_ABORT_ROLLBACK';
