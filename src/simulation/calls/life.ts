import {
  isOver,
  nextMoment,
  passMoment,
  type CallEvent,
  type CallPlan,
  type CallState,
  type DisconnectionReason,
} from '../../domain/calls/call.js';
import { noResults, type CallDetails, type CallResults } from '../../domain/calls/call-record.js';
import type { StoredCall } from '../../store/calls.js';
import type { StoreReader, StoreWriter } from '../../store/store.js';
import { analysisOf, figuresOfCall } from './render.js';
import { readScene, type CallScene } from './scene.js';

/** What a call came to by a moment, and what clients are told of it then. */
export interface CallStep {
  readonly call: StoredCall;
  readonly events: readonly CallEvent[];
}

/** Told of each step of each call, in order, within the transaction that stores it. */
export type TellOfCall = (step: CallStep) => void;

export const tellNobody: TellOfCall = () => undefined;

/** Reads scenes of calls, each content once. Not to be kept: contents may be rolled back. */
export function sceneReader({ assets }: StoreReader): (stored: StoredCall) => CallScene {
  const contents = new Map<number, ReturnType<StoreReader['assets']['getContent']>>();
  const contentOf = (key: number) => {
    const content = contents.get(key) ?? assets.getContent(key);
    contents.set(key, content);
    return content;
  };
  return ({ call, agentContentKey, engineType, engineContentKey }) =>
    readScene({
      agent: agentContentKey === null ? {} : contentOf(agentContentKey),
      engine:
        engineType === null || engineContentKey === null
          ? undefined
          : { type: engineType, content: contentOf(engineContentKey) },
      override: call.details.override,
    });
}

/** A call with another plan or state, and with what follows from these. */
function withState(
  stored: StoredCall,
  plan: CallPlan,
  state: CallState,
  results: CallResults,
): StoredCall {
  const call = { ...stored.call, plan, state };
  return { ...stored, call, results, nextAt: nextMoment(plan, state)?.at ?? null };
}

/** Passes all moments of a call that come by `until`. */
export function passMoments(
  stored: StoredCall,
  until: number,
  sceneOf: (stored: StoredCall) => CallScene,
): CallStep[] {
  const steps: CallStep[] = [];
  let present = stored;
  for (;;) {
    const { plan, state } = present.call;
    const moment = nextMoment(plan, state);
    if (moment === undefined || moment.at > until) return steps;
    const passed = passMoment(plan, state, moment);
    const next = withState(present, plan, passed.state, present.results);
    present = { ...next, results: { ...next.results, ...resultsAt(moment.kind, next, sceneOf) } };
    steps.push({ call: present, events: passed.events });
  }
}

/** What lists can tell a call by from this moment on. */
function resultsAt(
  kind: string,
  stored: StoredCall,
  sceneOf: (stored: StoredCall) => CallScene,
): Partial<CallResults> {
  if (kind === 'end') {
    const { cost, latency } = figuresOfCall(stored.call, sceneOf(stored));
    return { combinedCost: cost.combined_cost, latency: latency?.e2e?.p50 ?? null };
  }
  if (kind === 'analyse') return analysisResults(stored, sceneOf(stored));
  return {};
}

export function analysisResults({ call }: StoredCall, scene: CallScene): Partial<CallResults> {
  const analysis = analysisOf(call, scene);
  return {
    sentiment: analysis.user_sentiment ?? null,
    successful: analysis.call_successful ?? null,
    inVoicemail: analysis.in_voicemail ?? null,
  };
}

/** A call of which other moments are planned. */
export const withPlan = (stored: StoredCall, plan: CallPlan): StoredCall =>
  withState(stored, plan, stored.call.state, stored.results);

/** A new call before anything has happened in it. */
export const beginCall = (
  stored: Omit<StoredCall, 'nextAt' | 'results'>,
): Omit<StoredCall, 'key'> => ({
  ...stored,
  results: noResults,
  nextAt: nextMoment(stored.call.plan, stored.call.state)?.at ?? null,
});

/** A call that ends now, whatever was planned. What was planned after its end comes as long after it. */
export function endedNow(
  stored: StoredCall,
  now: number,
  reason: DisconnectionReason,
  analysisDelay: number | undefined,
): StoredCall {
  const { createdAt, turnsAt, connectsAt, transferStartsAt } = stored.call.plan;
  return withPlan(stored, {
    createdAt,
    ...(turnsAt !== undefined && { turnsAt }),
    ...(connectsAt !== undefined && connectsAt <= now && { connectsAt }),
    ...(transferStartsAt !== undefined && transferStartsAt <= now && { transferStartsAt }),
    ...{ endsAt: now, reason },
    analysesAt: analysisDelay === undefined ? undefined : now + analysisDelay,
  });
}

/** A call of which something else is said. */
export const withDetails = (stored: StoredCall, change: Partial<CallDetails>): StoredCall => ({
  ...stored,
  call: { ...stored.call, details: { ...stored.call.details, ...change } },
});

/** Stores what a call came to, step by step. Returns it as it is then. */
export function storeSteps(
  { calls }: StoreWriter,
  stored: StoredCall,
  steps: readonly CallStep[],
  tell: TellOfCall,
): StoredCall {
  const last = steps.at(-1)?.call ?? stored;
  calls.change(last);
  for (const step of steps) tell(step);
  return last;
}

/** Lets what is due in the calls of a workspace happen, some at a time. */
export function passDueCalls(
  writer: StoreWriter,
  workspaceId: number,
  until: number,
  size: number,
  tell: TellOfCall,
): { readonly ended: number; readonly settledAt: number; readonly next: number } {
  const { calls } = writer;
  const first = calls.nextDue(workspaceId) ?? Infinity;
  if (first > until) return { ended: 0, settledAt: 0, next: first };
  const sceneOf = sceneReader(writer);
  let [ended, settledAt] = [0, 0];
  for (const due of calls.listDue(workspaceId, until, size)) {
    // One moment at a time, so that those of different calls come in their order.
    const steps = passMoments(due, due.nextAt ?? until, sceneOf);
    const last = storeSteps(writer, due, steps, tell);
    if (isOver(last.call.state.status) && !isOver(due.call.state.status)) ended += 1;
    settledAt = Math.max(settledAt, due.nextAt ?? 0);
  }
  return { ended, settledAt, next: calls.nextDue(workspaceId) ?? Infinity };
}
