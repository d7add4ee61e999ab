import type { components } from '../../src/contract/retell.gen.js';
import { buildStoppedApp } from './control.js';
import type { TestClient, TestOptions } from './emulator.js';

type Schemas = components['schemas'];

export type Chat = Schemas['Chat'];
export type ListedChat = Schemas['ListedChat'];
export type ChatEntry = Schemas['ChatEntry'];

/** A workspace whose clock stands still, and whose chats are analysed two seconds after their end. */
export const chatsOn = (settings: TestOptions['settings'] = {}, options: TestOptions = {}) =>
  buildStoppedApp({ ...options, settings: { analysisDelay: '2s', ...settings } });

export const beginChat = (client: TestClient, body: object = {}): Promise<Chat> =>
  client.call('POST', '/create-chat', { agent_id: 'agent_1', ...body });

export const readChat = (client: TestClient, id: string): Promise<Chat> =>
  client.call('GET', `/get-chat/${id}`);

/** What the agent answers to a message. */
export const write = async (
  client: TestClient,
  id: string,
  content: string,
): Promise<ChatEntry[]> => {
  const { messages } = await client.call<{ messages: ChatEntry[] }>(
    ...(['POST', '/create-chat-completion', { chat_id: id, content }] as const),
  );
  return messages;
};

export const endChat = (client: TestClient, id: string) => client.call('PATCH', `/end-chat/${id}`);

export interface ChatListAnswer {
  items: ListedChat[];
  has_more: boolean;
  pagination_key?: string;
  total?: number;
}

export const listChats = (client: TestClient, body: object = {}): Promise<ChatListAnswer> =>
  client.call('POST', '/v3/list-chats', body);

export const textsOf = (entries: readonly ChatEntry[]): string[] =>
  entries.flatMap((entry) => ('content' in entry ? [`${entry.role}: ${entry.content}`] : []));
