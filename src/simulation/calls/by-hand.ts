import { nextMoment, type CallPlan, type DisconnectionReason } from '../../domain/calls/call.js';
import type {
  CallCourse,
  CallDetails,
  LlmDetails,
  SpeechEntry,
} from '../../domain/calls/call-record.js';
import type { StoredCall } from '../../store/calls.js';
import { endedNow, withDetails, withPlan } from './call-steps.js';
import { isTransfer, scheduleCourse } from './course.js';
import { scheduleLive } from './custom-llm/session-plan.js';

/** A call that rings and is answered now. What was planned after that comes as long after it. */
export function answeredNow(stored: StoredCall, now: number): StoredCall {
  const { plan } = stored.call;
  const earlier = (plan.connectsAt ?? now) - now;
  const moved = (at: number | undefined) => (at === undefined ? undefined : at - earlier);
  return withPlan(stored, {
    ...plan,
    connectsAt: now,
    endsAt: moved(plan.endsAt),
    analysesAt: moved(plan.analysesAt),
    transferStartsAt: moved(plan.transferStartsAt),
    transferEndsAt: moved(plan.transferEndsAt),
    turnsAt: plan.turnsAt?.map((at) => at - earlier),
  });
}

/** A registered call that is connected now, and goes as it would if it had been dialled here. */
export function connectedNow(
  stored: StoredCall,
  now: number,
  { course, llm }: { readonly course: CallCourse; readonly llm: LlmDetails | undefined },
): StoredCall {
  const { call, progression } = stored;
  const { createdAt } = call.plan;
  const connected = { ...course, ring: now - createdAt, decidedBy: { source: 'draw' } } as const;
  const schedule = llm === undefined ? scheduleCourse : scheduleLive;
  return withPlan(
    withDetails({ ...stored, call: { ...call, course: connected } }, { ...(llm && { llm }) }),
    progression.kind === 'polls' ? { createdAt, connectsAt: now } : schedule(connected, createdAt),
  );
}

/** A web call that is joined now. What was planned after that comes as long after it. */
export function joinedNow(stored: StoredCall, now: number): StoredCall {
  const { course, plan, details } = stored.call;
  if (course?.isJoinedByHand !== true) return answeredNow(stored, now);
  const joined = { ...course, ring: now - plan.createdAt, isJoinedByHand: false };
  const schedule = details.llm === undefined ? scheduleCourse : scheduleLive;
  return withPlan(
    { ...stored, call: { ...stored.call, course: joined } },
    schedule(joined, plan.createdAt),
  );
}

/** An ongoing call in which something is said or done now. */
export function saidNow(
  stored: StoredCall,
  now: number,
  entries: readonly SpeechEntry[],
): StoredCall {
  const { details, plan, state } = stored.call;
  const live = [...(details.live ?? []), ...entries.map((entry) => ({ at: now, entry }))];
  const said = withDetails(stored, { live });
  if (plan.turnsAt === undefined) return said;
  const turnsAt = [...plan.turnsAt, now].sort((a, b) => a - b);
  // Where a transfer began at the same time, its place among the moments would be that of the turn.
  const isNext = nextMoment({ ...plan, turnsAt }, state)?.kind === 'turn';
  return isNext ? withPlan(said, { ...plan, turnsAt }) : said;
}

/** How a call is ended. */
export interface EndOfCall {
  readonly reason: DisconnectionReason;
  /** From the end to the analysis; undefined if there is none. */
  readonly analysisDelay: number | undefined;
  /** How long the others talk after a transfer. */
  readonly transferRest: number;
  readonly forced: NonNullable<CallDetails['forced']>;
  readonly endedBy: CallDetails['endedBy'];
}

/** A call that is ended now, by hand or by the server that holds it. */
export function endedEarly(stored: StoredCall, now: number, end: EndOfCall): StoredCall {
  const { reason, analysisDelay, transferRest, forced, endedBy } = end;
  const ended = withDetails(endedNow(stored, now, reason, analysisDelay), {
    ...{ ...(endedBy !== undefined && { endedBy }), forced },
  });
  if (!isTransfer(reason)) return ended;
  const { plan } = ended.call;
  const transferred: CallPlan = {
    ...plan,
    transferStartsAt: plan.transferStartsAt ?? now,
    ...(reason !== 'transfer_cancelled' && { transferEndsAt: now + transferRest }),
  };
  return withPlan(ended, transferred);
}
