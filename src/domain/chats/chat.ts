import type { components } from '../../contract/retell.gen.js';
import type { DisconnectionReason } from '../calls/call.js';

type Schemas = components['schemas'];

/** A chat as clients see it, at some moment. */
export type WireChat = Schemas['Chat'];
/** The same in a list, without its messages. */
export type WireListedChat = Schemas['ListedChat'];
export type ChatEntry = Schemas['ChatEntry'];
export type ChatStatus = Schemas['ChatStatus'];

/** What clients are told of a chat, by webhook. */
export type ChatEventName = 'chat_started' | 'chat_ended' | 'chat_analyzed' | 'transcript_updated';

/** Something that has happened in the life of a chat. */
export interface ChatEvent {
  readonly name: ChatEventName;
  /** By the workspace's clock. */
  readonly at: number;
}

/**
 * Why a chat is over. Documented (SDK types): the filter of the list takes the reasons of calls. Not
 * documented: which of them chats have.
 */
export type ChatEndReason = Extract<
  DisconnectionReason,
  'agent_hangup' | 'user_hangup' | 'manual_stopped' | 'inactivity' | 'error_unknown'
>;

/** What a chat has come to, and what comes by itself. Times by the workspace's clock. */
export interface ChatState {
  readonly status: ChatStatus;
  readonly startedAt: number;
  /** When it ends by itself, unless somebody writes before; undefined if it is over. */
  readonly closesAt?: number | undefined;
  readonly endedAt?: number | undefined;
  readonly reason?: ChatEndReason | undefined;
  /** When it is analysed, or was; undefined if it is not. */
  readonly analysesAt?: number | undefined;
  readonly isAnalysed: boolean;
}

/** A moment that comes by itself. */
export interface ChatMoment {
  readonly kind: 'close' | 'analyse';
  readonly at: number;
}

export const beginChat = (startedAt: number, silenceLimit: number): ChatState => ({
  status: 'ongoing',
  startedAt,
  closesAt: startedAt + silenceLimit,
  isAnalysed: false,
});

export const isChatOver = ({ status }: ChatState): boolean => status !== 'ongoing';

/** What comes next by itself; undefined if nothing does. */
export function nextChatMoment(state: ChatState): ChatMoment | undefined {
  const { closesAt, analysesAt, isAnalysed } = state;
  if (!isChatOver(state)) {
    return closesAt === undefined ? undefined : { kind: 'close', at: closesAt };
  }
  return analysesAt === undefined || isAnalysed ? undefined : { kind: 'analyse', at: analysesAt };
}

/** A chat in which somebody has just written. */
export const activeChat = (state: ChatState, at: number, silenceLimit: number): ChatState => ({
  ...state,
  closesAt: at + silenceLimit,
});

/** How a chat ends. */
export interface ChatEnd {
  readonly reason: ChatEndReason;
  /** From the end to the analysis; undefined if there is none. */
  readonly analysisDelay: number | undefined;
}

export const endChat = (
  { startedAt }: ChatState,
  at: number,
  { reason, analysisDelay }: ChatEnd,
): ChatState => ({
  status: reason === 'error_unknown' ? 'error' : 'ended',
  startedAt,
  endedAt: at,
  reason,
  analysesAt: analysisDelay === undefined ? undefined : at + analysisDelay,
  isAnalysed: false,
});

export const analyseChat = (state: ChatState): ChatState => ({ ...state, isAnalysed: true });

/** What clients were to be told of until now, without the turns. */
export const pastChatEvents = ({
  startedAt,
  endedAt,
  analysesAt,
  isAnalysed,
}: ChatState): ChatEvent[] => [
  { name: 'chat_started', at: startedAt },
  ...(endedAt === undefined ? [] : [{ name: 'chat_ended', at: endedAt } as const]),
  ...(isAnalysed ? [{ name: 'chat_analyzed', at: analysesAt ?? startedAt } as const] : []),
];
