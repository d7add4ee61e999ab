import TinyQueue from 'tinyqueue';
import {
  isAnalysed,
  isOver,
  nextMoment,
  passMoment,
  type CallEvent,
  type CallPlan,
  type CallState,
  type DisconnectionReason,
  type Moment,
} from '../../domain/calls/call.js';
import {
  noResults,
  type CallDetails,
  type CallRecord,
  type CallResults,
} from '../../domain/calls/call-record.js';
import type { NewCall, StoredCall } from '../../store/calls.js';
import type { StoreReader, StoreWriter } from '../../store/store.js';
import type { GenerateValue } from '../conversation/schema-value.js';
import { askFunction, withFunctions, type AskedFunction } from './functions.js';
import { analysisOf, figuresOfCall } from './render.js';
import { noContent, readCallContext, type CallContext } from './call-context.js';

/** What a call came to by a moment, and what clients are told of it then. */
export interface CallStep {
  readonly call: StoredCall;
  readonly events: readonly CallEvent[];
  /** The custom function that is called then. */
  readonly asked?: AskedFunction | undefined;
}

/**
 * Told of each step of each call, in order, within the transaction that stores it. Returns true if it
 * stored something to send at the time of the step.
 */
export type OnCallStep = (step: CallStep, writer: StoreWriter) => boolean;

/** Told of what happens in calls. */
export interface CallListener {
  readonly onStep: OnCallStep;
  /** Whether somebody is told of each turn of a call. */
  readonly sendsTurns: (workspaceId: number, context: CallContext) => boolean;
  /** When the turns of a call will be over. `prepare` must have been called. */
  readonly turnsOf: (call: CallRecord, context: CallContext) => readonly number[];
  /** Loads what it needs to be told of a call; undefined if there is nothing to load. */
  readonly prepare: (workspaceId: number, context: CallContext) => Promise<unknown> | undefined;
  /** Makes arguments of functions, for calls of which `prepare` was called. */
  readonly generate: () => GenerateValue;
}

/** What happens in calls is read with these. */
export interface StepInput {
  readonly contextOf: (stored: StoredCall) => CallContext;
  readonly generate: CallListener['generate'];
}

export const stepInput = (store: StoreReader, { generate }: Pick<CallListener, 'generate'>) => ({
  contextOf: callContextReader(store),
  generate,
});

/** Reads what calls are held with. Not to be kept: contents may be rolled back. */
export const callContextReader =
  ({ assets, calls }: StoreReader): ((stored: StoredCall) => CallContext) =>
  ({ key, call, agentContentKey, engineType, engineContentKey }) =>
    readCallContext({
      agent: agentContentKey === null ? noContent : assets.getContent(agentContentKey),
      engine:
        engineType === null || engineContentKey === null
          ? undefined
          : { type: engineType, content: assets.getContent(engineContentKey) },
      override: call.details.override,
      start: call.details,
      ...(call.details.given && { readTranscripts: () => calls.getTranscripts(key) }),
    });

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
export function passMoments(stored: StoredCall, until: number, input: StepInput): CallStep[] {
  const { contextOf } = input;
  const steps: CallStep[] = [];
  let present = stored;
  for (;;) {
    const { plan, state } = present.call;
    const moment = nextMoment(plan, state);
    if (moment === undefined || moment.at > until) return steps;
    const passed = passMoment(plan, state, moment);
    const next = withState(present, plan, passed.state, present.results);
    const { stored: reached, asked } = withFunctionsAt(moment, next, input);
    const results = { ...reached.results, ...resultsAt(moment.kind, next, contextOf) };
    present = withState(reached, reached.call.plan, reached.call.state, results);
    steps.push({ call: present, events: passed.events, asked });
  }
}

/** Plans the functions of a call that is connected, or calls one of them. */
function withFunctionsAt(
  { kind, at }: Moment,
  stored: StoredCall,
  { contextOf, generate }: StepInput,
): { readonly stored: StoredCall; readonly asked?: AskedFunction | undefined } {
  if (kind === 'connect') return { stored: withFunctions(stored, contextOf(stored), generate) };
  if (kind !== 'function') return { stored };
  return askFunction(stored, { context: contextOf(stored), generate: generate(), at });
}

/** What lists can tell a call by from this moment on. */
function resultsAt(
  kind: string,
  stored: StoredCall,
  contextOf: (stored: StoredCall) => CallContext,
): Partial<CallResults> {
  if (kind === 'end') return endResults(stored, contextOf(stored));
  if (kind === 'analyse') return analysisResults(stored, contextOf(stored));
  return {};
}

function endResults(
  { call }: Pick<StoredCall, 'call'>,
  context: CallContext,
): Partial<CallResults> {
  const { isComplete = false, fields = {} } = call.details.given ?? {};
  const generated = isComplete ? undefined : figuresOfCall(call, context);
  const { latency = generated?.latency, call_cost: cost = generated?.cost } = fields;
  return { combinedCost: cost?.combined_cost ?? null, latency: latency?.e2e?.p50 ?? null };
}

/** What lists can tell a call by, from what it has come to. */
export function resultsOf(call: CallRecord, context: CallContext): CallResults {
  const { plan, state } = call;
  return {
    ...noResults,
    ...(isOver(state.status) && endResults({ call }, context)),
    ...(isAnalysed(plan, state) && analysisResults({ call }, context)),
  };
}

export function analysisResults(
  { call }: Pick<StoredCall, 'call'>,
  context: CallContext,
): Partial<CallResults> {
  const analysis = analysisOf(call, context);
  return {
    sentiment: analysis.user_sentiment ?? null,
    successful: analysis.call_successful ?? null,
    inVoicemail: analysis.in_voicemail ?? null,
  };
}

/** A call of which other moments are planned. */
export const withPlan = (stored: StoredCall, plan: CallPlan): StoredCall =>
  withState(stored, plan, stored.call.state, stored.results);

type TurnListener = Pick<CallListener, 'sendsTurns' | 'turnsOf'>;

/** The same with its turns, if somebody is to be told of them. */
export function withTurns(
  stored: StoredCall,
  context: CallContext,
  { sendsTurns, turnsOf }: TurnListener,
): StoredCall {
  const { workspaceId, call } = stored;
  if (!sendsTurns(workspaceId, context)) return withPlan(stored, call.plan);
  return withPlan(stored, { ...call.plan, turnsAt: turnsOf(call, context) });
}

/**
 * A call whose turns are to be planned at `time`: it is due then, and not only when something happens in it.
 * What that needs is loaded when it is due.
 */
export const planningTurns = <Call extends NewCall>(call: Call, time: number): Call => ({
  ...call,
  nextAt: Math.min(time, call.nextAt ?? time),
});

/** Plans the turns of a call that is due for that. Those that are over by now are of the past. */
function withPlannedTurns(
  due: StoredCall,
  contextOf: (stored: StoredCall) => CallContext,
  listener: TurnListener,
): StoredCall {
  const { nextAt: now } = due;
  const { plan, state } = due.call;
  if (now === null || nextMoment(plan, state)?.at === now) return due;
  const planned = withTurns(due, contextOf(due), listener);
  if (state.status !== 'ongoing') return planned;
  const past = (planned.call.plan.turnsAt ?? []).filter((at) => at <= now).length;
  const passed = { ...state, passed: state.passed + past };
  return withState(planned, planned.call.plan, passed, planned.results);
}

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
  const { createdAt, turnsAt, functionsAt, connectsAt, transferStartsAt } = stored.call.plan;
  return withPlan(stored, {
    createdAt,
    ...(turnsAt !== undefined && { turnsAt }),
    ...(functionsAt !== undefined && { functionsAt: functionsAt.filter((at) => at <= now) }),
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
  writer: StoreWriter,
  stored: StoredCall,
  steps: readonly CallStep[],
  { onStep }: Pick<CallListener, 'onStep'>,
): StoredCall {
  const last = steps.at(-1)?.call ?? stored;
  writer.calls.change(last);
  for (const step of steps) onStep(step, writer);
  return last;
}

/** What happened in calls. */
export interface PassedCalls {
  /** How many were connected. */
  readonly started: number;
  readonly ended: number;
  readonly settledAt: number;
  /** When something is next due in a call; Infinity if nothing is. */
  readonly next: number;
  /** What must be loaded before more can happen; undefined if nothing must. */
  readonly waitFor: Promise<unknown> | undefined;
}

const timeOf = (stored: StoredCall | undefined): number => stored?.nextAt ?? Infinity;

/**
 * Lets what is due in the calls of a workspace happen, `size` at a time; the first is due at `first`. It
 * stops once something is to be sent, so that code which advances the clock can let it be sent before time
 * goes on.
 * @param onEnd called when a call has ended; true if that changed when other calls are due.
 */
export function passDueCalls(
  writer: StoreWriter,
  workspaceId: number,
  { first, until, size }: { readonly first: number; readonly until: number; readonly size: number },
  listener: CallListener,
  onEnd: (at: number) => boolean,
): PassedCalls {
  if (first > until) return { started: 0, ended: 0, settledAt: 0, next: first, waitFor: undefined };
  const { calls } = writer;
  const input = stepInput(writer, listener);
  let [settledAt, last] = [0, until];
  let [started, ended] = [0, 0];
  let waitFor: Promise<unknown> | undefined;
  const listed = calls.listDue(workspaceId, until, size);
  // A call that was not read may come after this.
  const horizon = listed.length < size ? until : timeOf(listed.at(-1));
  const queue = new TinyQueue(listed, (a, b) => timeOf(a) - timeOf(b) || a.key - b.key);
  for (let count = 0; count < size; count += 1) {
    const due = queue.pop();
    const at = timeOf(due);
    if (due === undefined || at > last) break;
    waitFor = listener.prepare(workspaceId, input.contextOf(due));
    if (waitFor !== undefined) break;
    const planned = withPlannedTurns(due, input.contextOf, listener);
    // One moment at a time, so that those of different calls come in their order.
    const steps = passMoments(planned, at, input);
    const next = storeSteps(writer, planned, steps, {
      onStep(step) {
        const isStored = listener.onStep(step, writer);
        if (isStored) last = at;
        return isStored;
      },
    });
    settledAt = Math.max(settledAt, at);
    const hasEnded = isOver(next.call.state.status) && !isOver(due.call.state.status);
    if (hasEnded) ended += 1;
    if (steps.some(({ events }) => events.some(({ name }) => name === 'call_started')))
      started += 1;
    // The others that are due were read before that.
    if (hasEnded && onEnd(at)) break;
    if (timeOf(next) <= horizon) queue.push(next);
  }
  return { started, ended, settledAt, next: calls.nextDue(workspaceId) ?? Infinity, waitFor };
}
