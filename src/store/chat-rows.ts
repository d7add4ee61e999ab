import type { DataStorageSetting } from '../domain/calls/call.js';
import { nextChatMoment, type ChatEndReason, type ChatStatus } from '../domain/chats/chat.js';
import type { ChatDetails, ChatOrigin, ChatRecord } from '../domain/chats/chat-record.js';
import type { EngineType } from '../domain/engines/response-engine.js';

/** A chat with what the store knows of it besides. */
export interface StoredChat {
  /** In the order of creation. */
  readonly key: number;
  readonly workspaceId: number;
  readonly chat: ChatRecord;
  /** What agent and engine said when the chat began; null if the emulator has none. */
  readonly agentContentKey: number | null;
  readonly engineType: EngineType | null;
  readonly engineContentKey: number | null;
  readonly seedKey: number;
}

export type NewChat = Omit<StoredChat, 'key'>;

/** The place of a chat in lists. */
export interface ChatPosition {
  readonly sortedAt: number;
  readonly key: number;
}

export const chatPositionOf = ({ key, chat }: StoredChat): ChatPosition => ({
  key,
  sortedAt: chat.state.startedAt,
});

/** When something comes by itself in a chat; null if nothing does. */
export const nextOfChat = ({ chat }: Pick<StoredChat, 'chat'>): number | null =>
  nextChatMoment(chat.state)?.at ?? null;

/** The columns that may change. */
export interface ChangingChat {
  key: number;
  status: ChatStatus;
  closesAt: number | null;
  endedAt: number | null;
  reason: string | null;
  analysesAt: number | null;
  analysed: 0 | 1;
  nextAt: number | null;
  answers: number;
  dataStorage: string | null;
  details: string;
}

/** The columns that never change. */
export interface FixedChat {
  workspaceId: number;
  id: string;
  ordinal: number;
  origin: ChatOrigin;
  ownNumber: string | null;
  userNumber: string | null;
  agentId: string;
  agentVersion: number;
  agentContentKey: number | null;
  engineType: EngineType | null;
  engineContentKey: number | null;
  seedKey: number;
  startedAt: number;
}

export type ChatRow = Omit<ChangingChat, 'nextAt'> & FixedChat & { seed: string };

export const chatColumns = `chat_key AS key, workspace_id AS workspaceId, chat_id AS id, ordinal, origin,
  own_number AS ownNumber, user_number AS userNumber, agent_id AS agentId,
  agent_version AS agentVersion, agent_content_key AS agentContentKey, engine_type AS engineType,
  engine_content_key AS engineContentKey, seed_key AS seedKey,
  (SELECT seed FROM seeds WHERE seeds.seed_key = chats.seed_key) AS seed, status,
  started_at AS startedAt, closes_at AS closesAt, ended_at AS endedAt, reason,
  analyses_at AS analysesAt, analysed, answers, data_storage AS dataStorage, details`;

export const toFixedChat = ({ chat, ...stored }: NewChat): FixedChat => ({
  workspaceId: stored.workspaceId,
  id: chat.id,
  ordinal: chat.ordinal,
  origin: chat.origin,
  ownNumber: chat.numbers?.own ?? null,
  userNumber: chat.numbers?.user ?? null,
  agentId: chat.agentId,
  agentVersion: chat.agentVersion,
  agentContentKey: stored.agentContentKey,
  engineType: stored.engineType,
  engineContentKey: stored.engineContentKey,
  seedKey: stored.seedKey,
  startedAt: chat.state.startedAt,
});

export function toChangingChat({ chat }: NewChat): Omit<ChangingChat, 'key'> {
  const { state, answers, dataStorage, details } = chat;
  return {
    status: state.status,
    closesAt: state.closesAt ?? null,
    endedAt: state.endedAt ?? null,
    reason: state.reason ?? null,
    analysesAt: state.analysesAt ?? null,
    analysed: state.isAnalysed ? 1 : 0,
    nextAt: nextOfChat({ chat }),
    answers,
    dataStorage: dataStorage ?? null,
    details: JSON.stringify(details),
  };
}

export const fromChatRow = (row: ChatRow): StoredChat => ({
  key: row.key,
  workspaceId: row.workspaceId,
  agentContentKey: row.agentContentKey,
  engineType: row.engineType,
  engineContentKey: row.engineContentKey,
  seedKey: row.seedKey,
  chat: {
    id: row.id,
    origin: row.origin,
    numbers:
      row.ownNumber === null || row.userNumber === null
        ? undefined
        : { own: row.ownNumber, user: row.userNumber },
    agentId: row.agentId,
    agentVersion: row.agentVersion,
    seed: row.seed,
    ordinal: row.ordinal,
    state: {
      status: row.status,
      startedAt: row.startedAt,
      closesAt: row.closesAt ?? undefined,
      endedAt: row.endedAt ?? undefined,
      reason: (row.reason ?? undefined) as ChatEndReason | undefined,
      analysesAt: row.analysesAt ?? undefined,
      isAnalysed: row.analysed === 1,
    },
    answers: row.answers,
    dataStorage: (row.dataStorage ?? undefined) as DataStorageSetting | undefined,
    details: JSON.parse(row.details) as ChatDetails,
  },
});
