import { passesChatFilter, type ChatFilter } from '../../domain/chats/chat-filter.js';
import type { WireChat, WireListedChat } from '../../domain/chats/chat.js';
import { startBounds } from '../../domain/filters.js';
import { maxOfArray, maxOfPage } from '../../domain/requests/answer-sizes.js';
import { ApiError } from '../../errors.js';
import { cacheJson } from '../../json/cached-json.js';
import { chatAnalysisOf } from '../../simulation/chats/chat-analysis.js';
import { chatContextReader } from '../../simulation/chats/chat-context.js';
import { chatCostOf, toChat, toListedChat } from '../../simulation/chats/render.js';
import type { Workspace } from '../../simulation/workspaces/workspace.js';
import { chatPositionOf, type ChatPosition, type StoredChat } from '../../store/chats.js';
import { arrayOf, gather, tooLarge } from '../gathering.js';
import { findSettledWorkspace, type Operation, type Services } from '../operation.js';
import { readPositionKey, toPositionKey } from '../position-key.js';

/** Documented of calls: the length of a page that names none. */
const defaultLimit = 50;

export const listChatsV3: Operation<'listChatsV3'> = async (services, caller, { body = {} }) => {
  const { filter_criteria: filter = {}, sort_order: order = 'descending' } = body;
  const { limit = defaultLimit, skip = 0, pagination_key: key, include_total: counts } = body;
  if (key !== undefined && body.skip !== undefined) {
    throw new ApiError('invalid_request', 'body must not have both skip and pagination_key');
  }
  const list = [caller.workspace, order, JSON.stringify(filter)];
  const after = key === undefined ? undefined : readPositionKey(key, 'chats', list);
  const workspace = await findSettledWorkspace(services, caller);
  const page = gather<WireListedChat>(maxOfPage);
  let last: ChatPosition | undefined;
  let hasMore = false;
  if (workspace !== undefined) {
    const reader = chatReader(services, workspace);
    let left = skip;
    for (const stored of reader.list(filter, order, after)) {
      if (left > 0) {
        left -= 1;
        continue;
      }
      hasMore = page.items.length === limit || page.isFull();
      if (hasMore) break;
      page.add(reader.toListed(stored));
      last = chatPositionOf(stored);
    }
  }
  const rest = {
    has_more: hasMore,
    ...(hasMore && last !== undefined && { pagination_key: toPositionKey(last, 'chats', list) }),
    ...(counts === true && { total: countChats(services, workspace, filter) }),
  };
  const text = `{"items":${page.text()},${JSON.stringify(rest).slice(1)}`;
  return cacheJson({ items: page.items, ...rest }, text);
};

/** How many items a list without a limit has. */
const legacyLimit = 1000;

export const listChat: Operation<'listChat'> = async (services, caller, { query }) => {
  const { sort_order: order = 'descending', limit = legacyLimit, pagination_key: lastId } = query;
  const workspace = await findSettledWorkspace(services, caller);
  if (workspace === undefined) return [];
  const last = lastId === undefined ? undefined : services.store.chats.find(workspace.id, lastId);
  if (lastId !== undefined && last === undefined) {
    throw new ApiError('invalid_request', 'query/pagination_key must be the id of a listed chat');
  }
  const reader = chatReader(services, workspace);
  const all = gather<WireChat>(maxOfArray);
  for (const stored of reader.list({}, order, last && chatPositionOf(last))) {
    if (all.items.length >= limit) break;
    if (all.isFull()) throw tooLarge(all, '/v3/list-chats');
    all.add(reader.toFull(stored));
  }
  return arrayOf(all);
};

function countChats(
  services: Services,
  workspace: Workspace | undefined,
  filter: ChatFilter,
): number {
  if (workspace === undefined) return 0;
  if (Object.keys(filter).length === 0) return services.store.chats.count(workspace.id);
  let count = 0;
  const passing = chatReader(services, workspace).list(filter, 'ascending', undefined);
  while (passing.next().done !== true) count += 1;
  return count;
}

/** Reads chats as clients see them at one moment. */
function chatReader({ store }: Services, { id, now }: Workspace) {
  const contextOf = chatContextReader(store);
  const passes = (stored: StoredChat, filter: ChatFilter): boolean =>
    passesChatFilter(stored.chat, filter, {
      cost: () => chatCostOf(stored.chat, contextOf(stored)),
      analysis: () => chatAnalysisOf(stored.chat, contextOf(stored)),
    });
  return {
    toListed: (stored: StoredChat) => toListedChat(stored.chat, contextOf(stored), now),
    toFull: (stored: StoredChat) =>
      toChat(stored.chat, contextOf(stored), store.chats.listEntries(stored.key), now),
    *list(
      filter: ChatFilter,
      order: 'ascending' | 'descending',
      after: ChatPosition | undefined,
    ): Generator<StoredChat, undefined> {
      const { agent: agents = [] } = filter;
      const agentId = agents.length === 1 ? agents[0]?.agent_id : undefined;
      const isFiltered = Object.keys(filter).length > 0;
      const page = { ...startBounds(filter), workspaceId: id, agentId, after, order };
      for (const stored of store.chats.listPage(page)) {
        if (!isFiltered || passes(stored, filter)) yield stored;
      }
    },
  };
}
