import { hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { StartupError } from '../../errors.js';
import { packageFile } from '../../files.js';
import type { Db } from './database.js';

export interface Migration {
  /** The number of the migration, from 1. */
  readonly number: number;
  readonly name: string;
  readonly sql: string;
}

/** The migrations of this package, in order. */
export function loadMigrations(): Migration[] {
  const folder = packageFile('migrations/');
  return readdirSync(fileURLToPath(folder))
    .filter((file) => /^\d+_.*\.sql$/.test(file))
    .sort()
    .map((file) => ({
      number: Number.parseInt(file, 10),
      name: file.replace(/^\d+_|\.sql$/g, ''),
      sql: readFileSync(new URL(file, folder), 'utf8'),
    }));
}

/**
 * Gives a database the present schema. A new one gets it from one script, because the migrations, which create
 * most tables several times, take eight times as long.
 * @throws StartupError as `migrate` does.
 */
export function prepareSchema(db: Db, now: number): void {
  const migrations = loadMigrations();
  if (!isNew(db)) {
    migrate(db, migrations, now);
    return;
  }
  const schema = readFileSync(packageFile('migrations/schema.sql'), 'utf8');
  db.transaction(() => {
    db.exec(schema);
    for (const migration of migrations) noteMigration(db, migration, now);
  }).exclusive();
}

/**
 * Updates a database to the present schema. Each migration has a transaction of its own.
 * @throws StartupError if a newer version wrote the database, or if its migrations differ from ours. The
 *   database is then unchanged.
 */
export function migrate(db: Db, migrations: readonly Migration[], now: number): void {
  const applied = appliedMigrations(db);
  for (const { number, sha256 } of applied) {
    const known = migrations.find((migration) => migration.number === number);
    if (known === undefined) {
      throw new StartupError(
        'environment',
        `database ${db.name} was written by a newer retell-emulator (it has migration ${String(number)}); use that version, or another --database`,
      );
    }
    if (hash('sha256', known.sql) !== sha256) {
      throw new StartupError(
        'environment',
        `database ${db.name} was written by a different migration ${String(number)} (${known.name}); use another --database`,
      );
    }
  }
  for (const migration of migrations.slice(applied.length)) {
    db.transaction(() => {
      if (migration.number === 1) createMigrationsTable(db);
      noteMigration(db, migration, now);
      db.exec(migration.sql);
    }).exclusive();
  }
}

interface AppliedMigration {
  readonly number: number;
  readonly sha256: string;
}

function appliedMigrations(db: Db): AppliedMigration[] {
  if (isNew(db)) return [];
  return db
    .prepare<[], AppliedMigration>('SELECT number, sha256 FROM migrations ORDER BY number')
    .all();
}

const isNew = (db: Db): boolean =>
  db.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'migrations'`).get() === undefined;

function noteMigration(db: Db, { number, name, sql }: Migration, now: number): void {
  db.prepare(
    `INSERT INTO migrations (number, name, sha256, applied_at)
     VALUES (:number, :name, :sha256, :now)`,
  ).run({ number, name, sha256: hash('sha256', sql), now });
}

function createMigrationsTable(db: Db): void {
  db.exec(
    `CREATE TABLE migrations (
       number INTEGER PRIMARY KEY,
       name TEXT NOT NULL,
       sha256 TEXT NOT NULL,
       applied_at INTEGER NOT NULL
     ) STRICT`,
  );
}
