import { listOf, textOf } from '../json.js';
import type { AnalysisItem } from '../calls/call-agent.js';
import type { DataStorageSetting } from '../calls/call.js';
import type { AssetContent } from '../engines/asset.js';

/** What a chat needs to know of its agent. Times in milliseconds. */
export interface ChatAgent {
  /** How long nobody may write before the chat ends. */
  readonly silenceLimit: number;
  /** What the agent writes when the chat ends so. */
  readonly autoCloseMessage: string | undefined;
  readonly analysisItems: readonly AnalysisItem[];
  readonly dataStorage: DataStorageSetting;
  /** The events that its webhook is told; undefined for the vendor's default. */
  readonly events: readonly string[] | undefined;
  /** Where its webhooks go; undefined for the account's URL. May have dynamic variables. */
  readonly webhookUrl: string | undefined;
  readonly webhookTimeout: number;
}

/** Documented: the values of an agent that has none in these. */
const defaults = { silenceLimit: 3_600_000, webhookTimeout: 10_000 } as const;

/** Reads what was kept as it came, and is as the contract has it in these parts. */
export const readChatAgent = (content: AssetContent): ChatAgent => ({
  silenceLimit: positiveOf(content['end_chat_after_silence_ms']) ?? defaults.silenceLimit,
  autoCloseMessage: textOf(content['auto_close_message']),
  analysisItems: listOf(content['post_chat_analysis_data']) as unknown as AnalysisItem[],
  dataStorage: (content['data_storage_setting'] as DataStorageSetting | undefined) ?? 'everything',
  events: (content['webhook_events'] ?? undefined) as readonly string[] | undefined,
  webhookUrl: textOf(content['webhook_url']),
  webhookTimeout: positiveOf(content['webhook_timeout_ms']) ?? defaults.webhookTimeout,
});

const positiveOf = (value: unknown): number | undefined =>
  typeof value === 'number' && value > 0 ? value : undefined;
