import { maxCounted } from '../domain/counter.js';
import type { CallRuleInput } from '../domain/calls/call-rule.js';
import type { ChatRuleInput } from '../domain/chats/chat-rule.js';
import type { OutcomeRuleInput } from '../domain/testing/outcome-rule.js';
import { cached } from '../bounded-cache.js';
import type { Caches } from './caches.js';
import type { Db } from './database/database.js';

export interface StoredRule<Rule> {
  readonly id: string;
  readonly rule: Rule;
  /** How many runs, calls or messages the rule has decided. */
  readonly hits: number;
}

export type StoredOutcomeRule = StoredRule<OutcomeRuleInput>;
export type StoredCallRule = StoredRule<CallRuleInput>;
export type StoredChatRule = StoredRule<ChatRuleInput>;

export interface RuleReader<Rule> {
  /** The rules in the order of creation, in which they are checked. */
  list(workspaceId: number): readonly StoredRule<Rule>[];
}

export interface RuleWriter<Rule> extends RuleReader<Rule> {
  insert(workspaceId: number, id: string, rule: Rule): void;
  setHits(workspaceId: number, id: string, hits: number): void;
  /** Returns false if there is no such rule. */
  delete(workspaceId: number, id: string): boolean;
  deleteAll(workspaceId: number): void;
}

export const outcomeRuleStore = (db: Db, caches: Caches): RuleWriter<OutcomeRuleInput> =>
  ruleStore(db, caches, 'outcome_rules');

export const callRuleStore = (db: Db, caches: Caches): RuleWriter<CallRuleInput> =>
  ruleStore(db, caches, 'call_rules');

export const chatRuleStore = (db: Db, caches: Caches): RuleWriter<ChatRuleInput> =>
  ruleStore(db, caches, 'chat_rules');

function ruleStore<Rule extends object>(
  db: Db,
  caches: Caches,
  table: 'outcome_rules' | 'call_rules' | 'chat_rules',
): RuleWriter<Rule> {
  const insert = db.prepare<{ workspaceId: number; id: string; rule: string }>(
    `INSERT INTO ${table} (workspace_id, rule_id, rule) VALUES (:workspaceId, :id, :rule)`,
  );
  const list = db.prepare<{ workspaceId: number }, { id: string; rule: string; hits: number }>(
    `SELECT rule_id AS id, rule, hits FROM ${table}
     WHERE workspace_id = :workspaceId ORDER BY rule_key`,
  );
  const setHits = db.prepare<{ workspaceId: number; id: string; hits: number }>(
    `UPDATE ${table} SET hits = :hits WHERE workspace_id = :workspaceId AND rule_id = :id`,
  );
  const remove = db.prepare<{ workspaceId: number; id: string }>(
    `DELETE FROM ${table} WHERE workspace_id = :workspaceId AND rule_id = :id`,
  );
  const removeAll = db.prepare<{ workspaceId: number }>(
    `DELETE FROM ${table} WHERE workspace_id = :workspaceId`,
  );
  // hot path: each step of the simulation, and each new call, reads the rules. Every write changes the entry of its workspace.
  const lists = caches.create<number, readonly StoredRule<Rule>[]>();
  const read = (workspaceId: number): StoredRule<Rule>[] =>
    list.all({ workspaceId }).map((row) => ({ ...row, rule: JSON.parse(row.rule) as Rule }));
  return {
    insert(workspaceId, id, rule) {
      lists.delete(workspaceId);
      insert.run({ workspaceId, id, rule: JSON.stringify(rule) });
    },
    list: (workspaceId) => cached(lists, workspaceId, () => read(workspaceId)),
    setHits(workspaceId, id, given) {
      const hits = Math.min(given, maxCounted);
      const known = lists.get(workspaceId);
      // Not read again: each new call that a rule decides comes here.
      if (known !== undefined) {
        lists.set(
          workspaceId,
          known.map((stored) => (stored.id === id ? { ...stored, hits } : stored)),
        );
      }
      setHits.run({ workspaceId, id, hits });
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
