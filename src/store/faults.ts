import { maxCounted } from '../domain/counter.js';
import type { FaultInput } from '../domain/requests/fault.js';
import { cached } from '../bounded-cache.js';
import type { Caches } from './caches.js';
import type { Db } from './database/database.js';

export interface StoredFault {
  readonly id: string;
  readonly fault: FaultInput;
  /** When the rule was created, by the workspace's clock. */
  readonly createdAt: number;
  /** How many requests the rule matched. */
  readonly seen: number;
  /** How many of these requests the rule hit. */
  readonly hits: number;
}

export interface FaultReader {
  /** The rules in the order of creation, in which they are checked. */
  list(workspaceId: number): readonly StoredFault[];
}

export interface FaultWriter extends FaultReader {
  insert(workspaceId: number, fault: StoredFault): void;
  setCounts(workspaceId: number, id: string, seen: number, hits: number): void;
  /** Returns false if there is no such rule. */
  delete(workspaceId: number, id: string): boolean;
  deleteAll(workspaceId: number): void;
}

type Row = Omit<StoredFault, 'fault'> & { fault: string };

export function faultStore(db: Db, caches: Caches): FaultWriter {
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
  // hot path: every request reads the rules, and most workspaces have none. Every write deletes the entry of
  // its workspace.
  const lists = caches.create<number, readonly StoredFault[]>();
  const read = (workspaceId: number): StoredFault[] =>
    list
      .all({ workspaceId })
      .map((row) => ({ ...row, fault: JSON.parse(row.fault) as FaultInput }));
  return {
    insert(workspaceId, { fault, ...row }) {
      lists.delete(workspaceId);
      insert.run({ ...row, workspaceId, fault: JSON.stringify(fault) });
    },
    list: (workspaceId) => cached(lists, workspaceId, () => read(workspaceId)),
    setCounts(workspaceId, id, seen, hits) {
      lists.delete(workspaceId);
      const counts = { seen: Math.min(seen, maxCounted), hits: Math.min(hits, maxCounted) };
      setCounts.run({ workspaceId, id, ...counts });
    },
    delete(workspaceId, id) {
      lists.delete(workspaceId);
      return remove.run({ workspaceId, id }).changes > 0;
    },
    deleteAll(workspaceId) {
      lists.delete(workspaceId);
      removeAll.run({ workspaceId });
    },
  };
}
