import { required, type Db } from './database/database.js';
import { unfinishedName, type beingTaken, type SnapshotWriter } from './snapshots.js';
import type { Steps } from './steps.js';
import { columnsOf, tableOf, type Row } from './workspace-rows.js';

/**
 * Work on a workspace that takes several transactions: loads of fixtures, snapshots, and restores. The first
 * transaction stores what is needed to undo the work or to finish it, and the last one deletes that. So a
 * process that was killed leaves no half of it.
 *
 * | work                         | stored meanwhile                     | after a kill                |
 * | ---------------------------- | ------------------------------------ | --------------------------- |
 * | taking a snapshot            | the parts that it has so far         | they are deleted            |
 * | a load that only adds        | what it may change, and first keys   | what it added is deleted    |
 * | other loads                  | a copy of all that was there         | the copy is restored        |
 * | restoring a snapshot         | the snapshot's name                  | it is restored once more    |
 */
export interface UnfinishedWorkReader {
  /** The workspaces with unfinished work. */
  list(): number[];
  /** The name of the snapshot that was being restored. */
  restoring(workspaceId: number): string | undefined;
}

export interface UnfinishedWorkWriter extends UnfinishedWorkReader {
  /** Before a load. Its last step allows the load to begin. */
  beginLoad(workspaceId: number): Steps<void>;
  /**
   * Before a load, in its first transaction, if nothing changes until `end` except what the load adds. Then
   * the present content is not copied, which may be large.
   */
  beginToAdd(workspaceId: number): void;
  /** Before a snapshot is restored, in the first transaction. */
  beginToRestore(workspaceId: number, name: string): void;
  /** In the last transaction. */
  end(workspaceId: number): void;
  /** Restores the state before a load, including the clock, or deletes a snapshot that is not complete. */
  undo(workspaceId: number): Steps<void>;
}

type Unfinished = BeforeAdding | { readonly restoring: string } | typeof beingTaken | BeforeLoad;

/** A snapshot of all that was there. */
interface BeforeLoad {
  readonly workspace: Row;
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
  objects: 'workspace_id = :id AND object_key > :object',
  chat_messages: `chat_key IN (
    SELECT chat_key FROM chats WHERE chat_key > :chat AND workspace_id = :id
  )`,
  chats: 'chat_key > :chat AND workspace_id = :id',
};

/** Loads that an older version began do not know of these. */
const addedNothing = {
  number: Number.MAX_SAFE_INTEGER,
  call: Number.MAX_SAFE_INTEGER,
  object: Number.MAX_SAFE_INTEGER,
  chat: Number.MAX_SAFE_INTEGER,
};

/** The order in which rows may be written. A new one comes last: older loads have copies of the first. */
const copied = ['outcome_rules', 'assets', 'asset_versions', 'call_rules', 'chat_rules'];

/** @param onOverwrite called before rows are written without the other stores. */
export function unfinishedWorkStore(
  db: Db,
  snapshots: SnapshotWriter,
  onOverwrite: () => void,
): UnfinishedWorkWriter {
  const workspace = workspaceRow(db);
  let opened: readonly ReturnType<typeof tableOf>[] | undefined;
  const tables = () => (opened ??= copied.map((table) => tableOf(db, table, 'workspace_id = :id')));
  const since = db.prepare<{ id: number }, Row>(
    `SELECT next_batch_ordinal AS ordinal,
            (SELECT COALESCE(MAX(definition_key), 0) FROM test_case_definitions
             WHERE workspace_id = :id) AS definition,
            (SELECT COALESCE(MAX(fault_key), 0) FROM faults WHERE workspace_id = :id) AS fault,
            (SELECT COALESCE(MAX(number_key), 0) FROM phone_numbers
             WHERE workspace_id = :id) AS number,
            (SELECT COALESCE(MAX(call_key), 0) FROM calls) AS call,
            (SELECT COALESCE(MAX(object_key), 0) FROM objects) AS object,
            (SELECT COALESCE(MAX(chat_key), 0) FROM chats) AS chat
     FROM workspaces WHERE workspace_id = :id`,
  );
  const removals = Object.entries(added).map(([table, isAdded]) =>
    db.prepare<Row>(`DELETE FROM ${table} WHERE ${isAdded}`),
  );
  const insert = db.prepare<{ id: number; content: string }>(
    `INSERT INTO snapshots (workspace_id, name, taken_at, content)
     VALUES (:id, '${unfinishedName}', 0, :content)`,
  );
  const read = db
    .prepare<{ id: number }, string>(
      `SELECT content FROM snapshots WHERE workspace_id = :id AND name = '${unfinishedName}'`,
    )
    .pluck();
  const remove = db.prepare<{ id: number }>(
    `DELETE FROM snapshots WHERE workspace_id = :id AND name = '${unfinishedName}'`,
  );
  const list = db
    .prepare<[], number>(`SELECT workspace_id FROM snapshots WHERE name = '${unfinishedName}'`)
    .pluck();

  const keep = (id: number, content: Unfinished): void => {
    insert.run({ id, content: JSON.stringify(content) });
  };
  const get = (id: number) => JSON.parse(required(read.get({ id }))) as Unfinished;
  const removeAdded = (id: number, before: BeforeAdding): void => {
    onOverwrite();
    for (const removal of removals) removal.run({ ...addedNothing, ...before.since, id });
    for (const table of tables().toReversed()) table.remove({ id });
    for (const [index, table] of tables().entries()) before.copied[index]?.forEach(table.insert);
    workspace.write(id, before.workspace);
  };

  return {
    list: () => list.all(),
    restoring(id) {
      const content = get(id);
      return 'restoring' in content ? content.restoring : undefined;
    },
    *beginLoad(id) {
      yield* snapshots.take(id, unfinishedName, 0);
    },
    beginToAdd(id) {
      keep(id, {
        workspace: workspace.read(id),
        copied: tables().map((table) => table.list({ id })),
        since: required(since.get({ id })),
      });
    },
    beginToRestore(id, restoring) {
      keep(id, { restoring });
    },
    end(id) {
      remove.run({ id });
    },
    *undo(id) {
      const content = get(id);
      if ('since' in content) removeAdded(id, content);
      else if (!('beingTaken' in content)) yield* snapshots.restore(id, unfinishedName);
      remove.run({ id });
    },
  };
}

/** Reads and writes the columns of a workspace that a load may change. */
function workspaceRow(db: Db) {
  const columns = columnsOf(db, 'workspaces')
    .map(({ name }) => name)
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
