import type { components } from '../../contract/retell.gen.js';
import type { DataStorageSetting } from '../calls/call.js';
import type { ChatEntry, ChatState, WireChat } from './chat.js';
import type { ForcedChatEnd } from './chat-rule.js';

/** How a chat begins: by the API, by an SMS that goes out, or by one that comes in. */
export type ChatOrigin = 'api' | 'sms-outbound' | 'sms-inbound';

/** The numbers of a chat by SMS: the one here, and that of the user. */
export interface ChatNumbers {
  readonly own: string;
  readonly user: string;
}

/** What decided how a message of the user was answered. */
export type ReplyDecision =
  { readonly source: 'rule'; readonly rule: string } | { readonly source: 'engine' };

/** An entry of a chat, and what decided how it was answered, if the user wrote it. */
export interface StoredEntry {
  readonly entry: ChatEntry;
  readonly decidedBy?: ReplyDecision | undefined;
}

/** What fixtures say of a chat, in the place of what would be computed. */
export type GivenChat = Pick<WireChat, 'agent_tag' | 'chat_cost' | 'chat_analysis'>;

/** What was said of a chat when it began, and by what happened since. */
export interface ChatDetails {
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly variables?: Readonly<Record<string, string>>;
  /** Put over the variables later. */
  readonly overrides?: Readonly<Record<string, string>>;
  readonly customAttributes?: Readonly<Record<string, string | number | boolean>>;
  /** Variables that were found out in the chat. */
  readonly collected?: Readonly<Record<string, string>>;
  /** True once the user has written something. */
  readonly hasUser?: true;
  /** The current node of a flow, or state of an LLM; the first one if absent. */
  readonly place?: string;
  /** How often it was analysed again. */
  readonly reruns?: number;
  /** What was ordered of its analysis. */
  readonly forced?: ForcedChatEnd;
  /** Settings of its agent and engine for this chat alone. */
  readonly override?: components['schemas']['AgentOverride'];
  readonly given?: GivenChat;
}

/** A chat of a workspace, at a moment of its life, without its messages. */
export interface ChatRecord {
  readonly id: string;
  readonly origin: ChatOrigin;
  /** Undefined for a chat by the API. */
  readonly numbers: ChatNumbers | undefined;
  readonly agentId: string;
  readonly agentVersion: number;
  /** The seed in force when it began. */
  readonly seed: string;
  /** How many chats of the workspace began before. */
  readonly ordinal: number;
  readonly state: ChatState;
  /** How many messages the agent wrote. */
  readonly answers: number;
  /** That of the agent if undefined. */
  readonly dataStorage: DataStorageSetting | undefined;
  readonly details: ChatDetails;
}

export const chatTypeOf = ({ origin }: Pick<ChatRecord, 'origin'>): 'api_chat' | 'sms_chat' =>
  origin === 'api' ? 'api_chat' : 'sms_chat';
