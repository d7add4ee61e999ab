import { accessSync, closeSync, constants, mkdirSync, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { StartupError } from '../errors.js';

export type Db = Database.Database;

/** Marks a file as ours, in the place SQLite's file format has for it: "RETL". */
const applicationId = 0x5245_544c;

/** How long to wait for a process that is just letting go of the file. */
const lockTimeoutMs = 250;

/**
 * Opens a database file, made if it isn't there, or a database in memory for `:memory:`.
 *
 * One process owns the file as long as it is open. Writes survive the death of the process
 * once their transaction has ended (WAL, synchronous=NORMAL).
 *
 * @throws StartupError, the file untouched, when it is not ours, or SQLite is not there; SqliteError
 *   or a system error when it can't be used.
 */
export function openDatabase(path: string): Db {
  let db: Db | undefined;
  try {
    if (path !== ':memory:') {
      mkdirSync(dirname(path), { recursive: true });
      // The log is made beside it. SQLite itself would not tell why it can't.
      accessSync(dirname(path), constants.W_OK);
      refuseForeignFile(path);
    }
    db = keepAlive(connect(path));
    // Before the first access, so that SQLite takes the lock with it and holds it.
    pragma(db, 'locking_mode = EXCLUSIVE');
    // Before WAL, so that the mark is in the file itself and not only in its log.
    if (pragma(db, 'application_id') === 0) {
      pragma(db, `application_id = ${String(applicationId)}`);
    }
    pragma(db, 'journal_mode = WAL');
    pragma(db, 'synchronous = NORMAL');
    pragma(db, 'foreign_keys = ON');
    // Pages that are written again and again go to the file once for many commits.
    pragma(db, 'wal_autocheckpoint = 4000');
    // In KiB, if negative. Enough for what a long catch-up touches.
    pragma(db, 'cache_size = -16000');
    pragma(db, 'temp_store = MEMORY');
    return db;
  } catch (error) {
    db?.close();
    throw error;
  }
}

/** @throws StartupError if the native part of better-sqlite3, which it loads now, can't be. */
function connect(path: string): Db {
  try {
    return new Database(path, { timeout: lockTimeoutMs });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const isMissing = message.startsWith('Could not locate the bindings file');
    if (!isMissing && code !== 'ERR_DLOPEN_FAILED') throw error;
    throw new StartupError(
      'environment',
      'better-sqlite3 was not built for this Node.js; allow its install script, then run "npm rebuild better-sqlite3"',
      { cause: error },
    );
  }
}

/**
 * Databases and their statements, which are never collected.
 *
 * Observed: Node aborts from 24.19 on (`env != nullptr` in RemoveEnvironmentCleanupHook) when it
 * collects one while no script runs, at its own end for example. better-sqlite3 13 is free of that,
 * but does not run on Node 20. What stays of a closed database is small: SQLite's part is freed.
 */
const neverCollected: unknown[] = [];

function keepAlive(db: Db): Db {
  const prepare = db.prepare.bind(db) as (sql: string) => Database.Statement;
  neverCollected.push(db);
  db.prepare = ((sql: string) => {
    const statement = prepare(sql);
    neverCollected.push(statement);
    return statement;
  }) as Db['prepare'];
  return db;
}

/** Like the method of this name, whose statement nobody would keep. */
function pragma(db: Db, source: string): unknown {
  const statement = db.prepare(`PRAGMA ${source}`);
  return statement.reader ? statement.pluck().get() : statement.run();
}

/** A row that must be there. */
export function required<Row>(row: Row | undefined): Row {
  if (row === undefined) throw new Error('a row that must exist is missing');
  return row;
}

/** True if a row was refused because another has the same id. */
export const isDuplicate = (error: unknown): boolean =>
  error instanceof Database.SqliteError && error.code === 'SQLITE_CONSTRAINT_UNIQUE';

/**
 * Looks at the first bytes without SQLite, because SQLite may write to what it opens.
 * Offsets: https://sqlite.org/fileformat.html#the_database_header
 */
function refuseForeignFile(path: string): void {
  const header = Buffer.alloc(100);
  let length: number;
  try {
    // To be written, so that what forbids it is told.
    const file = openSync(path, 'r+');
    try {
      length = readSync(file, header);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
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
