import type { ChatEntry } from '../domain/chats/chat.js';
import type { ReplyDecision, StoredEntry } from '../domain/chats/chat-record.js';
import {
  chatColumns as columns,
  fromChatRow as fromRow,
  toChangingChat as toChanging,
  toFixedChat as toFixed,
  type ChangingChat as Changing,
  type ChatPosition,
  type ChatRow as Row,
  type FixedChat as Fixed,
  type NewChat,
  type StoredChat,
} from './chat-rows.js';
import { readEach, required, type Db } from './database/database.js';

export {
  chatPositionOf,
  nextOfChat,
  type ChatPosition,
  type NewChat,
  type StoredChat,
} from './chat-rows.js';

/** Chats of a workspace, or of one agent, in the order of their start. */
export interface ChatPage {
  readonly workspaceId: number;
  /** Those of every agent if undefined. */
  readonly agentId: string | undefined;
  /** The least and the greatest time of a start. */
  readonly from: number;
  readonly to: number;
  /** The last one before; undefined for the first page. */
  readonly after: ChatPosition | undefined;
  readonly order: 'ascending' | 'descending';
}

export interface ChatReader {
  find(workspaceId: number, id: string): StoredChat | undefined;
  has(workspaceId: number, id: string): boolean;
  /** What was written and done in a chat, in order. */
  listEntries(key: number): StoredEntry[];
  /** Chats in which something comes by `until`, the first first. */
  listDue(workspaceId: number, until: number, limit: number): StoredChat[];
  /** When something comes next in any chat; undefined if nothing does by itself. */
  nextDue(workspaceId: number): number | undefined;
  count(workspaceId: number): number;
  listPage(page: ChatPage): Iterable<StoredChat>;
  /** All chats in the order of creation, from the one with this key on. */
  listAll(workspaceId: number, fromKey: number): Iterable<StoredChat>;
}

export interface ChatWriter extends ChatReader {
  /** Returns its key. */
  insert(chat: NewChat): number;
  /** Writes what may change of a chat. */
  change(chat: StoredChat): void;
  /** Adds entries at the end of a chat that has so many. */
  addEntries(key: number, count: number, entries: readonly StoredEntry[]): void;
  /** False if there is no such chat. */
  delete(workspaceId: number, id: string): boolean;
}

export const chatStore = (db: Db): ChatWriter => ({
  ...chatWriter(db),
  ...chatFinder(db),
  ...dueChats(db),
  ...chatLists(db),
  ...entryStore(db),
});

function chatWriter(db: Db): Pick<ChatWriter, 'insert' | 'change' | 'delete'> {
  const insert = db.prepare<Fixed & Omit<Changing, 'key'>>(
    `INSERT INTO chats (workspace_id, chat_id, ordinal, origin, own_number, user_number, agent_id,
       agent_version, agent_content_key, engine_type, engine_content_key, seed_key, status,
       started_at, closes_at, ended_at, reason, analyses_at, analysed, next_at, answers,
       data_storage, details)
     VALUES (:workspaceId, :id, :ordinal, :origin, :ownNumber, :userNumber, :agentId,
       :agentVersion, :agentContentKey, :engineType, :engineContentKey, :seedKey, :status,
       :startedAt, :closesAt, :endedAt, :reason, :analysesAt, :analysed, :nextAt, :answers,
       :dataStorage, :details)`,
  );
  const change = db.prepare<Changing>(
    `UPDATE chats
     SET status = :status, closes_at = :closesAt, ended_at = :endedAt, reason = :reason,
         analyses_at = :analysesAt, analysed = :analysed, next_at = :nextAt, answers = :answers,
         data_storage = :dataStorage, details = :details
     WHERE chat_key = :key`,
  );
  const removeEntries = db.prepare<{ workspaceId: number; id: string }>(
    `DELETE FROM chat_messages WHERE chat_key = (
       SELECT chat_key FROM chats WHERE workspace_id = :workspaceId AND chat_id = :id
     )`,
  );
  const remove = db.prepare<{ workspaceId: number; id: string }>(
    'DELETE FROM chats WHERE workspace_id = :workspaceId AND chat_id = :id',
  );
  return {
    insert: (chat) => Number(insert.run({ ...toFixed(chat), ...toChanging(chat) }).lastInsertRowid),
    change: (chat) => change.run({ ...toChanging(chat), key: chat.key }),
    delete(workspaceId, id) {
      removeEntries.run({ workspaceId, id });
      return remove.run({ workspaceId, id }).changes > 0;
    },
  };
}

function chatFinder(db: Db): Pick<ChatReader, 'find' | 'has'> {
  const find = db.prepare<{ workspaceId: number; id: string }, Row>(
    `SELECT ${columns} FROM chats WHERE workspace_id = :workspaceId AND chat_id = :id`,
  );
  const has = db
    .prepare<{ workspaceId: number; id: string }, number>(
      'SELECT EXISTS (SELECT 1 FROM chats WHERE workspace_id = :workspaceId AND chat_id = :id)',
    )
    .pluck();
  return {
    find(workspaceId, id) {
      const row = find.get({ workspaceId, id });
      return row && fromRow(row);
    },
    has: (workspaceId, id) => has.get({ workspaceId, id }) === 1,
  };
}

function dueChats(db: Db): Pick<ChatReader, 'listDue' | 'nextDue'> {
  const listDue = db.prepare<{ workspaceId: number; until: number; limit: number }, Row>(
    `SELECT ${columns} FROM chats
     WHERE workspace_id = :workspaceId AND next_at <= :until
     ORDER BY next_at, chat_key LIMIT :limit`,
  );
  const nextDue = db
    .prepare<{ workspaceId: number }, number | null>(
      'SELECT MIN(next_at) FROM chats WHERE workspace_id = :workspaceId AND next_at IS NOT NULL',
    )
    .pluck();
  return {
    listDue: (workspaceId, until, limit) => listDue.all({ workspaceId, until, limit }).map(fromRow),
    nextDue: (workspaceId) => nextDue.get({ workspaceId }) ?? undefined,
  };
}

function entryStore(db: Db): Pick<ChatWriter, 'listEntries' | 'addEntries'> {
  const list = db.prepare<{ key: number }, { message: string; decidedBy: string | null }>(
    `SELECT message, decided_by AS decidedBy FROM chat_messages
     WHERE chat_key = :key ORDER BY position`,
  );
  const insert = db.prepare<{
    key: number;
    position: number;
    message: string;
    decidedBy: string | null;
  }>(
    `INSERT INTO chat_messages (chat_key, position, message, decided_by)
     VALUES (:key, :position, :message, :decidedBy)`,
  );
  return {
    listEntries: (key) =>
      list.all({ key }).map(({ message, decidedBy }) => ({
        entry: JSON.parse(message) as ChatEntry,
        ...(decidedBy !== null && { decidedBy: JSON.parse(decidedBy) as ReplyDecision }),
      })),
    addEntries(key, count, entries) {
      for (const [index, { entry, decidedBy }] of entries.entries()) {
        const decision = decidedBy === undefined ? null : JSON.stringify(decidedBy);
        const position = count + index;
        insert.run({ key, position, message: JSON.stringify(entry), decidedBy: decision });
      }
    },
  };
}

interface Bounds {
  workspaceId: number;
  agentId: string | null;
  from: number;
  to: number;
  sortedAt: number;
  key: number;
}

function chatLists(db: Db): Pick<ChatReader, 'count' | 'listPage' | 'listAll'> {
  const count = db
    .prepare<{ workspaceId: number }, number>(
      'SELECT COUNT(*) FROM chats WHERE workspace_id = :workspaceId',
    )
    .pluck();
  const listAll = db.prepare<{ workspaceId: number; fromKey: number }, Row>(
    `SELECT ${columns} FROM chats NOT INDEXED
     WHERE chat_key >= :fromKey AND workspace_id = :workspaceId ORDER BY chat_key`,
  );
  const lists = pageStatements(db);
  return {
    count: (workspaceId) => required(count.get({ workspaceId })),
    listAll: (workspaceId, fromKey) =>
      readEach(() => listAll.iterate({ workspaceId, fromKey }), fromRow),
    listPage({ workspaceId, agentId = null, from, to, after, order }) {
      const { first, ofAgent, ofAll } = lists[order];
      const start = after ?? first;
      // Bounds that are tight: SQLite goes by these, and compares the keys of what is within them.
      const bounds = {
        ...{ workspaceId, agentId, ...start },
        from: order === 'ascending' ? Math.max(from, start.sortedAt) : from,
        to: order === 'descending' ? Math.min(to, start.sortedAt) : to,
      };
      const statement = agentId === null ? ofAll : ofAgent;
      return readEach(() => statement.iterate(bounds), fromRow);
    },
  };
}

function pageStatements(db: Db) {
  const prepare = (isOfAgent: string, comparison: '<' | '>', direction: 'ASC' | 'DESC') =>
    db.prepare<Bounds, Row>(
      `SELECT ${columns} FROM chats
       WHERE workspace_id = :workspaceId ${isOfAgent}
         AND started_at BETWEEN :from AND :to
         AND (started_at, chat_key) ${comparison} (:sortedAt, :key)
       ORDER BY started_at ${direction}, chat_key ${direction}`,
    );
  const ofOrder = (comparison: '<' | '>', direction: 'ASC' | 'DESC', first: ChatPosition) => ({
    first,
    ofAgent: prepare('AND agent_id = :agentId', comparison, direction),
    ofAll: prepare('', comparison, direction),
  });
  const most = Number.MAX_SAFE_INTEGER;
  return {
    ascending: ofOrder('>', 'ASC', { sortedAt: -most, key: 0 }),
    descending: ofOrder('<', 'DESC', { sortedAt: most, key: most }),
  };
}
