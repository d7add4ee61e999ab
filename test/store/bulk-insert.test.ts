import { describe, expect, it } from 'vitest';
import { bulkInserter } from '../../src/store/database/bulk-insert.js';
import { openDatabase } from '../../src/store/database/database.js';

describe('the bulk inserter', () => {
  it.each([0, 1, 4, 5, 6, 49, 50, 57, 150, 1000])('inserts %i rows, each once', (count) => {
    const db = openDatabase(':memory:');
    db.exec('CREATE TABLE pairs (number INTEGER PRIMARY KEY, name TEXT) STRICT');
    const rows = Array.from({ length: count }, (_, number) => ({
      number,
      name: number % 3 === 0 ? null : `row ${String(number)}`,
    }));
    bulkInserter(db, 'pairs', ['number', 'name'])(
      rows.flatMap(({ number, name }) => [number, name]),
    );
    expect(db.prepare('SELECT number, name FROM pairs ORDER BY number').all()).toEqual(rows);
    db.close();
  });
});
