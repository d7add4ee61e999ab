import {
  analyseChat,
  endChat,
  nextChatMoment,
  type ChatEndReason,
  type ChatEvent,
} from '../../domain/chats/chat.js';
import type { StoredEntry } from '../../domain/chats/chat-record.js';
import { keyedChance } from '../../random.js';
import { nextOfChat, type StoredChat } from '../../store/chats.js';
import type { StoreWriter } from '../../store/store.js';
import { parseDuration } from '../../workspace/settings.js';
import { drawDuration } from '../testing/outcome.js';
import type { Workspace } from '../workspaces/workspace.js';
import { chatContextReader, type ChatContext } from './chat-context.js';
import { writer as entryWriter } from './converse.js';

/** What a chat came to, and what clients are told of it then. */
export interface ChatStep {
  readonly chat: StoredChat;
  readonly added: readonly StoredEntry[];
  readonly events: readonly ChatEvent[];
}

/**
 * Told of each step of each chat, in order, within the transaction that stores it. Returns true if it
 * stored something to send at the time of the step.
 */
export interface ChatListener {
  readonly onStep: (step: ChatStep, writer: StoreWriter) => boolean;
}

/** Stores what a chat came to. Returns true if something is to be sent because of that. */
export function storeChatStep(
  writer: StoreWriter,
  step: ChatStep,
  before: number,
  { onStep }: ChatListener,
): boolean {
  writer.chats.change(step.chat);
  writer.chats.addEntries(step.chat.key, before, step.added);
  return onStep(step, writer);
}

/** A chat that ends now. */
export function endedChat(
  stored: StoredChat,
  { settings }: Workspace,
  at: number,
  reason: ChatEndReason,
): StoredChat {
  const { chat } = stored;
  const { analysis, analysisDelay } = chat.details.forced ?? {};
  const draw = keyedChance(chat.seed).within('chat', chat.id, 'end');
  const delay =
    (analysisDelay === undefined ? undefined : parseDuration(analysisDelay)) ??
    drawDuration(settings.calls.analysisDelay, (part) => draw(part));
  const state = endChat(chat.state, at, {
    reason,
    analysisDelay: analysis === null ? undefined : delay,
  });
  return { ...stored, chat: { ...chat, state } };
}

/** The events of a turn, and of an end right after it. */
export const turnEvents = (at: number, isOver: boolean): ChatEvent[] => [
  { name: 'transcript_updated', at },
  ...(isOver ? [{ name: 'chat_ended', at } as const] : []),
];

/** What happens by itself in a chat at its next moment. */
function nextStep(
  stored: StoredChat,
  workspace: Workspace,
  { agent }: ChatContext,
  before: number,
): ChatStep | undefined {
  const { chat } = stored;
  const moment = nextChatMoment(chat.state);
  if (moment === undefined) return undefined;
  const { at } = moment;
  if (moment.kind === 'analyse') {
    const analysed = { ...stored, chat: { ...chat, state: analyseChat(chat.state) } };
    return { chat: analysed, added: [], events: [{ name: 'chat_analyzed', at }] };
  }
  const ended = endedChat(stored, workspace, at, 'inactivity');
  const { autoCloseMessage: content } = agent;
  if (content === undefined) return { chat: ended, added: [], events: turnEvents(at, true) };
  return {
    chat: { ...ended, chat: { ...ended.chat, answers: chat.answers + 1 } },
    added: [{ entry: entryWriter(chat, at)({ role: 'agent', content }, before) }],
    events: turnEvents(at, true),
  };
}

/** What happened in chats. */
export interface PassedChats {
  readonly settledAt: number;
  /** When something comes next in a chat; Infinity if nothing does. */
  readonly next: number;
}

/**
 * Lets what is due in the chats of a workspace happen, `size` at a time; the first is due at `first`. It
 * stops once something is to be sent, so that code which advances the clock can let it be sent before time
 * goes on.
 */
export function passDueChats(
  writer: StoreWriter,
  workspace: Workspace,
  { first, until, size }: { readonly first: number; readonly until: number; readonly size: number },
  listener: ChatListener,
): PassedChats {
  if (first > until) return { settledAt: 0, next: first };
  const { chats } = writer;
  const contextOf = chatContextReader(writer);
  let [settledAt, last] = [0, until];
  for (const due of chats.listDue(workspace.id, until, size)) {
    const at = nextOfChat(due) ?? until;
    if (at > last) break;
    const before = chats.listEntries(due.key).length;
    const step = nextStep(due, workspace, contextOf(due), before);
    if (step === undefined) continue;
    if (storeChatStep(writer, step, before, listener)) last = at;
    settledAt = Math.max(settledAt, at);
  }
  return { settledAt, next: chats.nextDue(workspace.id) ?? Infinity };
}
