import { isFunction } from '../../domain/calls/custom-function.js';
import type { CallEntryInput, ForcedCall } from '../../domain/calls/forced-call.js';
import type { SpeechEntry } from '../../domain/calls/call-record.js';
import type { Engine } from '../../domain/engines/engine.js';
import type { EngineTool } from '../../domain/engines/engine-tool.js';
import type { ToolArguments } from '../../domain/testing/tool-mock.js';
import type { Draw } from '../../random.js';
import { findFacts } from '../conversation/facts.js';
import {
  functionArguments,
  type CalledFunctions,
  type FunctionCalls,
} from '../conversation/function-calls.js';
import type { ToolCall } from '../conversation/tool-call.js';
import { Effort } from '../conversation/schema-effort.js';
import type { GenerateValue } from '../conversation/schema-value.js';

type ToolEntry = Extract<CallEntryInput, { role: 'tool' }>;

interface ScriptInput {
  readonly entries: readonly CallEntryInput[];
  readonly engine: Engine | undefined;
  readonly tools: ForcedCall['tools'];
  readonly functions?: CalledFunctions | undefined;
  readonly variables: Readonly<Record<string, string>>;
  readonly generate: GenerateValue;
  readonly draw: Draw;
}

/** What a rule says and does, with the custom functions whose results have not come. */
export function readScript(input: ScriptInput): {
  readonly entries: SpeechEntry[];
  readonly calls: FunctionCalls;
} {
  const { engine, tools = {}, functions } = input;
  const calls = new Map<string, ToolCall>();
  const entries = input.entries.flatMap((entry, index): SpeechEntry[] => {
    if (entry.role !== 'tool' || entry.result !== undefined) return toSpeech(entry, engine);
    const forced = Object.hasOwn(tools, entry.name) ? tools[entry.name] : undefined;
    if (forced !== undefined) return toSpeech({ ...entry, ...forced }, engine);
    const tool = functions && requestedFunction(engine, entry.name);
    if (tool === undefined || functions === undefined) return toSpeech(entry, engine);
    const functionKey = `script ${String(index)}`;
    const result = functions.results.get(functionKey);
    const args = entry.arguments ?? generatedArguments(tool, withDraw(input, functionKey));
    if (result === undefined) {
      const call = { tool, arguments: args, mock: undefined, variables: {}, functionKey };
      calls.set(functionKey, { ...call, result });
    }
    return [
      { ...invocationOf(entry, tool.type, args), functionKey },
      { role: 'tool_call_result', content: '', successful: true, ...result },
    ];
  });
  return { entries, calls };
}

/** A custom function of the engine whose URL is requested. */
export const requestedFunction = (
  engine: Engine | undefined,
  name: string,
): EngineTool | undefined => engine?.tools.find((tool) => tool.name === name && isFunction(tool));

type ArgumentsInput = Pick<ScriptInput, 'variables' | 'generate' | 'draw'>;

const withDraw = (input: ArgumentsInput, key: string): ArgumentsInput => ({
  ...input,
  draw: (...purpose) => input.draw(key, ...purpose),
});

/** Arguments of a function, where nothing was said from which they could follow. */
export function generatedArguments(
  tool: EngineTool,
  { variables, generate, draw }: ArgumentsInput,
): ToolArguments {
  const facts = findFacts('', variables, draw);
  return functionArguments(tool, { facts, generate, draw, effort: new Effort() });
}

const invocationOf = (
  { name }: ToolEntry,
  type: string,
  args: ToolArguments,
): Extract<SpeechEntry, { role: 'tool_call_invocation' }> => ({
  ...{ role: 'tool_call_invocation', name, type, arguments: JSON.stringify(args) },
});

/** What a rule, or somebody by hand, says and does. A tool has the type that the engine gives it. */
export function toSpeech(entry: CallEntryInput, engine: Engine | undefined): SpeechEntry[] {
  switch (entry.role) {
    case 'tool': {
      const { arguments: given = {}, result, successful = true } = entry;
      const type = engine?.tools.find(({ name }) => name === entry.name)?.type ?? 'custom';
      const invocation = invocationOf(entry, type, given);
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
