import type { EngineTool } from '../../domain/engines/engine-tool.js';
import { isGeneric, isVerb, lookUp, stemsOf } from './words.js';

/** A tool, with the words by which metrics and prompts refer to it. */
export interface IndexedTool {
  readonly tool: EngineTool;
  /** The stem of its verb: `book` for `book_table`, `check` for every tool that only reads. */
  readonly verb: string | undefined;
  /** The stems of the other words of its name. */
  readonly nouns: ReadonlySet<string>;
  /** The stems of its description. */
  readonly description: ReadonlySet<string>;
}

/** The tools of a conversation, by name and by verb. */
export interface ToolIndex {
  readonly all: readonly IndexedTool[];
  /** By name, in upper or lower case. */
  named(word: string): EngineTool | undefined;
  /** By the stem of the verb. */
  doing(verb: string): readonly IndexedTool[];
}

/** The most tools to index by verb. An engine of megabytes may have any number of them. */
const maxTools = 200;

/** The most characters of a name to index. */
const maxNameLength = 200;

export function indexTools(tools: readonly EngineTool[]): ToolIndex {
  const byName = new Map<string, EngineTool>();
  for (const tool of tools) {
    if (tool.name.length > maxNameLength) continue;
    const key = tool.name.toLowerCase();
    if (!byName.has(key)) byName.set(key, tool);
  }
  const all = [...byName.values()].slice(0, maxTools).map(indexTool);
  const byVerb = new Map<string, IndexedTool[]>();
  for (const indexed of all) {
    const { verb } = indexed;
    if (verb === undefined) continue;
    const others = byVerb.get(verb);
    if (others === undefined) byVerb.set(verb, [indexed]);
    else others.push(indexed);
  }
  return {
    all,
    named: (word) => byName.get(word.toLowerCase()),
    doing: (verb) => byVerb.get(verb) ?? [],
  };
}

/** The verbs of built-in tools, which have any name. */
const verbOfType: Readonly<Record<string, string>> = {
  end_call: 'end',
  transfer_call: 'transfer',
  bridge_transfer: 'transfer',
  agent_swap: 'transfer',
  cancel_transfer: 'cancel',
  press_digit: 'press',
  send_sms: 'send',
  check_availability_cal: lookUp,
  book_appointment_cal: 'book',
  extract_dynamic_variable: 'collect',
};

function indexTool(tool: EngineTool): IndexedTool {
  const stems = stemsOf(tool.name.slice(0, 200)).filter((stem) => !/^\d+$/.test(stem));
  const verb =
    verbOfType[tool.type] ?? stems.find(isVerb) ?? stems.find((stem) => !isGeneric(stem));
  const variables = tool.variables.slice(0, 20).flatMap(({ name }) => stemsOf(name));
  const nouns = [...stems, ...variables].filter((stem) => stem !== verb && !isGeneric(stem));
  return {
    tool,
    verb,
    nouns: new Set(nouns),
    description: new Set(
      stemsOf(tool.description.slice(0, 300)).filter((stem) => !isGeneric(stem)),
    ),
  };
}
