import type { components } from '../../src/contract/control.gen.js';
import type { Delivery } from '../../src/library/workspace.js';
import { createAgent } from './agents.js';
import { callsOn, place, readCall, type Call } from './calls.js';
import { advance } from './control.js';
import { listDeliveries } from './deliveries.js';
import type { TestClient, TestOptions } from './emulator.js';
import { startReceiver } from './receiver.js';

/** A custom function that books a table. */
export const bookTable = (url: string, settings: object = {}) => ({
  type: 'custom',
  name: 'book_table',
  description: 'Books a table.',
  url,
  speak_during_execution: false,
  speak_after_execution: true,
  parameters: {
    type: 'object',
    properties: { guests: { type: 'integer', minimum: 1, maximum: 8 }, day: { type: 'string' } },
    required: ['guests', 'day'],
  },
  ...settings,
});

const restaurant = { general_prompt: 'You book tables.', begin_message: 'Hello, what can I do?' };

/** An agent whose LLM has these tools. Returns its id. */
export async function agentWithTools(
  client: TestClient,
  tools: readonly object[],
  agent: object = {},
): Promise<string> {
  const { llm_id } = await client.call<{ llm_id: string }>('POST', '/create-retell-llm', {
    ...restaurant,
    general_tools: [...tools, { type: 'end_call', name: 'end_call', description: 'Hangs up.' }],
  });
  const id = await createAgent(client, { type: 'retell-llm', llm_id });
  if (Object.keys(agent).length > 0) await client.call('PATCH', `/update-agent/${id}`, agent);
  return id;
}

/** An agent with this conversation flow. Returns its id. */
export async function agentWithFlow(client: TestClient, flow: object): Promise<string> {
  const { conversation_flow_id } = await client.call<{ conversation_flow_id: string }>(
    'POST',
    '/create-conversation-flow',
    { start_speaker: 'agent', model_choice: { type: 'cascading', model: 'gpt-4.1' }, ...flow },
  );
  return createAgent(client, { type: 'conversation-flow', conversation_flow_id });
}

interface FunctionCallOptions {
  readonly settings?: TestOptions['settings'];
  readonly options?: TestOptions;
  /** How a rule says that the call goes. */
  readonly outcome?: object;
  readonly agent?: object;
  readonly body?: object;
}

/** Places a call of an agent with these tools, under a clock that stands still. */
export async function placeFunctionCall(
  tools: readonly object[],
  { settings, options, outcome, agent, body }: FunctionCallOptions = {},
) {
  const app = callsOn(settings, options);
  const { client } = app;
  if (outcome !== undefined) await client.call('POST', '/_emulator/call-rules', { outcome });
  const override_agent_id = await agentWithTools(client, tools, agent);
  const { call_id: id } = await place(client, { override_agent_id, ...body });
  return {
    ...app,
    id,
    agentId: override_agent_id,
    /** Lets all happen, and returns the call. */
    finish: async (): Promise<Call> => {
      await advance(client, { until: 'idle' });
      return readCall(client, id);
    },
  };
}

type Explanation = components['schemas']['CallProvenance'];

export const explain = (client: TestClient, id: string): Promise<Explanation> =>
  client.call('GET', `/_emulator/calls/${id}`);

/** The requests for custom functions in the journal. */
export const functionDeliveries = (client: TestClient): Promise<Delivery[]> =>
  listDeliveries(client, 'event=custom_function');

/** What tools were called in a call, and what they gave back. */
export const toolEntries = ({ transcript_with_tool_calls: entries = [] }: Call) =>
  entries.filter(({ role }) => role.startsWith('tool_call_'));

/** A server that answers every request so. */
export const answering = (text: string, status = 200) =>
  startReceiver((_request, response) => {
    response.writeHead(status).end(text);
  });

export const rolesOf = ({ transcript_with_tool_calls: entries = [] }: Call) =>
  entries.map(({ role }) => role);
