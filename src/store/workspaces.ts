import { required, type Db } from './database.js';

/** A workspace as stored. */
export interface WorkspaceRow {
  readonly id: number;
  readonly name: string;
  /** Runs under way. */
  readonly runningCount: number;
  /** When the last thing happened here. */
  readonly settledAt: number;
}

export interface WorkspaceStore {
  find(name: string): WorkspaceRow | undefined;
  get(id: number): WorkspaceRow;
  /** Finds the workspace, or makes it. */
  open(name: string, now: number): WorkspaceRow;
  /** The next batch ordinal, from 0; never the same twice. */
  takeBatchOrdinal(id: number): number;
  recordProgress(progress: { id: number; runningDelta: number; settledAt: number }): void;
  /** Workspaces with runs waiting or under way, and the moment something is next due in each. */
  listUnfinished(): { id: number; dueAt: number }[];
  nextEnd(id: number): number | undefined;
}

const columns = `workspace_id AS id, name, running_count AS runningCount, settled_at AS settledAt`;

export function workspaceStore(db: Db): WorkspaceStore {
  const find = db.prepare<{ name: string }, WorkspaceRow>(
    `SELECT ${columns} FROM workspaces WHERE name = :name`,
  );
  const get = db.prepare<{ id: number }, WorkspaceRow>(
    `SELECT ${columns} FROM workspaces WHERE workspace_id = :id`,
  );
  const insert = db.prepare<{ name: string; now: number }, WorkspaceRow>(
    `INSERT INTO workspaces (name, settled_at) VALUES (:name, :now) RETURNING ${columns}`,
  );
  const takeOrdinal = db
    .prepare<{ id: number }, number>(
      `UPDATE workspaces SET next_batch_ordinal = next_batch_ordinal + 1
       WHERE workspace_id = :id RETURNING next_batch_ordinal - 1`,
    )
    .pluck();
  const recordProgress = db.prepare<{ id: number; runningDelta: number; settledAt: number }>(
    `UPDATE workspaces
     SET running_count = running_count + :runningDelta, settled_at = :settledAt
     WHERE workspace_id = :id`,
  );
  const listUnfinished = db.prepare<[], { id: number; dueAt: number }>(
    `SELECT workspace_id AS id, MIN(due_at) AS dueAt FROM (
       SELECT workspace_id, MIN(ends_at) AS due_at FROM test_runs
       WHERE status = 'in_progress' GROUP BY workspace_id
       UNION ALL
       SELECT workspace_id, MIN(created_at) FROM batch_tests
       WHERE started_count < total_count GROUP BY workspace_id
     ) GROUP BY workspace_id`,
  );
  const nextEnd = db
    .prepare<{ id: number }, number | null>(
      `SELECT MIN(ends_at) FROM test_runs WHERE workspace_id = :id AND status = 'in_progress'`,
    )
    .pluck();

  return {
    find: (name) => find.get({ name }),
    get: (id) => required(get.get({ id })),
    open: (name, now) => find.get({ name }) ?? required(insert.get({ name, now })),
    takeBatchOrdinal: (id) => required(takeOrdinal.get({ id })),
    recordProgress: (progress) => recordProgress.run(progress),
    listUnfinished: () => listUnfinished.all(),
    nextEnd: (id) => nextEnd.get({ id }) ?? undefined,
  };
}
