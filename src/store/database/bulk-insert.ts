import type { Db } from './database.js';

export type Value = string | number | null;

/** The rows of one statement. More rows would not be faster. */
const sizes = [50, 5, 1] as const;

/**
 * Returns a function that inserts rows. It takes the values of all rows, one after the other, in the order of
 * the columns. One statement inserts many rows. Its parameters have no names, because SQLite needs longer to
 * read rows from JSON than to insert them.
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
        // Not as one array: the driver would look up each of its values.
        insert.run(...values.slice(from, from + count));
      }
    }
  };
}
