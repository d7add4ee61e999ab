import { isFunction } from '../../domain/calls/custom-function.js';
import type { CallEntryInput, ForcedCall } from '../../domain/calls/forced-call.js';
import type { Counterpart, SpeechEntry } from '../../domain/calls/call-record.js';
import type { CallAgent } from '../../domain/calls/call-agent.js';
import type { CallDirection, DisconnectionReason } from '../../domain/calls/call.js';
import type { Engine } from '../../domain/engines/engine.js';
import { endsConversation, type EngineTool } from '../../domain/engines/engine-tool.js';
import { newContent, type TestCaseContent } from '../../domain/testing/test-case.js';
import type { Draw } from '../../random.js';
import type { Conversation } from '../conversation/entry.js';
import { toText } from '../conversation/equation.js';
import { maxVariables } from '../conversation/facts.js';
import {
  functionCallsOf,
  type CalledFunctions,
  type FunctionCalls,
} from '../conversation/function-calls.js';
import { simulateConversation } from '../conversation/run.js';
import type { GenerateValue } from '../conversation/schema-value.js';
import { substitute } from '../conversation/text.js';
import { readScript } from './script.js';
import { endOfSpeech } from './speech-end.js';

/** What is said in a call. */
export interface Speech {
  readonly entries: readonly SpeechEntry[];
  /** What the agent has found out, by name. */
  readonly collected: Readonly<Record<string, string>>;
  /** The custom functions that are called, by which call it is. */
  readonly functions: FunctionCalls;
}

/** What the conversation of a call depends on. */
export interface SpeechInput {
  readonly agent: CallAgent;
  /** Undefined if the emulator does not have it. */
  readonly engine: Engine | undefined;
  readonly direction: CallDirection;
  /** Those of the call; the engine's defaults are not among them. */
  readonly variables: Readonly<Record<string, string>>;
  /** Undefined while the call goes on. */
  readonly reason: DisconnectionReason;
  readonly counterpart: Counterpart;
  readonly ordered: readonly CallEntryInput[] | undefined;
  /** What tools give back, in the place of their own results. */
  readonly tools: ForcedCall['tools'];
  /** Undefined if no custom function is requested. */
  readonly functions?: CalledFunctions | undefined;
  readonly generate: GenerateValue;
  readonly draw: Draw;
}

const noFunctions: FunctionCalls = new Map();
const speechOf = (entries: readonly SpeechEntry[]): Speech => ({
  ...{ entries, collected: {}, functions: noFunctions },
});

/**
 * Holds the conversation of a call that was answered. The same input gives the same conversation. If custom
 * functions were called before, it begins after the last result.
 */
export function holdCall(input: SpeechInput): Speech {
  const { ordered, counterpart, reason, functions, draw } = input;
  if (ordered !== undefined) {
    const { entries, calls } = readScript({
      ...input,
      entries: ordered,
      variables: variablesOf(input),
    });
    const from = positionAfter(entries, functions?.last);
    return { entries: entries.slice(from), collected: {}, functions: calls };
  }
  if (reason === 'error_llm_websocket_open') return speechOf([]);
  if (counterpart !== 'person') return speechOf(withMachine(input));
  const wanted = wishOf(input);
  const conversation = simulateConversation({
    content: contentOf(input, wanted),
    engine: input.engine,
    ...(functions !== undefined && { functions: functions.results, wanted }),
    ...{ outcome: 'pass', ending: undefined, generate: input.generate, draw },
  });
  const { entries } = conversation;
  const { kept, added } = endOfSpeech(entries, input);
  const from = positionAfter(entries, functions?.last);
  return {
    entries: [...entries.slice(from, Math.max(kept, from)), ...added],
    collected: collectedBy(conversation),
    functions: functionCallsOf(conversation.calls),
  };
}

/** Where a conversation goes on after the result of a function. */
function positionAfter(entries: readonly SpeechEntry[], key: string | undefined): number {
  if (key === undefined) return 0;
  const at = entries.findIndex(
    (entry) => entry.role === 'tool_call_invocation' && entry.functionKey === key,
  );
  if (at === -1) return entries.length;
  return entries[at + 1]?.role === 'tool_call_result' ? at + 2 : at + 1;
}

const variablesOf = ({ engine, variables }: SpeechInput): Record<string, string> =>
  Object.fromEntries(
    Object.entries({ ...engine?.defaultVariables, ...variables }).slice(0, maxVariables),
  );

const fill = (text: string, input: SpeechInput): string => {
  const variables = variablesOf(input);
  return substitute(text, (name) => (Object.hasOwn(variables, name) ? variables[name] : undefined));
};

export const machineGreeting = (counterpart: Counterpart): string =>
  counterpart === 'ivr'
    ? 'Thank you for calling. For sales, press 1. For support, press 2.'
    : 'You have reached the voicemail of this number. Please leave a message after the tone.';

/** What a machine says, and what the agent says to it. */
function withMachine(input: SpeechInput): SpeechEntry[] {
  const { agent, engine, counterpart } = input;
  const greeting: SpeechEntry = { role: 'user', content: machineGreeting(counterpart) };
  if (counterpart === 'ivr') return [greeting];
  switch (agent.voicemail.kind) {
    case 'says':
      return [greeting, { role: 'agent', content: fill(agent.voicemail.text, input) }];
    case 'hangup':
      return [greeting];
    case 'none': {
      const opening = engine?.beginMessage ?? 'Hello, can you hear me?';
      return [greeting, { role: 'agent', content: fill(opening, input) }];
    }
  }
}

/** What the user asks for besides, as metrics. */
const topics = [
  'The agent explains what happens next',
  'The agent repeats the most important details',
  'The agent says when the office is open',
];

const names = ['Ann Lee', 'Sam Ortiz', 'Maria Novak', 'John Reed', 'Priya Shah', 'Tom Weber'];

/** The tool that the user asks for: a custom function, if the conversation requests such. */
function wishOf({ engine, functions, draw }: SpeechInput): EngineTool | undefined {
  const tools = (engine?.tools ?? []).filter(isAskedFor);
  const callable = functions === undefined ? [] : callableFunctions(engine, tools);
  const choices = callable.length > 0 ? callable : tools;
  return choices[Math.floor(draw('wish') * choices.length)];
}

/** The custom functions that some node, or the agent anywhere, can call. */
function callableFunctions(engine: Engine | undefined, tools: readonly EngineTool[]): EngineTool[] {
  const nodes = [...(engine?.nodes.values() ?? [])];
  const called = [
    ...(engine?.generalTools ?? []),
    ...nodes.flatMap(({ ownTool, tools: own }) =>
      ownTool === undefined ? own : [ownTool, ...own],
    ),
  ];
  const names = new Set(called.map(({ name }) => name));
  return tools.filter((tool) => isFunction(tool) && names.has(tool.name));
}

/** Who the user is and what the user wants, in the place of what a definition says of it. */
function contentOf(input: SpeechInput, wanted: EngineTool | undefined): TestCaseContent {
  const { engine, direction, draw } = input;
  const variables = variablesOf(input);
  const name =
    Object.entries(variables).find(([key]) => /(?:^|_)(?:full_?)?name$/i.test(key))?.[1] ??
    names[Math.floor(draw('name') * names.length)] ??
    '';
  const wish = wanted === undefined ? 'know more about it' : deedOf(wanted.name);
  const waits = direction === 'outbound' ? ' You expected this call.' : '';
  return newContent({
    name: 'Call',
    response_engine: { type: engine?.type ?? 'retell-llm', ...noEngine },
    user_prompt: `You are ${name}. You want to ${wish}.${waits}`,
    metrics: [topics[Math.floor(draw('topic') * topics.length)] ?? ''],
    dynamic_variables: variables,
    tool_mocks: mocksOf(input),
  });
}

/** What tools give back by rule, and that those succeed which would be called over HTTP. */
function mocksOf({ engine, tools = {}, functions }: SpeechInput): TestCaseContent['tool_mocks'] {
  const succeeding = (engine?.tools ?? []).filter(
    (tool) => isCustom(tool) && (functions === undefined || !isFunction(tool)),
  );
  return [
    ...Object.entries(tools).map(([name, { result, successful }]) =>
      mock(name, result, successful),
    ),
    ...succeeding.map(({ name }) => mock(name, '{"status":"success"}')),
  ];
}

const mock = (
  name: string,
  output: string,
  result = true,
): TestCaseContent['tool_mocks'][number] => ({
  ...{ tool_name: name, input_match_rule: { type: 'any' }, output, result },
});

const noEngine = { llm_id: '', conversation_flow_id: '' } as const;

/** Tools that would be called over HTTP. */
const isCustom = ({ type }: EngineTool): boolean => type === 'custom' || type === 'mcp';

/** Tools that a user may ask for. */
const isAskedFor = (tool: EngineTool): boolean =>
  !endsConversation(tool) &&
  tool.type !== 'extract_dynamic_variable' &&
  tool.type !== 'press_digit';

/** What a tool does, in words: `book_table` → `book the table`. */
function deedOf(name: string): string {
  const [verb = '', ...others] = name
    .slice(0, 100)
    .replaceAll(/(?<=[a-z\d])(?=[A-Z])/g, ' ')
    .toLowerCase()
    .split(/[\s_-]+/);
  return others.length === 0 ? `${verb} something` : `${verb} the ${others.join(' ')}`;
}

/** Documented: the variables that were collected, as texts. */
function collectedBy({ entries, variables }: Conversation): Record<string, string> {
  const found = entries.flatMap((entry) =>
    entry.role === 'tool_call_invocation' && entry.type === 'extract_dynamic_variable'
      ? Object.keys(JSON.parse(entry.arguments) as object)
      : [],
  );
  return Object.fromEntries(found.map((name) => [name, toText(variables.get(name))]));
}
