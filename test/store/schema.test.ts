import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDatabase, type Db } from '../../src/store/database/database.js';
import { loadMigrations, migrate, prepareSchema } from '../../src/store/database/migrate.js';

/** The schema that new databases get, which all migrations together create, too. */
const file = new URL('../../migrations/schema.sql', import.meta.url);

function databaseWith(prepare: (db: Db) => void): Db {
  const db = openDatabase(':memory:');
  onTestFinished(() => {
    db.close();
  });
  prepare(db);
  return db;
}

const migrated = () =>
  databaseWith((db) => {
    migrate(db, loadMigrations(), 7);
  });

const schemaOf = (db: Db): string[] =>
  db
    .prepare<[], string>(
      `SELECT sql FROM sqlite_schema
       WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY type DESC, name`,
    )
    .pluck()
    .all();

function rowsOf(db: Db): Record<string, unknown[]> {
  const names = db
    .prepare<[], string>(`SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`)
    .pluck()
    .all();
  return Object.fromEntries(names.map((name) => [name, db.prepare(`SELECT * FROM ${name}`).all()]));
}

describe('the schema', () => {
  it('equals its file, so that every change needs a new migration', () => {
    const schema = `${schemaOf(migrated()).join(';\n\n')};\n`;
    if (process.env['UPDATE_SCHEMA'] === 'yes') writeFileSync(file, schema);
    expect(schema).toBe(readFileSync(file, 'utf8'));
  });

  it('is the same, with the same rows, in a new database and in one that was migrated', () => {
    const created = databaseWith((db) => {
      prepareSchema(db, 7);
    });
    const other = migrated();
    expect(schemaOf(created)).toEqual(schemaOf(other));
    expect(rowsOf(created)).toEqual(rowsOf(other));
    expect(rowsOf(created)['migrations']).toHaveLength(loadMigrations().length);
  });
});
