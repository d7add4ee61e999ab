import {
  applyChatRule,
  type ForcedReply,
  type MessageFacts,
} from '../../domain/chats/chat-rule.js';
import type { StoreWriter } from '../../store/store.js';

/** A rule that decides how a message is answered. */
export interface DecidingChatRule {
  readonly rule: string;
  readonly outcome: ForcedReply;
}

/** Finds the first rule that matches a message, and counts a hit of it. */
export function takeChatRule(
  { chatRules }: StoreWriter,
  workspaceId: number,
  facts: MessageFacts,
): DecidingChatRule | undefined {
  for (const { id, rule, hits } of chatRules.list(workspaceId)) {
    const outcome = applyChatRule(rule, hits, facts);
    if (outcome === undefined) continue;
    chatRules.setHits(workspaceId, id, hits + 1);
    return { rule: id, outcome };
  }
  return undefined;
}
