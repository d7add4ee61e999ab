import type { CallEntryInput } from '../../domain/calls/forced-call.js';
import type { Counterpart, SpeechEntry } from '../../domain/calls/call-record.js';
import type { CallAgent } from '../../domain/calls/call-agent.js';
import type { CallDirection, DisconnectionReason } from '../../domain/calls/call.js';
import type { Engine } from '../../domain/engines/engine.js';
import { endsConversation, type EngineTool } from '../../domain/engines/engine-tool.js';
import { newContent, type TestCaseContent } from '../../domain/testing/test-case.js';
import type { Draw } from '../../random.js';
import type { Conversation, Entry } from '../conversation/entry.js';
import { toText } from '../conversation/equation.js';
import { maxVariables } from '../conversation/facts.js';
import { simulateConversation } from '../conversation/run.js';
import type { GenerateValue } from '../conversation/schema-value.js';
import { substitute } from '../conversation/text.js';

/** What is said in a call. */
export interface Speech {
  readonly entries: readonly SpeechEntry[];
  /** What the agent has found out, by name. */
  readonly collected: Readonly<Record<string, string>>;
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
  readonly generate: GenerateValue;
  readonly draw: Draw;
}

const silent: Speech = { entries: [], collected: {} };

/** Holds the conversation of a call that was answered. The same input gives the same conversation. */
export function holdCall(input: SpeechInput): Speech {
  const { ordered, counterpart, reason } = input;
  if (ordered !== undefined) {
    return { entries: ordered.flatMap((entry) => toSpeech(entry, input.engine)), collected: {} };
  }
  if (reason === 'error_llm_websocket_open') return silent;
  if (counterpart !== 'person') return { entries: withMachine(input), collected: {} };
  const conversation = simulateConversation({
    content: contentOf(input),
    engine: input.engine,
    ...{ outcome: 'pass', ending: undefined, generate: input.generate, draw: input.draw },
  });
  return {
    entries: endedBy(reason, conversation.entries, input),
    collected: collectedBy(conversation),
  };
}

/** What a rule, or somebody by hand, says and does. A tool has the type that the engine gives it. */
export function toSpeech(entry: CallEntryInput, engine: Engine | undefined): SpeechEntry[] {
  switch (entry.role) {
    case 'tool': {
      const { name, arguments: given = {}, result, successful = true } = entry;
      const invocation: SpeechEntry = {
        ...{ role: 'tool_call_invocation', name },
        type: engine?.tools.find((tool) => tool.name === name)?.type ?? 'custom',
        arguments: JSON.stringify(given),
      };
      return result === undefined
        ? [invocation]
        : [invocation, { role: 'tool_call_result', content: result, successful }];
    }
    case 'dtmf':
      return [{ role: 'dtmf', digit: entry.digit }];
    case 'silence':
      return [];
    default:
      return [{ role: entry.role, content: entry.content }];
  }
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

/** Who the user is and what the user wants, in the place of what a definition says of it. */
function contentOf(input: SpeechInput): TestCaseContent {
  const { engine, direction, draw } = input;
  const variables = variablesOf(input);
  const name =
    Object.entries(variables).find(([key]) => /(?:^|_)(?:full_?)?name$/i.test(key))?.[1] ??
    names[Math.floor(draw('name') * names.length)] ??
    '';
  const tools = (engine?.tools ?? []).filter(isAskedFor);
  const wanted = tools[Math.floor(draw('wish') * tools.length)];
  const wish = wanted === undefined ? 'know more about it' : deedOf(wanted.name);
  const waits = direction === 'outbound' ? ' You expected this call.' : '';
  return newContent({
    name: 'Call',
    response_engine: { type: engine?.type ?? 'retell-llm', ...noEngine },
    user_prompt: `You are ${name}. You want to ${wish}.${waits}`,
    metrics: [topics[Math.floor(draw('topic') * topics.length)] ?? ''],
    dynamic_variables: variables,
    tool_mocks: (engine?.tools ?? []).filter(isCustom).map(({ name }) => ({
      tool_name: name,
      input_match_rule: { type: 'any' },
      output: '{"status":"success"}',
      result: true,
    })),
  });
}

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

const isCallOf = (entry: Entry, test: (type: string) => boolean): boolean =>
  entry.role === 'tool_call_invocation' && test(entry.type);

const leaving = ['end_call', 'transfer_call', 'bridge_transfer', 'agent_swap'];

/** The share of a conversation that was held when something broke it off. */
const brokenShare = { least: 0.3, most: 0.8 };

/** A conversation as far as it goes if the call ends for this reason. */
function endedBy(
  reason: DisconnectionReason,
  entries: readonly Entry[],
  input: SpeechInput,
): readonly SpeechEntry[] {
  const leaves = entries.findIndex((entry) => isCallOf(entry, (type) => leaving.includes(type)));
  const talk = leaves === -1 ? entries : entries.slice(0, leaves);
  switch (reason) {
    case 'agent_hangup': {
      const hangsUp = entries.findIndex((entry) => isCallOf(entry, (type) => type === 'end_call'));
      return hangsUp === -1 ? talk : entries.slice(0, hangsUp + 1);
    }
    case 'call_transfer':
    case 'transfer_bridged':
    case 'transfer_cancelled':
      // They do not part before the transfer.
      return [...talk.slice(0, Math.max(2, talk.length - 2)), ...transferOf(reason, input)];
    case 'error_no_audio_received':
    case 'error_asr':
      return talk.slice(0, talk.findIndex(({ role }) => role === 'agent') + 1);
    case 'user_hangup':
    case 'max_duration_reached':
      return talk;
    default: {
      const { least, most } = brokenShare;
      const share = least + (most - least) * input.draw('broken');
      const cut = talk.slice(0, Math.ceil(talk.length * share));
      // The one who falls silent is the user.
      return reason === 'inactivity'
        ? cut.slice(0, cut.findLastIndex(({ role }) => role === 'agent') + 1)
        : cut;
    }
  }
}

function transferOf(reason: DisconnectionReason, { engine }: SpeechInput): SpeechEntry[] {
  const tool = engine?.tools.find(({ type }) => type === 'transfer_call');
  const successful = reason !== 'transfer_cancelled';
  const status = successful ? 'transferred successfully' : 'transfer cancelled';
  return [
    { role: 'user', content: 'Could you put me through to a person?' },
    { role: 'agent', content: 'Of course, I will put you through. One moment, please.' },
    {
      ...{ role: 'tool_call_invocation', name: tool?.name ?? 'transfer_call' },
      ...{ type: 'transfer_call', arguments: '{}' },
    },
    { role: 'tool_call_result', content: JSON.stringify({ status }), successful },
    ...(reason === 'transfer_bridged'
      ? [{ role: 'transfer_target', content: 'Hello, this is the front desk.' } as const]
      : []),
  ];
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
