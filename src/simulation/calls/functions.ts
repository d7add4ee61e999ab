import type { CallPlan } from '../../domain/calls/call.js';
import type {
  AwaitedFunction,
  CallFunctions,
  CallRecord,
  SaidEntry,
  SpeechEntry,
} from '../../domain/calls/call-record.js';
import { filledConstants, resultText } from '../../domain/calls/custom-function.js';
import type { EngineTool } from '../../domain/engines/engine-tool.js';
import type { JsonObject } from '../../domain/json.js';
import { derivedHex } from '../../random.js';
import type { StoredCall } from '../../store/calls.js';
import { toText } from '../conversation/equation.js';
import { variablesOf as variablesSetBy } from '../conversation/response-variables.js';
import type { GenerateValue } from '../conversation/schema-value.js';
import { scheduleRest } from './course.js';
import { allVariablesOf, chanceOf, plannedRest, turnTimes, type PlannedRest } from './said.js';
import type { CallContext } from './call-context.js';
import { generatedArguments, requestedFunction } from './script.js';
import type { TimedEntry } from './timing.js';

/** A custom function whose URL is to be requested. */
export interface AskedFunction {
  readonly awaited: AwaitedFunction;
  readonly tool: EngineTool;
  readonly arguments: JsonObject;
}

/** The result of a custom function. */
export interface FunctionResult {
  readonly content: string;
  readonly successful: boolean;
}

/** Whether custom functions may be requested in a call that is going to be talked. */
function requestsFunctions({ course, details }: CallRecord, context: CallContext): boolean {
  if (course?.talk === undefined || course.counterpart !== 'person') return false;
  if (details.given !== undefined || context.functions.length === 0) return false;
  const { transcript, tools = {} } = course.forced;
  if (transcript === undefined)
    return context.functions.some((name) => !Object.hasOwn(tools, name));
  return transcript.some(
    (entry) =>
      entry.role === 'tool' &&
      entry.result === undefined &&
      !Object.hasOwn(tools, entry.name) &&
      requestedFunction(context.engine, entry.name) !== undefined,
  );
}

/** A call that was connected just now, with the first of its custom functions in its plan, if it has any. */
export function withFunctions(
  stored: StoredCall,
  context: CallContext,
  generate: () => GenerateValue,
): StoredCall {
  const { call } = stored;
  if (!requestsFunctions(call, context)) return stored;
  const { connectsAt = 0, endsAt } = call.plan;
  const isPolled = stored.progression.kind === 'polls' || endsAt === undefined;
  const talk = isPolled ? (call.course?.talk ?? 0) : endsAt - connectsAt;
  const functions: CallFunctions = { said: [], answers: [], restFrom: 0, talk };
  return planNext(withThem(stored, functions, { ...call.plan, turnsAt: call.plan.turnsAt && [] }), {
    ...{ context, generate: generate(), at: connectsAt },
  });
}

const withThem = (stored: StoredCall, functions: CallFunctions, plan: CallPlan): StoredCall => {
  const { call } = stored;
  return { ...stored, call: { ...call, plan, details: { ...call.details, functions } } };
};

interface Moment {
  readonly context: CallContext;
  readonly generate: GenerateValue;
  readonly at: number;
}

const isCallOfFunction = ({ entry }: TimedEntry): boolean =>
  entry.role === 'tool_call_invocation' && entry.functionKey !== undefined;

/** Plans the turns that follow, and the next function. Where reads move the call, that one is called at once. */
function planNext(stored: StoredCall, { context, generate, at }: Moment): StoredCall {
  const { call, progression } = stored;
  const { plan, details } = call;
  const { connectsAt = 0, turnsAt, functionsAt = [] } = plan;
  const { entries = [] } = plannedRest(call, context, generate) ?? {};
  const next = entries.find(isCallOfFunction);
  const nextAt =
    next && (progression.kind === 'polls' ? at : Math.max(at, connectsAt + Math.ceil(next.start)));
  // Later than the function that was answered, whose place among the moments stays.
  const turns =
    plan.endsAt === undefined
      ? []
      : turnTimes(entries, connectsAt).map((turn) => Math.max(turn, at + 1));
  return {
    ...stored,
    call: {
      ...call,
      details,
      plan: {
        ...plan,
        ...(turnsAt !== undefined && { turnsAt: [...turnsAt, ...turns] }),
        functionsAt: nextAt === undefined ? functionsAt : [...functionsAt, nextAt],
      },
    },
  };
}

/** A call at the moment at which it calls a custom function. Nothing else is planned until the result comes. */
export function askFunction(
  stored: StoredCall,
  moment: Moment,
): { readonly stored: StoredCall; readonly asked: AskedFunction | undefined } {
  const { call } = stored;
  const { functions } = call.details;
  const rest = plannedRest(call, moment.context, moment.generate);
  const index = rest?.entries.findIndex(isCallOfFunction) ?? -1;
  const invocation = rest?.entries[index];
  if (functions === undefined || rest === undefined || invocation === undefined) {
    return { stored, asked: undefined };
  }
  const { at } = moment;
  const since = at - (call.plan.connectsAt ?? at);
  const before = rest.entries.slice(0, index);
  const asked = askedIn(call, moment, rest, invocation);
  if (asked === undefined) return { stored, asked };
  const entry = { ...invocation.entry, arguments: JSON.stringify(asked.arguments) };
  const said: SaidEntry[] = [...before, { ...invocation, entry }].map(({ entry, start, end }) => ({
    ...{ entry, start: Math.min(start, since), end: Math.min(end, since) },
  }));
  const waiting = { ...functions, said: [...functions.said, ...said], awaited: asked.awaited };
  return { stored: withThem(stored, waiting, waitingPlan(call.plan, at)), asked };
}

function askedIn(
  call: CallRecord,
  { context, at }: Moment,
  { functions }: PlannedRest,
  { entry }: TimedEntry,
): AskedFunction | undefined {
  const key = entry.role === 'tool_call_invocation' ? (entry.functionKey ?? '') : '';
  const made = functions.get(key);
  if (made === undefined) return undefined;
  const { tool } = made;
  const delivery = `delivery_${derivedHex(24, call.seed, call.id, 'function', call.state.passed)}`;
  return {
    ...{ tool, awaited: { key, name: tool.name, at, delivery } },
    arguments: filledConstants(tool.parameters, made.arguments, allVariablesOf(call, context)),
  };
}

/** What was planned for later may never come. */
function waitingPlan(plan: CallPlan, at: number): CallPlan {
  const { createdAt, connectsAt, turnsAt, functionsAt, transferStartsAt } = plan;
  return {
    ...{ createdAt, connectsAt, functionsAt },
    ...(turnsAt !== undefined && { turnsAt: turnsAt.filter((turn) => turn <= at) }),
    ...(transferStartsAt !== undefined && transferStartsAt < at && { transferStartsAt }),
  };
}

const noFunctions: CallFunctions = { said: [], answers: [], restFrom: 0, talk: 0 };

/** A call that is moved by hand, in which the agent calls a custom function now. */
export function askByHand(
  stored: StoredCall,
  tool: EngineTool,
  given: JsonObject | undefined,
  { context, generate, at }: Moment,
): { readonly stored: StoredCall; readonly asked: AskedFunction } {
  const { call } = stored;
  const { live = [], functions = noFunctions } = call.details;
  const key = `hand ${String(live.length)}`;
  const variables = allVariablesOf(call, context);
  const draw = chanceOf(call).within('speech', key);
  const args = given ?? generatedArguments(tool, { variables, generate, draw });
  const asked: AskedFunction = {
    ...{ tool, arguments: filledConstants(tool.parameters, args, variables) },
    awaited: {
      ...{ key, name: tool.name, at },
      delivery: `delivery_${derivedHex(24, call.seed, call.id, 'function', key)}`,
    },
  };
  const entry: SpeechEntry = {
    ...{ role: 'tool_call_invocation', name: tool.name, type: tool.type, functionKey: key },
    arguments: JSON.stringify(asked.arguments),
  };
  const waiting = { ...functions, awaited: asked.awaited };
  return { stored: withLive(withThem(stored, waiting, call.plan), entry, at), asked };
}

function withLive(stored: StoredCall, entry: SpeechEntry, at: number): StoredCall {
  const { call } = stored;
  const live = [...(call.details.live ?? []), { at, entry }];
  return { ...stored, call: { ...call, details: { ...call.details, live } } };
}

/** The function that a call waits for, to be asked for again. */
export function awaitedAgain(
  { call }: StoredCall,
  context: CallContext,
  generate: GenerateValue,
): AskedFunction | undefined {
  const { functions: { awaited, said } = noFunctions, live = [] } = call.details;
  if (awaited === undefined) return undefined;
  const isByHand = call.course === undefined;
  const tool = isByHand
    ? requestedFunction(context.engine, awaited.name)
    : plannedRest(call, context, generate)?.functions.get(awaited.key)?.tool;
  const invocation = [...said, ...live].findLast(
    ({ entry }) => entry.role === 'tool_call_invocation' && entry.functionKey === awaited.key,
  )?.entry;
  if (tool === undefined || invocation?.role !== 'tool_call_invocation') return undefined;
  return { awaited, tool, arguments: JSON.parse(invocation.arguments) as JsonObject };
}

/**
 * A call that gets the result it waited for. The time that it waited is added to the call. Where the clock
 * does not count, no time has passed.
 */
export function answerFunction(
  stored: StoredCall,
  result: FunctionResult,
  moment: Moment,
): StoredCall {
  const { call, progression } = stored;
  const { functions } = call.details;
  if (functions?.awaited === undefined) return stored;
  const { awaited, ...before } = functions;
  const at = progression.kind === 'immediate' ? awaited.at : Math.max(awaited.at, moment.at);
  const { connectsAt = 0 } = call.plan;
  const start = at - connectsAt;
  const { successful } = result;
  const content = resultText(result.content);
  const asked = awaitedAgain(stored, moment.context, moment.generate);
  const variables = asked === undefined ? {} : variablesOfResult(asked, { content, successful });
  const answers = [...before.answers, { key: awaited.key, content, successful, variables }];
  const entry: SpeechEntry = { role: 'tool_call_result', content, successful };
  if (call.course === undefined) {
    return withLive(withThem(stored, { ...before, answers }, call.plan), entry, at);
  }
  const { maxDuration } = moment.context.agent;
  const wished = before.talk + at - awaited.at;
  const talk = Math.max(start, Math.min(wished, maxDuration));
  const answered: CallFunctions = {
    said: [...before.said, { entry, start, end: start }],
    ...{ answers, restFrom: start, talk },
  };
  const plan =
    progression.kind === 'polls'
      ? call.plan
      : scheduleRest(call.course, call.plan, {
          ...{ at, endsAt: connectsAt + talk, isTooLong: wished > maxDuration },
        });
  return planNext(withThem(stored, answered, plan), { ...moment, at });
}

const variablesOfResult = (
  { tool, arguments: args }: AskedFunction,
  result: FunctionResult,
): Record<string, string> =>
  Object.fromEntries(
    Object.entries(variablesSetBy(tool, args, result)).map(([name, value]) => [
      name,
      toText(value),
    ]),
  );
