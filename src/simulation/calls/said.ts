import { isOver } from '../../domain/calls/call.js';
import type {
  CallCourse,
  CallFunctions,
  CallRecord,
  LlmDetails,
} from '../../domain/calls/call-record.js';
import { keyedChance, type Chance } from '../../random.js';
import type { GenerateValue } from '../conversation/schema-value.js';
import type { FunctionCalls } from '../conversation/function-calls.js';
import type { CallContext } from './call-context.js';
import { holdCall, type Speech } from './speech.js';
import { saidUntil, timeEntry, timeLive, timeSaid, timeSpeech, type TimedEntry } from './timing.js';

/** What a call draws from: its seed, and its id, which follows from its workspace and its ordinal. */
export const chanceOf = ({ seed, id }: CallRecord): Chance => keyedChance(seed).within('call', id);

/** Milliseconds from the connection to the end, or to now; undefined if nobody has answered. */
export function talkOf({ plan, state }: CallRecord, now: number): number | undefined {
  const { connectsAt, endsAt } = plan;
  if (connectsAt === undefined || state.status === 'registered') return undefined;
  return Math.max(0, (isOver(state.status) ? (endsAt ?? now) : now) - connectsAt);
}

/** What was said in a call until it was over, or until now, with times. */
export function saidIn(
  call: CallRecord,
  context: CallContext,
  generate: GenerateValue,
  now: number,
): {
  readonly entries: readonly TimedEntry[];
  readonly collected: Readonly<Record<string, string>>;
} {
  const talk = talkOf(call, now);
  const { details, plan } = call;
  if (talk === undefined) return { entries: [], collected: {} };
  const connectsAt = plan.connectsAt ?? now;
  const live = timeLive(
    (details.live ?? []).map(({ at, entry }) => ({ entry, start: Math.max(0, at - connectsAt) })),
    isOver(call.state.status) ? talk : Infinity,
  );
  if (details.llm !== undefined) {
    const said = saidByServer(details.llm, connectsAt, talk);
    return { entries: [...said, ...live].sort((a, b) => a.start - b.start), collected: {} };
  }
  const rest = plannedRest(call, context, generate);
  const { said = [], awaited, answers = [] } = details.functions ?? {};
  const collected = Object.assign(
    { ...rest?.collected },
    ...answers.map(({ variables }) => variables),
  ) as Record<string, string>;
  if (rest === undefined) return { entries: live, collected };
  const planned = [...said.map(timeSaid), ...(awaited === undefined ? rest.entries : [])];
  return {
    entries: [...saidUntil(planned, talk), ...live].sort((a, b) => a.start - b.start),
    collected,
  };
}

/** What was said in a call that the client's server holds: a call that ends cuts what is being said. */
const saidByServer = ({ entries }: LlmDetails, connectsAt: number, talk: number): TimedEntry[] =>
  saidUntil(
    entries.map(({ at, entry }) => timeEntry(entry, Math.max(0, at - connectsAt))),
    talk,
  );

/** What is planned to be said in a call, after the last result of a custom function. */
export interface PlannedRest {
  readonly entries: readonly TimedEntry[];
  readonly collected: Speech['collected'];
  /** The custom functions that it calls, by which call it is. */
  readonly functions: FunctionCalls;
}

/** Undefined for a call that is moved by hand, or that nobody answers. */
export function plannedRest(
  call: CallRecord,
  context: CallContext,
  generate: GenerateValue,
): PlannedRest | undefined {
  const { course, details } = call;
  if (course?.talk === undefined) return undefined;
  const { agent, engine } = context;
  const { functions } = details;
  const { entries, ...rest } = holdCall({
    ...{ agent, engine, generate, direction: call.direction, counterpart: course.counterpart },
    ...{ reason: course.reason, ordered: course.forced.transcript, tools: course.forced.tools },
    functions: functions && calledBefore(functions),
    variables: variablesOf(call),
    draw: chanceOf(call).within('speech'),
  });
  return { ...rest, entries: timeRest(entries, course, context, functions) };
}

const calledBefore = ({ answers }: CallFunctions) => ({
  results: new Map(answers.map(({ key, ...result }) => [key, result])),
  last: answers.at(-1)?.key,
});

/** The rest fills the time from the last result to the planned end. */
function timeRest(
  entries: Speech['entries'],
  course: CallCourse,
  { agent }: CallContext,
  { restFrom, talk }: Pick<CallFunctions, 'restFrom' | 'talk'> = {
    restFrom: 0,
    talk: course.talk ?? 0,
  },
): TimedEntry[] {
  const silence = {
    before: restFrom === 0 ? agent.beginMessageDelay : 0,
    after: course.reason === 'inactivity' ? agent.silenceLimit : 0,
  };
  return timeSpeech(entries, Math.max(0, talk - restFrom), silence, restFrom);
}

/** When the turns of a call will be over that is going to be talked, by the workspace's clock. */
export function turnTimesOf(
  call: CallRecord,
  context: CallContext,
  generate: GenerateValue,
): number[] {
  const { connectsAt, endsAt } = call.plan;
  if (connectsAt === undefined || endsAt === undefined) return [];
  const over = { ...call, state: { status: 'ended', passed: 0 } } as const;
  return turnTimes(saidIn(over, context, generate, endsAt).entries, connectsAt);
}

export const turnTimes = (entries: readonly TimedEntry[], connectsAt: number): number[] =>
  entries.filter(({ words }) => words.length > 0).map(({ end }) => connectsAt + Math.ceil(end));

export const variablesOf = ({ details }: CallRecord): Record<string, string> => ({
  ...details.variables,
  ...details.liveVariables,
});

/** Documented: variables that every call has. */
export function systemVariablesOf({
  id,
  origin,
  direction,
  fromNumber,
  toNumber,
}: CallRecord): Record<string, string> {
  if (origin === 'web') return { call_id: id, call_type: 'web_call' };
  const [agent_number, user_number] =
    direction === 'outbound' ? [fromNumber, toNumber] : [toNumber, fromNumber];
  return { call_id: id, call_type: 'phone_call', direction, agent_number, user_number };
}

/** All dynamic variables of a call: those of the engine, of every call, of the client, and of functions. */
export const allVariablesOf = (call: CallRecord, context: CallContext): Record<string, string> =>
  Object.assign(
    { ...context.engine?.defaultVariables, ...systemVariablesOf(call), ...variablesOf(call) },
    ...(call.details.functions?.answers ?? []).map(({ variables }) => variables),
  ) as Record<string, string>;
