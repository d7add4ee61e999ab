import {
  edge,
  endCall,
  flow,
  flows,
  node,
  observed,
  reference,
  say,
  sdk,
  text,
  url,
  type Refusal,
} from './refusal.js';

const id = 'e';
const equation = {
  type: 'equation',
  operator: '&&',
  equations: [{ left: 'a', operator: 'exists' }],
};
const byEquation = { id, transition_condition: equation };
const spoken = { instruction: say };
const sms = {
  instruction: say,
  success_edge: edge('Sent successfully'),
  failed_edge: edge('Failed to send'),
};
const destination = { type: 'predefined', number: '+1' };
const transfer = { transfer_destination: destination, transfer_option: { type: 'cold_transfer' } };
const custom = { type: 'custom', name: 't', url };
const wrongParameters = { type: 'object', properties: {}, required: ['day'] };
const component = (parts: object) => flow({ components: [{ name: 'c', nodes: [], ...parts }] });
const subagent = (parts: object) => ({ id: 'n', type: 'subagent', ...spoken, ...parts });
const condition = 'The user wants a person.';

/** [type of a node, the rest of it, what names the mistake, its source] */
const nodes: [type: string, parts: object, message: string, source: string][] = [
  ['branch', { else_edge: edge('Otherwise') }, 'else_edge/transition_condition/prompt', observed],
  [
    'function',
    { tool_type: 'local', wait_for_result: true },
    "nodes/0 must have required property 'tool_id'",
    observed,
  ],
  // Edges. Those with a name of their own have a fixed prompt, and compare nothing.
  ['x', { name: 7 }, 'nodes/0/name must be string', reference],
  ['x', { edges: [{ id }] }, "must have required property 'transition_condition'", reference],
  [
    'x',
    { edges: [{ id, transition_condition: { type: 'prompt' } }] },
    "transition_condition must have required property 'prompt'",
    reference,
  ],
  [
    'x',
    { edges: [{ id, transition_condition: { type: 'equation', equations: [] } }] },
    "transition_condition must have required property 'operator'",
    reference,
  ],
  [
    'x',
    {
      edges: [
        { id, transition_condition: { ...equation, equations: Array(51).fill({ left: 'a' }) } },
      ],
    },
    'equations must NOT have more than 50 items',
    reference,
  ],
  [
    'x',
    { edges: [{ id, transition_condition: { ...equation, equations: [{ left: 'a' }] } }] },
    "equations/0 must have required property 'operator'",
    reference,
  ],
  ['branch', { else_edge: byEquation }, 'else_edge/transition_condition/type must be', reference],
  [
    'conversation',
    { ...spoken, always_edge: edge('Ever') },
    'always_edge/transition_condition/prompt must match pattern "^Always$"',
    sdk,
  ],
  [
    'conversation',
    { ...spoken, always_edge: byEquation },
    'always_edge/transition_condition/type must be "prompt"',
    reference,
  ],
  [
    'conversation',
    { ...spoken, skip_response_edge: edge('Go on') },
    'skip_response_edge/transition_condition/prompt must match pattern "^Skip response$"',
    sdk,
  ],
  [
    'subagent',
    { ...spoken, skip_response_edge: byEquation },
    'skip_response_edge/transition_condition/type must be "prompt"',
    reference,
  ],
  [
    'transfer_call',
    { ...transfer, edge: edge('Failed') },
    'edge/transition_condition/prompt must match pattern "^Transfer failed$"',
    sdk,
  ],
  [
    'transfer_call',
    { ...transfer, edge: byEquation },
    'edge/transition_condition/type must be "prompt"',
    reference,
  ],
  [
    'agent_swap',
    { agent_id: 'a', post_call_analysis_setting: 'both_agents', edge: edge('Failed') },
    'edge/transition_condition/prompt must match pattern "^Transfer failed$"',
    sdk,
  ],
  [
    'sms',
    { ...sms, success_edge: edge('Sent') },
    'success_edge/transition_condition/prompt must match pattern "^Sent successfully$"',
    sdk,
  ],
  [
    'sms',
    { ...sms, failed_edge: edge('Not sent') },
    'failed_edge/transition_condition/prompt must match pattern "^Failed to send$"',
    sdk,
  ],
  [
    'sms',
    { ...sms, failed_edge: byEquation },
    'failed_edge/transition_condition/type must be "prompt"',
    reference,
  ],
  // What nodes of each type require.
  ['branch', {}, "nodes/0 must have required property 'else_edge'", reference],
  ['conversation', {}, "nodes/0 must have required property 'instruction'", reference],
  ['subagent', {}, "nodes/0 must have required property 'instruction'", reference],
  ['press_digit', {}, "nodes/0 must have required property 'instruction'", reference],
  ['sms', { instruction: say }, "must have required property 'success_edge'", reference],
  ['transfer_call', transfer, "nodes/0 must have required property 'edge'", reference],
  ['agent_swap', { agent_id: 'a' }, "required property 'post_call_analysis_setting'", reference],
  ['extract_dynamic_variables', {}, "must have required property 'variables'", reference],
  ['mcp', { mcp_id: 'm' }, "must have required property 'mcp_tool_name'", reference],
  ['component', { component_id: 'c' }, "must have required property 'component_type'", reference],
  ['code', { code: 'x' }, "must have required property 'wait_for_result'", reference],
  [
    'code',
    { code: 'x', wait_for_result: true, timeout_ms: 1 },
    'timeout_ms must be >= 5000',
    reference,
  ],
  [
    'code',
    { code: text(20_001), wait_for_result: true },
    'code must NOT have more than 20000 characters',
    reference,
  ],
  ['press_digit', { ...spoken, delay_ms: 5001 }, 'delay_ms must be <= 5000', sdk],
  [
    'press_digit',
    { instruction: { type: 'static_text', text: '1' } },
    'instruction/type must be "prompt"',
    reference,
  ],
  ['conversation', { instruction: { type: 'prompt' } }, "required property 'text'", reference],
  ['conversation', { ...spoken, voice_speed: 2.1 }, 'voice_speed must be <= 2', reference],
  ['conversation', { ...spoken, kb_config: { top_k: 11 } }, 'top_k must be <= 10', reference],
  ['conversation', { ...spoken, reminder_trigger_ms: 0 }, 'reminder_trigger_ms must be > 0', sdk],
  [
    'conversation',
    { ...spoken, stt_mode: 'custom' },
    'nodes/0/custom_stt_config must be an object where stt_mode is "custom"',
    sdk,
  ],
  [
    'subagent',
    {
      ...spoken,
      stt_mode: 'custom',
      custom_stt_config: { provider: 'soniox', endpointing_ms: 1 },
    },
    'nodes/0/custom_stt_config/endpointing_ms must be >= 500 for soniox',
    sdk,
  ],
  [
    'conversation',
    { ...spoken, finetune_transition_examples: [{ id: 'x' }] },
    "finetune_transition_examples/0 must have required property 'transcript'",
    reference,
  ],
  [
    'conversation',
    { ...spoken, finetune_conversation_examples: [{ id: 'x', transcript: [{ role: 'user' }] }] },
    "transcript/0 must have required property 'content'",
    reference,
  ],
  // Global nodes.
  [
    'x',
    { global_node_setting: { condition: '' } },
    'condition must NOT have fewer than 1 characters',
    sdk,
  ],
  ['x', { global_node_setting: { condition, cool_down: 0 } }, 'cool_down must be >= 1', reference],
  ['x', { global_node_setting: {} }, "must have required property 'condition'", reference],
  // Tools of subagents.
  [
    'subagent',
    { ...spoken, tools: [{ ...custom, name: 'two words' }] },
    'nodes/0/tools/0/name must match pattern',
    sdk,
  ],
  [
    'subagent',
    { ...spoken, tools: [endCall('a'), endCall('a')] },
    'nodes/0/tools/1/name must be unique',
    sdk,
  ],
  [
    'subagent',
    { ...spoken, tools: [{ ...custom, parameters: wrongParameters }] },
    'nodes/0/tools/0/parameters/required/0 must be one of the properties',
    sdk,
  ],
];

/** [body, what names the mistake, its source] */
const bodies: [body: object, message: string, source: string][] = [
  [
    flow({ start_speaker: undefined }),
    "body must have required property 'start_speaker'",
    reference,
  ],
  [flow({ model_choice: undefined }), "body must have required property 'model_choice'", reference],
  [flow({ nodes: undefined }), "body must have required property 'nodes'", reference],
  [flow({ nodes: [{ type: 'end' }] }), "nodes/0 must have required property 'id'", reference],
  [flow({ model_choice: { type: 'cascading' } }), "must have required property 'model'", reference],
  [flow({ model_temperature: 1.1 }), 'model_temperature must be <= 1', reference],
  [flow({ kb_config: { filter_score: -1 } }), 'kb_config/filter_score must be >= 0', reference],
  [flow({ default_dynamic_variables: { a: 1 } }), 'a must be string', reference],
  [flow({ notes: [{ id: 'n' }] }), "notes/0 must have required property 'content'", reference],
  [flow({ mcps: [{ name: 'm', url: '' }] }), 'mcps/0/url must be a URL', observed],
  [flow({ tools: [{ ...custom, url: 'x' }] }), 'tools/0/url must be a URL', observed],
  [
    flow({ tools: [{ ...custom, parameters: wrongParameters }] }),
    'tools/0/parameters/required/0 must be one of the properties',
    sdk,
  ],
  [
    flow({
      tools: [{ ...custom, tool_id: 'tool_1' }],
      nodes: [subagent({ tool_ids: ['tool_1'], tools: [endCall('t')] })],
    }),
    'nodes/0/tools/0/name must be unique',
    sdk,
  ],
  // Components.
  [
    flow({ components: [{ nodes: [] }] }),
    "components/0 must have required property 'name'",
    reference,
  ],
  [
    component({ nodes: [{ id: 'n', type: 'branch' }] }),
    "components/0/nodes/0 must have required property 'else_edge'",
    reference,
  ],
  [
    component({ tools: [{ ...custom, url: '' }] }),
    'components/0/tools/0/url must be a URL',
    observed,
  ],
  [
    component({ mcps: [{ name: 'm', url: 'x' }] }),
    'components/0/mcps/0/url must be a URL',
    observed,
  ],
  [
    component({ tools: [{ ...custom, parameters: wrongParameters }] }),
    'components/0/tools/0/parameters/required/0 must be one of the properties',
    sdk,
  ],
  [
    component({ nodes: [subagent({ tools: [endCall('a'), endCall('a')] })] }),
    'components/0/nodes/0/tools/1/name must be unique',
    sdk,
  ],
  [
    component({ nodes: [subagent({ stt_mode: 'custom' })] }),
    'components/0/nodes/0/custom_stt_config must be an object',
    sdk,
  ],
];

export const flowRefusals: Refusal[] = [
  ...nodes.map(([type, parts, message, source]): Refusal => [
    flows,
    node(type, parts),
    message,
    source,
  ]),
  ...bodies.map(([body, message, source]): Refusal => [flows, body, message, source]),
];
