import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../../src/store/database/database.js';
import { loadMigrations, migrate } from '../../src/store/database/migrate.js';

const golden = new URL('schema.golden.sql', import.meta.url);

describe('the schema', () => {
  it('equals the golden file, so that every change needs a new migration', () => {
    const db = openDatabase(':memory:');
    onTestFinished(() => {
      db.close();
    });
    migrate(db, loadMigrations(), 0);
    const statements = db
      .prepare<[], string>(
        `SELECT sql FROM sqlite_schema
         WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY type DESC, name`,
      )
      .pluck()
      .all();
    const schema = `${statements.join(';\n\n')};\n`;
    if (process.env['UPDATE_GOLDEN'] === 'yes') writeFileSync(golden, schema);
    expect(schema).toBe(readFileSync(golden, 'utf8'));
  });
});
