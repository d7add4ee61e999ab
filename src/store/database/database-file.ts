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
import { StartupError } from '../../errors.js';

/** Marks a file as one of ours: "RETL", in the field that SQLite's file format has for this. */
export const applicationId = 0x5245_544c;

/** The file of a database, which this process also opens without SQLite. */
interface DatabaseFile {
  /** True if the path still names this file. Otherwise, what is written is lost at the end. */
  isInPlace(): boolean;
  /** Writes a file next to it and deletes it at once. @throws if the disk does not accept it */
  tryDisk(): void;
  /** Call after SQLite has closed the file or failed to open it. */
  close(): void;
  /** Call instead if another connection uses the file, perhaps one of this process. */
  leaveOpen(): void;
}

/**
 * Descriptors of files that other connections use. They are kept, and used again when the file is opened
 * again. POSIX: closing any descriptor of a file releases all locks of this process on it, and SQLite's lock
 * would be lost.
 */
const leftOpen = new Map<string, number>();

/**
 * Opens the file of a database, and creates it and its folder if needed. Reads its first bytes without
 * SQLite, because SQLite may write to a file that it opens.
 * @throws StartupError if the file is not ours, and leaves it unchanged; a system error if it cannot be used.
 */
export function openDatabaseFile(path: string): DatabaseFile {
  mkdirSync(dirname(path), { recursive: true });
  // SQLite creates its log next to the file, and would not say why it cannot.
  accessSync(dirname(path), constants.W_OK);
  const descriptor = open(path);
  const identity = identityOf(fstatSync(descriptor, { bigint: true }));
  const isNamed = (): boolean => isNamedBy(path, descriptor);
  // Some file systems give a file different numbers by its path and by its descriptor.
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

/** Opens it for writing, so that the error says why that is not allowed. */
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

/** Identifies a file under all its names. */
const identityOf = ({ dev, ino }: BigIntStats): string => `${String(dev)} ${String(ino)}`;

/** More bytes than one request writes, because the database's log may have some room left. */
const tryBytes = 1024 * 1024;

function tryToWrite(path: string): void {
  const descriptor = openSync(path, 'w');
  try {
    // Deleted at once, so that a crash does not leave it.
    unlinkSync(path);
    writeFileSync(descriptor, Buffer.alloc(tryBytes));
  } finally {
    closeSync(descriptor);
  }
}

/** Errors that mean that the file does not exist. Other errors leave that open. */
const goneCodes = ['ENOENT', 'ENOTDIR', 'ESTALE'];

const isGone = (error: unknown): boolean =>
  goneCodes.includes((error as NodeJS.ErrnoException).code ?? '');

/** False if the path names no file, or another one. */
function isNamedBy(path: string, descriptor: number): boolean {
  try {
    const named = statSync(path, { bigint: true });
    // Read again, because some file systems change the number of a file.
    return identityOf(named) === identityOf(fstatSync(descriptor, { bigint: true }));
  } catch (error) {
    return !isGone(error);
  }
}

/**
 * True if an open file still has a name. A file that is mounted into a container keeps its path there even if
 * it was deleted outside.
 */
function linkWatch(descriptor: number): () => boolean {
  const isLinked = (): boolean => {
    try {
      return fstatSync(descriptor).nlink > 0;
    } catch (error) {
      return !isGone(error);
    }
  };
  // Some file systems do not count names.
  const counts = isLinked();
  return () => !counts || isLinked();
}

/** True if the log of an open database still exists. Commits to a deleted log are lost. */
export function watchLog(path: string): {
  isThere(): boolean;
  /** Bytes. */
  size(): number;
  close(): void;
} {
  const descriptor = openSync(path, 'r');
  return {
    isThere: linkWatch(descriptor),
    size: () => fstatSync(descriptor).size,
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
