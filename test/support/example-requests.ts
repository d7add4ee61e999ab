import { someCall } from './calls.js';
import { callExampleRequests } from './call-example-requests.js';
import { chatExampleRequests, createExampleChats } from './chat-example-requests.js';
import { asForm } from './forms.js';
import {
  createStoredObjects,
  objectExampleRequests,
  type ObjectIds,
} from './object-example-requests.js';
import { retellLlm, someDefinition, someFlow, type TestClient } from './emulator.js';

export interface ExampleRequest {
  /** Path and query of a request that succeeds, made from ids of the workspace. */
  readonly url: (ids: Ids) => string;
  readonly body?: (ids: Ids) => object;
  /** True if the body is a form. */
  readonly isForm?: boolean;
  /** What to make of it so that it is malformed. */
  readonly malformed: { readonly url: string } | { readonly body: unknown };
  /** True if the body names an object of the workspace that there must be. */
  readonly namesInBody?: boolean;
}

export interface Ids extends ObjectIds {
  readonly definition: string;
  readonly batch: string;
  readonly run: string;
  readonly llm: string;
  readonly flow: string;
  readonly agent: string;
  readonly number: string;
  /** A call that is under way. */
  readonly call: string;
  /** Who listens to it. */
  readonly listener: string;
  /** A call that is over and analysed. */
  readonly pastCall: string;
  /** A chat that is ongoing, and one that is over and analysed. */
  readonly chat: string;
  readonly pastChat: string;
}

/** What `inject` sends for a body of this operation. */
export const payloadOf = (example: ExampleRequest | undefined, body: object) =>
  example?.isForm === true ? asForm(body) : { payload: body };

export const engineQuery = 'type=retell-llm&llm_id=llm_1';

/** Every operation of the contract, by id; the test fails while one is missing. */
export const exampleRequests: Record<string, ExampleRequest> = {
  ...objectExampleRequests,
  createTestCaseDefinition: {
    url: () => '/create-test-case-definition',
    body: () => someDefinition,
    malformed: { body: { ...someDefinition, name: 7 } },
  },
  getTestCaseDefinition: {
    url: ({ definition }) => `/get-test-case-definition/${definition}`,
    malformed: { url: '/get-test-case-definition/%zz' },
  },
  updateTestCaseDefinition: {
    url: ({ definition }) => `/update-test-case-definition/${definition}`,
    body: () => ({ name: 'New' }),
    malformed: { body: { name: 7 } },
  },
  deleteTestCaseDefinition: {
    url: ({ definition }) => `/delete-test-case-definition/${definition}`,
    malformed: { url: '/delete-test-case-definition/%zz' },
  },
  listTestCaseDefinitions: {
    url: () => `/list-test-case-definitions?${engineQuery}`,
    malformed: { url: '/list-test-case-definitions?type=x' },
  },
  listTestCaseDefinitionsV2: {
    url: () => `/v2/list-test-case-definitions?${engineQuery}`,
    malformed: { url: '/v2/list-test-case-definitions?type=retell-llm' },
  },
  createBatchTest: {
    url: () => '/create-batch-test',
    body: ({ definition }) => ({
      test_case_definition_ids: [definition],
      response_engine: retellLlm,
    }),
    malformed: { body: { test_case_definition_ids: [] } },
  },
  getBatchTest: {
    url: ({ batch }) => `/get-batch-test/${batch}`,
    malformed: { url: '/get-batch-test/%zz' },
  },
  listBatchTests: {
    url: () => `/list-batch-tests?${engineQuery}`,
    malformed: { url: '/list-batch-tests' },
  },
  listBatchTestsV2: {
    url: () => `/v2/list-batch-tests?${engineQuery}&limit=5`,
    malformed: { url: `/v2/list-batch-tests?${engineQuery}&limit=x` },
  },
  getTestRun: {
    url: ({ run }) => `/get-test-run/${run}`,
    malformed: { url: '/get-test-run/%zz' },
  },
  listTestRuns: {
    url: ({ batch }) => `/list-test-runs/${batch}`,
    malformed: { url: '/list-test-runs/%zz' },
  },
  listTestRunsV2: {
    url: ({ batch }) => `/v2/list-test-runs/${batch}?limit=5`,
    malformed: { url: '/v2/list-test-runs/x?limit=0' },
  },
  createRetellLLM: {
    url: () => '/create-retell-llm',
    body: () => ({ begin_message: 'Hi' }),
    malformed: { body: { general_tools: [{ type: 'end_call' }] } },
  },
  getRetellLLM: {
    url: ({ llm }) => `/get-retell-llm/${llm}`,
    malformed: { url: '/get-retell-llm/x?version=y' },
  },
  updateRetellLLM: {
    url: ({ llm }) => `/update-retell-llm/${llm}`,
    body: () => ({ begin_message: 'Hello' }),
    malformed: { body: { model: 0 } },
  },
  deleteRetellLLM: {
    url: ({ llm }) => `/delete-retell-llm/${llm}`,
    malformed: { url: '/delete-retell-llm/%zz' },
  },
  listRetellLLM: {
    url: () => '/list-retell-llms',
    malformed: { url: '/list-retell-llms?limit=0' },
  },
  listRetellLLMV2: {
    url: () => '/v2/list-retell-llms',
    malformed: { url: '/v2/list-retell-llms?sort_order=up' },
  },
  createConversationFlow: {
    url: () => '/create-conversation-flow',
    body: () => someFlow,
    malformed: { body: { ...someFlow, start_speaker: 'nobody' } },
  },
  getConversationFlow: {
    url: ({ flow }) => `/get-conversation-flow/${flow}`,
    malformed: { url: '/get-conversation-flow/x?version=y' },
  },
  updateConversationFlow: {
    url: ({ flow }) => `/update-conversation-flow/${flow}`,
    body: () => ({ global_prompt: 'Be kind' }),
    malformed: { body: { nodes: [{ id: 'a', type: 7 }] } },
  },
  deleteConversationFlow: {
    url: ({ flow }) => `/delete-conversation-flow/${flow}`,
    malformed: { url: '/delete-conversation-flow/%zz' },
  },
  listConversationFlows: {
    url: () => '/list-conversation-flows',
    malformed: { url: '/list-conversation-flows?limit=0' },
  },
  listConversationFlowsV2: {
    url: () => '/v2/list-conversation-flows',
    malformed: { url: '/v2/list-conversation-flows?limit=0' },
  },
  createAgent: {
    url: () => '/create-agent',
    body: () => someAgent,
    malformed: { body: { response_engine: retellLlm } },
  },
  getAgent: {
    url: ({ agent }) => `/get-agent/${agent}`,
    malformed: { url: '/get-agent/x?version=A%20B' },
  },
  updateAgent: {
    url: ({ agent }) => `/update-agent/${agent}`,
    body: () => ({ agent_name: 'Other' }),
    malformed: { body: { voice_speed: 3 } },
  },
  deleteAgent: {
    url: ({ agent }) => `/delete-agent/${agent}`,
    malformed: { url: '/delete-agent/%zz' },
  },
  listAgents: {
    url: () => '/list-agents',
    malformed: { url: '/list-agents?is_latest=maybe' },
  },
  listAgentsV2: {
    url: () => '/v2/list-agents',
    malformed: { body: { filter_criteria: { query: 7 } } },
  },
  getAgentVersions: {
    url: ({ agent }) => `/get-agent-versions/${agent}`,
    malformed: { url: '/get-agent-versions/%zz' },
  },
  listAgentVersions: {
    url: ({ agent }) => `/list-agent-versions/${agent}`,
    malformed: { url: '/list-agent-versions/x?limit=x' },
  },
  createAgentVersion: {
    url: ({ agent }) => `/create-agent-version/${agent}`,
    body: () => ({ base_version: 0 }),
    malformed: { body: { base_version: -1 } },
  },
  publishAgentVersion: {
    url: ({ agent }) => `/publish-agent-version/${agent}`,
    body: () => ({ version: 0 }),
    malformed: { body: {} },
  },
  publishAgent: {
    url: ({ agent }) => `/publish-agent/${agent}`,
    malformed: { url: '/publish-agent/%zz' },
  },
  deleteAgentVersion: {
    url: ({ agent }) => `/delete-agent-version/${agent}?version=1`,
    malformed: { url: '/delete-agent-version/x' },
  },
  createPlaygroundCompletion: {
    url: ({ agent }) => `/agent-playground-completion/${agent}`,
    body: () => ({ messages: [{ role: 'user', content: 'Hi' }] }),
    malformed: { body: { messages: [{ role: 'nobody' }] } },
  },
  createPhoneNumber: {
    url: () => '/create-phone-number',
    body: () => ({ area_code: 415 }),
    malformed: { body: { area_code: 'x' } },
  },
  importPhoneNumber: {
    url: () => '/import-phone-number',
    body: () => ({ phone_number: '+14155550199', termination_uri: 'x.pstn.twilio.com' }),
    malformed: { body: { phone_number: '+14155550199' } },
  },
  getPhoneNumber: {
    url: ({ number }) => `/get-phone-number/${number}`,
    malformed: { url: '/get-phone-number/%zz' },
  },
  updatePhoneNumber: {
    url: ({ number }) => `/update-phone-number/${number}`,
    body: () => ({ nickname: 'New' }),
    malformed: { body: { nickname: 7 } },
  },
  deletePhoneNumber: {
    url: ({ number }) => `/delete-phone-number/${number}`,
    malformed: { url: '/delete-phone-number/%zz' },
  },
  listPhoneNumbersV2: {
    url: () => '/v2/list-phone-numbers?limit=5',
    malformed: { url: '/v2/list-phone-numbers?limit=x' },
  },
  listPhoneNumbers: {
    url: () => '/list-phone-numbers',
    malformed: { url: '/list-phone-numbers/%zz' },
  },
  ...callExampleRequests,
  ...chatExampleRequests,
};

export const someAgent = {
  response_engine: { type: 'retell-llm', llm_id: 'llm_1' },
  voice_id: 'voice_1',
};

export async function createExampleObjects(client: TestClient): Promise<Ids> {
  const { test_case_definition_id: definition } = await client.createDefinition();
  const { test_case_batch_job_id: batch } = await client.createBatchTest([definition]);
  const { items } = await client.listRuns(batch);
  const create = async (path: string, body: object, id: string) => {
    const created = await client.call<Record<string, string>>('POST', path, body);
    return created[id] ?? '';
  };
  const agent = await create('/create-agent', someAgent, 'agent_id');
  await create(`/create-agent-version/${agent}`, { base_version: 0 }, 'agent_id');
  const calls = { method: 'POST', url: '/v2/create-phone-call', payload: someCall } as const;
  const headers = { 'x-emulator-progression': 'immediate' };
  const { body: pastCall } = await client.send({ ...calls, headers });
  const call = await create(calls.url, someCall, 'call_id');
  const objects = await createStoredObjects(async (url, body, property, isForm) => {
    const payload = isForm === true ? asForm(body) : { payload: body };
    const { body: created } = await client.send({ method: 'POST', url, ...payload });
    return String(created[property]);
  }, 'Example');
  await client.call('POST', '/update-crm-config', { app_id: objects.app });
  const chats = await createExampleChats(client);
  // Longer than it rings, and than it takes to analyse a chat.
  await client.call('POST', '/_emulator/clock/advance', { by: '4s' });
  const listener = await create(`/v2/listen-live-call/${call}`, {}, 'participant_id');
  return {
    ...{ ...objects, source: await firstSource(client, objects.knowledgeBase) },
    ...{ call, listener, pastCall: String(pastCall['call_id']), ...chats },
    number: await create('/create-phone-number', {}, 'phone_number'),
    ...{ definition, batch, agent, run: items[0]?.test_case_job_id ?? '' },
    llm: await create('/create-retell-llm', {}, 'llm_id'),
    flow: await create(
      ...(['/create-conversation-flow', someFlow, 'conversation_flow_id'] as const),
    ),
  };
}

async function firstSource(client: TestClient, id: string): Promise<string> {
  const { knowledge_base_sources: sources } = await client.call<{
    knowledge_base_sources: { source_id: string }[];
  }>('GET', `/get-knowledge-base/${id}`);
  return sources[0]?.source_id ?? '';
}
