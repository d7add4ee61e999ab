import { StartupError } from '../../errors.js';
import { isSqliteError } from './database.js';

/** Describes a problem with the file of a database, by the code of the error. */
const reasons: Record<string, string> = {
  EACCES: 'permission denied',
  EEXIST: 'its folder is not a folder',
  EISDIR: 'it is a folder',
  ELOOP: 'its symbolic links lead to themselves',
  ENAMETOOLONG: 'its name is too long',
  ENOENT: 'no file can be created there; a symbolic link may lead to a folder that does not exist',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'its folder is not a folder',
  ENXIO: 'it is not a file',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
  SQLITE_ABORT: 'what was being written at the same time failed',
  SQLITE_BUSY:
    'it is in use by another process; set the option database to another file, or to :memory:',
  SQLITE_CANTOPEN: 'it cannot be opened',
  SQLITE_CORRUPT: 'it is damaged',
  SQLITE_FULL: 'the disk is full',
  SQLITE_IOERR: 'it cannot be read or written',
  SQLITE_NOTADB: 'it is not a SQLite database',
  SQLITE_READONLY: 'it is read-only',
  SQLITE_READONLY_DBMOVED:
    'its file was deleted, moved or replaced; put it back, or restart the emulator',
};

function reasonOf(error: unknown): string | undefined {
  const { code = '' } = error as NodeJS.ErrnoException;
  // SQLite's extended codes begin with the primary code: SQLITE_CANTOPEN_ISDIR.
  return reasons[code] ?? reasons[code.split('_', 2).join('_')];
}

/** Describes the problem with the file, if it made a statement fail. */
export const storageFailure = (error: unknown): string | undefined =>
  isSqliteError(error) ? reasonOf(error) : undefined;

/** True if a statement was to be run after the database was closed. */
export const wasClosed = (error: unknown): boolean =>
  error instanceof TypeError && error.message === 'The database connection is not open';

/**
 * Runs the part of a start that uses the database.
 * @throws StartupError of one line if the file cannot be used.
 */
export function usingAtStart<Result>(path: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    const reason = reasonOf(error);
    if (error instanceof StartupError || reason === undefined) throw error;
    throw new StartupError('environment', `cannot use database ${path}: ${reason}`, {
      cause: error,
    });
  }
}
