import { beginChat } from '../../domain/chats/chat.js';
import type { ChatDetails, ChatNumbers, ChatOrigin } from '../../domain/chats/chat-record.js';
import { keyedId } from '../../random.js';
import { chatContextReader } from '../../simulation/chats/chat-context.js';
import { storeChatStep, turnEvents } from '../../simulation/chats/chat-steps.js';
import type { Turn } from '../../simulation/chats/converse.js';
import type { GenerateValue } from '../../simulation/conversation/schema-value.js';
import { endedChat } from '../../simulation/chats/chat-steps.js';
import { openChat, type ChatMoment } from '../../simulation/chats/converse.js';
import type { Workspace } from '../../simulation/workspaces/workspace.js';
import { nextOfChat, type NewChat, type StoredChat } from '../../store/chats.js';
import type { StoreWriter } from '../../store/store.js';
import { findEngine, refuseLargeMetadata } from '../calls/new-call.js';
import { refuseWithoutCredit, warning, type Caller, type Services } from '../operation.js';
import { findChatAgent } from './chat-agent.js';

/** What is said of a chat that is to begin. */
export interface ChatRequest {
  readonly origin: ChatOrigin;
  /** Undefined for a chat by the API. */
  readonly numbers: ChatNumbers | undefined;
  readonly agentId: string;
  readonly agentVersion: number | string | undefined;
  readonly details: ChatDetails;
}

/**
 * Begins a chat, with the agent's first message if it speaks first. The workspace must be settled.
 * @throws ApiError
 */
export function createChat(
  services: Services,
  caller: Caller,
  workspace: Workspace,
  request: ChatRequest,
  generate: GenerateValue,
): StoredChat {
  refuseWithoutCredit(workspace);
  refuseLargeMetadata(request.details.metadata);
  const { store } = services;
  const agent = findChatAgent(services, caller, workspace, request);
  const content = { ...agent.content, ...request.details.override?.agent };
  const engine = findEngine(services, workspace, content);
  if (agent.contentKey === null) caller.warnLater?.(warning(madeUp(request.agentId)));
  const { id: workspaceId, name, settings, now } = workspace;
  const { origin, numbers, agentId, details } = request;
  const created = store.together((writer, attempt) => {
    const ordinal = writer.workspaces.takeOrdinal(workspaceId, 'chat');
    const id = keyedId('chat', settings.seed, name, ordinal, attempt);
    const begun: NewChat = {
      ...{ workspaceId, ...engine, agentContentKey: agent.contentKey },
      seedKey: writer.seedKeyOf(settings.seed),
      chat: {
        ...{ id, origin, numbers, agentId, agentVersion: agent.version, seed: settings.seed },
        ...{ ordinal, state: beginChat(now, 0), answers: 0, dataStorage: undefined, details },
      },
    };
    const context = chatContextReader(writer)({ ...begun, key: 0 });
    const moment = { context, history: [], generate, now };
    const stored = { ...begun, key: writer.chats.insert(begun) };
    const turn = openChat(stored.chat, moment);
    if (workspace.credit !== null) writer.workspaces.setCredit(workspaceId, workspace.credit - 1);
    return storeTurn(services, writer, workspace, { stored, turn, moment, isFirst: true });
  });
  services.worker.scheduleBy(workspaceId, nextOfChat(created) ?? Infinity);
  return created;
}

const madeUp = (agentId: string): string =>
  `there is no chat agent ${agentId}: the chat is held with one that is made up`;

interface TurnToStore {
  readonly stored: StoredChat;
  readonly turn: Turn;
  readonly moment: ChatMoment;
  readonly isFirst: boolean;
}

/** Stores what was written in a chat, and its end if that follows. Returns the chat as it is then. */
export function storeTurn(
  { chatWebhooks }: Services,
  writer: StoreWriter,
  workspace: Workspace,
  { stored, turn, moment: { history, now }, isFirst }: TurnToStore,
): StoredChat {
  const written = { ...stored, chat: turn.chat };
  const { ends } = turn;
  const reason = ends === 'error' ? 'error_unknown' : 'agent_hangup';
  const chat = ends === undefined ? written : endedChat(written, workspace, now, reason);
  const events = turnEvents(now, ends !== undefined);
  // Who hears of the beginning sees what was written then.
  const first = isFirst ? [{ name: 'chat_started', at: now } as const] : [];
  const told = isFirst && turn.added.length === 0 ? events.slice(1) : events;
  const step = { chat, added: turn.added, events: [...first, ...told] };
  storeChatStep(writer, step, history.length, chatWebhooks);
  return chat;
}
