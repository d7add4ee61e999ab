import {
  connectsBefore,
  type CallPlan,
  type DisconnectionReason,
} from '../../domain/calls/call.js';
import type {
  CallCourse,
  CallDecision,
  CallOrigin,
  Counterpart,
} from '../../domain/calls/call-record.js';
import type { CallAgent } from '../../domain/calls/call-agent.js';
import type { ForcedCall } from '../../domain/calls/forced-call.js';
import type { Draw } from '../../random.js';
import { pickCallOutcome } from '../../workspace/call-outcomes.js';
import {
  parseDuration,
  type CallSettings,
  type DurationDistribution,
} from '../../workspace/settings.js';
import { drawDuration } from '../testing/outcome.js';
import { magicCallOf } from './magic-numbers.js';

export interface CourseInput {
  readonly origin: CallOrigin;
  readonly toNumber: string;
  readonly agent: CallAgent;
  readonly settings: CallSettings;
  readonly byRule: { readonly rule: string; readonly outcome: ForcedCall } | undefined;
  /** True if there is no room for the call. */
  readonly isOverLimit: boolean;
  /** Where a call that comes in goes if there is no room for it. */
  readonly fallbackNumber?: string | undefined;
  readonly draw: Draw;
}

/** Documented: a registered call that nobody dials ends after five minutes. */
const registrationTimeout = 300_000;
/** Documented: a web call that nobody joins ends after 30 seconds. */
export const joinTimeout = 30_000;
/** Documented: an inbound call for which there is no room waits for 40 seconds. */
const roomTimeout = 40_000;

/** How long the service takes to find out that it cannot dial. Not documented. */
const refusalTime = 500;

/** Decides how a call goes: by rule, by the digits of its number, or by chance. */
export function planCourse(input: CourseInput): CallCourse {
  const { decidedBy, outcome } = decide(input);
  const { agent, settings, draw } = input;
  const span = (setting: DurationDistribution, purpose: string): number =>
    drawDuration(setting, (part) => draw(purpose, part));
  const drawn = reasonOf(input, decidedBy, outcome);
  const { counterpart } = drawn;
  let { reason } = drawn;
  let ring = timeOf(outcome.ring) ?? ringOf(reason, input, span(settings.ring, 'ring'));
  if (input.origin === 'web' && connectsBefore(reason) && ring >= joinTimeout) {
    reason = 'error_user_not_joined';
    ring = joinTimeout;
  }
  if (input.origin === 'dialled' && connectsBefore(reason) && ring >= agent.ringDuration) {
    reason = 'dial_no_answer';
    ring = agent.ringDuration;
  }
  let talk: number | undefined;
  if (connectsBefore(reason)) {
    talk = timeOf(outcome.duration) ?? talkOf(reason, agent, span(settings.duration, 'talk'));
    if (talk >= agent.maxDuration) [reason, talk] = ['max_duration_reached', agent.maxDuration];
  }
  const { transcript, analysis, recording, transferDestination, socketFaults, tools } = outcome;
  const { duration, disconnectionReason } = outcome;
  const isJoinedByHand =
    input.origin === 'web' && settings.webJoin === 'manual' && outcome.ring === undefined;
  return {
    ...{ reason, ring, talk, counterpart, decidedBy },
    ...(isJoinedByHand && talk !== undefined && { isJoinedByHand }),
    analysisDelay:
      analysis === null
        ? undefined
        : (timeOf(outcome.analysisDelay) ?? span(settings.analysisDelay, 'analysis')),
    transfer: transferOf(reason, talk ?? 0, () => span(settings.duration, 'transfer')),
    forced: {
      ...(disconnectionReason !== undefined && { disconnectionReason }),
      ...(duration !== undefined && { duration }),
      ...(socketFaults !== undefined && { socketFaults }),
      ...(transcript !== undefined && { transcript }),
      ...(analysis !== undefined && { analysis }),
      ...(recording !== undefined && { recording }),
      ...(transferDestination !== undefined && { transferDestination }),
      ...(tools !== undefined && { tools }),
    },
  };
}

const timeOf = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : parseDuration(text);

function decide({ byRule, isOverLimit, origin, toNumber, fallbackNumber }: CourseInput): {
  readonly decidedBy: CallDecision;
  readonly outcome: ForcedCall;
} {
  if (isOverLimit) {
    const disconnectionReason =
      fallbackNumber === undefined ? 'concurrency_limit_reached' : 'no_concurrency_fallback';
    const outcome = { disconnectionReason } as const;
    return { decidedBy: { source: 'concurrency' }, outcome };
  }
  if (byRule !== undefined) {
    return { decidedBy: { source: 'rule', rule: byRule.rule }, outcome: byRule.outcome };
  }
  if (origin === 'registered') {
    const outcome = { disconnectionReason: 'registered_call_timeout' } as const;
    return { decidedBy: { source: 'timeout' }, outcome };
  }
  const magic = origin === 'dialled' ? magicCallOf(toNumber) : undefined;
  return magic === undefined
    ? { decidedBy: { source: 'draw' }, outcome: {} }
    : { decidedBy: { source: 'number', digits: magic.digits }, outcome: magic.outcome };
}

/** Reasons that only a call that is dialled can have. */
const machines: readonly DisconnectionReason[] = ['voicemail_reached', 'ivr_reached'];

function reasonOf(
  { settings, origin, agent, draw }: CourseInput,
  { source }: CallDecision,
  outcome: ForcedCall,
): { readonly reason: DisconnectionReason; readonly counterpart: Counterpart } {
  // Who orders a conversation orders somebody who answers.
  const mustConnect =
    origin !== 'dialled' || outcome.duration !== undefined || outcome.transcript !== undefined;
  const reason =
    outcome.disconnectionReason ??
    pickCallOutcome(
      settings.outcomes,
      draw('reason'),
      (reason) =>
        (!mustConnect || connectsBefore(reason)) &&
        (origin === 'dialled' || origin === 'registered' || !machines.includes(reason)),
    ) ??
    'user_hangup';
  const isDrawn = outcome.disconnectionReason === undefined || source === 'draw';
  if (reason === 'voicemail_reached') {
    // Documented: it is a reason only of agents that are told what to do then. Others talk to a machine.
    const noticed = agent.voicemail.kind !== 'none' || !isDrawn;
    return { reason: noticed ? reason : 'user_hangup', counterpart: 'voicemail' };
  }
  if (reason === 'ivr_reached') {
    const noticed = agent.leavesIvr || !isDrawn;
    return { reason: noticed ? reason : 'user_hangup', counterpart: 'ivr' };
  }
  return { reason, counterpart: 'person' };
}

/** How long a call rings that goes so. */
function ringOf(
  reason: DisconnectionReason,
  { origin, agent: { ringDuration }, settings: { webJoin } }: CourseInput,
  drawn: number,
): number {
  switch (reason) {
    case 'dial_no_answer':
      return ringDuration;
    case 'registered_call_timeout':
      return registrationTimeout;
    case 'error_user_not_joined':
      return joinTimeout;
    case 'no_concurrency_fallback':
      return roomTimeout;
    case 'concurrency_limit_reached':
      return origin === 'inbound' ? roomTimeout : Math.min(drawn, refusalTime);
    case 'dial_busy':
    case 'user_declined':
      return Math.min(drawn, ringDuration);
    default:
      if (origin === 'web' && connectsBefore(reason)) return webJoin === 'manual' ? 0 : webJoin;
      // The agent takes a call that comes in at once.
      return connectsBefore(reason) && origin === 'dialled' ? drawn : Math.min(drawn, refusalTime);
  }
}

/** How long machines speak, and how long a call lasts in which the agent cannot speak. */
const maxMachineMs = 15_000;
const maxOpeningMs = 1000;

/** How long a call is talked that ends so. */
function talkOf(reason: DisconnectionReason, agent: CallAgent, drawn: number): number {
  switch (reason) {
    case 'inactivity':
      return drawn + agent.silenceLimit;
    case 'max_duration_reached':
      return agent.maxDuration;
    case 'voicemail_reached':
    case 'ivr_reached':
      return Math.min(drawn, maxMachineMs);
    case 'error_llm_websocket_open':
      return Math.min(drawn, maxOpeningMs);
    default:
      return drawn;
  }
}

const transfers: readonly DisconnectionReason[] = [
  'call_transfer',
  'transfer_bridged',
  'transfer_cancelled',
];

export const isTransfer = (reason: DisconnectionReason): boolean => transfers.includes(reason);

function transferOf(
  reason: DisconnectionReason,
  talk: number,
  drawRest: () => number,
): CallCourse['transfer'] {
  if (!isTransfer(reason)) return undefined;
  return {
    lead: Math.floor(Math.min(talk / 4, 3000)),
    rest: reason === 'transfer_cancelled' ? undefined : drawRest(),
  };
}

/** When all that happens of a course, if the call was created at this moment. */
export function scheduleCourse(course: CallCourse, createdAt: number): CallPlan {
  const { reason, ring, talk, analysisDelay, transfer } = course;
  if (course.isJoinedByHand === true) return scheduleUnjoined(course, createdAt);
  const connectsAt = talk === undefined ? undefined : createdAt + ring;
  const endsAt = createdAt + ring + (talk ?? 0);
  return {
    ...{ createdAt, reason, endsAt },
    ...(connectsAt !== undefined && { connectsAt }),
    ...(analysisDelay !== undefined && { analysesAt: endsAt + analysisDelay }),
    ...(transfer !== undefined && { transferStartsAt: endsAt - transfer.lead }),
    ...(transfer?.rest !== undefined && { transferEndsAt: endsAt + transfer.rest }),
  };
}

/** What a call waited for that goes on now. */
interface RestOfCall {
  readonly at: number;
  readonly endsAt: number;
  /** True if it ends because it has become too long. */
  readonly isTooLong: boolean;
}

/** When the rest of a course happens, after a call has waited. A transfer that has begun stays where it is. */
export function scheduleRest(
  { reason, analysisDelay, transfer }: CallCourse,
  plan: CallPlan,
  { at, endsAt, isTooLong }: RestOfCall,
): CallPlan {
  const { transferStartsAt } = plan;
  const leaves = isTooLong ? undefined : transfer;
  return {
    ...plan,
    ...{ endsAt, reason: isTooLong ? 'max_duration_reached' : reason },
    ...(analysisDelay !== undefined && { analysesAt: endsAt + analysisDelay }),
    ...(leaves !== undefined && {
      transferStartsAt: transferStartsAt ?? Math.max(at, endsAt - leaves.lead),
    }),
    ...(leaves?.rest !== undefined && { transferEndsAt: endsAt + leaves.rest }),
  };
}

/** What happens to a web call if nobody joins it. */
function scheduleUnjoined({ analysisDelay }: CallCourse, createdAt: number): CallPlan {
  const endsAt = createdAt + joinTimeout;
  return {
    ...{ createdAt, endsAt, reason: 'error_user_not_joined' },
    ...(analysisDelay !== undefined && { analysesAt: endsAt + analysisDelay }),
  };
}

/** The same for a call of which everything has happened by this moment: it was created before. */
export function schedulePast(course: CallCourse, over: number): CallPlan {
  // It waits for somebody.
  if (course.isJoinedByHand === true) return scheduleUnjoined(course, over);
  const plan = scheduleCourse(course, 0);
  const { endsAt = 0, analysesAt = 0, transferEndsAt = 0 } = plan;
  return scheduleCourse(course, over - Math.max(endsAt, analysesAt, transferEndsAt));
}
