import type { Db } from './database/database.js';

export interface SnapshotInfo {
  readonly name: string;
  /** When the snapshot was taken, by the workspace's clock. */
  readonly takenAt: number;
}

export type Row = Record<string, string | number | null>;

/** All that decides what happens next in a workspace: its own row, and rows of other tables. */
type Content = { readonly workspace: Row } & Partial<Record<TableName, readonly Row[]>>;

type TableName = keyof ReturnType<typeof tablesOf>;

export interface SnapshotReader {
  list(workspaceId: number): SnapshotInfo[];
}

export interface SnapshotWriter extends SnapshotReader {
  /**
   * Takes a snapshot. It replaces one of the same name. It has no webhooks that wait, because they would be
   * sent again after each restore, those included that were delivered meanwhile.
   */
  take(workspaceId: number, name: string, takenAt: number): void;
  /** Restores a snapshot except for the clock, which the caller sets. Returns undefined if there is none. */
  restore(workspaceId: number, name: string): SnapshotInfo | undefined;
  /** Returns false if there is no such snapshot. */
  delete(workspaceId: number, name: string): boolean;
  /** Deletes everything but the snapshots. */
  clear(workspaceId: number, now: number, credit: number | null): void;
}

/** The name of the state before a load that has not finished. Users cannot give this name. */
export const beforeLoad = '';

/** The columns of the workspace itself that a snapshot has. */
const steering = [
  'next_batch_ordinal',
  'next_definition_ordinal',
  'next_rule_ordinal',
  'next_fault_ordinal',
  'next_asset_ordinal',
  'next_number_ordinal',
  'next_call_ordinal',
  'running_count',
  'settled_at',
  'settings',
  'clock_mode',
  'clock_time',
  'clock_anchor',
  'clock_speed',
  'credit',
  'rate_tokens',
  'rate_filled_at',
  'rate_windows',
] as const;

/** @param onOverwrite called before rows are written without the other stores. */
export function snapshotStore(db: Db, onOverwrite: () => void): SnapshotWriter {
  const tables = tablesOf(db);
  const entries = Object.entries(tables) as [TableName, Table][];
  const readSteering = db.prepare<{ id: number }, Row>(
    `SELECT ${steering.join(', ')} FROM workspaces WHERE workspace_id = :id`,
  );
  const writeSteering = db.prepare<Row>(
    `UPDATE workspaces SET ${steering.map((column) => `${column} = :${column}`).join(', ')}
     WHERE workspace_id = :id`,
  );
  const insert = db.prepare<{ id: number; name: string; takenAt: number; content: string }>(
    `INSERT INTO snapshots (workspace_id, name, taken_at, content)
     VALUES (:id, :name, :takenAt, :content)
     ON CONFLICT (workspace_id, name) DO UPDATE SET taken_at = :takenAt, content = :content`,
  );
  const find = db.prepare<{ id: number; name: string }, SnapshotInfo & { content: string }>(
    `SELECT name, taken_at AS takenAt, content FROM snapshots
     WHERE workspace_id = :id AND name = :name`,
  );
  const list = db.prepare<{ id: number }, SnapshotInfo>(
    `SELECT name, taken_at AS takenAt FROM snapshots
     WHERE workspace_id = :id AND name <> '${beforeLoad}' ORDER BY name`,
  );
  const remove = db.prepare<{ id: number; name: string }>(
    'DELETE FROM snapshots WHERE workspace_id = :id AND name = :name',
  );

  const removeAll = (id: number): void => {
    onOverwrite();
    for (const [, table] of entries.toReversed()) table.removeAll(id);
  };

  return {
    take(id, name, takenAt) {
      const kept = entries.filter(([table]) => name === beforeLoad || table !== 'deliveries');
      const rows = kept.map(([table, { list }]) => [table, list(id)]);
      const content = {
        workspace: readSteering.get({ id }),
        ...Object.fromEntries(rows),
      } as Content;
      insert.run({ id, name, takenAt, content: JSON.stringify(content) });
    },
    restore(id, name) {
      const snapshot = find.get({ id, name });
      if (snapshot === undefined) return undefined;
      const content = JSON.parse(snapshot.content) as Content;
      removeAll(id);
      // Older snapshots do not have all columns.
      writeSteering.run({ ...readSteering.get({ id }), ...content.workspace, id });
      const newKeys = new Map<Row[string] | undefined, number>();
      for (const [name, table] of entries) {
        // Older ones do not have all tables.
        for (const row of content[name] ?? []) {
          const { batch_key: oldKey } = row;
          const batchKey = newKeys.get(oldKey);
          const newKey = table.insert(
            batchKey === undefined ? row : { ...row, batch_key: batchKey },
          );
          if (name === 'batches') newKeys.set(oldKey, newKey);
        }
      }
      return { name: snapshot.name, takenAt: snapshot.takenAt };
    },
    list: (id) => list.all({ id }),
    delete: (id, name) => remove.run({ id, name }).changes > 0,
    clear(id, now, credit) {
      removeAll(id);
      writeSteering.run({
        ...readSteering.get({ id }),
        id,
        next_batch_ordinal: 0,
        next_definition_ordinal: 0,
        next_rule_ordinal: 0,
        next_fault_ordinal: 0,
        next_asset_ordinal: 0,
        next_number_ordinal: 0,
        next_call_ordinal: 0,
        running_count: 0,
        settled_at: now,
        settings: '{}',
        clock_mode: 'real',
        clock_speed: 1,
        credit,
        rate_tokens: null,
        rate_filled_at: null,
        rate_windows: null,
      });
    },
  };
}

/** The order in which rows may be written. */
const tablesOf = (db: Db) => ({
  definitions: tableOf(db, 'test_case_definitions'),
  rules: tableOf(db, 'outcome_rules'),
  callRules: tableOf(db, 'call_rules'),
  faults: tableOf(db, 'faults'),
  assets: tableOf(db, 'assets'),
  assetVersions: tableOf(db, 'asset_versions'),
  numbers: tableOf(db, 'phone_numbers'),
  calls: tableOf(db, 'calls'),
  deliveries: tableOf(db, 'deliveries'),
  // Keys of deleted batches are used again, so restored batches get new keys.
  batches: tableOf(db, 'batch_tests', ['batch_key']),
  runs: tableOf(db, 'test_runs'),
  started: tableOf(
    db,
    'started_test_runs',
    [],
    'batch_key IN (SELECT batch_key FROM batch_tests WHERE workspace_id = :id)',
  ),
  running: tableOf(db, 'running_test_runs'),
});

type Table = ReturnType<typeof tableOf>;

/** Reads and writes whole rows of a workspace. SQLite fills in the columns `made`. */
export function tableOf(
  db: Db,
  table: string,
  made: readonly string[] = [],
  isIn = 'workspace_id = :id',
) {
  const columns = db
    .prepare<{ table: string }, string>('SELECT name FROM pragma_table_info(:table)')
    .pluck()
    .all({ table });
  const given = columns.filter((column) => !made.includes(column));
  const insert = db.prepare<Row>(
    `INSERT INTO ${table} (${given.join(', ')})
     VALUES (${given.map((column) => `:${column}`).join(', ')})`,
  );
  const list = db.prepare<{ id: number }, Row>(
    `SELECT ${columns.join(', ')} FROM ${table} WHERE ${isIn}`,
  );
  const removeAll = db.prepare<{ id: number }>(`DELETE FROM ${table} WHERE ${isIn}`);
  return {
    insert: (row: Row): number => Number(insert.run(row).lastInsertRowid),
    list: (id: number) => list.all({ id }),
    removeAll: (id: number) => removeAll.run({ id }),
  };
}
