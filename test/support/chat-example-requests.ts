import { beginChat, endChat } from './chats.js';
import type { TestClient } from './emulator.js';
import type { ExampleRequest } from './example-requests.js';

/** A request to each operation of chats. */
export const chatExampleRequests = {
  createChat: {
    url: () => '/create-chat',
    body: () => ({ agent_id: 'agent_1' }),
    malformed: { body: { agent_id: 'agent_1', retell_llm_dynamic_variables: { name: null } } },
  },
  createSMSChat: {
    url: () => '/create-sms-chat',
    body: () => ({
      ...{ from_number: '+14157774444', to_number: '+12137774445', override_agent_id: 'agent_1' },
    }),
    malformed: { body: { from_number: '+14157774444', override_agent_id: 'agent_1' } },
  },
  createChatCompletion: {
    url: () => '/create-chat-completion',
    body: ({ chat }) => ({ chat_id: chat, content: 'Hello' }),
    malformed: { body: { content: 'Hello' } },
    namesInBody: true,
  },
  getChat: {
    url: ({ chat }) => `/get-chat/${chat}`,
    malformed: { url: '/get-chat/%zz' },
  },
  updateChat: {
    url: ({ chat }) => `/update-chat/${chat}`,
    body: () => ({ metadata: { a: 1 } }),
    malformed: { body: { data_storage_setting: 'everything_except_pii' } },
  },
  endChat: {
    url: ({ chat }) => `/end-chat/${chat}`,
    malformed: { url: '/end-chat/%zz' },
  },
  deleteChat: {
    url: ({ chat }) => `/delete-chat/${chat}`,
    malformed: { url: '/delete-chat/%zz' },
  },
  rerunChatAnalysis: {
    url: ({ pastChat }) => `/rerun-chat-analysis/${pastChat}`,
    malformed: { url: '/rerun-chat-analysis/%zz' },
  },
  listChatsV3: {
    url: () => '/v3/list-chats',
    body: () => ({
      filter_criteria: { chat_status: { type: 'enum', op: 'in', value: ['ended'] } },
    }),
    malformed: { body: { filter_criteria: { chat_status: ['ended'] } } },
  },
  listChat: {
    url: () => '/list-chat?limit=5',
    malformed: { url: '/list-chat?limit=x' },
  },
} satisfies Record<string, ExampleRequest>;

/** A chat that is ongoing, and one that is over, and analysed two seconds later. */
export async function createExampleChats(client: TestClient) {
  const { chat_id: chat } = await beginChat(client);
  const { chat_id: pastChat } = await beginChat(client);
  await endChat(client, pastChat);
  return { chat, pastChat };
}
