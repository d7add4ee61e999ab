import {
  connectsBefore,
  type CallPlan,
  type DisconnectionReason,
} from '../../../domain/calls/call.js';
import type { CallAgent } from '../../../domain/calls/call-agent.js';
import type { CallCourse, CallRecord, LlmDetails } from '../../../domain/calls/call-record.js';
import type { SessionPlan, SocketFault, UserTurn } from '../../../domain/custom-llm/session.js';
import { keyedChance, type Draw } from '../../../random.js';
import { parseDuration } from '../../../workspace/settings.js';
import type { CallContext } from '../call-context.js';
import { scheduleCourse } from '../course.js';
import { machineGreeting } from '../speech.js';
import { drawnTurns, orderedTurns, pauseBefore } from './user-script.js';

/** How a call goes whose conversation the client's server holds: what is said is not known before. */
export function toLiveCourse(
  course: CallCourse | undefined,
  agent: CallAgent,
  url: string,
): { readonly course?: CallCourse; readonly llm: LlmDetails } {
  const endsBy =
    course === undefined
      ? ({ after: agent.maxDuration, reason: 'max_duration_reached' } as const)
      : endOf(course, agent);
  return {
    ...(course && { course: { ...course, talk: undefined, transfer: undefined } }),
    llm: { url, endsBy, entries: [], answers: [], roundTrips: [] },
  };
}

/** When a call that was created at this moment is connected. Its session ends it, unless nobody joins it. */
export const scheduleLive = (course: CallCourse, createdAt: number): CallPlan =>
  course.isJoinedByHand === true
    ? scheduleCourse(course, createdAt)
    : { createdAt, connectsAt: createdAt + course.ring };

/** The same for a call that is to be over by this moment, however long it is talked. */
export function scheduleLivePast(course: CallCourse, llm: LlmDetails, over: number): CallPlan {
  const { ring, analysisDelay = 0, isJoinedByHand = false } = course;
  const length = isJoinedByHand ? 0 : llm.endsBy.after + ring + analysisDelay;
  return scheduleLive(course, over - length);
}

/** True if a server is asked what is said in a call that goes so. */
export const hasConversation = ({ reason, talk, forced }: CallCourse): boolean =>
  talk !== undefined &&
  connectsBefore(reason) &&
  // An error of the connection that was ordered needs no server.
  forced.disconnectionReason?.startsWith('error_llm_websocket') !== true;

/** Reasons that come from what is said, and when nothing is. */
const byConversation: readonly DisconnectionReason[] = ['user_hangup', 'inactivity'];

/** When a call ends at the latest. What was ordered counts, but for what the server says. */
function endOf(
  { reason, talk = 0, forced, counterpart }: CallCourse,
  { maxDuration }: CallAgent,
): LlmDetails['endsBy'] {
  const { duration, disconnectionReason: ordered } = forced;
  const isOrdered =
    duration !== undefined || (ordered !== undefined && !byConversation.includes(ordered));
  if (!isOrdered && counterpart === 'person') {
    return { after: maxDuration, reason: 'max_duration_reached' };
  }
  // A server that was not told to hang up does not do it by chance.
  const isDrawn = ordered === undefined && counterpart === 'person';
  return { after: talk, reason: isDrawn ? userReasonOf(reason) : reason };
}

const userReasonOf = (reason: DisconnectionReason): DisconnectionReason =>
  reason === 'max_duration_reached' ? reason : 'user_hangup';

/** What the user says; nothing by itself in a call that is moved by hand. */
function turnsOf(course: CallCourse | undefined, draw: Draw): UserTurn[] {
  if (course === undefined) return [];
  const { counterpart, forced } = course;
  if (counterpart !== 'person') {
    return [{ kind: 'say', pause: 0, content: machineGreeting(counterpart) }];
  }
  return forced.transcript === undefined ? drawnTurns(draw) : orderedTurns(forced.transcript, draw);
}

/** Default of a fault that says nothing else: longer than one attempt to connect may take. */
const usualDelay = 8000;

/** What the session of a call is held with. The same call has the same plan. */
export function sessionPlanOf(
  call: CallRecord,
  llm: LlmDetails,
  { agent }: CallContext,
  answerTimeout: number,
): SessionPlan {
  const { course, plan, seed, id } = call;
  const draw = keyedChance(seed).within('call', id, 'user');
  const forced = course?.forced ?? {};
  const isMachine = course !== undefined && course.counterpart !== 'person';
  const turns = turnsOf(course, draw);
  const hangsUp =
    course !== undefined &&
    !isMachine &&
    (forced.disconnectionReason ?? 'user_hangup') === 'user_hangup';
  const connectsAt = plan.connectsAt ?? plan.createdAt;
  return {
    turns,
    afterwards: hangsUp
      ? { kind: 'hang-up', pause: pauseBefore(turns.length, draw) }
      : { kind: 'stay' },
    faults: (forced.socketFaults ?? []).map(
      ({ fault, turn = 1, times = 1, delay = '' }): SocketFault => ({
        ...{ kind: fault, turn, times, delay: parseDuration(delay) ?? usualDelay },
      }),
    ),
    endsBy: { at: connectsAt + llm.endsBy.after, reason: llm.endsBy.reason },
    pace: agent.pace,
    beginDelay: agent.beginMessageDelay,
    silenceLimit: agent.silenceLimit,
    answerTimeout,
  };
}
