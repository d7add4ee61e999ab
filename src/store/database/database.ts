import Database from 'better-sqlite3';
import { StartupError } from '../../errors.js';
import { applicationId } from './database-file.js';

export type Db = Database.Database;

/** How long to wait for a process that is about to close the file. */
const lockTimeoutMs = 250;

/**
 * Opens a database file, which is created if needed, or a database in memory for `:memory:`. One process owns
 * the file while it is open. Committed writes survive a crash of the process (WAL, synchronous=NORMAL).
 * @throws StartupError if SQLite is not installed; SqliteError if the file cannot be used.
 */
export function openDatabase(path: string): Db {
  let db: Db | undefined;
  try {
    db = connect(path);
    // Set before the first access, so that SQLite takes and keeps the lock at that access.
    pragma(db, 'locking_mode = EXCLUSIVE');
    // Written before WAL is turned on, so that the mark is in the file itself and not only in its log.
    if (pragma(db, 'application_id') === 0) {
      pragma(db, `application_id = ${String(applicationId)}`);
    }
    pragma(db, 'journal_mode = WAL');
    pragma(db, 'synchronous = NORMAL');
    pragma(db, 'foreign_keys = ON');
    // A negative number is in KiB. This is enough for the pages that a long catch-up uses.
    pragma(db, 'cache_size = -16000');
    pragma(db, 'temp_store = MEMORY');
    return db;
  } catch (error) {
    db?.close();
    throw error;
  }
}

/** Loads better-sqlite3. @throws StartupError if its native part cannot be loaded */
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
 * about 300 bytes for each statement that was used: SQLite's part is freed.
 */
const neverCollected: object[] = [];

const mayBeCollected = Number.parseInt(process.versions.node, 10) < 24;

function keep<Native extends object>(native: Native): Native {
  if (!mayBeCollected) neverCollected.push(native);
  return native;
}

/** The methods of a statement that the stores use. */
interface NativeStatement {
  readonly reader: boolean;
  run(...parameters: readonly unknown[]): unknown;
  get(...parameters: readonly unknown[]): unknown;
  all(...parameters: readonly unknown[]): unknown;
  iterate(...parameters: readonly unknown[]): unknown;
  pluck(): unknown;
  raw(): unknown;
}

type Constructor = new (
  path: string,
  options: Database.Options,
) => { prepare(sql: string): NativeStatement };

/**
 * A statement that SQLite compiles when it is first used. Stores prepare some 250 statements when they are
 * opened. An emulator for one test uses few of them.
 */
class LazyStatement implements NativeStatement {
  #compile: (() => NativeStatement) | undefined;
  #compiled: NativeStatement | undefined;

  constructor(compile: () => NativeStatement) {
    this.#compile = compile;
  }

  get reader(): boolean {
    return this.#native().reader;
  }

  run(...parameters: readonly unknown[]): unknown {
    return this.#native().run(...parameters);
  }

  get(...parameters: readonly unknown[]): unknown {
    return this.#native().get(...parameters);
  }

  all(...parameters: readonly unknown[]): unknown {
    return this.#native().all(...parameters);
  }

  iterate(...parameters: readonly unknown[]): unknown {
    return this.#native().iterate(...parameters);
  }

  /** Returns first columns from now on. */
  pluck(): this {
    return this.#return((statement) => statement.pluck());
  }

  /** Returns rows as arrays from now on. */
  raw(): this {
    return this.#return((statement) => statement.raw());
  }

  #native(): NativeStatement {
    if (this.#compiled !== undefined) return this.#compiled;
    const compiled = required(this.#compile)();
    this.#compile = undefined;
    this.#compiled = compiled;
    return compiled;
  }

  #return(change: (statement: NativeStatement) => unknown): this {
    const compile = this.#compile;
    if (compile === undefined) change(this.#native());
    else {
      this.#compile = () => {
        const statement = compile();
        change(statement);
        return statement;
      };
    }
    return this;
  }
}

/** A database whose statements are compiled at their first use. */
export class LazyDatabase extends (Database as unknown as Constructor) {
  constructor(path: string, options: Database.Options) {
    super(path, options);
    keep(this);
  }

  override prepare(sql: string): NativeStatement {
    return new LazyStatement(() => keep(super.prepare(sql)));
  }
}

const newDatabase = (path: string, options: Database.Options): Db =>
  new LazyDatabase(path, options) as unknown as Db;

/** Like the method of this name, which would leave its statement to the garbage collector. */
function pragma(db: Db, source: string): unknown {
  const statement = db.prepare(`PRAGMA ${source}`);
  return statement.reader ? statement.pluck().get() : statement.run();
}

/** The path as SQLite has resolved it. `openDatabase` has created the log by reading the file. */
export function logPathOf(db: Db): string {
  const path = db
    .prepare<[], string>(`SELECT file FROM pragma_database_list WHERE name = 'main'`)
    .pluck()
    .get();
  return `${required(path)}-wal`;
}

/** An error like SQLite's own. @param code such as `SQLITE_IOERR_FSYNC`. */
export const sqliteError = (message: string, code: string): Error =>
  new Database.SqliteError(message, code);

export const isSqliteError = (error: unknown): error is Error & { readonly code: string } =>
  error instanceof Database.SqliteError;

/** True if another connection uses the file. */
export const isInUse = (error: unknown): boolean =>
  isSqliteError(error) && error.code.startsWith('SQLITE_BUSY');

/**
 * Reads rows one by one, so that memory holds only the rows that the caller keeps. Nothing can be written
 * until the last row was read or the caller stopped.
 */
export function* readEach<Row, Result>(
  open: () => Iterable<Row>,
  read: (row: Row) => Result,
): Generator<Result, undefined> {
  for (const row of open()) yield read(row);
}

/** Returns a row that must exist. */
export function required<Row>(row: Row | undefined): Row {
  if (row === undefined) throw new Error('a row that must exist is missing');
  return row;
}

/** True if a row was refused because its id is taken. */
export const isDuplicate = (error: unknown): boolean =>
  isSqliteError(error) && error.code === 'SQLITE_CONSTRAINT_UNIQUE';
