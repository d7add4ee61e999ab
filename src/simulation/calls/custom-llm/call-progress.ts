import { keyedChance } from '../../../random.js';
import type { StoredCall } from '../../../store/calls.js';
import type { Settings } from '../../../workspace/settings.js';
import { drawDuration } from '../../testing/outcome.js';
import { endedEarly } from '../by-hand.js';
import {
  passMoments,
  withDetails,
  withPlan,
  type CallStep,
  type StepInput,
} from '../call-steps.js';
import type { Progress } from './active-session.js';

/** A call of which the session has come further. */
export function withProgress(stored: StoredCall, { entries, measured }: Progress): StoredCall {
  const { llm } = stored.call.details;
  if (llm === undefined) return stored;
  const { answers, roundTrips } = measured;
  return withDetails(stored, { llm: { ...llm, entries, answers, roundTrips } });
}

/** Documented: clients are told of each turn, if they want to be. */
export function turnSteps(
  stored: StoredCall,
  { at, isTurnOver }: Progress,
  input: StepInput,
): CallStep[] {
  const { plan } = stored.call;
  if (!isTurnOver || plan.turnsAt === undefined) return [];
  const turned = withPlan(stored, { ...plan, turnsAt: [...plan.turnsAt, at] });
  return passMoments(turned, at, input);
}

/** A call that its session has ended. */
export function endOf(stored: StoredCall, { at, end }: Progress, settings: Settings): StoredCall {
  const { call } = stored;
  const { reason = 'error_unknown', transferNumber: transferDestination } = end ?? {};
  const chance = keyedChance(call.seed).within('call', call.id, 'end');
  const wasPlanned = reason === call.course?.reason || reason === call.details.llm?.endsBy.reason;
  return endedEarly(stored, at, {
    ...{ reason, analysisDelay: call.course?.analysisDelay },
    endedBy: wasPlanned && transferDestination === undefined ? undefined : 'server',
    transferRest: drawDuration(settings.calls.duration, (part) => chance('transfer', part)),
    forced: {
      ...call.details.forced,
      ...(transferDestination !== undefined && { transferDestination }),
    },
  });
}
