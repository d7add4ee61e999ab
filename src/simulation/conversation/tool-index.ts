import type { EngineTool } from '../../domain/engine-tool.js';
import { isGeneric, isVerb, lookUp, stemsOf } from './words.js';

/** A tool, and what its name and type say that it does. */
export interface IndexedTool {
  readonly tool: EngineTool;
  /** The stem of what it does: `book` of `book_table`, `check` of all that only look something up. */
  readonly verb: string | undefined;
  /** The stems of what it does that to. */
  readonly nouns: ReadonlySet<string>;
  /** What its description adds to that. */
  readonly description: ReadonlySet<string>;
}

/** The tools of a conversation, found by what is said of them. */
export interface ToolIndex {
  readonly all: readonly IndexedTool[];
  /** Finds it by its name, however that is spelled. */
  named(word: string): EngineTool | undefined;
  /** Those that do this. */
  doing(verb: string): readonly IndexedTool[];
}

/** Tools to find by what they do. An engine of megabytes may have any number of them. */
const mostTools = 200;

/** Characters of a name that texts are searched for. */
const longestName = 200;

export function indexTools(tools: readonly EngineTool[]): ToolIndex {
  const byName = new Map<string, EngineTool>();
  for (const tool of tools) {
    if (tool.name.length > longestName) continue;
    const key = tool.name.toLowerCase();
    if (!byName.has(key)) byName.set(key, tool);
  }
  const all = [...byName.values()].slice(0, mostTools).map(indexTool);
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

/** What built-in tools do, whatever they are named. */
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
