import type { EngineTool, ExtractedVariable } from '../../domain/engines/engine-tool.js';
import { selectMock, type ToolArguments, type ToolMock } from '../../domain/testing/tool-mock.js';
import type { Phrase } from './phrases.js';
import { resultWith, variablesOf, type ToolResult } from './response-variables.js';
import { isShort } from './schema-effort.js';
import { argumentsOf, type ValueSource } from './schema-value.js';

/** A call of a tool, and its result. */
export interface ToolCall {
  readonly tool: EngineTool;
  readonly arguments: ToolArguments;
  /** Undefined for `end_call`. Observed: it has no result, mocked or not. */
  readonly result: ToolResult | undefined;
  /** The mock that gave the result; undefined if none did. */
  readonly mock: ToolMock | undefined;
  /** The dynamic variables that it sets. */
  readonly variables: Readonly<Record<string, unknown>>;
  /** Which call of a custom function it is, if its URL is requested. */
  readonly functionKey?: string;
}

/** Whether the agent says nothing about the call: it only sets variables, or the tool says so. */
export const isSilent = ({ tool: { type, speaksAfter } }: ToolCall): boolean =>
  type === 'extract_dynamic_variable' || type === 'code' || !speaksAfter;

export const outcomePhrase = ({ result }: ToolCall): Phrase =>
  result?.successful === false ? 'toolFailed' : 'toolWorked';

/** The result to look for among the mocks. */
export type Wanted = 'success' | 'failure' | undefined;

/**
 * Calls a tool with arguments that match a mock's rule, if the tool has a mock, or else with
 * arguments that its schema asks for. Of several mocks it takes the first with the wanted result.
 * @param before mocks that answered a call of this conversation; others go first.
 */
export type CallTool = (
  tool: EngineTool,
  wanted?: Wanted,
  before?: ReadonlySet<ToolMock>,
) => ToolCall;

/** Calls the tools of one conversation. The arguments for a tool are made once. */
export function toolCaller(mocks: MocksByTool, source: ValueSource): CallTool {
  const known = new Map<EngineTool, PossibleCalls>();
  return (tool, wanted, before = new Set()) => {
    const calls = known.get(tool) ?? possibleCalls(tool, mocks, source);
    known.set(tool, calls);
    return chooseCall(tool, calls, source, wanted, before);
  };
}

/** The calls of a tool to choose from. */
interface PossibleCalls {
  readonly generated: ToolArguments;
  readonly mocked: readonly MockedCall[];
}

function possibleCalls(tool: EngineTool, mocks: MocksByTool, source: ValueSource): PossibleCalls {
  const generated =
    tool.type === 'extract_dynamic_variable'
      ? extractedValues(tool.variables, source)
      : argumentsOf(tool.parameters, source);
  // Observed: mocks do not catch MCP tools.
  const mocked = tool.type === 'mcp' ? [] : callsOfMocks(tool.name, mocks, generated);
  return { generated, mocked };
}

function chooseCall(
  tool: EngineTool,
  { generated, mocked: candidates }: PossibleCalls,
  source: ValueSource,
  wanted: Wanted,
  before: ReadonlySet<ToolMock>,
): ToolCall {
  const suits = ({ mock }: MockedCall): boolean =>
    wanted === undefined || (mock.result ?? true) === (wanted === 'success');
  const chosen =
    candidates.find((candidate) => suits(candidate) && !before.has(candidate.mock)) ??
    candidates.find(suits) ??
    candidates[0];
  if (chosen === undefined) return callUnmocked(tool, generated, source);
  const { args, mock } = chosen;
  const result =
    tool.type === 'end_call'
      ? undefined
      : { content: mock.output, successful: mock.result ?? true };
  return { tool, arguments: args, result, mock, variables: variablesOf(tool, args, result) };
}

interface MockedCall {
  readonly mock: ToolMock;
  readonly args: ToolArguments;
}

/** The mocks to try, by the name of the tool. */
export type MocksByTool = ReadonlyMap<string, readonly ToolMock[]>;

/** The most mocks of one tool to try. */
const maxMocks = 20;

/** The most characters of the arguments in a rule. */
const maxRuleLength = 10_000;

export function mocksByTool(mocks: readonly ToolMock[]): MocksByTool {
  const found = new Map<string, ToolMock[]>();
  for (const mock of mocks) {
    const { tool_name: name, input_match_rule: rule } = mock;
    const others = found.get(name) ?? [];
    if (others.length === maxMocks) continue;
    if (rule.type === 'partial_match' && !isShort(rule.args, maxRuleLength)) continue;
    others.push(mock);
    found.set(name, others);
  }
  return found;
}

/** For each mock that a call can match, such a call. */
function callsOfMocks(name: string, mocks: MocksByTool, generated: ToolArguments): MockedCall[] {
  const ofTool = mocks.get(name) ?? [];
  return ofTool.flatMap((mock) => {
    const { input_match_rule: rule } = mock;
    const args = rule.type === 'any' ? generated : { ...generated, ...rule.args };
    return selectMock(ofTool, name, args) === mock ? [{ mock, args }] : [];
  });
}

/** Calls the real tool. Only built-in tools succeed. */
export function callUnmocked(tool: EngineTool, args: ToolArguments, source: ValueSource): ToolCall {
  const call = { tool, arguments: args, mock: undefined };
  if (tool.type === 'end_call') return { ...call, result: undefined, variables: {} };
  const body = builtInResult(tool, args, source);
  const result =
    body === undefined
      ? { content: httpError(tool, source), successful: false }
      : { content: JSON.stringify(body), successful: true };
  return { ...call, result, variables: variablesOf(tool, args, result) };
}

/** Undefined for a tool that is called over HTTP. */
function builtInResult(
  { type, name, responseVariables }: EngineTool,
  args: ToolArguments,
  source: ValueSource,
): object | undefined {
  switch (type) {
    case 'transfer_call':
      // Observed: in these words.
      return { status: 'transferred successfully' };
    case 'bridge_transfer':
    case 'cancel_transfer':
      return { status: `${type.replace('_', ' ')} done` };
    case 'agent_swap':
      return { status: 'agent swapped successfully' };
    case 'press_digit':
      return { status: 'digit pressed successfully' };
    case 'send_sms':
      return { status: 'sms sent successfully' };
    case 'check_availability_cal': {
      const day = source.facts.value('date');
      return { available_slots: ['10:00', '11:30', '14:00'].map((time) => `${day} ${time}`) };
    }
    case 'book_appointment_cal':
      return { status: 'booked', ...args };
    case 'extract_dynamic_variable':
      return args;
    case 'code':
      return resultWith(responseVariables, source) ?? { status: `${name} executed` };
    default:
      return undefined;
  }
}

/** Observed: the result of a call whose request fails is the error of an HTTP client. */
function httpError({ url, type }: EngineTool, { draw }: ValueSource): string {
  if (type === 'mcp') return 'Failed to connect to the MCP server';
  const kind = Math.floor(draw('http error') * 4);
  if (kind < 2) return `Request failed with status code ${kind === 0 ? '404' : '500'}`;
  const host = (URL.canParse(url ?? '') && new URL(url ?? '').hostname) || 'tools.example.com';
  return kind === 2 ? `getaddrinfo ENOTFOUND ${host}` : `connect ECONNREFUSED ${host}:443`;
}

/** Values of the declared types. */
export const extractedValues = (
  variables: readonly ExtractedVariable[],
  source: ValueSource,
): ToolArguments =>
  Object.fromEntries(
    variables.slice(0, 100).map((variable) => [variable.name, extracted(variable, source)]),
  );

function extracted(variable: ExtractedVariable, source: ValueSource): unknown {
  const { name, type, choices, examples } = variable;
  const required = [name];
  const schema = {
    ...{ type: type === 'enum' ? 'string' : type },
    ...(choices !== undefined && { enum: choices }),
    ...(type === 'string' && examples.length > 0 && { examples }),
  };
  const values = argumentsOf({ type: 'object', properties: { [name]: schema }, required }, source);
  return values[name];
}
