import type { ExampleRequest } from './example-requests.js';

/** The ids of stored objects that example requests name. */
const objectIdNames = [
  'voice',
  // A knowledge base that is complete, and one of its sources.
  'knowledgeBase',
  'source',
  'chatAgent',
  'component',
  'app',
  'contact',
  'contactNumber',
  'upload',
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
    contact: await post('/create-contact', { ...contact, first_name: mark }, 'contact_id'),
    contactNumber: contact.phone_number,
    upload: await post(
      ...(['/upload-contact-import-file', { file: csv }, 'upload_id', true] as const),
    ),
    component: await post(
      ...(['/create-conversation-flow-component', { ...component, name: mark }] as const),
      'conversation_flow_component_id',
    ),
    app: await post('/create-app', { ...app, name: mark }, 'app_id'),
    chatAgent: await post('/create-chat-agent', { ...chatAgent, agent_name: mark }, 'agent_id'),
  };
}

const chatAgent = { response_engine: { type: 'retell-llm', llm_id: 'llm_1' } };

const component = {
  name: 'Payment',
  nodes: [{ id: 'pay', type: 'conversation', instruction: { type: 'prompt', text: 'Ask.' } }],
};

const app = {
  ...{ provider: 'hubspot', type: 'crm' },
  auth_config: { type: 'api_key', api_key: 'k' },
};

const contact = { phone_number: '+14155550177', first_name: 'Ann' };
const csv = { file: 'a.csv', content: 'phone,name\n4155550111,Ann' };
const columns = [{ external_field_name: 'phone', field_name: 'phone_number' }];

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
  createConversationFlowComponent: {
    url: () => '/create-conversation-flow-component',
    body: () => component,
    malformed: { body: { name: 'No nodes' } },
  },
  getConversationFlowComponent: {
    url: (ids) => `/get-conversation-flow-component/${ids.component}`,
    malformed: { url: '/get-conversation-flow-component/%zz' },
  },
  updateConversationFlowComponent: {
    url: (ids) => `/update-conversation-flow-component/${ids.component}`,
    body: () => ({ name: 'New' }),
    malformed: { body: { name: 7 } },
  },
  deleteConversationFlowComponent: {
    url: (ids) => `/delete-conversation-flow-component/${ids.component}`,
    malformed: { url: '/delete-conversation-flow-component/%zz' },
  },
  listConversationFlowComponentsV2: {
    url: () => '/v2/list-conversation-flow-components?limit=2',
    malformed: { url: '/v2/list-conversation-flow-components?limit=x' },
  },
  listConversationFlowComponents: {
    url: () => '/list-conversation-flow-components',
    malformed: { url: '/list-conversation-flow-components/%zz' },
  },
  getMcpTools: {
    url: (ids) => `/get-mcp-tools/${ids.chatAgent}?mcp_id=mcp_1`,
    malformed: { url: '/get-mcp-tools/x' },
  },
  createContact: {
    url: () => '/create-contact',
    body: () => ({ phone_number: '+14155550188' }),
    malformed: { body: { first_name: 'Ann' } },
  },
  getContact: {
    url: (ids) => `/get-contact/${ids.contact}`,
    malformed: { url: '/get-contact/%zz' },
  },
  getContactByPhone: {
    url: (ids) => `/get-contact-by-phone/${ids.contactNumber}`,
    malformed: { url: '/get-contact-by-phone/%zz' },
  },
  updateContact: {
    url: (ids) => `/update-contact/${ids.contact}`,
    body: () => ({ tags: ['vip'] }),
    malformed: { body: { tags: 'vip' } },
  },
  deleteContact: {
    url: (ids) => `/delete-contact/${ids.contact}`,
    malformed: { url: '/delete-contact/%zz' },
  },
  listContacts: {
    url: () => '/list-contacts',
    body: () => ({ search_query: 'ann', limit: 2 }),
    malformed: { body: { filter_criteria: { tags: ['vip'] } } },
  },
  listContactConversations: {
    url: (ids) => `/list-contact-conversations/${ids.contact}`,
    malformed: { url: '/list-contact-conversations/x?limit=x' },
  },
  uploadContactImportFile: {
    url: () => '/upload-contact-import-file',
    isForm: true,
    body: () => ({ file: csv }),
    malformed: { body: { file: 'no file' } },
  },
  createContactImport: {
    url: () => '/create-contact-import',
    body: (ids) => ({ upload_id: ids.upload, column_mapping: columns }),
    malformed: { body: { upload_id: 'x', column_mapping: [] } },
  },
  getContactImport: {
    url: () => '/get-contact-import',
    malformed: { url: '/get-contact-import/%zz' },
  },
  backfillContactAnalysisData: {
    url: () => '/backfill-contact-analysis-data',
    body: () => ({ backfill_attributes: ['plan'] }),
    malformed: { body: {} },
  },
  getBackfillContactJobStatus: {
    url: () => '/get-backfill-contact-job-status',
    malformed: { url: '/get-backfill-contact-job-status/%zz' },
  },
  getApiKeyInfo: {
    url: () => '/get-api-key-info',
    malformed: { url: '/get-api-key-info/%zz' },
  },
  listExportRequests: {
    url: () => '/v2/list-export-requests?limit=2',
    malformed: { url: '/v2/list-export-requests?limit=x' },
  },
  createAsset: {
    url: () => '/create-asset',
    isForm: true,
    body: () => ({ file: { file: 'a.png', content: 'PNG' } }),
    malformed: { body: { file: 'no file' } },
  },
  createApp: { url: () => '/create-app', body: () => app, malformed: { body: { type: 'crm' } } },
  getApp: { url: (ids) => `/get-app/${ids.app}`, malformed: { url: '/get-app/%zz' } },
  updateApp: {
    url: (ids) => `/update-app/${ids.app}`,
    body: () => ({ name: 'New' }),
    malformed: { body: { name: 7 } },
  },
  deleteApp: { url: (ids) => `/delete-app/${ids.app}`, malformed: { url: '/delete-app/%zz' } },
  listApps: { url: () => '/list-apps?limit=2', malformed: { url: '/list-apps?limit=x' } },
  listAppUsages: {
    url: (ids) => `/list-app-usages/${ids.app}`,
    malformed: { url: '/list-app-usages/x?limit=x' },
  },
  testAppAuth: {
    url: (ids) => `/test-app-auth/${ids.app}`,
    malformed: { url: '/test-app-auth/%zz' },
  },
  getCrmConfig: { url: () => '/get-crm-config', malformed: { url: '/get-crm-config/%zz' } },
  updateCrmConfig: {
    url: () => '/update-crm-config',
    body: () => ({ custom_fields: [{ name: 'plan', type: 'enum', options: ['free'] }] }),
    malformed: { body: { custom_fields: [{ name: 'Not snake', type: 'string' }] } },
  },
  getCrmSchema: { url: () => '/get-crm-schema', malformed: { url: '/get-crm-schema/%zz' } },
  runSyncJob: { url: () => '/run-sync-job', malformed: { url: '/run-sync-job/%zz' } },
  getSyncJobStatus: {
    url: () => '/get-sync-job-status',
    malformed: { url: '/get-sync-job-status/%zz' },
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
