import { required, type Db } from './database/database.js';
import { beforeLoad, tableOf, type Row, type SnapshotWriter } from './snapshots.js';

/**
 * Loads of fixtures that take several transactions. The first transaction stores what is needed to undo the
 * load, and the last one deletes it. So a process that was killed leaves nothing of an unfinished load.
 */
export interface UnfinishedLoadReader {
  /** The workspaces with an unfinished load. */
  list(): number[];
}

export interface UnfinishedLoadWriter extends UnfinishedLoadReader {
  /**
   * Call within the first transaction of a load.
   * @param onlyAdds true if nothing changes until `end` except what the load adds. Then the present content
   *   is not copied, which may be large.
   */
  begin(workspaceId: number, onlyAdds: boolean): void;
  /** Call within the last transaction of a load. */
  end(workspaceId: number): void;
  /** Restores the state before the load, including the clock. */
  undo(workspaceId: number): void;
}

/** What a load that only adds may change, and the first keys of its own rows. */
interface BeforeAdding {
  readonly workspace: Row;
  /** A load may add a version to an existing asset, and count hits of rules. */
  readonly copied: readonly (readonly Row[])[];
  readonly since: Row;
}

/** The columns of the workspace that no load changes. */
const untouched = ['workspace_id', 'name', 'label', 'last_used_at'];

const ofBatches = `batch_key IN (
  SELECT batch_key FROM batch_tests WHERE workspace_id = :id AND ordinal >= :ordinal
)`;

/** In the order that foreign keys require for deletion. */
const added = {
  running_test_runs: `workspace_id = :id AND ${ofBatches}`,
  started_test_runs: ofBatches,
  test_runs: ofBatches,
  batch_tests: 'workspace_id = :id AND ordinal >= :ordinal',
  test_case_definitions: 'workspace_id = :id AND definition_key > :definition',
  faults: 'workspace_id = :id AND fault_key > :fault',
  phone_numbers: 'workspace_id = :id AND number_key > :number',
  calls: 'call_key > :call AND workspace_id = :id',
};

/** Loads that an older version began do not know of these. */
const addedNothing = { number: Number.MAX_SAFE_INTEGER, call: Number.MAX_SAFE_INTEGER };

/** The order in which rows may be written. A new one comes last: older loads have copies of the first. */
const copied = ['outcome_rules', 'assets', 'asset_versions', 'call_rules'];

/** @param onOverwrite called before rows are written without the other stores. */
export function unfinishedLoads(
  db: Db,
  snapshots: SnapshotWriter,
  onOverwrite: () => void,
): UnfinishedLoadWriter {
  const workspace = workspaceRow(db);
  const tables = copied.map((table) => tableOf(db, table));
  const since = db.prepare<{ id: number }, Row>(
    `SELECT next_batch_ordinal AS ordinal,
            (SELECT COALESCE(MAX(definition_key), 0) FROM test_case_definitions
             WHERE workspace_id = :id) AS definition,
            (SELECT COALESCE(MAX(fault_key), 0) FROM faults WHERE workspace_id = :id) AS fault,
            (SELECT COALESCE(MAX(number_key), 0) FROM phone_numbers
             WHERE workspace_id = :id) AS number,
            (SELECT COALESCE(MAX(call_key), 0) FROM calls) AS call
     FROM workspaces WHERE workspace_id = :id`,
  );
  const removals = Object.entries(added).map(([table, isAdded]) =>
    db.prepare<Row>(`DELETE FROM ${table} WHERE ${isAdded}`),
  );
  const keep = db.prepare<{ id: number; name: string; content: string }>(
    'INSERT INTO snapshots (workspace_id, name, taken_at, content) VALUES (:id, :name, 0, :content)',
  );
  const read = db
    .prepare<{ id: number; name: string }, string>(
      'SELECT content FROM snapshots WHERE workspace_id = :id AND name = :name',
    )
    .pluck();
  const list = db
    .prepare<{ name: string }, number>('SELECT workspace_id FROM snapshots WHERE name = :name')
    .pluck();

  const removeAdded = (id: number, before: BeforeAdding): void => {
    onOverwrite();
    for (const removal of removals) removal.run({ ...addedNothing, ...before.since, id });
    for (const table of tables.toReversed()) table.removeAll(id);
    for (const [index, table] of tables.entries()) before.copied[index]?.forEach(table.insert);
    workspace.write(id, before.workspace);
  };

  return {
    begin(id, onlyAdds) {
      if (!onlyAdds) {
        snapshots.take(id, beforeLoad, 0);
        return;
      }
      const before: BeforeAdding = {
        workspace: workspace.read(id),
        copied: tables.map((table) => table.list(id)),
        since: required(since.get({ id })),
      };
      keep.run({ id, name: beforeLoad, content: JSON.stringify(before) });
    },
    end(id) {
      snapshots.delete(id, beforeLoad);
    },
    undo(id) {
      const content = JSON.parse(required(read.get({ id, name: beforeLoad }))) as object;
      if ('since' in content) removeAdded(id, content as BeforeAdding);
      else snapshots.restore(id, beforeLoad);
      snapshots.delete(id, beforeLoad);
    },
    list: () => list.all({ name: beforeLoad }),
  };
}

/** Reads and writes the columns of a workspace that a load may change. */
function workspaceRow(db: Db) {
  const columns = db
    .prepare<[], string>("SELECT name FROM pragma_table_info('workspaces')")
    .pluck()
    .all()
    .filter((column) => !untouched.includes(column));
  const read = db.prepare<{ id: number }, Row>(
    `SELECT ${columns.join(', ')} FROM workspaces WHERE workspace_id = :id`,
  );
  const write = db.prepare<Row>(
    `UPDATE workspaces SET ${columns.map((column) => `${column} = :${column}`).join(', ')}
     WHERE workspace_id = :id`,
  );
  return {
    read: (id: number): Row => required(read.get({ id })),
    write: (id: number, row: Row) => write.run({ ...row, id }),
  };
}
