import {
  endCall,
  llms,
  observed,
  reference,
  sdk,
  state,
  text,
  tool,
  url,
  type Refusal,
} from './refusal.js';

const cal = { type: 'book_appointment_cal', cal_api_key: 'k', event_type_id: 1 };
const swap = { type: 'agent_swap', agent_id: 'a', post_call_analysis_setting: 'both_agents' };
const extract = { type: 'extract_dynamic_variable', description: 'Who is it?' };
const transfer = (option: object, destination: object = { type: 'predefined', number: '+1' }) =>
  tool({ type: 'transfer_call', transfer_destination: destination, transfer_option: option });
const agentic = (transfer_agent: object) =>
  transfer({ type: 'agentic_warm_transfer', agentic_transfer_config: { transfer_agent } });
const wrongParameters = { type: 'object', properties: {}, required: ['day'] };
const way = { destination_state_name: 'other', description: 'Goes on.' };

/** [body, what names the mistake, its source] */
const bodies: [body: object, message: string, source: string][] = [
  // The LLM itself.
  [
    { model: 'gpt-4.1', s2s_model: 'gpt-realtime' },
    's2s_model must be null or left out where model is set',
    sdk,
  ],
  [{ model_temperature: 1.1 }, 'model_temperature must be <= 1', sdk],
  [{ start_speaker: 'nobody' }, 'start_speaker must be "user" or "agent"', sdk],
  [{ default_dynamic_variables: { guests: 4 } }, 'guests must be string', sdk],
  [{ kb_config: { top_k: 0 } }, 'kb_config/top_k must be >= 1', reference],
  [{ kb_config: { top_k: 11 } }, 'kb_config/top_k must be <= 10', reference],
  [{ kb_config: { filter_score: 1.1 } }, 'kb_config/filter_score must be <= 1', reference],
  [{ mcps: [{ name: 'm', url: 'x' }] }, 'mcps/0/url must be a URL', observed],
  [{ mcps: [{ name: 'm' }] }, "mcps/0 must have required property 'url'", reference],
  [{ mcps: [{ name: 'm', url, headers: { a: 1 } }] }, 'mcps/0/headers/a must be string', reference],
  // States.
  [
    { starting_state: 's', states: [{ name: 's' }, { name: 's' }] },
    'states/1/name must be unique',
    sdk,
  ],
  [{ states: [{ name: 's' }] }, 'starting_state must be the name of one of the states', sdk],
  [
    { starting_state: 'none', states: [{ name: 's' }] },
    'starting_state must be the name of one of the states',
    sdk,
  ],
  [state({ name: 'two words' }), 'states/0/name must match pattern', sdk],
  [state({ name: text(65) }), 'states/0/name must NOT have more than 64 characters', sdk],
  [
    state({ edges: [{ description: 'x' }] }),
    "edges/0 must have required property 'destination_state_name'",
    reference,
  ],
  [
    state({ edges: [{ ...way, parameters: { type: 'string', properties: {} } }] }),
    'states/0/edges/0/parameters/type must be "object"',
    sdk,
  ],
  [
    state({ edges: [{ ...way, parameters: wrongParameters }] }),
    'states/0/edges/0/parameters/required/0 must be one of the properties',
    sdk,
  ],
  // Names of tools.
  [tool({ url, name: 'two words' }), 'general_tools/0/name must match pattern', sdk],
  [tool({ url, name: text(65) }), 'name must NOT have more than 64 characters', sdk],
  [{ general_tools: [endCall('a'), endCall('a')] }, 'general_tools/1/name must be unique', sdk],
  [
    { general_tools: [endCall('a')], ...state({ tools: [endCall('a')] }) },
    'states/0/tools/0/name must be unique',
    sdk,
  ],
  [
    state({ edges: [way], tools: [endCall('transition_to_other')] }),
    'states/0/tools/0/name must be unique',
    sdk,
  ],
  // Tools that are URLs.
  [tool({ url: '' }), 'general_tools/0/url must be a URL', observed],
  [tool({}), "general_tools/0 must have required property 'url'", observed],
  [tool({ url, headers: [] }), 'general_tools/0/headers must be object', observed],
  [tool({ url, headers: { a: 1 } }), 'general_tools/0/headers/a must be string', reference],
  [tool({ url, query_params: { a: 1 } }), 'query_params/a must be string', reference],
  [tool({ url, timeout_ms: 999 }), 'timeout_ms must be >= 1000', sdk],
  [tool({ url, timeout_ms: 600_001 }), 'timeout_ms must be <= 600000', sdk],
  [tool({ url, max_retry: 6 }), 'max_retry must be <= 5', sdk],
  [tool({ url, max_retry: -1 }), 'max_retry must be >= 0', sdk],
  [
    tool({ url, parameters: { type: 'string', properties: {} } }),
    'parameters/type must be "object"',
    sdk,
  ],
  [
    tool({ url, parameters: wrongParameters }),
    'general_tools/0/parameters/required/0 must be one of the properties',
    sdk,
  ],
  [
    state({ tools: [{ type: 'custom', name: 't', url, parameters: wrongParameters }] }),
    'states/0/tools/0/parameters/required/0 must be one of the properties',
    sdk,
  ],
  // Other tools.
  [tool({ type: 'press_digit', delay_ms: 5001 }), 'delay_ms must be <= 5000', sdk],
  [tool({ type: 'press_digit', delay_ms: -1 }), 'delay_ms must be >= 0', sdk],
  [tool({ type: 'code' }), "must have required property 'code'", reference],
  [tool({ type: 'code', code: text(20_001) }), 'code must NOT have more than 20000', reference],
  [tool({ type: 'code', code: 'x', timeout_ms: 4999 }), 'timeout_ms must be >= 5000', reference],
  [tool({ type: 'code', code: 'x', timeout_ms: 60_001 }), 'must be <= 60000', reference],
  [tool({ type: 'book_appointment_cal' }), "required property 'cal_api_key'", reference],
  [tool({ ...cal, timezone: 'Eastern Time' }), 'timezone must match pattern', sdk],
  [tool({ ...swap, agent_id: '' }), 'agent_id must NOT have fewer than 1 characters', reference],
  [tool({ ...swap, agent_version: -1 }), 'agent_version must be >= 0', reference],
  [tool({ ...swap, agent_version: 'Prod!' }), 'agent_version must match pattern', reference],
  [tool({ ...swap, agent_version: text(21) }), 'must NOT have more than 20 char', reference],
  [
    tool({ ...swap, post_call_analysis_setting: undefined }),
    "required property 'post_call_analysis_setting'",
    reference,
  ],
  [tool({ type: 'send_sms' }), "must have required property 'sms_content'", reference],
  [
    tool({ type: 'send_sms', sms_content: { type: 'template' } }),
    "sms_content must have required property 'template'",
    reference,
  ],
  [tool(extract), "must have required property 'variables'", reference],
  [
    tool({
      ...extract,
      variables: [{ type: 'enum', name: 'n', description: 'd', choices: [] }],
    }),
    'variables/0/choices must NOT have fewer than 1 items',
    sdk,
  ],
  [tool({ type: 'mcp' }), "must have required property 'description'", reference],
  [tool({ type: 'fax', description: 7 }), 'general_tools/0/description must be string', reference],
  // Transfers.
  [tool({ type: 'transfer_call' }), "required property 'transfer_destination'", reference],
  [
    transfer({ type: 'cold_transfer' }, { type: 'predefined' }),
    "transfer_destination must have required property 'number'",
    reference,
  ],
  [
    transfer({ type: 'cold_transfer' }, { type: 'inferred' }),
    "transfer_destination must have required property 'prompt'",
    reference,
  ],
  [
    transfer({ type: 'cold_transfer', transfer_ring_duration_ms: 4999 }),
    'transfer_ring_duration_ms must be >= 5000',
    reference,
  ],
  [
    transfer({ type: 'cold_transfer', transfer_ring_duration_ms: 90_001 }),
    'transfer_ring_duration_ms must be <= 90000',
    reference,
  ],
  [
    transfer({ type: 'warm_transfer', on_hold_music: 'custom' }),
    "must have required property 'custom_on_hold_music_asset_id'",
    sdk,
  ],
  [
    transfer({ type: 'agentic_warm_transfer' }),
    "must have required property 'agentic_transfer_config'",
    sdk,
  ],
  [agentic({ agent_id: 'a' }), "must have required property 'agent_version'", reference],
  [agentic({ agent_id: '', agent_version: 1 }), 'agent_id must NOT have fewer than 1', reference],
];

export const llmRefusals: Refusal[] = bodies.map(([body, message, source]) => [
  llms,
  body,
  message,
  source,
]);
