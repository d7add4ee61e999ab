import { activeChat, type ChatEntry } from '../../domain/chats/chat.js';
import type { ChatRecord, StoredEntry } from '../../domain/chats/chat-record.js';
import type { Engine } from '../../domain/engines/engine.js';
import type { EngineTool } from '../../domain/engines/engine-tool.js';
import { derivedAlphanumeric, keyedChance } from '../../random.js';
import type { Entry } from '../conversation/entry.js';
import { toText } from '../conversation/equation.js';
import { reply, type PastMessage } from '../conversation/reply.js';
import type { GenerateValue } from '../conversation/schema-value.js';
import { messageIds } from '../conversation/transcript.js';
import type { ChatContext } from './chat-context.js';
import type { DecidingChatRule } from './chat-rules.js';
import { variablesOf } from './variables.js';

/** What a chat needs to go on. */
export interface ChatMoment {
  readonly context: ChatContext;
  /** What was written and done before. */
  readonly history: readonly StoredEntry[];
  readonly generate: GenerateValue;
  readonly now: number;
}

/** Something that was written and done in a chat, and the chat after it. */
export interface Turn {
  readonly chat: ChatRecord;
  readonly added: readonly StoredEntry[];
  /** How the chat ends after it; undefined if it goes on. */
  readonly ends: 'agent' | 'error' | undefined;
}

/** What the agent writes when a chat begins; nothing if it waits for the user. */
export function openChat(chat: ChatRecord, moment: ChatMoment): Turn {
  const { engine } = moment.context;
  // Documented: an SMS that goes out is written by the agent.
  const speaks = chat.origin === 'sms-outbound';
  return answerBy(
    chat,
    [],
    moment,
    speaks ? engine && { ...engine, firstSpeaker: 'agent' } : engine,
  );
}

/** A message of the user, and the agent's answer to it. */
export function answerMessage(
  chat: ChatRecord,
  content: string,
  moment: ChatMoment,
  byRule: DecidingChatRule | undefined,
): Turn {
  const { history, now, context } = moment;
  const asked: StoredEntry = {
    entry: writer(chat, now)({ role: 'user', content }, history.length),
    decidedBy: byRule === undefined ? { source: 'engine' } : { source: 'rule', rule: byRule.rule },
  };
  const heard = { ...chat, details: { ...chat.details, hasUser: true as const } };
  const turn =
    byRule?.outcome.messages === undefined
      ? answerBy(heard, [asked], moment, context.engine)
      : answerAsOrdered(heard, asked, byRule.outcome.messages, moment);
  return byRule === undefined ? turn : withOutcome(turn, byRule.outcome);
}

function withOutcome(turn: Turn, outcome: DecidingChatRule['outcome']): Turn {
  const { analysis, analysisDelay, collectedVariables, ends } = outcome;
  const { details } = turn.chat;
  const forced = {
    ...details.forced,
    ...(analysis !== undefined && { analysis }),
    ...(analysisDelay !== undefined && { analysisDelay }),
  };
  return {
    ...turn,
    chat: {
      ...turn.chat,
      details: {
        ...details,
        ...(Object.keys(forced).length > 0 && { forced }),
        ...(collectedVariables && {
          collected: { ...details.collected, ...collectedVariables },
        }),
      },
    },
    ends: ends === undefined ? turn.ends : ends === 'error' ? 'error' : 'agent',
  };
}

/** The engine answers; what the user wrote is the last of `asked`. */
function answerBy(
  chat: ChatRecord,
  asked: readonly StoredEntry[],
  { context, history, generate, now }: ChatMoment,
  engine: Engine | undefined,
): Turn {
  const before = [...history, ...asked];
  const known = { ...engine?.defaultVariables, ...variablesOf(chat), ...chat.details.collected };
  const answer = reply(
    {
      history: before.map(({ entry }) => entry as PastMessage),
      engine,
      toolMocks: (engine?.tools ?? []).filter(isOverHttp).map(({ name }) => ({
        tool_name: name,
        input_match_rule: { type: 'any' },
        output: '{"status":"success"}',
        result: true,
      })),
      variables: known,
      at: chat.details.place,
      generate,
    },
    keyedChance(chat.seed).within('chat', chat.id, 'turn', before.length),
  );
  const found = Array.from(
    answer.variables,
    ([name, value]) => [name, toText(value)] as const,
  ).filter(([name, value]) => (known as Record<string, unknown>)[name] !== value);
  const collected = { ...chat.details.collected, ...Object.fromEntries(found) };
  const write = writer(chat, now);
  const added = answer.entries.map((entry, index) => ({
    entry: write(entry, before.length + index),
  }));
  return {
    ...toTurn(chat, [...asked, ...added], context, now, {
      ...(Object.keys(collected).length > 0 && { collected }),
      ...(answer.node !== undefined && { place: answer.node.id }),
    }),
    ends: answer.ended ? 'agent' : undefined,
  };
}

/** Tools that would be called over HTTP. */
const isOverHttp = ({ type }: EngineTool): boolean => type === 'custom' || type === 'mcp';

type Ordered = NonNullable<DecidingChatRule['outcome']['messages']>;

function answerAsOrdered(
  chat: ChatRecord,
  asked: StoredEntry,
  ordered: Ordered,
  { history, context, now }: ChatMoment,
): Turn {
  const entries = ordered.flatMap((message): Entry[] => {
    if (message.role === 'agent') return [{ role: 'agent', content: message.content }];
    const { name, arguments: args = {}, result, successful = true } = message;
    const type = context.engine?.tools.find((tool) => tool.name === name)?.type ?? 'custom';
    return [
      { role: 'tool_call_invocation', name, type, arguments: JSON.stringify(args) },
      ...(result === undefined
        ? []
        : [{ role: 'tool_call_result', content: result, successful } as const]),
    ];
  });
  const write = writer(chat, now);
  const added = entries.map((entry, index) => ({
    entry: write(entry, history.length + 1 + index),
  }));
  return { ...toTurn(chat, [asked, ...added], context, now, {}), ends: undefined };
}

function toTurn(
  chat: ChatRecord,
  added: readonly StoredEntry[],
  { agent }: ChatContext,
  now: number,
  details: Partial<ChatRecord['details']>,
): Omit<Turn, 'ends'> {
  const written = added.filter(({ entry }) => entry.role === 'agent').length;
  return {
    chat: {
      ...chat,
      answers: chat.answers + written,
      details: { ...chat.details, ...details },
      state: activeChat(chat.state, now, agent.silenceLimit),
    },
    added,
  };
}

/** Returns a function that adds time and ids to an entry, given its place in the chat. */
export function writer({ id }: ChatRecord, now: number) {
  const messageId = messageIds(id);
  // Observed: `call_` and 24 letters and digits. A result follows its call at once, and has its id.
  const toolCallId = (index: number) => `call_${derivedAlphanumeric(24, id, 'tool call', index)}`;
  return (entry: Entry, index: number): ChatEntry => {
    const common = { message_id: messageId(index), created_timestamp: now };
    switch (entry.role) {
      case 'agent':
      case 'user':
        return { role: entry.role, content: entry.content, ...common };
      case 'tool_call_invocation': {
        const { role, name, arguments: given } = entry;
        return { role, tool_call_id: toolCallId(index), name, arguments: given, ...common };
      }
      case 'tool_call_result': {
        const { role, content, successful } = entry;
        return { role, tool_call_id: toolCallId(index - 1), content, successful, ...common };
      }
      case 'state_transition':
        return {
          role: entry.role,
          ...{ former_state_name: entry.from.name, new_state_name: entry.to.name },
          ...common,
        };
      case 'node_transition':
        return {
          role: entry.role,
          ...{ former_node_id: entry.from.id, former_node_name: entry.from.name },
          ...{ new_node_id: entry.to.id, new_node_name: entry.to.name },
          transition_type: entry.via,
          ...common,
        };
    }
  };
}
