import { maxCounted } from '../domain/counter.js';
import type { OutcomeRuleInput } from '../domain/testing/outcome-rule.js';
import { cached } from '../bounded-cache.js';
import type { Caches } from './caches.js';
import type { Db } from './database/database.js';

export interface StoredOutcomeRule {
  readonly id: string;
  readonly rule: OutcomeRuleInput;
  /** How many runs the rule has decided. */
  readonly hits: number;
}

export interface OutcomeRuleReader {
  /** The rules in the order of creation, in which they are checked. */
  list(workspaceId: number): readonly StoredOutcomeRule[];
}

export interface OutcomeRuleWriter extends OutcomeRuleReader {
  insert(workspaceId: number, id: string, rule: OutcomeRuleInput): void;
  setHits(workspaceId: number, id: string, hits: number): void;
  /** Returns false if there is no such rule. */
  delete(workspaceId: number, id: string): boolean;
  deleteAll(workspaceId: number): void;
}

export function outcomeRuleStore(db: Db, caches: Caches): OutcomeRuleWriter {
  const insert = db.prepare<{ workspaceId: number; id: string; rule: string }>(
    'INSERT INTO outcome_rules (workspace_id, rule_id, rule) VALUES (:workspaceId, :id, :rule)',
  );
  const list = db.prepare<{ workspaceId: number }, { id: string; rule: string; hits: number }>(
    `SELECT rule_id AS id, rule, hits FROM outcome_rules
     WHERE workspace_id = :workspaceId ORDER BY rule_key`,
  );
  const setHits = db.prepare<{ workspaceId: number; id: string; hits: number }>(
    `UPDATE outcome_rules SET hits = :hits WHERE workspace_id = :workspaceId AND rule_id = :id`,
  );
  const remove = db.prepare<{ workspaceId: number; id: string }>(
    'DELETE FROM outcome_rules WHERE workspace_id = :workspaceId AND rule_id = :id',
  );
  const removeAll = db.prepare<{ workspaceId: number }>(
    'DELETE FROM outcome_rules WHERE workspace_id = :workspaceId',
  );
  // hot path: each step of the simulation reads the rules. Every write deletes the entry of its workspace.
  const lists = caches.create<number, readonly StoredOutcomeRule[]>();
  const read = (workspaceId: number): StoredOutcomeRule[] =>
    list
      .all({ workspaceId })
      .map((row) => ({ ...row, rule: JSON.parse(row.rule) as OutcomeRuleInput }));
  return {
    insert(workspaceId, id, rule) {
      lists.delete(workspaceId);
      insert.run({ workspaceId, id, rule: JSON.stringify(rule) });
    },
    list: (workspaceId) => cached(lists, workspaceId, () => read(workspaceId)),
    setHits(workspaceId, id, hits) {
      lists.delete(workspaceId);
      setHits.run({ workspaceId, id, hits: Math.min(hits, maxCounted) });
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
