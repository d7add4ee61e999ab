import type { Db } from './database.js';

export type Value = string | number | null;

/** Rows for one statement; more than the most gain nothing. */
const sizes = [50, 5, 1] as const;

/**
 * Makes what inserts rows, given the values of one after the other in the order of the columns. Many
 * go into one statement, whose parameters therefore have no names: reading them from JSON takes
 * SQLite longer than inserting them.
 */
export function bulkInserter(
  db: Db,
  table: string,
  columns: readonly string[],
): (values: readonly Value[]) => void {
  const row = `(${columns.map(() => '?').join(', ')})`;
  const statements = sizes.map((size) => {
    const rows = Array.from({ length: size }, () => row).join(', ');
    const sql = `INSERT INTO ${table} (${columns.join(', ')}) VALUES ${rows}`;
    return { count: size * columns.length, insert: db.prepare<Value[]>(sql) };
  });
  return (values) => {
    let from = 0;
    for (const { count, insert } of statements) {
      for (; from + count <= values.length; from += count) {
        // Not as an array, of which each value would be looked up.
        insert.run(...values.slice(from, from + count));
      }
    }
  };
}
