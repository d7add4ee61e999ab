import type { components } from '../../contract/retell.gen.js';
import type { AssetContent } from '../engines/asset.js';
import type { AgentPace } from '../custom-llm/server-frame.js';
import type { CallEventName, DataStorageSetting } from './call.js';
import { listOf, objectOf, textOf } from '../json.js';

export type AnalysisItem = components['schemas']['AnalysisItem'];

/** What the agent does when a machine answers. */
export type VoicemailAction =
  { readonly kind: 'none' | 'hangup' } | { readonly kind: 'says'; readonly text: string };

/** What a call needs to know of its agent. Times in milliseconds. */
export interface CallAgent {
  readonly name: string | undefined;
  readonly ringDuration: number;
  readonly silenceLimit: number;
  readonly maxDuration: number;
  readonly beginMessageDelay: number;
  readonly voicemail: VoicemailAction;
  /** Whether it hangs up on a menu for callers. */
  readonly leavesIvr: boolean;
  readonly analysisItems: readonly AnalysisItem[];
  readonly dataStorage: DataStorageSetting;
  readonly hasSignedUrls: boolean;
  readonly scrubsPersonalData: boolean;
  /** The events that its webhook is told; undefined for the vendor's default. */
  readonly events: readonly CallEventName[] | undefined;
  /** Where its webhooks go; undefined for the account's URL. May have dynamic variables. */
  readonly webhookUrl: string | undefined;
  /** How long an answer to a webhook may take. */
  readonly webhookTimeout: number;
  /** How it takes turns with the user. */
  readonly pace: AgentPace;
  /** The id of the voice, which begins with its provider. */
  readonly voice: string | undefined;
}

/** Documented: the values of an agent that has others in none of these. */
const defaults = {
  ringDuration: 30_000,
  silenceLimit: 600_000,
  maxDuration: 3_600_000,
  webhookTimeout: 10_000,
} as const;

/** Reads what was kept as it came, and is as the contract has it in these parts. */
export function readCallAgent(content: AssetContent): CallAgent {
  return {
    name: textOf(content['agent_name']),
    ringDuration: numberOf(content['ring_duration_ms']) ?? defaults.ringDuration,
    silenceLimit: numberOf(content['end_call_after_silence_ms']) ?? defaults.silenceLimit,
    maxDuration: numberOf(content['max_call_duration_ms']) ?? defaults.maxDuration,
    beginMessageDelay: numberOf(content['begin_message_delay_ms']) ?? 0,
    voicemail: readVoicemail(content),
    leavesIvr: objectOf(content['ivr_option']) !== undefined,
    analysisItems: listOf(content['post_call_analysis_data']) as unknown as AnalysisItem[],
    dataStorage:
      (content['data_storage_setting'] as DataStorageSetting | undefined) ?? 'everything',
    hasSignedUrls: content['opt_in_signed_url'] === true,
    scrubsPersonalData: objectOf(content['pii_config']) !== undefined,
    events: (content['webhook_events'] ?? undefined) as readonly CallEventName[] | undefined,
    webhookUrl: textOf(content['webhook_url']),
    webhookTimeout: positiveOf(content['webhook_timeout_ms']) ?? defaults.webhookTimeout,
    pace: readPace(content),
    voice: textOf(content['voice_id']),
  };
}

/** Documented: the defaults. */
const readPace = (content: AssetContent): AgentPace => ({
  responsiveness: numberOf(content['responsiveness']) ?? 1,
  interruptionSensitivity: numberOf(content['interruption_sensitivity']) ?? 1,
  reminderTrigger: numberOf(content['reminder_trigger_ms']) ?? 10_000,
  reminderMaxCount: numberOf(content['reminder_max_count']) ?? 1,
});

const numberOf = (value: unknown): number | undefined =>
  typeof value === 'number' ? value : undefined;

/** The contract takes any number, but nothing can be answered in less than no time. */
function positiveOf(value: unknown): number | undefined {
  const number = numberOf(value);
  return number === undefined || number <= 0 ? undefined : number;
}

function readVoicemail(content: AssetContent): VoicemailAction {
  const action = objectOf(objectOf(content['voicemail_option'])?.['action']);
  const text = textOf(action?.['text']) ?? textOf(content['voicemail_message']);
  if (action === undefined && text === undefined) return { kind: 'none' };
  return text === undefined ? { kind: 'hangup' } : { kind: 'says', text };
}
