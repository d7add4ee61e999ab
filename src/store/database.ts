import Database from 'better-sqlite3';
import { StartupError } from '../errors.js';
import { applicationId } from './database-file.js';

export type Db = Database.Database;

/** How long to wait for a process that is just letting go of the file. */
const lockTimeoutMs = 250;

/**
 * Opens a database file, made if it isn't there, or a database in memory for `:memory:`.
 *
 * One process owns the file as long as it is open. Writes survive the death of the process
 * once their transaction has ended (WAL, synchronous=NORMAL).
 *
 * @throws StartupError when SQLite is not there; SqliteError when the file can't be used.
 */
export function openDatabase(path: string): Db {
  let db: Db | undefined;
  try {
    db = connect(path);
    // Before the first access, so that SQLite takes the lock with it and holds it.
    pragma(db, 'locking_mode = EXCLUSIVE');
    // Before WAL, so that the mark is in the file itself and not only in its log.
    if (pragma(db, 'application_id') === 0) {
      pragma(db, `application_id = ${String(applicationId)}`);
    }
    pragma(db, 'journal_mode = WAL');
    pragma(db, 'synchronous = NORMAL');
    pragma(db, 'foreign_keys = ON');
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
    return newDatabase(path, { timeout: lockTimeoutMs });
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
 * Databases and their statements, which are never collected from Node 24 on.
 *
 * Observed: Node aborts (`env != nullptr` in RemoveEnvironmentCleanupHook) when it collects one while
 * no script runs, at its own end for example, where better-sqlite3 12 was built with the headers of Node
 * 24.19 or newer: the destructor of their `node::ObjectWrap` needs an environment (nodejs/node#65446).
 * better-sqlite3 13 is free of that, but does not run on Node 20. What stays of a closed database is
 * some 100 kB: SQLite's part is freed.
 */
const neverCollected: object[] = [];

type Constructor = new (
  path: string,
  options: Database.Options,
) => { prepare(sql: string): object };

/** Keeps itself and its statements from being collected. */
class KeptDatabase extends (Database as unknown as Constructor) {
  constructor(path: string, options: Database.Options) {
    super(path, options);
    neverCollected.push(this);
  }

  override prepare(sql: string): object {
    const statement = super.prepare(sql);
    neverCollected.push(statement);
    return statement;
  }
}

const mayBeCollected = Number.parseInt(process.versions.node, 10) < 24;

const newDatabase = (path: string, options: Database.Options): Db =>
  mayBeCollected ? new Database(path, options) : (new KeptDatabase(path, options) as unknown as Db);

/** Like the method of this name, whose statement nobody would keep. */
function pragma(db: Db, source: string): unknown {
  const statement = db.prepare(`PRAGMA ${source}`);
  return statement.reader ? statement.pluck().get() : statement.run();
}

/** As SQLite has resolved it. `openDatabase` has created the log by looking at it. */
export function logPathOf(db: Db): string {
  const path = db
    .prepare<[], string>(`SELECT file FROM pragma_database_list WHERE name = 'main'`)
    .pluck()
    .get();
  return `${required(path)}-wal`;
}

/** An error as SQLite would give it. @param code as `SQLITE_IOERR_FSYNC`. */
export const sqliteError = (message: string, code: string): Error =>
  new Database.SqliteError(message, code);

export const isSqliteError = (error: unknown): error is Error & { readonly code: string } =>
  error instanceof Database.SqliteError;

/** True if another has the file. */
export const isInUse = (error: unknown): boolean =>
  isSqliteError(error) && error.code.startsWith('SQLITE_BUSY');

/**
 * Reads rows one by one, so that no more of them are in memory than the caller keeps. Nothing can be
 * written before the last one was read, or the caller stopped.
 */
export function* readEach<Row, Result>(
  open: () => Iterable<Row>,
  read: (row: Row) => Result,
): Generator<Result, undefined> {
  for (const row of open()) yield read(row);
}

/** A row that must be there. */
export function required<Row>(row: Row | undefined): Row {
  if (row === undefined) throw new Error('a row that must exist is missing');
  return row;
}

/** True if a row was refused because another has the same id. */
export const isDuplicate = (error: unknown): boolean =>
  isSqliteError(error) && error.code === 'SQLITE_CONSTRAINT_UNIQUE';
