import type Retell from 'retell-sdk';
import type { Complete, OneOfEach } from './complete.js';
import { everyTool } from './complete-llm.js';

type FlowBody = Retell.ConversationFlowCreateParams;
type Node = FlowBody['nodes'][number];
type FlowTool = NonNullable<FlowBody['tools']>[number];

/** An edge to the last node, taken when the prompt is true. */
const edge = <Prompt extends string>(id: string, prompt: Prompt) => ({
  id,
  transition_condition: { type: 'prompt' as const, prompt },
  destination_node_id: 'end',
});
const equationEdge = {
  id: 'by_equation',
  transition_condition: {
    type: 'equation' as const,
    operator: '&&' as const,
    equations: [
      { left: '{{guests}}', operator: '>' as const, right: '8' },
      { left: '{{name}}', operator: 'exists' as const, right: '' },
    ],
  },
  destination_node_id: 'end',
};
const transcript = [
  { role: 'user' as const, content: 'A table, please.' },
  {
    role: 'tool_call_invocation' as const,
    tool_call_id: 'call_1',
    name: 'book_table',
    arguments: '{"guests":4}',
  },
  { role: 'tool_call_result' as const, tool_call_id: 'call_1', content: '{"booked":true}' },
];
const display_position = { x: 100, y: 200 };
const kb_config = { filter_score: 0.6, top_k: 3 };
const model_choice = { type: 'cascading' as const, model: 'gpt-4.1' as const, high_priority: true };
const prompt = { type: 'prompt' as const, text: 'Be brief.' };
const staticText = { type: 'static_text' as const, text: 'One moment.' };

const global_node_setting = {
  condition: 'The user wants a person.',
  cool_down: 1,
  go_back_conditions: [edge('back', 'It is settled'), { ...equationEdge, id: 'back_by_equation' }],
  negative_finetune_examples: [{ transcript }],
  positive_finetune_examples: [{ transcript }],
};
const anyNode = { display_position, global_node_setting, model_choice, name: 'Node' };
const edges = [edge('by_prompt', 'The user wants it'), equationEdge];
const finetune_transition_examples = [{ id: 'example', transcript, destination_node_id: 'end' }];
const branching = { edges, else_edge: edge('else', 'Else'), finetune_transition_examples };
const response_variables = { table: 'data.table' };

const talking = {
  ...anyNode,
  ...branching,
  allow_dtmf_interruption: true,
  always_edge: edge('always', 'Always'),
  custom_stt_config: { provider: 'azure' as const, endpointing_ms: 100 },
  finetune_conversation_examples: [{ id: 'example', transcript }],
  interruption_sensitivity: 0,
  kb_config,
  knowledge_base_ids: ['kb_001'],
  reminder_max_count: 0,
  reminder_trigger_ms: 1000,
  responsiveness: 0,
  skip_response_edge: edge('skip', 'Skip response'),
  stt_mode: 'custom' as const,
  voice_speed: 0.5,
};
const speaking = { ...anyNode, instruction: staticText, speak_during_execution: true };
const executing = { ...speaking, ...branching, wait_for_result: true, enable_typing_sound: true };

/** A node of each type. */
const nodes: OneOfEach<Node> = {
  conversation: { ...talking, id: 'conversation', type: 'conversation', instruction: prompt },
  subagent: {
    ...talking,
    id: 'subagent',
    type: 'subagent',
    instruction: prompt,
    tool_ids: ['tool_custom'],
    tools: everyTool.map((tool) => ({ ...tool, name: `${tool.name}_of_subagent` })),
  },
  end: { ...speaking, id: 'end', type: 'end' },
  function: {
    ...executing,
    id: 'function',
    type: 'function',
    tool_id: 'tool_custom',
    tool_type: 'local',
  },
  code: {
    ...executing,
    id: 'code',
    type: 'code',
    code: 'return { total: 3 };',
    response_variables,
    timeout_ms: 5000,
  },
  transfer_call: {
    ...speaking,
    id: 'transfer_call',
    type: 'transfer_call',
    transfer_destination: { type: 'predefined', number: '+14155550123', extension: '1' },
    transfer_option: {
      type: 'cold_transfer',
      cold_transfer_mode: 'sip_invite',
      show_transferee_as_caller: true,
      transfer_ring_duration_ms: 30_000,
    },
    custom_sip_headers: { 'X-Team': 'support' },
    ignore_e164_validation: true,
    edge: edge('failed', 'Transfer failed'),
  },
  press_digit: {
    ...anyNode,
    ...branching,
    id: 'press_digit',
    type: 'press_digit',
    instruction: prompt,
    delay_ms: 1000,
  },
  branch: { ...anyNode, ...branching, id: 'branch', type: 'branch' },
  sms: {
    ...anyNode,
    id: 'sms',
    type: 'sms',
    instruction: { type: 'template', template: 'info_collection' },
    success_edge: edge('sent', 'Sent successfully'),
    failed_edge: edge('not_sent', 'Failed to send'),
  },
  extract_dynamic_variables: {
    ...anyNode,
    ...branching,
    id: 'extract_dynamic_variables',
    type: 'extract_dynamic_variables',
    enable_typing_sound: true,
    variables: [
      {
        type: 'enum',
        name: 'topic',
        description: 'What it is about.',
        choices: ['refund', 'order'],
        required: true,
        conditional_prompt: 'Only when it was said.',
      },
    ],
  },
  agent_swap: {
    ...speaking,
    id: 'agent_swap',
    type: 'agent_swap',
    agent_id: 'agent_xxx',
    agent_version: 12,
    post_call_analysis_setting: 'only_destination_agent',
    webhook_setting: 'both_agents',
    keep_current_language: true,
    keep_current_voice: true,
    edge: edge('failed', 'Transfer failed'),
  },
  mcp: {
    ...executing,
    id: 'mcp',
    type: 'mcp',
    mcp_id: 'mcp_1',
    mcp_tool_name: 'find_order',
    response_variables,
  },
  component: {
    ...branching,
    id: 'component',
    type: 'component',
    name: 'Node',
    display_position,
    global_node_setting,
    component_id: 'component_xyz789',
    component_type: 'shared',
  },
  bridge_transfer: { ...speaking, id: 'bridge_transfer', type: 'bridge_transfer' },
  cancel_transfer: { ...speaking, id: 'cancel_transfer', type: 'cancel_transfer' },
};
const everyNode = Object.values(nodes);

const tools: Complete<FlowTool>[] = everyTool.flatMap((tool) =>
  tool.type === 'custom' ||
  tool.type === 'check_availability_cal' ||
  tool.type === 'book_appointment_cal'
    ? [{ ...tool, tool_id: `tool_${tool.type}` }]
    : [],
);
const mcps = [
  {
    name: 'orders',
    url: 'https://example.com/mcp',
    headers: { Authorization: 'Bearer x' },
    query_params: { index: '1' },
    timeout_ms: 10_000,
  },
];
const notes = [
  { id: 'note_1', content: 'Look at it.', display_position, size: { height: 100, width: 200 } },
];
const canvas = { begin_tag_display_position: display_position, flex_mode: false, mcps, notes };

/** A flow with every property. */
export const completeFlow: Complete<FlowBody> = {
  ...canvas,
  model_choice,
  nodes: everyNode,
  start_speaker: 'agent',
  begin_after_user_silence_ms: 2000,
  components: [
    { ...canvas, name: 'Collect', nodes: everyNode, start_node_id: 'conversation', tools },
  ],
  default_dynamic_variables: { name: 'Ann' },
  global_prompt: 'You are polite.',
  is_transfer_cf: false,
  kb_config,
  knowledge_base_ids: ['kb_001'],
  model_temperature: 0.7,
  start_node_id: 'conversation',
  tool_call_strict_mode: true,
  tools,
};
