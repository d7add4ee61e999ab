import { describe, expect, it } from 'vitest';
import { buildTestApp, retellLlm } from '../support/emulator.js';

const agent = { voice_id: 'v', response_engine: retellLlm };
const flow = (parts: object) => ({
  start_speaker: 'agent',
  model_choice: { type: 'cascading', model: 'gpt-4.1' },
  nodes: [],
  ...parts,
});
const node = (type: string, parts: object) => flow({ nodes: [{ id: 'n', type, ...parts }] });
const edge = (prompt: string) => ({
  ...{ id: 'e', destination_node_id: 'n' },
  transition_condition: { type: 'prompt', prompt },
});
const tool = (parts: object) => ({ general_tools: [{ type: 'custom', name: 't', ...parts }] });
const url = 'https://tools.test/t';
const say = { type: 'prompt', text: 'Say hello.' };
const analysis = (...items: object[]) => ({ ...agent, post_call_analysis_data: items });
const item = { type: 'string', name: 'reason', description: 'Why they called.' };

const observed = 'facts.md, Errors: "The real service refuses"';
const sdk = 'comments of retell-sdk 5.66.1';
const reference = 'retell-contract.yaml';
const agents = '/create-agent';
const llms = '/create-retell-llm';
const flows = '/create-conversation-flow';

/** [operation, body that is good but for one thing, what names it, where that is documented] */
const refusals: [path: string, body: object, message: string, source: string][] = [
  [agents, { ...agent, webhook_url: '' }, 'webhook_url must be a URL', observed],
  [agents, { ...agent, webhook_url: 'hooks.test/x' }, 'webhook_url must be a URL', observed],
  [
    agents,
    { ...agent, response_engine: { type: 'custom-llm', llm_websocket_url: 'here' } },
    'response_engine/llm_websocket_url must be a URL',
    observed,
  ],
  [llms, tool({ url: '' }), 'general_tools/0/url must be a URL', observed],
  [llms, tool({}), "general_tools/0 must have required property 'url'", observed],
  [llms, tool({ url, headers: [] }), 'general_tools/0/headers must be object', observed],
  [llms, { mcps: [{ name: 'm', url: 'x' }] }, 'mcps/0/url must be a URL', observed],
  [flows, flow({ mcps: [{ name: 'm', url: '' }] }), 'mcps/0/url must be a URL', observed],
  [
    flows,
    flow({ tools: [{ type: 'custom', name: 't', url: 'x' }] }),
    'tools/0/url must be a URL',
    observed,
  ],
  [
    flows,
    node('branch', { else_edge: edge('Otherwise') }),
    'else_edge/transition_condition/prompt',
    observed,
  ],
  [
    flows,
    node('function', { tool_type: 'local', wait_for_result: true }),
    "nodes/0 must have required property 'tool_id'",
    observed,
  ],
  [agents, analysis(item, item), 'post_call_analysis_data/1/name must be unique', observed],
  // Edges and nodes.
  [flows, node('branch', {}), "nodes/0 must have required property 'else_edge'", reference],
  [flows, node('conversation', {}), "nodes/0 must have required property 'instruction'", reference],
  [
    flows,
    node('x', { edges: [{ id: 'e' }] }),
    "must have required property 'transition_condition'",
    reference,
  ],
  [flows, node('x', { name: 7 }), 'nodes/0/name must be string', reference],
  [
    flows,
    node('conversation', { instruction: say, always_edge: edge('Ever') }),
    'always_edge/transition_condition/prompt',
    reference,
  ],
  [
    flows,
    node('conversation', { instruction: say, skip_response_edge: edge('Go on') }),
    'skip_response_edge/transition_condition/prompt',
    reference,
  ],
  [
    flows,
    node('conversation', { instruction: { type: 'prompt' } }),
    "required property 'text'",
    reference,
  ],
  [
    flows,
    node('code', { code: 'x', wait_for_result: true, timeout_ms: 1 }),
    'timeout_ms must be >= 5000',
    reference,
  ],
  [
    flows,
    node('x', { global_node_setting: { condition: '' } }),
    'condition must NOT have fewer than 1 characters',
    sdk,
  ],
  [
    flows,
    node('x', { global_node_setting: { condition: 'c', cool_down: 0 } }),
    'cool_down must be >= 1',
    reference,
  ],
  [
    flows,
    flow({ components: [{ name: 'c', nodes: [{ id: 'n', type: 'branch' }] }] }),
    "components/0/nodes/0 must have required property 'else_edge'",
    reference,
  ],
  // Tools.
  [llms, tool({ url, name: 'two words' }), 'general_tools/0/name must match pattern', sdk],
  [llms, tool({ url, name: 'x'.repeat(65) }), 'name must NOT have more than 64 characters', sdk],
  [llms, tool({ url, timeout_ms: 999 }), 'timeout_ms must be >= 1000', sdk],
  [llms, tool({ url, timeout_ms: 600_001 }), 'timeout_ms must be <= 600000', sdk],
  [llms, tool({ url, max_retry: 6 }), 'max_retry must be <= 5', sdk],
  [
    llms,
    tool({ url, parameters: { type: 'string', properties: {} } }),
    'parameters/type must be "object"',
    sdk,
  ],
  [
    llms,
    tool({ url, parameters: { type: 'object', properties: {}, required: ['day'] } }),
    'general_tools/0/parameters/required/0 must be one of the properties',
    sdk,
  ],
  [llms, tool({ type: 'press_digit', delay_ms: 5001 }), 'delay_ms must be <= 5000', sdk],
  [
    llms,
    tool({ type: 'code', code: 'x'.repeat(20_001) }),
    'code must NOT have more than 20000',
    reference,
  ],
  [llms, tool({ type: 'transfer_call' }), "required property 'transfer_destination'", reference],
  [llms, tool({ type: 'book_appointment_cal' }), "required property 'cal_api_key'", reference],
  [
    llms,
    tool({ type: 'fax', description: 7 }),
    'general_tools/0/description must be string',
    reference,
  ],
  [
    llms,
    {
      general_tools: [
        { type: 'end_call', name: 'a' },
        { type: 'end_call', name: 'a' },
      ],
    },
    'general_tools/1/name must be unique',
    sdk,
  ],
  [
    llms,
    {
      general_tools: [{ type: 'end_call', name: 'a' }],
      ...{ starting_state: 's', states: [{ name: 's', tools: [{ type: 'end_call', name: 'a' }] }] },
    },
    'states/0/tools/0/name must be unique',
    sdk,
  ],
  [
    llms,
    { starting_state: 's', states: [{ name: 's' }, { name: 's' }] },
    'states/1/name must be unique',
    sdk,
  ],
  [llms, { states: [{ name: 's' }] }, 'starting_state must be the name of one of the states', sdk],
  [
    llms,
    { starting_state: 'none', states: [{ name: 's' }] },
    'starting_state must be the name of one of the states',
    sdk,
  ],
  // Bounds.
  [llms, { model_temperature: 1.1 }, 'model_temperature must be <= 1', sdk],
  [agents, { ...agent, voice_temperature: 2.1 }, 'voice_temperature must be <= 2', sdk],
  [agents, { ...agent, volume: -1 }, 'volume must be >= 0', sdk],
  [agents, { ...agent, backchannel_frequency: 2 }, 'backchannel_frequency must be <= 1', sdk],
  [agents, { ...agent, ambient_sound_volume: 3 }, 'ambient_sound_volume must be <= 2', sdk],
  [agents, { ...agent, reminder_trigger_ms: 0 }, 'reminder_trigger_ms must be > 0', sdk],
  [agents, { ...agent, reminder_max_count: -1 }, 'reminder_max_count must be >= 0', sdk],
  [
    agents,
    { ...agent, begin_message_delay_ms: 5001 },
    'begin_message_delay_ms must be <= 5000',
    sdk,
  ],
  [
    agents,
    { ...agent, end_call_after_silence_ms: 9999 },
    'end_call_after_silence_ms must be >= 10000',
    sdk,
  ],
  [
    agents,
    { ...agent, max_call_duration_ms: 59_999 },
    'max_call_duration_ms must be >= 60000',
    sdk,
  ],
  [
    agents,
    { ...agent, max_call_duration_ms: 7_200_001 },
    'max_call_duration_ms must be <= 7200000',
    sdk,
  ],
  [
    agents,
    { ...agent, user_dtmf_options: { termination_key: '12' } },
    'termination_key must match pattern',
    sdk,
  ],
  [agents, { ...agent, language: ['en-US', 'multi'] }, 'language/1 must be one language', sdk],
  [
    agents,
    analysis({ ...item, type: 'enum', choices: [] }),
    'choices must NOT have fewer than 1 items',
    sdk,
  ],
  [agents, analysis({ ...item, type: 'enum' }), "must have required property 'choices'", reference],
  [
    agents,
    analysis({ ...item, name: '' }),
    'name must NOT have fewer than 1 characters',
    reference,
  ],
];

describe('what the vendor refuses', () => {
  it.each(refusals)('is refused by %s: %j, because %s (%s)', async (path, payload, message) => {
    const { client } = buildTestApp();
    const { status, body } = await client().send({ method: 'POST', url: path, payload });
    expect(body['message']).toContain(message);
    expect(status).toBe(400);
  });

  it('is refused in fixtures, too', async () => {
    const { client } = buildTestApp();
    const lists: Record<string, string> = {
      [agents]: 'agents',
      [llms]: 'retellLlms',
      [flows]: 'conversationFlows',
    };
    for (const [path, content, message] of refusals) {
      const payload = { [lists[path] ?? '']: [content] };
      const { status, body } = await client().send({
        ...{ method: 'POST', url: '/_emulator/fixtures', payload },
      });
      expect([body['message'], status]).toEqual([expect.stringContaining(message), 400]);
    }
  });

  it('is refused when a change would bring it about', async () => {
    const { client } = buildTestApp();
    const { llm_id: id } = await client().call('POST', llms, {
      ...{ starting_state: 's', states: [{ name: 's', tools: [{ type: 'end_call', name: 'a' }] }] },
    });
    const general_tools = [{ type: 'end_call', name: 'a' }];
    const { status, body } = await client().send({
      ...{ method: 'PATCH', url: `/update-retell-llm/${String(id)}`, payload: { general_tools } },
    });
    expect(body['message']).toContain('body/states/0/tools/0/name must be unique');
    expect(status).toBe(400);
  });

  it.each([
    'https://tools.test/{{path}}?q={{query}}',
    'https://{{host}}/t',
    '{{base_url}}/t',
    'http://localhost:3000',
    'wss://llm.test/socket',
  ])('is not a URL with dynamic variables: %s', async (good) => {
    const { client } = buildTestApp();
    await client().call('POST', llms, tool({ url: good }));
    await client().call('POST', agents, { ...agent, webhook_url: good });
  });
});
