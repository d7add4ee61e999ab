import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  statSync,
  unlinkSync,
  writeFileSync,
  type BigIntStats,
} from 'node:fs';
import { dirname } from 'node:path';
import { StartupError } from '../errors.js';

/** Marks a file as ours, in the place SQLite's file format has for it: "RETL". */
export const applicationId = 0x5245_544c;

/** A database's file, opened beside SQLite. */
interface DatabaseFile {
  /** True if it still is what its path names: what is written to another is lost at the end. */
  isInPlace(): boolean;
  /** Writes beside it what is gone at once. @throws if the disk does not take it */
  tryDisk(): void;
  /** To be called when SQLite has closed the file, or could not open it. */
  close(): void;
  /** To be called instead when another has the file, perhaps in this process. */
  leaveOpen(): void;
}

/**
 * Descriptors of files that others have, to be used when they are asked for again. POSIX: closing
 * any descriptor of a file gives up whatever its process has locked of it, SQLite's lock included.
 */
const leftOpen = new Map<string, number>();

/**
 * Opens the file of a database, made with its folder if it isn't there. Looks at its first bytes
 * without SQLite, because SQLite may write to what it opens.
 *
 * @throws StartupError, the file untouched, when it is not ours; a system error when it can't be used.
 */
export function openDatabaseFile(path: string): DatabaseFile {
  mkdirSync(dirname(path), { recursive: true });
  // The log is made beside it. SQLite itself would not tell why it can't.
  accessSync(dirname(path), constants.W_OK);
  const descriptor = open(path);
  const identity = identityOf(fstatSync(descriptor, { bigint: true }));
  const isNamed = (): boolean => isNamedBy(path, descriptor);
  // Some file systems do not give a file the same number under its path and its descriptor.
  const isComparable = isNamed();
  const isThere = linkWatch(descriptor);
  const file: DatabaseFile = {
    isInPlace: () => isThere() && (isComparable ? isNamed() : existsSync(path)),
    tryDisk() {
      tryToWrite(`${path}-test`);
    },
    close() {
      closeSync(descriptor);
    },
    leaveOpen() {
      leftOpen.set(identity, descriptor);
    },
  };
  try {
    refuseForeign(path, descriptor);
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}

/** To be written, so that what forbids it is told. */
function open(path: string): number {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  const identity = found && identityOf(found);
  const known = identity === undefined ? undefined : leftOpen.get(identity);
  if (identity === undefined || known === undefined) {
    return openSync(path, constants.O_RDWR | constants.O_CREAT, 0o644);
  }
  leftOpen.delete(identity);
  return known;
}

/** By which a file is known under each of its names. */
const identityOf = ({ dev, ino }: BigIntStats): string => `${String(dev)} ${String(ino)}`;

/** More than a request writes, since the database's log may have room for a little. */
const tryBytes = 1024 * 1024;

function tryToWrite(path: string): void {
  const descriptor = openSync(path, 'w');
  try {
    // At once, so that it is not left behind.
    unlinkSync(path);
    writeFileSync(descriptor, Buffer.alloc(tryBytes));
  } finally {
    closeSync(descriptor);
  }
}

/** Errors that mean that there is no such file; others do not tell. */
const goneCodes = ['ENOENT', 'ENOTDIR', 'ESTALE'];

const isGone = (error: unknown): boolean =>
  goneCodes.includes((error as NodeJS.ErrnoException).code ?? '');

/** False once the path names no file, or another one. */
function isNamedBy(path: string, descriptor: number): boolean {
  try {
    const named = statSync(path, { bigint: true });
    // Read again, because the number of a file may change on some file systems.
    return identityOf(named) === identityOf(fstatSync(descriptor, { bigint: true }));
  } catch (error) {
    return !isGone(error);
  }
}

/**
 * Tells whether an open file still has a name. A file that is bound into a container keeps its path
 * there when it is deleted outside.
 */
function linkWatch(descriptor: number): () => boolean {
  const isLinked = (): boolean => {
    try {
      return fstatSync(descriptor).nlink > 0;
    } catch (error) {
      return !isGone(error);
    }
  };
  // Some file systems do not count.
  const counts = isLinked();
  return () => !counts || isLinked();
}

/** Tells whether the log of an open database is still there: what is committed to a deleted one is lost. */
export function watchLog(path: string): { isThere(): boolean; close(): void } {
  const descriptor = openSync(path, 'r');
  return {
    isThere: linkWatch(descriptor),
    close() {
      closeSync(descriptor);
    },
  };
}

/** Offsets: https://sqlite.org/fileformat.html#the_database_header */
function refuseForeign(path: string, descriptor: number): void {
  const header = Buffer.alloc(100);
  const length = readSync(descriptor, header, { position: 0 });
  if (length === 0) return;
  if (length < 100 || header.toString('latin1', 0, 16) !== 'SQLite format 3\0') {
    throw new StartupError(
      'environment',
      `${path} is not a SQLite database; it was left untouched`,
    );
  }
  if (header.readUInt32BE(68) !== applicationId) {
    throw new StartupError(
      'environment',
      `${path} is a database of another program; it was left untouched`,
    );
  }
}
