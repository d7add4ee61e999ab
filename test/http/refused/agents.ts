import { agent, agents, observed, reference, sdk, text, type Refusal } from './refusal.js';

const item = { type: 'string', name: 'reason', description: 'Why they called.' };
const identity = { agent_identity: 'Ann', call_purpose: 'your appointment' };
const custom = (provider: string, endpointing_ms: number) => ({
  stt_mode: 'custom',
  custom_stt_config: { provider, endpointing_ms },
});

/** [properties beside the required ones, what names the mistake, its source] */
const parts: [parts: object, message: string, source: string][] = [
  [{ webhook_url: '' }, 'webhook_url must be a URL', observed],
  [{ webhook_url: 'hooks.test/x' }, 'webhook_url must be a URL', observed],
  [
    { response_engine: { type: 'custom-llm', llm_websocket_url: 'here' } },
    'response_engine/llm_websocket_url must be a URL',
    observed,
  ],
  [
    { post_call_analysis_data: [item, item] },
    'post_call_analysis_data/1/name must be unique',
    observed,
  ],
  [{ voice_id: undefined }, "body must have required property 'voice_id'", reference],
  [{ response_engine: undefined }, "body must have required property 'response_engine'", reference],
  // How it sounds.
  [{ voice_temperature: 2.1 }, 'voice_temperature must be <= 2', sdk],
  [{ voice_temperature: -0.1 }, 'voice_temperature must be >= 0', sdk],
  [{ voice_speed: 0.4 }, 'voice_speed must be >= 0.5', sdk],
  [{ voice_speed: 2.1 }, 'voice_speed must be <= 2', sdk],
  [{ volume: -1 }, 'volume must be >= 0', sdk],
  [{ volume: 2.1 }, 'volume must be <= 2', sdk],
  [{ ambient_sound_volume: 3 }, 'ambient_sound_volume must be <= 2', sdk],
  [{ language: ['en-US', 'multi'] }, 'language/1 must be one language', sdk],
  [
    { pronunciation_dictionary: [{ word: 'Actually', phoneme: 'x' }] },
    "pronunciation_dictionary/0 must have required property 'alphabet'",
    reference,
  ],
  // How it behaves.
  [{ responsiveness: 1.1 }, 'responsiveness must be <= 1', sdk],
  [{ interruption_sensitivity: -0.1 }, 'interruption_sensitivity must be >= 0', sdk],
  [{ backchannel_frequency: 2 }, 'backchannel_frequency must be <= 1', sdk],
  [{ reminder_trigger_ms: 0 }, 'reminder_trigger_ms must be > 0', sdk],
  [{ reminder_max_count: -1 }, 'reminder_max_count must be >= 0', sdk],
  [{ reminder_max_count: 0.5 }, 'reminder_max_count must be integer', sdk],
  [{ begin_message_delay_ms: 5001 }, 'begin_message_delay_ms must be <= 5000', sdk],
  [{ begin_message_delay_ms: -1 }, 'begin_message_delay_ms must be >= 0', sdk],
  [{ ring_duration_ms: 4999 }, 'ring_duration_ms must be >= 5000', sdk],
  [{ ring_duration_ms: 300_001 }, 'ring_duration_ms must be <= 300000', sdk],
  [{ end_call_after_silence_ms: 9999 }, 'end_call_after_silence_ms must be >= 10000', sdk],
  [{ max_call_duration_ms: 59_999 }, 'max_call_duration_ms must be >= 60000', sdk],
  [{ max_call_duration_ms: 7_200_001 }, 'max_call_duration_ms must be <= 7200000', sdk],
  [{ user_dtmf_options: { termination_key: '12' } }, 'termination_key must match pattern', sdk],
  [{ user_dtmf_options: { digit_limit: 0 } }, 'digit_limit must be >= 1', reference],
  [{ user_dtmf_options: { digit_limit: 51 } }, 'digit_limit must be <= 50', reference],
  [{ user_dtmf_options: { timeout_ms: 999 } }, 'timeout_ms must be >= 1000', reference],
  [{ user_dtmf_options: { timeout_ms: 15_001 } }, 'timeout_ms must be <= 15000', reference],
  // How it hears: what the mode `custom` requires.
  [{ stt_mode: 'custom' }, 'custom_stt_config must be an object where stt_mode is "custom"', sdk],
  [{ stt_mode: 'custom', custom_stt_config: null }, 'custom_stt_config must be an object', sdk],
  [custom('azure', 99), 'custom_stt_config/endpointing_ms must be >= 100 for azure', sdk],
  [custom('deepgram', 9), 'custom_stt_config/endpointing_ms must be >= 10 for deepgram', sdk],
  [custom('soniox', 499), 'custom_stt_config/endpointing_ms must be >= 500 for soniox', sdk],
  [custom('assemblyai', 99), 'custom_stt_config/endpointing_ms must be >= 100', sdk],
  [custom('assemblyai', 3001), 'custom_stt_config/endpointing_ms must be <= 3000', sdk],
  [
    { custom_stt_config: { provider: 'azure' } },
    "custom_stt_config must have required property 'endpointing_ms'",
    reference,
  ],
  // What it does when nobody is there, and what is kept of a call.
  [{ voicemail_option: {} }, "voicemail_option must have required property 'action'", reference],
  [
    { voicemail_option: { action: { type: 'static_text' } } },
    "voicemail_option/action must have required property 'text'",
    reference,
  ],
  [
    { voicemail_option: { action: { type: 'hangup' }, detection_prompt: text(2001) } },
    'voicemail_option/detection_prompt must NOT have more than 2000 characters',
    reference,
  ],
  [{ ivr_option: {} }, "ivr_option must have required property 'action'", reference],
  [
    { ivr_option: { action: { type: 'hangup' }, detection_prompt: text(2001) } },
    'ivr_option/detection_prompt must NOT have more than 2000 characters',
    reference,
  ],
  [
    { call_screening_option: { ...identity, agent_identity: '' } },
    'agent_identity must NOT have fewer than 1 characters',
    reference,
  ],
  [
    { call_screening_option: { ...identity, agent_identity: text(101) } },
    'agent_identity must NOT have more than 100 characters',
    reference,
  ],
  [
    { call_screening_option: { ...identity, call_purpose: text(301) } },
    'call_purpose must NOT have more than 300 characters',
    reference,
  ],
  [
    { call_screening_option: { ...identity, mood: 'calm' } },
    'call_screening_option must NOT have the unknown property "mood"',
    reference,
  ],
  [{ data_storage_retention_days: 0 }, 'data_storage_retention_days must be >= 1', sdk],
  [{ data_storage_retention_days: 731 }, 'data_storage_retention_days must be <= 730', sdk],
  [
    { pii_config: { mode: 'post_call', categories: ['ssn', 'ssn'] } },
    'pii_config/categories must NOT have duplicate items',
    reference,
  ],
  [
    { guardrail_config: { output_topics: ['violence', 'violence'] } },
    'guardrail_config/output_topics must NOT have duplicate items',
    reference,
  ],
  // What is found out after a call.
  [
    { post_call_analysis_data: [{ ...item, type: 'enum', choices: [] }] },
    'choices must NOT have fewer than 1 items',
    sdk,
  ],
  [
    { post_call_analysis_data: [{ ...item, type: 'enum' }] },
    "must have required property 'choices'",
    reference,
  ],
  [
    { post_call_analysis_data: [{ ...item, name: '' }] },
    'name must NOT have fewer than 1 characters',
    reference,
  ],
  [
    { post_call_analysis_data: [{ type: 'number', name: 'age' }] },
    "must have required property 'description'",
    reference,
  ],
  [
    {
      post_call_analysis_data: [{ type: 'system-presets', name: 'call_summary', description: '' }],
    },
    'description must NOT have fewer than 1 characters',
    reference,
  ],
  [{ analysis_summary_prompt: text(2001) }, 'must NOT have more than 2000', reference],
  [{ analysis_successful_prompt: text(2001) }, 'must NOT have more than 2000', reference],
  [{ analysis_user_sentiment_prompt: text(2001) }, 'must NOT have more than 2000', reference],
];

export const agentRefusals: Refusal[] = parts.map(([own, message, source]) => [
  agents,
  { ...agent, ...own },
  message,
  source,
]);
