import type Retell from 'retell-sdk';
import { completeAgent, completeAgentChange } from './complete-agent.js';
import { completeFlow } from './complete-flow.js';
import { completeLlm } from './complete-llm.js';

/** A call of the SDK's method of this name, and what its answer holds at least. */
export type Call = readonly [
  name: string,
  call: (client: Retell) => Promise<unknown>,
  answer?: object,
];

export const suiteId = '16b980523634a6dc504898cda492e939';
const idToDelete = 'oBeDLoLOeuAbiuaMFXRtDOLriTJ5tSxD';
const page = { limit: 1000, sort_order: 'ascending' } as const;
const smallFlow = {
  start_speaker: 'agent',
  model_choice: { type: 'cascading', model: 'gpt-4.1' },
  nodes: [
    { id: 'start', type: 'conversation', instruction: { type: 'prompt', text: 'Say hello.' } },
  ],
} satisfies Retell.ConversationFlowCreateParams;

export const agentCalls: Call[] = [
  [
    'agent.create, little',
    ({ agent }) =>
      agent.create({
        response_engine: { type: 'retell-llm', llm_id: 'llm_234sdertfsdsfsdf' },
        voice_id: 'retell-Cimo',
      }),
    { voice_id: 'retell-Cimo', version: 0, is_published: false },
  ],
  ['agent.create, much', ({ agent }) => agent.create(completeAgent), completeAgent],
  ['agent.retrieve, little', ({ agent }) => agent.retrieve(suiteId), { agent_id: suiteId }],
  [
    'agent.retrieve, much',
    ({ agent }) => agent.retrieve(suiteId, { version: 'latest_published' }),
    { version: 0, is_published: true },
  ],
  ['agent.update, little', ({ agent }) => agent.update(suiteId, {}), { agent_id: suiteId }],
  [
    'agent.update, much',
    ({ agent }) => agent.update(suiteId, { ...completeAgentChange, version: 1 }),
    completeAgentChange,
  ],
  ['agent.list, little', ({ agent }) => agent.list(), { has_more: false }],
  [
    'agent.list, much',
    ({ agent }) =>
      agent.list({
        ...page,
        filter_criteria: { query: 'XXX', channel: { type: 'string', op: 'eq', value: 'voice' } },
      }),
  ],
  ['agent.delete', ({ agent }) => agent.delete(idToDelete)],
  [
    'agent.createVersion',
    ({ agent }) => agent.createVersion('agent_xxx', { base_version: 12 }),
    { base_version: 12, is_published: false, version: 16 },
  ],
  ['agent.deleteVersion', ({ agent }) => agent.deleteVersion('agent_xxx', { version: 1 })],
  [
    'agent.getVersions',
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- the suite calls it
    ({ agent }) => agent.getVersions(suiteId),
    [{ version: 1 }, { version: 0 }],
  ],
  [
    'agent.listVersions, little',
    ({ agent }) => agent.listVersions('agent_xxx'),
    { items: [{ version: 15 }, { version: 12 }, { version: 1 }] },
  ],
  [
    'agent.listVersions, much',
    ({ agent }) => agent.listVersions('agent_xxx', page),
    { items: [{ version: 1 }, { version: 12 }, { version: 15 }] },
  ],
  ['agent.publish, little', ({ agent }) => agent.publish('agent_xxx', { version: 15 })],
  [
    'agent.publish, much',
    async ({ agent }) => {
      const told = { version_title: 'Hotfix', version_description: 'Answers faster' };
      await agent.publish('agent_xxx', { version: 15, ...told });
      return agent.retrieve('agent_xxx', { version: 15 });
    },
    { version: 15, is_published: true, version_title: 'Hotfix' },
  ],
];

/** Whether an engine is for transfers is fixed when it is created: an update ignores these. */
const withoutFixed = (engine: object): object =>
  Object.fromEntries(Object.entries(engine).filter(([name]) => !name.startsWith('is_transfer_')));

export const engineCalls: Call[] = [
  ['llm.create, little', (client) => client.llm.create({}), { version: 0, is_published: false }],
  ['llm.create, much', (client) => client.llm.create(completeLlm), completeLlm],
  ['llm.retrieve, little', (client) => client.llm.retrieve(suiteId), { llm_id: suiteId }],
  ['llm.retrieve, much', (client) => client.llm.retrieve(suiteId, { version: 1 }), { version: 1 }],
  ['llm.update, little', (client) => client.llm.update(suiteId, {}), { llm_id: suiteId }],
  [
    'llm.update, much',
    (client) => client.llm.update(suiteId, { ...completeLlm, version: 1 }),
    withoutFixed(completeLlm),
  ],
  ['llm.list, little', (client) => client.llm.list(), { has_more: false }],
  ['llm.list, much', (client) => client.llm.list(page), { has_more: false }],
  ['llm.delete, little', (client) => client.llm.delete(idToDelete)],
  ['llm.delete, much', (client) => client.llm.delete(suiteId, { force_delete: true })],
  [
    'conversationFlow.create, little',
    (client) => client.conversationFlow.create(smallFlow),
    smallFlow,
  ],
  [
    'conversationFlow.create, much',
    (client) => client.conversationFlow.create(completeFlow),
    completeFlow,
  ],
  [
    'conversationFlow.retrieve, little',
    (client) => client.conversationFlow.retrieve('conversation_flow_id'),
    { conversation_flow_id: 'conversation_flow_id' },
  ],
  [
    'conversationFlow.retrieve, much',
    (client) => client.conversationFlow.retrieve('conversation_flow_id', { version: 1 }),
    { version: 1 },
  ],
  [
    'conversationFlow.update, little',
    (client) => client.conversationFlow.update('conversation_flow_id', {}),
    { conversation_flow_id: 'conversation_flow_id' },
  ],
  [
    'conversationFlow.update, much',
    (client) =>
      client.conversationFlow.update('conversation_flow_id', { ...completeFlow, version: 1 }),
    withoutFixed(completeFlow),
  ],
  ['conversationFlow.list, little', (client) => client.conversationFlow.list()],
  ['conversationFlow.list, much', (client) => client.conversationFlow.list(page)],
  [
    'conversationFlow.delete, little',
    (client) => client.conversationFlow.delete('conversation_flow_id'),
  ],
  [
    'conversationFlow.delete, much',
    (client) => client.conversationFlow.delete('conversation_flow_id', { force_delete: true }),
  ],
];
