import type Retell from 'retell-sdk';
import type { Complete, OneOfEach } from './complete.js';

type LlmBody = Retell.LlmCreateParams;
type Tool = NonNullable<LlmBody['general_tools']>[number];

const says = {
  execution_message_description: 'One moment.',
  execution_message_type: 'static_text',
  speak_during_execution: true,
} as const;
const parameters = {
  type: 'object',
  properties: { guests: { type: 'integer' } },
  required: ['guests'],
} as const;

/** A tool of each type. */
const tools: OneOfEach<Tool> = {
  end_call: { type: 'end_call', name: 'end_call', description: 'Hang up.', ...says },
  transfer_call: {
    type: 'transfer_call',
    name: 'transfer_call',
    description: 'To a person.',
    transfer_destination: { type: 'predefined', number: '+14155550123', extension: '1' },
    transfer_option: {
      type: 'cold_transfer',
      cold_transfer_mode: 'sip_refer',
      show_transferee_as_caller: true,
      transfer_ring_duration_ms: 30_000,
    },
    custom_sip_headers: { 'X-Team': 'support' },
    ignore_e164_validation: true,
    ...says,
  },
  check_availability_cal: {
    type: 'check_availability_cal',
    name: 'check_availability',
    description: 'Look for a date.',
    cal_api_key: 'cal_live_x',
    event_type_id: 60_444,
    timezone: 'America/New_York',
  },
  book_appointment_cal: {
    type: 'book_appointment_cal',
    name: 'book_appointment',
    description: 'Book it.',
    cal_api_key: 'cal_live_x',
    event_type_id: '60444',
    timezone: 'America/New_York',
  },
  agent_swap: {
    type: 'agent_swap',
    name: 'swap',
    description: 'To the other one.',
    agent_id: 'agent_xxx',
    agent_version: 12,
    post_call_analysis_setting: 'both_agents',
    webhook_setting: 'only_source_agent',
    keep_current_language: true,
    keep_current_voice: true,
    ...says,
  },
  press_digit: { type: 'press_digit', name: 'press', description: 'A key.', delay_ms: 5000 },
  send_sms: {
    type: 'send_sms',
    name: 'send_sms',
    description: 'Text it.',
    sms_content: { type: 'predefined', text: 'See you on Friday.' },
    ...says,
  },
  custom: {
    type: 'custom',
    name: 'book_table',
    description: 'Book a table.',
    url: 'https://example.com/book',
    method: 'PATCH',
    headers: { Authorization: 'Bearer x' },
    query_params: { page: '1' },
    parameters: { ...parameters, required: [...parameters.required] },
    parameter_type: 'form',
    args_at_root: true,
    response_variables: { table: 'data.table' },
    max_retry: 1,
    timeout_ms: 120_000,
    enable_typing_sound: true,
    speak_after_execution: true,
    ...says,
  },
  code: {
    type: 'code',
    name: 'add_up',
    description: 'Add up the prices.',
    code: 'return { total: 3 };',
    response_variables: { total: 'total' },
    timeout_ms: 5000,
    enable_typing_sound: true,
    speak_after_execution: true,
    ...says,
  },
  extract_dynamic_variable: {
    type: 'extract_dynamic_variable',
    name: 'extract',
    description: 'Who is it?',
    enable_typing_sound: true,
    variables: [
      {
        type: 'string',
        name: 'customer_name',
        description: "The customer's name.",
        examples: ['Ann'],
        required: true,
        conditional_prompt: 'Only when it was said.',
      },
    ],
  },
  bridge_transfer: { type: 'bridge_transfer', name: 'bridge', description: 'Connect.', ...says },
  cancel_transfer: { type: 'cancel_transfer', name: 'cancel', description: 'Go back.', ...says },
  mcp: {
    type: 'mcp',
    name: 'find_order',
    description: 'Find it.',
    mcp_id: 'mcp_1',
    input_schema: { type: 'object' },
    response_variables: { order: 'data.order' },
    enable_typing_sound: true,
    speak_after_execution: true,
    ...says,
  },
};

export const everyTool = Object.values(tools);

/** Transfers that the one among `tools` is not. */
const otherTransfers: Complete<Extract<Tool, { type: 'transfer_call' }>>[] = [
  {
    ...tools.transfer_call,
    name: 'warm_transfer',
    transfer_destination: { type: 'inferred', prompt: 'The team that knows of it.' },
    transfer_option: {
      type: 'warm_transfer',
      agent_detection_timeout_ms: 30_000,
      custom_on_hold_music_asset_id: 'asset_1',
      on_hold_music: 'custom',
      enable_bridge_audio_cue: true,
      ivr_option: { type: 'prompt', prompt: 'Press one.' },
      opt_out_human_detection: true,
      private_handoff_option: { type: 'prompt', prompt: 'Say who it is.' },
      public_handoff_option: { type: 'static_message', message: 'Here you are.' },
      show_transferee_as_caller: true,
      transfer_ring_duration_ms: 30_000,
    },
  },
  {
    ...tools.transfer_call,
    name: 'agentic_transfer',
    transfer_option: {
      type: 'agentic_warm_transfer',
      agentic_transfer_config: {
        action_on_timeout: 'cancel_transfer',
        transfer_agent: { agent_id: 'agent_xxx', agent_version: 12 },
        transfer_timeout_ms: 30_000,
      },
      custom_on_hold_music_asset_id: 'asset_1',
      on_hold_music: 'custom',
      enable_bridge_audio_cue: true,
      public_handoff_option: { type: 'prompt', prompt: 'Say goodbye.' },
      show_transferee_as_caller: true,
      transfer_ring_duration_ms: 30_000,
    },
  },
];

/** An LLM with every property but `s2s_model`, which stands in the place of `model`. */
export const completeLlm: Omit<Complete<LlmBody>, 's2s_model'> = {
  begin_after_user_silence_ms: 2000,
  begin_message: 'Hello.',
  default_dynamic_variables: { name: 'Ann' },
  general_prompt: 'You are polite.',
  general_tools: [...everyTool, ...otherTransfers],
  is_transfer_llm: false,
  kb_config: { filter_score: 0.6, top_k: 3 },
  knowledge_base_ids: ['kb_001'],
  mcps: [
    {
      name: 'orders',
      url: 'https://example.com/mcp',
      headers: { Authorization: 'Bearer x' },
      query_params: { index: '1' },
      timeout_ms: 10_000,
    },
  ],
  model: 'gpt-4.1',
  model_high_priority: true,
  model_temperature: 1,
  start_speaker: 'agent',
  starting_state: 'greeting',
  states: [
    {
      name: 'greeting',
      state_prompt: 'Greet the customer.',
      edges: [
        {
          description: 'Wants to book.',
          destination_state_name: 'booking',
          parameters: { ...parameters, required: [...parameters.required] },
        },
      ],
      tools: everyTool.map((tool) => ({ ...tool, name: `${tool.name}_in_greeting` })),
    },
    { name: 'booking', state_prompt: 'Book a table.', edges: [], tools: [] },
  ],
  tool_call_strict_mode: true,
};
