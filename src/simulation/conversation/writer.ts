import type { EngineNode } from '../../domain/engines/engine-node.js';
import type { EngineType } from '../../domain/engines/response-engine.js';
import type { Draw } from '../../random.js';
import type { Entry, NodeRef, Transition } from './entry.js';
import { questionOf } from './instruction.js';
import { phrases, type Phrase } from './phrases.js';
import { maxEntryLength, shortened, substitute } from './text.js';
import type { ToolCall } from './tool-call.js';
import { toText } from './equation.js';

/** The most characters of a conversation; the rest is cut. */
const maxConversationLength = 500_000;

/** The most characters of a name. */
const maxNameLength = 1000;

/** Writes the entries of a conversation. */
export class Writer {
  readonly entries: Entry[];
  /** The values for the variables in texts. */
  readonly #variables: Map<string, unknown>;
  readonly #draw: Draw;
  readonly #isFlow: boolean;
  #room = maxConversationLength;

  /** @param before the entries that exist already. */
  constructor(
    type: EngineType,
    variables: ReadonlyMap<string, unknown>,
    draw: Draw,
    before: readonly Entry[] = [],
  ) {
    this.entries = [...before];
    this.#variables = new Map(variables);
    this.#draw = draw;
    this.#isFlow = type === 'conversation-flow';
  }

  /** The index of the last entry. */
  get last(): number {
    return this.entries.length - 1;
  }

  /** Says a template of this kind with a clause in it; never the sentence that the speaker said last. */
  say(role: 'agent' | 'user', phrase: Phrase, clause = ''): number {
    const choices: readonly string[] = phrases[phrase];
    const drawn = Math.floor(this.#draw(phrase, this.entries.length) * choices.length);
    // A function, because a text to put in may hold `$&` and the like.
    const said = (index: number) =>
      (choices[index % choices.length] ?? '').replace('{}', () => clause);
    const isRepeated = this.#lastOf(role) === said(drawn);
    return this.text(role, said(isRepeated ? drawn + 1 : drawn));
  }

  text(role: 'agent' | 'user', content: string): number {
    return this.#add({ role, content: this.#fit(content, maxEntryLength) });
  }

  /** A text of the engine, with the variables filled in. */
  fixed(text: string): number {
    return this.text('agent', this.fill(text));
  }

  fill(text: string): string {
    return substitute(text, (name) =>
      this.#variables.has(name) ? toText(this.#variables.get(name)) : undefined,
    );
  }

  /** What the agent says because of a node's instruction. */
  follow({ instruction }: Pick<EngineNode, 'instruction'>, otherwise: Phrase): number {
    if (instruction?.type === 'fixed') return this.fixed(instruction.text);
    const question = instruction && questionOf(this.fill(instruction.text.slice(0, 1000)));
    return question === undefined ? this.say('agent', otherwise) : this.text('agent', question);
  }

  move(from: NodeRef, to: NodeRef, via: Transition = 'normal'): void {
    const refs = { from: this.#refTo(from), to: this.#refTo(to) };
    this.#add(
      this.#isFlow
        ? { role: 'node_transition', ...refs, via }
        : { role: 'state_transition', ...refs },
    );
  }

  /** Returns the index of the invocation. */
  call({ tool, arguments: args, result, variables, functionKey }: ToolCall): number {
    const { announcement } = tool;
    if (announcement === 'model') {
      if (this.entries.at(-1)?.role !== 'agent') this.say('agent', 'announce');
    } else if (announcement !== 'none') this.fixed(announcement.text);
    const given = JSON.stringify(args);
    const at = this.#add({
      role: 'tool_call_invocation',
      name: this.#fit(tool.name, maxNameLength),
      type: this.#fit(tool.type, maxNameLength),
      // Cut JSON would not be JSON.
      arguments: given.length > this.#room ? '{}' : this.#fit(given),
      ...(functionKey !== undefined && { functionKey }),
    });
    if (result !== undefined) {
      const { content, successful } = result;
      this.#add({ role: 'tool_call_result', content: this.#fit(content), successful });
    }
    for (const [name, value] of Object.entries(variables)) this.#variables.set(name, value);
    return at;
  }

  #lastOf(speaker: 'agent' | 'user'): string | undefined {
    const entry = this.entries.findLast(({ role }) => role === speaker);
    return entry !== undefined && 'content' in entry ? entry.content : undefined;
  }

  /** The part of a text that the conversation has room for. */
  #fit(text: string, longest = Infinity): string {
    const fitting = shortened(text, Math.min(longest, this.#room));
    this.#room = Math.max(0, this.#room - fitting.length);
    return fitting;
  }

  #refTo(node: NodeRef): NodeRef {
    const { id, name } = node;
    const isUsual = id.length + name.length <= maxNameLength;
    // Code compares `beginning` by identity, so it must not be copied.
    return isUsual
      ? node
      : { id: this.#fit(id, maxNameLength), name: this.#fit(name, maxNameLength) };
  }

  #add(entry: Entry): number {
    return this.entries.push(entry) - 1;
  }
}
