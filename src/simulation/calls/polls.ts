import { isOver, nextMoment, type CallPlan } from '../../domain/calls/call.js';
import type { CallCourse } from '../../domain/calls/call-record.js';
import type { StoredCall } from '../../store/calls.js';
import type { StoreWriter } from '../../store/store.js';
import { stepInput, passMoments, storeSteps, type CallListener } from './call-steps.js';

/**
 * Moves a call on by one read. The first of its reads that is past half of them finds it connected,
 * the last one over and analysed. Each moment happens at the read. To be called within a transaction.
 */
export function pollCall(
  writer: StoreWriter,
  stored: StoredCall,
  now: number,
  listener: Pick<CallListener, 'onStep' | 'generate'>,
): StoredCall {
  const { progression, call } = stored;
  const { course, plan, details } = call;
  if (progression.kind !== 'polls' || course === undefined || isOver(call.state.status)) {
    return stored;
  }
  // A read does not end what waits for a function.
  if (details.functions?.awaited !== undefined) return stored;
  const reads = stored.reads + 1;
  const isLast = reads >= progression.polls;
  const connects = course.talk !== undefined && (isLast || reads * 2 >= progression.polls);
  const read = {
    ...stored,
    reads,
    call: { ...call, plan: planAt(plan, course, now, connects, isLast) },
  };
  const due = { ...read, nextAt: nextMoment(read.call.plan, call.state)?.at ?? null };
  return storeSteps(writer, due, passMoments(due, now, stepInput(writer, listener)), listener);
}

function planAt(
  plan: CallPlan,
  course: CallCourse,
  now: number,
  connects: boolean,
  isLast: boolean,
): CallPlan {
  const connectsAt = connects ? (plan.connectsAt ?? now) : undefined;
  return {
    ...plan,
    ...(connectsAt !== undefined && { connectsAt }),
    ...(isLast && { endsAt: now, reason: course.reason }),
    ...(isLast && course.analysisDelay !== undefined && { analysesAt: now }),
  };
}
