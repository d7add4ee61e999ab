import { required, type Db } from './database/database.js';
import type { Steps } from './steps.js';
import type { Row, RowsPart, WorkspaceRows } from './workspace-rows.js';

export interface SnapshotInfo {
  readonly name: string;
  /** When the snapshot was taken, by the workspace's clock. */
  readonly takenAt: number;
}

/** The workspace's own row. An older snapshot has all other rows as well; others have them in parts. */
type Content = { readonly workspace: Row } & RowsPart;

export interface SnapshotReader {
  list(workspaceId: number): SnapshotInfo[];
  has(workspaceId: number, name: string): boolean;
}

export interface SnapshotWriter extends SnapshotReader {
  /**
   * Takes a snapshot. The last step replaces one of the same name, and until then there is unfinished work. It has no
   * webhooks that wait, because they would be sent again after each restore, those included that were
   * delivered meanwhile.
   */
  take(workspaceId: number, name: string, takenAt: number): Steps<SnapshotInfo>;
  /** Restores a snapshot, which there must be, except for the clock, which the caller sets. */
  restore(workspaceId: number, name: string): Steps<SnapshotInfo>;
  /** Returns false if there is no such snapshot. */
  delete(workspaceId: number, name: string): boolean;
  /** Deletes everything but the snapshots. */
  clear(workspaceId: number, now: number, credit: number | null): Steps<void>;
}

/** The name of what is stored about unfinished work. Users cannot give this name. */
export const unfinishedName = '';

/** The content of a snapshot that is being taken. */
export const beingTaken = { beingTaken: true } as const;

/** The characters of rows that cost 1 to restore. */
const charactersOfCost = 600;

/** The columns of the workspace itself that a snapshot has. */
const steering = [
  'next_batch_ordinal',
  'next_definition_ordinal',
  'next_rule_ordinal',
  'next_fault_ordinal',
  'next_asset_ordinal',
  'next_number_ordinal',
  'next_call_ordinal',
  'next_object_ordinal',
  'next_chat_ordinal',
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

export function snapshotStore(db: Db, rows: WorkspaceRows): SnapshotWriter {
  const own = steeringOf(db);
  const insert = db.prepare<{ id: number; name: string; content: string }>(
    `INSERT INTO snapshots (workspace_id, name, taken_at, content) VALUES (:id, :name, 0, :content)`,
  );
  const finish = db.prepare<{ key: number; name: string; takenAt: number; content: string }>(
    `UPDATE snapshots SET name = :name, taken_at = :takenAt, content = :content
     WHERE snapshot_key = :key`,
  );
  const find = db.prepare<
    { id: number; name: string },
    SnapshotInfo & { key: number; content: string }
  >(
    `SELECT snapshot_key AS key, name, taken_at AS takenAt, content FROM snapshots
     WHERE workspace_id = :id AND name = :name`,
  );
  const list = db.prepare<{ id: number }, SnapshotInfo>(
    `SELECT name, taken_at AS takenAt FROM snapshots
     WHERE workspace_id = :id AND name <> '${unfinishedName}' ORDER BY name`,
  );
  const remove = db.prepare<{ id: number; name: string }>(
    'DELETE FROM snapshots WHERE workspace_id = :id AND name = :name',
  );
  const parts = partsOf(db);

  return {
    *take(id, name, takenAt) {
      const content = JSON.stringify(beingTaken);
      const key = Number(insert.run({ id, name: unfinishedName, content }).lastInsertRowid);
      // A load that fails must not lose the webhooks that wait.
      const except = name === unfinishedName ? [] : ['deliveries'];
      yield* rows.read(id, except, (part) => {
        parts.add(key, JSON.stringify(part));
      });
      if (name !== unfinishedName) remove.run({ id, name });
      const workspace = own.read(id);
      finish.run({ key, name, takenAt, content: JSON.stringify({ workspace }) });
      return { name, takenAt };
    },
    *restore(id, name) {
      const { key, content: text, ...info } = required(find.get({ id, name }));
      const { workspace, ...rowsOfOlder } = JSON.parse(text) as Content;
      yield* rows.delete(id);
      const write = rows.writer();
      write(rowsOfOlder);
      for (const part of parts.keys(key)) {
        const text = parts.read(part);
        write(JSON.parse(text) as RowsPart);
        yield text.length / charactersOfCost;
      }
      own.write(id, workspace);
      return info;
    },
    list: (id) => list.all({ id }),
    has: (id, name) => name !== unfinishedName && find.get({ id, name }) !== undefined,
    delete: (id, name) => name !== unfinishedName && remove.run({ id, name }).changes > 0,
    *clear(id, now, credit) {
      yield* rows.delete(id);
      own.write(id, {
        next_batch_ordinal: 0,
        next_definition_ordinal: 0,
        next_rule_ordinal: 0,
        next_fault_ordinal: 0,
        next_asset_ordinal: 0,
        next_number_ordinal: 0,
        next_call_ordinal: 0,
        next_object_ordinal: 0,
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

/** The columns of the workspace itself. */
function steeringOf(db: Db) {
  const read = db.prepare<{ id: number }, Row>(
    `SELECT ${steering.join(', ')} FROM workspaces WHERE workspace_id = :id`,
  );
  const write = db.prepare<Row>(
    `UPDATE workspaces SET ${steering.map((column) => `${column} = :${column}`).join(', ')}
     WHERE workspace_id = :id`,
  );
  return {
    read: (id: number): Row => required(read.get({ id })),
    /** Columns that are not given stay. Older snapshots do not have all. */
    write(id: number, row: Row): void {
      write.run({ ...read.get({ id }), ...row, id });
    },
  };
}

function partsOf(db: Db) {
  const insert = db.prepare<{ snapshot: number; content: string }>(
    'INSERT INTO snapshot_parts (snapshot_key, content) VALUES (:snapshot, :content)',
  );
  const keys = db
    .prepare<{ snapshot: number }, number>(
      'SELECT part_key FROM snapshot_parts WHERE snapshot_key = :snapshot ORDER BY part_key',
    )
    .pluck();
  const read = db
    .prepare<{ key: number }, string>('SELECT content FROM snapshot_parts WHERE part_key = :key')
    .pluck();
  return {
    add: (snapshot: number, content: string) => insert.run({ snapshot, content }),
    keys: (snapshot: number) => keys.all({ snapshot }),
    read: (key: number) => required(read.get({ key })),
  };
}
