import type { components } from '../../contract/retell.gen.js';

type Schemas = components['schemas'];

/** A call as clients see it, at some moment. */
export type WireCall = Schemas['Call'];
export type WirePhoneCall = Schemas['PhoneCall'];
export type WireWebCall = Schemas['WebCall'];
/** The same in a list, without its transcripts. */
export type WireListedCall = Schemas['ListedCall'];
export type CallEntry = Schemas['CallEntry'];
export type Utterance = Schemas['Utterance'];

export type CallStatus = Schemas['CallStatus'];
export type CallDirection = Schemas['CallDirection'];
export type DisconnectionReason = Schemas['DisconnectionReason'];
export type DataStorageSetting = Schemas['DataStorageSetting'];

/** A status that a call has for ever. */
export type FinalStatus = Exclude<CallStatus, 'registered' | 'ongoing'>;

interface ReasonFacts {
  readonly status: FinalStatus;
  /** Whether somebody answered before the call ended so. Only then is there a start. */
  readonly connects: boolean;
}

const ended: ReasonFacts = { status: 'ended', connects: true };
const notConnected: ReasonFacts = { status: 'not_connected', connects: false };
const failed: ReasonFacts = { status: 'error', connects: true };
const failedBefore: ReasonFacts = { status: 'error', connects: false };

/**
 * Documented: the status of each reason, except of `transfer_bridged`, `transfer_cancelled`,
 * `manual_stopped` and `call_take_over`, which are assumed to be `ended` as they follow a conversation.
 * Not documented: which of the errors come before the connection.
 */
const reasonFacts: Record<DisconnectionReason, ReasonFacts> = {
  user_hangup: ended,
  agent_hangup: ended,
  call_transfer: ended,
  voicemail_reached: ended,
  ivr_reached: ended,
  inactivity: ended,
  max_duration_reached: ended,
  // The agent never took this call: it went on to the fallback number.
  no_concurrency_fallback: { status: 'ended', connects: false },
  transfer_bridged: ended,
  transfer_cancelled: ended,
  manual_stopped: ended,
  call_take_over: ended,
  dial_busy: notConnected,
  dial_failed: notConnected,
  dial_no_answer: notConnected,
  invalid_destination: notConnected,
  telephony_provider_permission_denied: notConnected,
  telephony_provider_unavailable: notConnected,
  sip_routing_error: notConnected,
  marked_as_spam: notConnected,
  user_declined: notConnected,
  concurrency_limit_reached: failedBefore,
  no_valid_payment: failedBefore,
  error_user_not_joined: failedBefore,
  registered_call_timeout: failedBefore,
  scam_detected: failed,
  error_llm_websocket_open: failed,
  error_llm_websocket_lost_connection: failed,
  error_llm_websocket_runtime: failed,
  error_llm_websocket_corrupt_payload: failed,
  error_no_audio_received: failed,
  error_asr: failed,
  error_retell: failed,
  error_unknown: failed,
};

export const disconnectionReasons = Object.keys(reasonFacts) as readonly DisconnectionReason[];

/** Fixtures may have reasons that the contract does not list. Those are taken as ends of a conversation. */
const factsOf = (reason: DisconnectionReason): ReasonFacts =>
  Object.hasOwn(reasonFacts, reason) ? reasonFacts[reason] : ended;

export const statusOfReason = (reason: DisconnectionReason): FinalStatus => factsOf(reason).status;

/** Whether a call that ends for this reason was answered before. */
export const connectsBefore = (reason: DisconnectionReason): boolean => factsOf(reason).connects;

/** What clients are told of a call, by webhook. */
export type CallEventName =
  | 'call_started'
  | 'call_ended'
  | 'call_analyzed'
  | 'transcript_updated'
  | 'transfer_started'
  | 'transfer_bridged'
  | 'transfer_cancelled'
  | 'transfer_ended';

/** Something that has happened in the life of a call. */
export interface CallEvent {
  readonly name: CallEventName;
  /** By the workspace's clock. */
  readonly at: number;
}

/**
 * The moments of a call's life, by the workspace's clock: those that are over, and those that are planned.
 * A moment that is undefined never comes, or not by itself.
 */
export interface CallTimes {
  readonly createdAt: number;
  readonly connectsAt?: number | undefined;
  readonly endsAt?: number | undefined;
  readonly analysesAt?: number | undefined;
  /** When the transfer begins, during the call, and when the other two have finished to talk. */
  readonly transferStartsAt?: number | undefined;
  readonly transferEndsAt?: number | undefined;
  /** When turns of the conversation end; only if somebody wants to be told. */
  readonly turnsAt?: readonly number[] | undefined;
  /** When custom functions were called, and when the next one will be. */
  readonly functionsAt?: readonly number[] | undefined;
}

/** How a call is to go. */
export interface CallPlan extends CallTimes {
  /** Undefined until the call ends, if it is moved by hand. */
  readonly reason?: DisconnectionReason | undefined;
}

type MomentKind =
  'connect' | 'turn' | 'function' | 'transfer-start' | 'end' | 'transfer-end' | 'analyse';

/** A moment at which the state of a call changes, or at which clients are told something. */
export interface Moment {
  readonly kind: MomentKind;
  readonly at: number;
}

/** How many moments of its plan are over in a call, and what it has come to. */
export interface CallState {
  readonly status: CallStatus;
  /** Moments that are over. */
  readonly passed: number;
}

export const newCallState: CallState = { status: 'registered', passed: 0 };

/** The moments of a plan, in their order. */
export function momentsOf(plan: CallPlan): Moment[] {
  const { connectsAt, endsAt = Infinity, analysesAt, transferStartsAt, transferEndsAt } = plan;
  const moments: Moment[] = [];
  const add = (kind: MomentKind, at: number | undefined): void => {
    if (at !== undefined && at < Infinity) moments.push({ kind, at });
  };
  add('connect', connectsAt);
  const within: Moment[] = [];
  for (const at of plan.turnsAt ?? []) if (at <= endsAt) within.push({ kind: 'turn', at });
  for (const at of plan.functionsAt ?? []) if (at <= endsAt) within.push({ kind: 'function', at });
  if (transferStartsAt !== undefined && transferStartsAt <= endsAt) {
    within.push({ kind: 'transfer-start', at: transferStartsAt });
  }
  // The sort is stable: at the same time a turn comes before the function or the transfer that it leads to.
  moments.push(...within.sort((a, b) => a.at - b.at));
  add('end', plan.endsAt);
  const after: Moment[] = [];
  if (transferEndsAt !== undefined) after.push({ kind: 'transfer-end', at: transferEndsAt });
  if (analysesAt !== undefined) after.push({ kind: 'analyse', at: analysesAt });
  moments.push(...after.sort((a, b) => a.at - b.at));
  return moments;
}

/** When something happens next in a call; undefined if nothing does by itself. */
export const nextMoment = (plan: CallPlan, { passed }: CallState): Moment | undefined =>
  momentsOf(plan)[passed];

/** What a call has come to after a moment, and what clients are told then. */
export function passMoment(
  plan: CallPlan,
  state: CallState,
  { kind, at }: Moment,
): { readonly state: CallState; readonly events: readonly CallEvent[] } {
  return {
    state: { status: statusAfter(plan, state.status, kind), passed: state.passed + 1 },
    events: eventsOf(plan, kind).map((name) => ({ name, at })),
  };
}

function statusAfter({ reason }: CallPlan, status: CallStatus, kind: MomentKind): CallStatus {
  if (kind === 'connect') return 'ongoing';
  return kind === 'end' ? statusOfReason(reason ?? 'error_unknown') : status;
}

export function eventsOf(
  { reason, turnsAt, connectsAt }: CallPlan,
  kind: MomentKind,
): readonly CallEventName[] {
  switch (kind) {
    case 'connect':
      return ['call_started'];
    case 'turn':
      return ['transcript_updated'];
    // Clients are asked for the result, which is no event.
    case 'function':
      return [];
    case 'transfer-start':
      return ['transfer_started'];
    case 'end':
      return [
        // Documented: on each turn, and a last time at the end.
        ...(turnsAt === undefined || connectsAt === undefined
          ? []
          : (['transcript_updated'] as const)),
        ...(reason === 'transfer_bridged' ? (['transfer_bridged'] as const) : []),
        ...(reason === 'transfer_cancelled' ? (['transfer_cancelled'] as const) : []),
        'call_ended',
      ];
    case 'transfer-end':
      return ['transfer_ended'];
    case 'analyse':
      return ['call_analyzed'];
  }
}

/** What clients were to be told of until now. */
export const pastEvents = (plan: CallPlan, { passed }: CallState): CallEvent[] =>
  momentsOf(plan)
    .slice(0, passed)
    .flatMap(({ kind, at }) => eventsOf(plan, kind).map((name) => ({ name, at })));

export const isOver = (status: CallStatus): status is FinalStatus =>
  status !== 'registered' && status !== 'ongoing';

const hasPassed = (plan: CallPlan, { passed }: CallState, kind: MomentKind): boolean =>
  momentsOf(plan)
    .slice(0, passed)
    .some((moment) => moment.kind === kind);

export const isAnalysed = (plan: CallPlan, state: CallState): boolean =>
  hasPassed(plan, state, 'analyse');

export const isTransferOver = (plan: CallPlan, state: CallState): boolean =>
  hasPassed(plan, state, 'transfer-end');
