import type { components } from '../../contract/retell.gen.js';
import {
  connectsBefore,
  statusOfReason,
  type DisconnectionReason,
} from '../../domain/calls/call.js';
import type { Counterpart } from '../../domain/calls/call-record.js';
import type { AnalysisItem, CallAgent } from '../../domain/calls/call-agent.js';
import type { ForcedCall } from '../../domain/calls/forced-call.js';
import type { Draw } from '../../random.js';

export type CallAnalysis = components['schemas']['CallAnalysis'];

export interface AnalysisInput {
  readonly agent: CallAgent;
  readonly reason: DisconnectionReason;
  readonly counterpart: Counterpart;
  /** What is known of the user. */
  readonly variables: Readonly<Record<string, string>>;
  readonly forced: ForcedCall['analysis'];
  readonly draw: Draw;
}

/** What is found out of a call after it is over; a value of its type for each item asked for. */
export function analyse(input: AnalysisInput): CallAnalysis {
  const { agent, reason, counterpart, draw } = input;
  const forced = input.forced ?? {};
  const talked = connectsBefore(reason) && counterpart === 'person';
  const custom = { ...valuesOf(talked ? agent.analysisItems : [], input), ...forced.custom };
  return {
    call_summary: forced.summary ?? summaryOf(input),
    in_voicemail: forced.inVoicemail ?? counterpart === 'voicemail',
    user_sentiment:
      forced.userSentiment ?? (talked ? drawnSentiment(draw('sentiment')) : 'Unknown'),
    call_successful: forced.successful ?? (talked && succeeds(reason, draw('successful'))),
    custom_analysis_data: custom,
  };
}

export const drawnSentiment = (draw: number) => {
  if (draw < 0.5) return 'Positive';
  return draw < 0.85 ? 'Neutral' : 'Negative';
};

/** How often a conversation that came to its end comes to something. */
export const successRate = 0.85;

/** Documented: the agent did its task, and the call was complete, without being cut off. */
const complete: readonly DisconnectionReason[] = [
  'user_hangup',
  'agent_hangup',
  'call_transfer',
  'transfer_bridged',
];

const succeeds = (reason: DisconnectionReason, draw: number): boolean =>
  complete.includes(reason) && draw < successRate;

const summaries: Partial<Record<DisconnectionReason, string>> = {
  user_hangup: 'The agent answered the questions of the user, who then ended the call.',
  agent_hangup: 'The agent took care of what the user wanted and ended the call.',
  call_transfer: 'The agent talked with the user and transferred the call.',
  transfer_bridged: 'The agent talked with the user and connected them with somebody else.',
  transfer_cancelled: 'The agent tried to transfer the call, which was cancelled.',
  inactivity: 'The user stopped answering, and the call ended after a long silence.',
  max_duration_reached: 'The call was ended because it had reached the longest time allowed.',
  ivr_reached: 'The call was answered by a menu for callers, and the agent hung up.',
  manual_stopped: 'The call was stopped while the agent and the user were talking.',
  dial_busy: 'The number was busy.',
  dial_no_answer: 'Nobody answered.',
  user_declined: 'The user declined the call.',
};

function summaryOf({ reason, counterpart }: AnalysisInput): string {
  if (counterpart === 'voicemail') return 'The call was answered by voicemail.';
  const known = summaries[reason];
  if (known !== undefined) return known;
  return connectsBefore(reason)
    ? `The conversation was cut off (${reason}).`
    : `The call was not connected (${statusOfReason(reason)}: ${reason}).`;
}

/** A value of its type for each item that an agent defines. */
export function valuesOf(
  items: readonly AnalysisItem[],
  { variables, draw }: Pick<AnalysisInput, 'variables' | 'draw'>,
): Record<string, unknown> {
  return Object.fromEntries(
    items.flatMap((item) => {
      const value = valueOf(item, variables, (purpose) => draw('custom', item.name, purpose));
      return value === undefined ? [] : [[item.name, value]];
    }),
  );
}

/** Undefined for what is no item of its own: the presets have properties of the analysis. */
function valueOf(
  { type, name, choices = [], examples = [], description = '' }: AnalysisItem,
  variables: Readonly<Record<string, string>>,
  draw: (purpose: string) => number,
): unknown {
  const pick = (texts: readonly string[]): string | undefined =>
    texts[Math.floor(draw('choice') * texts.length)];
  const known = Object.hasOwn(variables, name) ? variables[name] : undefined;
  switch (type) {
    case 'enum':
      return known !== undefined && choices.includes(known) ? known : pick(choices);
    case 'boolean':
      return known === undefined ? draw('boolean') < 0.5 : known === 'true';
    case 'number':
      return numberOf(known) ?? 1 + Math.floor(draw('number') * 10);
    case 'string':
      return known ?? pick(examples) ?? textFor(name, description);
    default:
      return undefined;
  }
}

function numberOf(text: string | undefined): number | undefined {
  const value = Number(text?.trim() === '' ? NaN : text);
  return Number.isFinite(value) ? value : undefined;
}

const textFor = (name: string, description: string): string =>
  description === ''
    ? `What the user said of ${name}.`
    : `From the call: ${description}`.slice(0, 300);
