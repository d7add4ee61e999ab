import { isChatEvent, type WebhookEvent } from './webhook-event.js';

/** What a made-up call or chat is made of. */
export interface SampleParts {
  /** The time of the event, by the workspace's clock. */
  readonly now: number;
  /** So many hex digits, always the same for one purpose. */
  readonly hex: (length: number, purpose: string) => string;
}

/** A call or chat for somebody who only wants to see a webhook, as complete as a real one. */
export const sampleSubject = (event: WebhookEvent, parts: SampleParts): object =>
  isChatEvent(event) ? sampleChat(event, parts) : sampleCall(event, parts);

/** What goes beside the call in the body of an event. Documented: of transfers, with camelCase keys. */
export const sampleExtra = (event: WebhookEvent): object =>
  /^transfer_(started|bridged|cancelled)$/.test(event)
    ? {
        transfer_destination: { number: transferNumber },
        transfer_option: { type: 'cold_transfer', showTransfereeAsCaller: false },
      }
    : {};

const transferNumber = '+14155550123';

const speech: readonly (readonly ['agent' | 'user', string])[] = [
  ['agent', 'Hello, this is the front desk. How can I help you?'],
  ['user', 'Hi, I would like to move my appointment to Friday.'],
  ['agent', 'On Friday, ten o’clock is free. Shall I book it?'],
  ['user', 'Yes, please.'],
  ['agent', 'It is booked. See you on Friday, and goodbye.'],
];

const transcript = speech
  .map(([role, text]) => `${role === 'agent' ? 'Agent' : 'User'}: ${text}\n`)
  .join('');

/** Seconds that a word takes, and between two turns. */
const wordSeconds = 0.28;
const pauseSeconds = 0.9;

/** The turns with the time of each word, which rises within the call. */
const utterances = timeWords();

function timeWords() {
  let at = 0.5;
  return speech.map(([role, content]) => {
    const words = content.split(' ').map((word) => {
      const start = roundTo(at, 3);
      at += wordSeconds;
      return { word: `${word} `, start, end: roundTo(at, 3) };
    });
    at += pauseSeconds;
    return { role, content, words };
  });
}

const duration = 1000 * Math.ceil((utterances.at(-1)?.words.at(-1)?.end ?? 0) + 1);

function roundTo(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function withToolCall(hex: SampleParts['hex']) {
  const tool_call_id = `tool_call_${hex(8, 'tool')}`;
  return [
    ...utterances.slice(0, 2),
    {
      role: 'tool_call_invocation' as const,
      tool_call_id,
      name: 'check_availability',
      arguments: '{"day":"Friday"}',
    },
    {
      role: 'tool_call_result' as const,
      tool_call_id,
      content: '{"slots":["10:00"]}',
      successful: true,
    },
    ...utterances.slice(2),
  ];
}

function sampleCall(event: WebhookEvent, { now, hex }: SampleParts) {
  const isOver = /^call_(ended|analyzed)$|^transfer_ended$/.test(event);
  const isTransfer = event.startsWith('transfer_');
  const start = event === 'call_started' ? now : now - duration;
  return {
    call_id: `call_${hex(27, 'call')}`,
    call_type: 'phone_call' as const,
    agent_id: `agent_${hex(26, 'agent')}`,
    agent_version: 0,
    agent_name: 'Front desk',
    call_status: isOver ? ('ended' as const) : ('ongoing' as const),
    direction: 'outbound' as const,
    from_number: '+14155550100',
    to_number: '+14155550199',
    telephony_identifier: { twilio_call_sid: `CA${hex(32, 'telephony')}` },
    metadata: {},
    retell_llm_dynamic_variables: { customer_name: 'Ada' },
    data_storage_setting: 'everything' as const,
    opt_in_signed_url: false,
    start_timestamp: start,
    ...(event === 'transcript_updated' && {
      transcript,
      transcript_object: utterances,
      transcript_with_tool_calls: withToolCall(hex),
    }),
    ...(isOver && endOf(start, isTransfer, hex)),
    ...(event === 'transfer_ended' && { transfer_end_timestamp: now }),
    ...(event === 'call_analyzed' && { call_analysis: analysis }),
  };
}

function endOf(start: number, isTransfer: boolean, hex: SampleParts['hex']) {
  const files = `https://example.com/retell-emulator/call_${hex(27, 'call')}`;
  return {
    end_timestamp: start + duration,
    duration_ms: duration,
    disconnection_reason: isTransfer ? ('call_transfer' as const) : ('agent_hangup' as const),
    ...(isTransfer && { transfer_destination: transferNumber }),
    transcript,
    transcript_object: utterances,
    transcript_with_tool_calls: withToolCall(hex),
    collected_dynamic_variables: {},
    recording_url: `${files}/recording.wav`,
    recording_multi_channel_url: `${files}/recording_multichannel.wav`,
    public_log_url: `${files}/public.log`,
    latency: { e2e: latencyOf([812, 934, 1103]), llm: latencyOf([402, 511, 640]) },
    call_cost: costOf(duration / 1000),
    llm_token_usage: { values: [512, 604, 688], average: 601.33, num_requests: 3 },
  };
}

/** Of three values, the lowest first. */
function latencyOf(values: readonly [number, number, number]) {
  const [min, p50, max] = values;
  return { p50, p90: max, p95: max, p99: max, min, max, num: values.length, values: [...values] };
}

/** Documented: in cents. */
function costOf(seconds: number) {
  const prices = { elevenlabs_tts: 0.1167, gpt_4_1: 0.075 };
  const product_costs = Object.entries(prices).map(([product, unit_price]) => ({
    product,
    unit_price,
    cost: roundTo(unit_price * seconds, 4),
  }));
  return {
    product_costs,
    combined_cost: roundTo(
      product_costs.reduce((sum, { cost }) => sum + cost, 0),
      4,
    ),
    total_duration_seconds: seconds,
    total_duration_unit_price: roundTo(
      Object.values(prices).reduce((sum, price) => sum + price, 0),
      4,
    ),
  };
}

const summary = 'The customer moved an appointment to Friday at ten o’clock.';

const analysis = {
  call_summary: summary,
  in_voicemail: false,
  user_sentiment: 'Positive' as const,
  call_successful: true,
  custom_analysis_data: {},
};

function sampleChat(event: WebhookEvent, { now, hex }: SampleParts) {
  const start = event === 'chat_started' ? now : now - duration;
  const turns = event === 'chat_started' ? utterances.slice(0, 1) : utterances;
  return {
    chat_id: `chat_${hex(27, 'chat')}`,
    agent_id: `agent_${hex(26, 'agent')}`,
    version: 0,
    chat_status: event === 'chat_started' ? ('ongoing' as const) : ('ended' as const),
    chat_type: 'api_chat' as const,
    start_timestamp: start,
    metadata: {},
    retell_llm_dynamic_variables: { customer_name: 'Ada' },
    message_with_tool_calls: turns.map(({ role, content, words }, index) => ({
      message_id: `message_${hex(24, `message ${String(index)}`)}`,
      role,
      content,
      created_timestamp: start + Math.round(1000 * (words[0]?.start ?? 0)),
    })),
    ...(event !== 'chat_started' && {
      end_timestamp: start + duration,
      transcript,
      collected_dynamic_variables: {},
      chat_cost: { combined_cost: 2, product_costs: [{ product: 'gpt_4_1', cost: 2 }] },
    }),
    ...(event === 'chat_analyzed' && {
      chat_analysis: {
        chat_summary: summary,
        user_sentiment: 'Positive' as const,
        chat_successful: true,
        custom_analysis_data: {},
      },
    }),
  };
}

/** Exported for the comparison with the vendor's types. */
export type SampleCall = ReturnType<typeof sampleCall>;
export type SampleChat = ReturnType<typeof sampleChat>;
