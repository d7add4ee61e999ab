import type { Db } from './database/database.js';
import type { Steps } from './steps.js';

export type Row = Record<string, string | number | null>;

/** Rows of a workspace by the names of `groups`. A whole workspace is many of them. */
export type RowsPart = Partial<Record<string, readonly Row[]>>;

/** The rows of workspaces, except for the workspaces' own: what snapshots keep and restore. */
export interface WorkspaceRows {
  /** Passes the rows in parts, in the order in which they may be written. */
  read(workspaceId: number, except: readonly string[], take: (part: RowsPart) => void): Steps<void>;
  /** Returns a function that writes parts in the order in which they were read. */
  writer(): (part: RowsPart) => void;
  delete(workspaceId: number): Steps<void>;
}

/** The rows with one key are read, written and deleted together. */
interface Group {
  readonly key: string;
  /** How many rows have a key, if there can be many. */
  readonly count?: string;
  /** Tables by the name in snapshots, in the order in which rows may be written. The first has the keys. */
  readonly tables: Readonly<Record<string, string>>;
}

/** In the order in which rows may be written. */
const groups: readonly Group[] = [
  { key: 'definition_key', tables: { definitions: 'test_case_definitions' } },
  { key: 'rule_key', tables: { rules: 'outcome_rules' } },
  { key: 'rule_key', tables: { callRules: 'call_rules' } },
  { key: 'rule_key', tables: { chatRules: 'chat_rules' } },
  { key: 'fault_key', tables: { faults: 'faults' } },
  { key: 'asset_key', tables: { assets: 'assets', assetVersions: 'asset_versions' } },
  { key: 'number_key', tables: { numbers: 'phone_numbers' } },
  { key: 'object_key', tables: { objects: 'objects' } },
  { key: 'call_key', tables: { calls: 'calls' } },
  { key: 'chat_key', tables: { chats: 'chats', chatMessages: 'chat_messages' } },
  { key: 'delivery_key', tables: { deliveries: 'deliveries' } },
  {
    key: 'batch_key',
    count: 'total_count',
    tables: { batches: 'batch_tests', runs: 'test_runs', started: 'started_test_runs' },
  },
  // No more than run at once.
  { key: 'workspace_id', tables: { running: 'running_test_runs' } },
];

/** The rows of a part, but for keys that have more. */
const partSize = 500;

/** What reading, writing or deleting a row costs. */
const rowCost = 0.3;

/** @param onOverwrite called before rows are written without the other stores. */
export function workspaceRows(db: Db, onOverwrite: () => void): WorkspaceRows {
  let opened: readonly ReturnType<typeof groupOf>[] | undefined;
  const all = () => (opened ??= groups.map((group) => groupOf(db, group)));
  return {
    *read(id, except, take) {
      for (const { slices, tables } of all()) {
        const kept = tables.filter(({ name }) => !except.includes(name));
        if (kept.length === 0) continue;
        for (const { keys, count } of slices(id)) {
          take(Object.fromEntries(kept.map(({ name, list }) => [name, list({ keys })])));
          yield count * rowCost;
        }
      }
    },
    writer() {
      // Keys of deleted batches are used again, so restored batches get new keys.
      const newKeys = new Map<Row[string] | undefined, number>();
      const write = ({ name, insert }: Table, row: Row): void => {
        if (!('batch_key' in row)) insert(row);
        else if (name === 'batches')
          newKeys.set(row['batch_key'], insert({ ...row, batch_key: null }));
        else insert({ ...row, batch_key: newKeys.get(row['batch_key']) ?? null });
      };
      return (part) => {
        onOverwrite();
        for (const table of all().flatMap(({ tables }) => tables)) {
          for (const row of part[table.name] ?? []) write(table, row);
        }
      };
    },
    *delete(id) {
      for (const { slices, tables } of all().toReversed()) {
        for (const { keys, count } of slices(id)) {
          onOverwrite();
          for (const table of tables.toReversed()) table.remove({ keys });
          yield count * rowCost;
        }
      }
    },
  };
}

function groupOf(db: Db, { key, count = '1', tables }: Group) {
  const [first] = Object.values(tables);
  const keys = db.prepare<{ id: number }, { key: number; count: number }>(
    `SELECT DISTINCT ${key} AS key, ${count} AS count FROM ${String(first)}
     WHERE workspace_id = :id ORDER BY ${key}`,
  );
  /** The keys of the workspace in slices of a part each. */
  function* slices(id: number) {
    let slice: number[] = [];
    let size = 0;
    for (const row of keys.all({ id })) {
      slice.push(row.key);
      size += row.count;
      if (size < partSize) continue;
      yield { keys: JSON.stringify(slice), count: size };
      [slice, size] = [[], 0];
    }
    if (slice.length > 0) yield { keys: JSON.stringify(slice), count: size };
  }
  return {
    slices,
    tables: Object.entries(tables).map(([name, table]) => ({
      name,
      ...tableOf(db, table, `${key} IN (SELECT value FROM json_each(:keys))`),
    })),
  };
}

type Table = ReturnType<typeof tableOf> & { readonly name: string };

/** Reads, writes and deletes whole rows. @param where says which. */
export function tableOf(db: Db, table: string, where: string) {
  const columns = columnsOf(db, table);
  const names = columns.map(({ name }) => name).join(', ');
  // Rows of an older snapshot do not have all columns.
  const defaults = db
    .prepare<[], Row>(`SELECT ${columns.map((it) => `${it.initial} AS ${it.name}`).join(', ')}`)
    .get();
  const insert = db.prepare<Row>(
    `INSERT INTO ${table} (${names}) VALUES (${columns.map(({ name }) => `:${name}`).join(', ')})`,
  );
  const list = db.prepare<Row, Row>(`SELECT ${names} FROM ${table} WHERE ${where}`);
  const remove = db.prepare<Row>(`DELETE FROM ${table} WHERE ${where}`);
  return {
    /** Returns the row's key. */
    insert: (row: Row): number => Number(insert.run({ ...defaults, ...row }).lastInsertRowid),
    list: (parameters: Row) => list.all(parameters),
    remove: (parameters: Row) => remove.run(parameters),
  };
}

/** The columns of a table, each with its default as SQL. */
export const columnsOf = (db: Db, table: string) =>
  db
    .prepare<{ table: string }, { name: string; initial: string }>(
      "SELECT name, COALESCE(dflt_value, 'NULL') AS initial FROM pragma_table_info(:table)",
    )
    .all({ table });
