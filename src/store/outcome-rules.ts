import { mostCounted } from '../domain/counter.js';
import type { OutcomeRuleInput } from '../domain/outcome-rule.js';
import type { Db } from './database.js';

export interface StoredOutcomeRule {
  readonly id: string;
  readonly rule: OutcomeRuleInput;
  /** How many runs it has decided. */
  readonly hits: number;
}

export interface OutcomeRuleStore {
  insert(workspaceId: number, id: string, rule: OutcomeRuleInput): void;
  /** In the order in which they were made, which is that in which they are asked. */
  list(workspaceId: number): StoredOutcomeRule[];
  setHits(workspaceId: number, id: string, hits: number): void;
  /** False if there is no such rule. */
  delete(workspaceId: number, id: string): boolean;
  deleteAll(workspaceId: number): void;
}

export function outcomeRuleStore(db: Db): OutcomeRuleStore {
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
  return {
    insert: (workspaceId, id, rule) => insert.run({ workspaceId, id, rule: JSON.stringify(rule) }),
    list: (workspaceId) =>
      list
        .all({ workspaceId })
        .map((row) => ({ ...row, rule: JSON.parse(row.rule) as OutcomeRuleInput })),
    setHits: (workspaceId, id, hits) =>
      setHits.run({ workspaceId, id, hits: Math.min(hits, mostCounted) }),
    delete: (workspaceId, id) => remove.run({ workspaceId, id }).changes > 0,
    deleteAll: (workspaceId) => removeAll.run({ workspaceId }),
  };
}
