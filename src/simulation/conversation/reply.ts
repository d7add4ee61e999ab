import { maxTools, placeholderLlm, type Engine } from '../../domain/engines/engine.js';
import type { EngineNode } from '../../domain/engines/engine-node.js';
import { endsConversation, toolNamed } from '../../domain/engines/engine-tool.js';
import type { ToolMock } from '../../domain/testing/tool-mock.js';
import type { Draw } from '../../random.js';
import { beginning, type Entry, type NodeRef } from './entry.js';
import { findFacts, maxVariables } from './facts.js';
import { globalNodesFor } from './global-nodes.js';
import { findPaths } from './paths.js';
import type { Phrase } from './phrases.js';
import { Effort } from './schema-effort.js';
import type { GenerateValue } from './schema-value.js';
import { requestedTools } from './requested-tools.js';
import {
  isSilent,
  mocksByTool,
  outcomePhrase,
  toolCaller,
  type CallTool,
  type ToolCall,
} from './tool-call.js';
import { indexTools } from './tool-index.js';
import { walk, type Walk } from './walk.js';
import { stemsOf } from './words.js';
import { Writer } from './writer.js';

/** An earlier message of the conversation. */
export interface PastMessage {
  readonly role: string;
  readonly content?: string;
  readonly name?: string;
  readonly arguments?: string;
  readonly successful?: boolean;
  readonly former_node_id?: string;
  readonly new_node_id?: string;
  readonly transition_type?: string;
}

/** A conversation whose history the client sends. */
export interface OpenConversation {
  readonly history: readonly PastMessage[];
  /** Undefined if the emulator does not have it. */
  readonly engine: Engine | undefined;
  readonly toolMocks: readonly ToolMock[];
  readonly variables: Readonly<Record<string, string>>;
  /** The id of the current node, or the name of the current state; the start if undefined. */
  readonly at: string | undefined;
  readonly generate: GenerateValue;
}

export interface Reply {
  readonly entries: readonly Entry[];
  /** The current node after the reply. */
  readonly node: NodeRef | undefined;
  readonly ended: boolean;
  readonly variables: ReadonlyMap<string, unknown>;
}

/** Computes what the agent says and does next; nothing if the user should speak. */
export const reply = (conversation: OpenConversation, draw: Draw): Reply =>
  new Replier(conversation, draw).reply();

const farewell = /\b(?:bye|goodbye|that is all|that's all|that was everything|hang up)\b/i;

/** A message that only agrees with what was said before. */
const goAhead =
  /^\W*(?:yes|yeah|sure|ok|okay|please|go (?:on|ahead)|do (?:that|it|so)|right|correct)\b/i;

/** How many of the last messages are read. */
const maxMessages = 50;

class Replier {
  readonly #engine: Engine;
  readonly #history: readonly PastMessage[];
  readonly #callTool: CallTool;
  readonly #draw: Draw;
  readonly #writer: Writer;
  readonly #variables: Map<string, unknown>;
  #node: EngineNode | undefined;
  #ended = false;

  constructor(conversation: OpenConversation, draw: Draw) {
    const { history, engine, toolMocks, variables, at, generate } = conversation;
    const names = new Set(toolMocks.map(({ tool_name }) => tool_name));
    this.#engine = engine ?? placeholderLlm([...names].slice(0, maxTools).map(toolNamed));
    this.#history = history;
    this.#draw = draw;
    const known = Object.entries(variables).slice(0, maxVariables);
    this.#variables = new Map<string, unknown>(known);
    const facts = findFacts(this.#said(), Object.fromEntries(known), draw);
    const values = { facts, generate, draw, effort: new Effort() };
    this.#callTool = toolCaller(mocksByTool(toolMocks), values);
    this.#node = this.#engine.nodes.get(at ?? this.#engine.startId ?? '');
    this.#writer = new Writer(this.#engine.type, this.#variables, draw);
  }

  reply(): Reply {
    const last = this.#history.at(-1);
    if (last === undefined) this.#open();
    else if (last.role === 'tool_call_result') {
      this.#writer.say('agent', last.successful === false ? 'toolFailed' : 'toolWorked');
    } else if (last.role === 'user') this.#answer(last.content ?? '');
    const node = this.#node && { id: this.#node.id, name: this.#node.name };
    const { entries } = this.#writer;
    return { entries, node, ended: this.#ended, variables: this.#variables };
  }

  /** All messages of the user. */
  #said(): string {
    return this.#history
      .slice(-maxMessages)
      .flatMap(({ role, content }) => (role === 'user' ? (content ?? '') : []))
      .join('\n');
  }

  #open(): void {
    const { firstSpeaker, beginMessage, type } = this.#engine;
    if (firstSpeaker === 'user') return;
    const isFlow = type === 'conversation-flow' && this.#node !== undefined;
    if (isFlow) this.#goAlong(this.#walk('', false), beginning);
    if (this.#hasEnded()) return;
    if (beginMessage !== undefined) this.#writer.fixed(beginMessage);
    else this.#follow('greeting');
  }

  #answer(content: string): void {
    if (farewell.test(content)) {
      this.#part();
      return;
    }
    const text = goAhead.test(content) ? this.#said() : content;
    const called = this.#callAsked(text);
    if (this.#hasEnded()) return;
    if (called !== undefined) {
      this.#writer.say('agent', outcomePhrase(called));
      return;
    }
    const isFirst = this.#history.filter(({ role }) => role === 'user').length === 1;
    const passed = this.#goAlong(this.#walk(text, true), this.#node ?? beginning);
    if (this.#hasEnded()) return;
    if (passed !== undefined) this.#follow(outcomePhrase(passed));
    else this.#follow(isFirst ? 'understood' : 'replies');
  }

  #hasEnded(): boolean {
    return this.#ended;
  }

  #follow(otherwise: Phrase): void {
    const isNew = this.#writer.entries.some(({ role }) => role === 'node_transition');
    // A node's instruction is followed once, when the node is entered.
    if (isNew && this.#node?.speaks === true) this.#writer.follow(this.#node, otherwise);
    else this.#writer.say('agent', otherwise);
  }

  /** Calls the tools that the user asks for and that can be called here. */
  #callAsked(text: string): ToolCall | undefined {
    const here = [...(this.#node?.tools ?? []), ...this.#engine.generalTools];
    let called: ToolCall | undefined;
    for (const tool of requestedTools(text, indexTools(here))) {
      const call = this.#callTool(tool);
      if (this.#wasMade(call)) continue;
      this.#make(call);
      called = call;
      if (this.#ended) break;
    }
    return called;
  }

  #make(call: ToolCall): void {
    this.#writer.call(call);
    for (const [name, value] of Object.entries(call.variables)) this.#variables.set(name, value);
    this.#ended ||= endsConversation(call.tool) && call.result?.successful !== false;
  }

  #wasMade({ tool, arguments: args }: ToolCall): boolean {
    const text = JSON.stringify(args);
    return this.#history
      .slice(-maxMessages)
      .some((past) => past.name === tool.name && past.arguments === text);
  }

  #walk(text: string, leaves: boolean): Walk {
    return walk({
      ...{ engine: this.#engine, from: this.#node?.id, leaves, stopsToSpeak: true },
      ...{ paths: findPaths(this.#engine, new Set()), goals: [], intent: new Set(stemsOf(text)) },
      variables: new Map(this.#variables),
      globals: text === '' ? [] : globalNodesFor(this.#engine, text),
      origin: this.#origin(),
      call: (tool) => this.#callTool(tool),
      // What the user asks for was called before the walk.
      callInTalk: () => undefined,
      draw: (step) => this.#draw('way', step),
    });
  }

  /** The node from which the current one was entered, if it is a global node. */
  #origin(): string | undefined {
    const entry = this.#history
      .slice(-maxMessages)
      .findLast(({ new_node_id: id }) => id !== undefined && id === this.#node?.id);
    return entry?.transition_type === 'global' ? entry.former_node_id : undefined;
  }

  /** Enters nodes. Returns the last call whose result the agent should talk about. */
  #goAlong({ steps, ended }: Walk, from: NodeRef): ToolCall | undefined {
    let last: ToolCall | undefined;
    let before = from;
    for (const { node, call, via } of steps) {
      this.#writer.move(before, node, via);
      [before, this.#node] = [node, node];
      if (call === undefined) continue;
      if (node.type === 'end') this.#writer.follow(node, 'goodbye');
      this.#make(call);
      if (!isSilent(call)) last = call;
    }
    this.#ended ||= ended;
    return last;
  }

  #part(): void {
    const { nodes, generalTools } = this.#engine;
    const end = this.#node?.edges
      .map(({ to }) => nodes.get(to))
      .find((node) => node?.type === 'end');
    if (end !== undefined && this.#node !== undefined) {
      this.#writer.move(this.#node, end);
      this.#node = end;
      this.#writer.follow(end, 'goodbye');
    } else {
      this.#writer.say('agent', 'goodbye');
    }
    const here = [...(this.#node?.tools ?? []), ...generalTools];
    const hangUp = end?.ownTool ?? here.find(({ type }) => type === 'end_call');
    if (hangUp !== undefined) this.#writer.call(this.#callTool(hangUp));
    this.#ended = true;
  }
}
