import type { ExampleRequest } from './example-requests.js';

/** The ids of stored objects that example requests name. */
const objectIdNames = [
  'voice',
  // A knowledge base that is complete, and one of its sources.
  'knowledgeBase',
  'source',
  'chatAgent',
] as const;

export type ObjectIds = Readonly<Record<(typeof objectIdNames)[number], string>>;

/** The same id for all of them. */
export const objectIds = (id: string): ObjectIds =>
  Object.fromEntries(objectIdNames.map((name) => [name, id])) as ObjectIds;

/** Sends a body, as a form or as JSON, and returns a property of the answer. */
export type Post = (path: string, body: object, property: string, isForm?: true) => Promise<string>;

/**
 * Creates an object of each kind. The id of the source is not known before time has passed.
 * @param mark is in each of them.
 */
export async function createStoredObjects(post: Post, mark: string): Promise<ObjectIds> {
  const community = { provider_voice_id: 'a', voice_name: mark };
  const knowledge = { ...someKnowledgeBase, knowledge_base_name: mark };
  return {
    voice: await post('/add-community-voice', community, 'voice_id'),
    knowledgeBase: await post('/create-knowledge-base', knowledge, 'knowledge_base_id', true),
    source: '',
    chatAgent: await post('/create-chat-agent', { ...chatAgent, agent_name: mark }, 'agent_id'),
  };
}

const chatAgent = { response_engine: { type: 'retell-llm', llm_id: 'llm_1' } };

const readme = { file: 'README.md', content: 'Example data' };

export const someKnowledgeBase = {
  knowledge_base_name: 'Opening hours',
  knowledge_base_texts: [{ title: 'Hours', text: 'From 9 to 5.' }],
  knowledge_base_urls: ['https://www.example.com'],
  knowledge_base_files: [readme],
};

/** A request to each operation of voices and knowledge bases. */
export const objectExampleRequests = {
  listVoices: { url: () => '/list-voices', malformed: { url: '/list-voices/%zz' } },
  getVoice: {
    url: ({ voice }) => `/get-voice/${voice}`,
    malformed: { url: '/get-voice/%zz' },
  },
  cloneVoice: {
    url: () => '/clone-voice',
    isForm: true,
    body: () => ({ voice_name: 'Ann', voice_provider: 'elevenlabs', files: [readme] }),
    malformed: { body: { voice_name: 'Ann', voice_provider: 'elevenlabs', files: 'no file' } },
  },
  searchCommunityVoice: {
    url: () => '/search-community-voice',
    body: () => ({ search_query: 'warm' }),
    malformed: { body: { search_query: 7 } },
  },
  addCommunityVoice: {
    url: () => '/add-community-voice',
    body: () => ({ provider_voice_id: 'cartesia_ava', voice_name: 'Ava' }),
    malformed: { body: { voice_name: 'Ava' } },
  },
  createKnowledgeBase: {
    url: () => '/create-knowledge-base',
    isForm: true,
    body: () => someKnowledgeBase,
    malformed: { body: { knowledge_base_name: 'x'.repeat(40) } },
  },
  getKnowledgeBase: {
    url: ({ knowledgeBase }) => `/get-knowledge-base/${knowledgeBase}`,
    malformed: { url: '/get-knowledge-base/%zz' },
  },
  listKnowledgeBases: {
    url: () => '/list-knowledge-bases',
    malformed: { url: '/list-knowledge-bases/%zz' },
  },
  deleteKnowledgeBase: {
    url: ({ knowledgeBase }) => `/delete-knowledge-base/${knowledgeBase}`,
    malformed: { url: '/delete-knowledge-base/%zz' },
  },
  addKnowledgeBaseSources: {
    url: ({ knowledgeBase }) => `/add-knowledge-base-sources/${knowledgeBase}`,
    isForm: true,
    body: () => ({ knowledge_base_urls: ['https://www.example.com/b'] }),
    malformed: { body: { knowledge_base_texts: [{ title: 'No text' }] } },
  },
  deleteKnowledgeBaseSource: {
    url: ({ knowledgeBase, source }) =>
      `/delete-knowledge-base-source/${knowledgeBase}/source/${source}`,
    malformed: { url: '/delete-knowledge-base-source/%zz/source/x' },
  },
  createChatAgent: {
    url: () => '/create-chat-agent',
    body: () => chatAgent,
    malformed: { body: {} },
  },
  getChatAgent: {
    url: (ids) => `/get-chat-agent/${ids.chatAgent}`,
    malformed: { url: '/get-chat-agent/%zz' },
  },
  updateChatAgent: {
    url: (ids) => `/update-chat-agent/${ids.chatAgent}`,
    body: () => ({ auto_close_message: 'Bye.' }),
    malformed: { body: { end_chat_after_silence_ms: 1 } },
  },
  deleteChatAgent: {
    url: (ids) => `/delete-chat-agent/${ids.chatAgent}`,
    malformed: { url: '/delete-chat-agent/%zz' },
  },
  getChatAgentVersions: {
    url: (ids) => `/get-chat-agent-versions/${ids.chatAgent}`,
    malformed: { url: '/get-chat-agent-versions/%zz' },
  },
  listChatAgents: {
    url: () => '/list-chat-agents',
    malformed: { url: '/list-chat-agents?limit=x' },
  },
  publishChatAgent: {
    url: (ids) => `/publish-chat-agent/${ids.chatAgent}`,
    malformed: { url: '/publish-chat-agent/%zz' },
  },
  repairAgent: {
    url: (ids) => `/repair-agent/${ids.chatAgent}`,
    malformed: { url: '/repair-agent/%zz' },
  },
} satisfies Record<string, ExampleRequest>;
