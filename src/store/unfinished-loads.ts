import { required, type Db } from './database.js';
import { beforeLoad, tableOf, type Row, type SnapshotWriter } from './snapshots.js';

/**
 * Loads of fixtures that take several transactions. What is needed to undo one is stored with the
 * first of them, and deleted with the last, so that a process that was killed leaves nothing of it.
 */
export interface UnfinishedLoadReader {
  /** The workspaces in which one has begun and not ended. */
  list(): number[];
}

export interface UnfinishedLoadWriter extends UnfinishedLoadReader {
  /**
   * To be called within the first transaction of a load.
   * @param onlyAdds true if nothing changes until `end` but for what the load adds. Then what is there
   *   is not copied, however much it is.
   */
  begin(workspaceId: number, onlyAdds: boolean): void;
  /** To be called within the last transaction of a load. */
  end(workspaceId: number): void;
  /** Puts back what was there when it began, the clock included. */
  undo(workspaceId: number): void;
}

/** What a load that only adds may change, and the first keys that are its own. */
interface BeforeAdding {
  readonly workspace: Row;
  /** A load may add a version to an asset that is there, and use up rules. */
  readonly copied: readonly (readonly Row[])[];
  readonly since: Row;
}

/** Columns of the workspace that no load changes. */
const untouched = ['workspace_id', 'name', 'label', 'last_used_at'];

const ofBatches = `batch_key IN (
  SELECT batch_key FROM batch_tests WHERE workspace_id = :id AND ordinal >= :ordinal
)`;

/** In an order that foreign keys allow. */
const added = {
  running_test_runs: `workspace_id = :id AND ${ofBatches}`,
  started_test_runs: ofBatches,
  test_runs: ofBatches,
  batch_tests: 'workspace_id = :id AND ordinal >= :ordinal',
  test_case_definitions: 'workspace_id = :id AND definition_key > :definition',
  faults: 'workspace_id = :id AND fault_key > :fault',
};

/** In the order in which their rows may be written. */
const copied = ['outcome_rules', 'assets', 'asset_versions'];

/** @param onOverwrite told before rows are written past the other stores. */
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
            (SELECT COALESCE(MAX(fault_key), 0) FROM faults WHERE workspace_id = :id) AS fault
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
    for (const removal of removals) removal.run({ ...before.since, id });
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

/** Reads and writes what a load may change of a workspace itself. */
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
