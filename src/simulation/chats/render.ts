import type { components } from '../../contract/retell.gen.js';
import { toText } from '../../domain/calls/given-call.js';
import {
  isChatOver,
  type ChatEntry,
  type WireChat,
  type WireListedChat,
} from '../../domain/chats/chat.js';
import { chatTypeOf, type ChatRecord, type StoredEntry } from '../../domain/chats/chat-record.js';
import { productName } from '../calls/cost-and-latency.js';
import { chatAnalysisOf } from './chat-analysis.js';
import type { ChatContext } from './chat-context.js';

/** Documented of calls: what is not stored can be read for ten minutes after the end. */
const keptFor = 600_000;

/** Whether nothing can be read of a chat any more but its basic attributes. */
const isForgotten = (chat: ChatRecord, { agent }: ChatContext, now: number): boolean =>
  (chat.dataStorage ?? agent.dataStorage) === 'basic_attributes_only' &&
  chat.state.endedAt !== undefined &&
  now >= chat.state.endedAt + keptFor;

/** A chat as a list shows it: all but what was written. What is not known yet is left out. */
export function toListedChat(chat: ChatRecord, context: ChatContext, now: number): WireListedChat {
  const { state, details } = chat;
  const { metadata, variables, customAttributes, collected = {}, given = {} } = details;
  const isOver = isChatOver(state);
  const isKept = !isForgotten(chat, context, now);
  return {
    ...{ chat_id: chat.id, chat_status: state.status, chat_type: chatTypeOf(chat) },
    ...{ agent_id: chat.agentId, version: chat.agentVersion },
    ...(given.agent_tag !== undefined && { agent_tag: given.agent_tag }),
    ...(metadata !== undefined && { metadata: { ...metadata } }),
    ...(variables !== undefined && { retell_llm_dynamic_variables: { ...variables } }),
    ...(customAttributes !== undefined && { custom_attributes: { ...customAttributes } }),
    start_timestamp: state.startedAt,
    ...(state.endedAt !== undefined && { end_timestamp: state.endedAt }),
    // Documented: only after the end.
    ...(isOver && isKept && { collected_dynamic_variables: { ...collected } }),
    ...(isOver && { chat_cost: chatCostOf(chat, context) }),
    ...(state.isAnalysed && isKept && { chat_analysis: chatAnalysisOf(chat, context) }),
  };
}

/** A chat as it is read. */
export function toChat(
  chat: ChatRecord,
  context: ChatContext,
  entries: readonly StoredEntry[],
  now: number,
): WireChat {
  const listed = toListedChat(chat, context, now);
  if (isForgotten(chat, context, now)) return listed;
  const written = entries.map(({ entry }) => entry);
  return {
    ...listed,
    transcript: toText(written.filter(isMessage)),
    message_with_tool_calls: written,
  };
}

type Message = Extract<ChatEntry, { role: 'agent' | 'user' }>;

const isMessage = (entry: ChatEntry): entry is Message =>
  entry.role === 'agent' || entry.role === 'user';

/** Ten thousandths of a cent for a message of the agent. Not documented; of the order of published prices. */
const pricePerMessage = 2000;
const unitsPerCent = 10_000;

/** What a chat cost, in cents: the agent's messages. */
export function chatCostOf(
  { answers, details }: ChatRecord,
  { model }: ChatContext,
): components['schemas']['ChatCost'] {
  if (details.given?.chat_cost !== undefined) return details.given.chat_cost;
  const cost = (pricePerMessage * answers) / unitsPerCent;
  const product = model === undefined ? 'custom_llm_chat' : productName(model);
  return {
    combined_cost: cost,
    product_costs:
      answers === 0 ? [] : [{ product, unit_price: pricePerMessage / unitsPerCent, cost }],
  };
}
