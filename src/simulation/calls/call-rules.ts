import { applyCallRule, type CallFacts } from '../../domain/calls/call-rule.js';
import type { ForcedCall } from '../../domain/calls/forced-call.js';
import type { StoreWriter } from '../../store/store.js';

/** A rule that decides a call, and how it says that the call goes. */
export interface DecidingRule {
  readonly rule: string;
  readonly outcome: ForcedCall;
}

/** Finds the first rule that matches a call, and counts a hit of it. */
export function takeCallRule(
  { callRules }: StoreWriter,
  workspaceId: number,
  facts: CallFacts,
): DecidingRule | undefined {
  for (const { id, rule, hits } of callRules.list(workspaceId)) {
    const outcome = applyCallRule(rule, hits, facts);
    if (outcome === undefined) continue;
    callRules.setHits(workspaceId, id, hits + 1);
    return { rule: id, outcome };
  }
  return undefined;
}
