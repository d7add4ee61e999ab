import { mostCounted } from '../domain/counter.js';
import type { FaultInput } from '../domain/fault.js';
import type { Db } from './database.js';
import { memory } from '../memory.js';

export interface StoredFault {
  readonly id: string;
  readonly fault: FaultInput;
  /** By the workspace's clock. */
  readonly createdAt: number;
  /** Requests that it matched. */
  readonly seen: number;
  /** Those of them that it hit. */
  readonly hits: number;
}

export interface FaultStore {
  /** Reads everything anew: to be called when it was written past this store, or rolled back. */
  readonly forgetAll: () => void;
  insert(workspaceId: number, fault: StoredFault): void;
  /** In the order in which they were made, which is that in which they are asked. */
  list(workspaceId: number): readonly StoredFault[];
  setCounts(workspaceId: number, id: string, seen: number, hits: number): void;
  /** False if there is no such fault. */
  delete(workspaceId: number, id: string): boolean;
  deleteAll(workspaceId: number): void;
}

type Row = Omit<StoredFault, 'fault'> & { fault: string };

export function faultStore(db: Db): FaultStore {
  const insert = db.prepare<Row & { workspaceId: number }>(
    `INSERT INTO faults (workspace_id, fault_id, fault, created_at, seen, hits)
     VALUES (:workspaceId, :id, :fault, :createdAt, :seen, :hits)`,
  );
  const list = db.prepare<{ workspaceId: number }, Row>(
    `SELECT fault_id AS id, fault, created_at AS createdAt, seen, hits FROM faults
     WHERE workspace_id = :workspaceId ORDER BY fault_key`,
  );
  const setCounts = db.prepare<{ workspaceId: number; id: string; seen: number; hits: number }>(
    `UPDATE faults SET seen = :seen, hits = :hits
     WHERE workspace_id = :workspaceId AND fault_id = :id`,
  );
  const remove = db.prepare<{ workspaceId: number; id: string }>(
    'DELETE FROM faults WHERE workspace_id = :workspaceId AND fault_id = :id',
  );
  const removeAll = db.prepare<{ workspaceId: number }>(
    'DELETE FROM faults WHERE workspace_id = :workspaceId',
  );
  // Every request asks for them, and most workspaces have none.
  const known = memory<number, readonly StoredFault[]>();
  const read = (workspaceId: number): StoredFault[] =>
    list
      .all({ workspaceId })
      .map((row) => ({ ...row, fault: JSON.parse(row.fault) as FaultInput }));
  return {
    forgetAll: known.clear,
    insert(workspaceId, { fault, ...row }) {
      known.forget(workspaceId);
      insert.run({ ...row, workspaceId, fault: JSON.stringify(fault) });
    },
    list: (workspaceId) => known.get(workspaceId, () => read(workspaceId)),
    setCounts(workspaceId, id, seen, hits) {
      known.forget(workspaceId);
      const counts = { seen: Math.min(seen, mostCounted), hits: Math.min(hits, mostCounted) };
      setCounts.run({ workspaceId, id, ...counts });
    },
    delete(workspaceId, id) {
      known.forget(workspaceId);
      return remove.run({ workspaceId, id }).changes > 0;
    },
    deleteAll(workspaceId) {
      known.forget(workspaceId);
      removeAll.run({ workspaceId });
    },
  };
}
