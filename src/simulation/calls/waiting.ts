import type { StoredCall } from '../../store/calls.js';
import type { StoreWriter } from '../../store/store.js';
import { wakeBatchCalls } from './batch-calls.js';
import { scheduleCourse } from './course.js';
import { scheduleLive } from './custom-llm/session-plan.js';
import { planningTurns, withPlan } from './call-steps.js';

/**
 * Lets calls that wait for room begin, the first one first, as long as there is room. To be called within
 * the transaction in which another call ended, or the limit was raised. Batches of calls come after them.
 * Returns true if one has begun, or if a batch looks for room again.
 * @param limit how many calls may be under way.
 */
export function admitWaiting(
  writer: StoreWriter,
  workspaceId: number,
  limit: number,
  now: number,
): boolean {
  const { calls } = writer;
  for (let hasBegun = false; ; hasBegun = true) {
    if (calls.countUnderWay(workspaceId) >= limit) return hasBegun;
    const waiting = calls.findWaiting(workspaceId);
    if (waiting === undefined) return wakeBatchCalls(writer, workspaceId, now) || hasBegun;
    calls.changeCourse(planningTurns(admittedNow(waiting, now), now));
  }
}

/** A call that waited begins now as it would have begun when it was created. */
function admittedNow(stored: StoredCall, now: number): StoredCall {
  const { call } = stored;
  const { waiting: { course, customLlm: llm } = {}, ...details } = call.details;
  const { createdAt } = call.plan;
  const admitted = { ...call, course, details: { ...details, ...(llm && { llm }) } };
  if (course === undefined) return withPlan({ ...stored, call: admitted }, { createdAt });
  const plan = llm === undefined ? scheduleCourse(course, now) : scheduleLive(course, now);
  return withPlan({ ...stored, call: admitted }, { ...plan, createdAt });
}
