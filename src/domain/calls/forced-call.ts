import type { components } from '../../contract/retell.gen.js';
import type { DisconnectionReason } from './call.js';

/** How a call must go. Chance decides what is left out. Times are texts, as in `2s`. */
export interface ForcedCall {
  readonly disconnectionReason?: DisconnectionReason;
  /** How long it rings. */
  readonly ring?: string;
  /** From the connection to the end. */
  readonly duration?: string;
  readonly transcript?: readonly CallEntryInput[];
  /** Values in the place of the usual ones; null for no analysis at all. */
  readonly analysis?: ForcedAnalysis | null;
  readonly analysisDelay?: string;
  /** Whether there are recordings; true if absent. */
  readonly recording?: boolean;
  /** The number that the call is transferred to. */
  readonly transferDestination?: string;
}

/** Something that is said or done in a call. */
export type CallEntryInput =
  | { readonly role: 'agent' | 'user' | 'transfer_target'; readonly content: string }
  | {
      readonly role: 'tool';
      readonly name: string;
      readonly arguments?: Readonly<Record<string, unknown>>;
      /** No result follows if absent. */
      readonly result?: string;
      /** True if absent. */
      readonly successful?: boolean;
    }
  | { readonly role: 'dtmf'; readonly digit: string };

interface ForcedAnalysis {
  readonly summary?: string;
  readonly inVoicemail?: boolean;
  readonly userSentiment?: components['schemas']['UserSentiment'];
  readonly successful?: boolean;
  /** Values of the agent's `post_call_analysis_data`, by name. */
  readonly custom?: Readonly<Record<string, unknown>>;
}
