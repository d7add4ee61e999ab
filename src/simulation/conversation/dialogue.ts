import type { EngineNode } from '../../domain/engines/engine-node.js';
import { endsConversation, type EngineTool } from '../../domain/engines/engine-tool.js';
import type { ToolMock } from '../../domain/testing/tool-mock.js';
import { beginning, type MadeCall, type NodeRef } from './entry.js';
import { planExchanges, callSitesOf, stopsOf, type Exchange, type Stop } from './exchange.js';
import { withoutPhoneNumbers } from './facts.js';
import { lineFor } from './global-nodes.js';
import type { Phrase } from './phrases.js';
import { toClause } from './text.js';
import { openingLine } from './user-prompt.js';
import type { ConversationContext } from './context.js';
import { isSilent, outcomePhrase, type CallTool, type ToolCall } from './tool-call.js';
import type { VerdictPlan } from './verdict-plan.js';
import { wordingOf } from './wording.js';
import type { Step, Walk } from './walk.js';
import { Writer } from './writer.js';

/** The entries in which a metric is talked about. */
export interface MetricMention {
  /** Undefined if the user does not ask. */
  readonly askedAt: number | undefined;
  readonly answeredAt: number;
}

/** Writes what user and agent say and do from the first to the last step of a walk. */
export class Dialogue {
  readonly writer: Writer;
  readonly plan: VerdictPlan;
  readonly calls: MadeCall[] = [];
  /** By metric. */
  readonly about = new Map<number, MetricMention>();
  readonly #context: ConversationContext;
  readonly #call: CallTool;
  readonly #stops: readonly Stop[];
  readonly #after: readonly Step[];
  readonly #exchanges: readonly Exchange[];
  /** Tools that the user prompt asks for, and that were not called yet. */
  #wanted: readonly EngineTool[];
  readonly #walkEnds: boolean;
  readonly #requestedEndings: ReadonlySet<string>;
  readonly #byStop = new Map<string, Exchange[]>();
  /** Mocks that answered a call. */
  readonly #answered = new Set<ToolMock>();
  #at: NodeRef | undefined;

  constructor(
    context: ConversationContext,
    plan: VerdictPlan,
    walk: Walk,
    wanted: readonly EngineTool[],
  ) {
    const { engine, variables, draw } = context;
    this.#context = context;
    this.#call = context.callerAt('talk');
    this.plan = plan;
    const { stops, after } = stopsOf(walk);
    this.#stops = stops;
    this.#after = after;
    this.#walkEnds = walk.ended;
    const sites = callSitesOf(walk, engine.generalTools);
    this.#exchanges = planExchanges(plan, sites, stops);
    const discussed = new Set(
      this.#exchanges.flatMap(({ calls }) => calls.map(({ name }) => name)),
    );
    this.#wanted = wanted.filter(
      (tool) =>
        sites.get(tool.name)?.isOwn === false &&
        !discussed.has(tool.name) &&
        !plan.forbidden.has(tool.name) &&
        !endsConversation(tool),
    );
    this.#requestedEndings = new Set(wanted.filter(endsConversation).map(({ name }) => name));
    for (const exchange of this.#exchanges) {
      const key = `${exchange.kind} ${String(exchange.stop)}`;
      const others = this.#byStop.get(key);
      if (others === undefined) this.#byStop.set(key, [exchange]);
      else others.push(exchange);
    }
    this.#at = engine.type === 'conversation-flow' ? beginning : undefined;
    this.writer = new Writer(engine.type, variables, draw);
  }

  /** Calls of one tool. */
  callsOf(name: string): readonly MadeCall[] {
    return this.calls.filter(({ call }) => call.tool.name === name);
  }

  run(): void {
    this.#open();
    for (const [index, stop] of this.#stops.entries()) {
      if (index > 0) {
        const called = this.#goThrough(stop.before);
        this.#arrive(stop);
        this.#reply(stop.step?.node, called);
      } else if (this.#staysAt(stop)) {
        const { node } = stop.step ?? {};
        this.#reply(this.#userBegins() ? node : undefined, undefined, node?.tools);
      }
      for (const exchange of this.#talksAt(index)) {
        this.#discuss(exchange, stop.step?.skips !== true);
      }
      if (index < this.#stops.length - 1) this.#leadOn(index, stop);
    }
    this.#close();
  }

  #talksAt(stop: number): readonly Exchange[] {
    return this.#byStop.get(`talk ${String(stop)}`) ?? [];
  }

  /** Whether the agent answers the user at the first stop, before it goes on. */
  #staysAt({ step }: Stop): boolean {
    const isOnly = this.#stops.length === 1;
    const general = isOnly ? this.#context.engine.generalTools : [];
    const names = new Set([...(step?.node.tools ?? []), ...general].map(({ name }) => name));
    return (
      (this.#userBegins() && step?.node.instruction !== undefined) ||
      this.#talksAt(0).length > 0 ||
      (isOnly && this.#after.length === 0) ||
      this.#wanted.some(({ name }) => names.has(name))
    );
  }

  #userBegins(): boolean {
    return this.#context.engine.firstSpeaker === 'user';
  }

  #open(): void {
    const { engine, content } = this.#context;
    const [first] = this.#stops;
    if (first !== undefined) {
      this.#goThrough(first.before);
      this.#arrive(first);
    }
    if (engine.firstSpeaker === 'agent') {
      if (engine.beginMessage !== undefined) this.writer.fixed(engine.beginMessage);
      else this.writer.follow(first?.step?.node ?? { instruction: undefined }, 'greeting');
    }
    if (first?.step?.skips !== true || this.#userBegins()) {
      this.writer.text(
        'user',
        openingLine(this.writer.fill(withoutPhoneNumbers(content.user_prompt))),
      );
    }
  }

  #arrive({ step }: Stop): void {
    if (step !== undefined) this.#move(step);
  }

  #move({ node, via }: Step): void {
    // The first state of an LLM has no transition to it.
    if (this.#at !== undefined) this.writer.move(this.#at, node, via);
    this.#at = node;
  }

  /** Writes silent steps. Returns the last call whose result the agent should talk about. */
  #goThrough(steps: readonly Step[]): ToolCall | undefined {
    let called: ToolCall | undefined;
    for (const step of steps) {
      const { node, call } = step;
      this.#move(step);
      if (node.type === 'end') this.writer.follow(node, 'goodbye');
      if (call === undefined) continue;
      if (node.type !== 'end' && endsConversation(call.tool))
        this.writer.follow(node, 'putThrough');
      this.#record(call);
      if (!isSilent(call)) called = call;
    }
    return called;
  }

  /** The agent calls what the user prompt asks for, and answers the user. */
  #reply(
    node: EngineNode | undefined,
    called: ToolCall | undefined,
    local: readonly EngineTool[] = node?.tools ?? [],
  ): void {
    const tools = this.#takeWanted(local);
    let result = called;
    for (const [index, tool] of tools.entries()) {
      if (index > 0) this.writer.say('user', 'lookUp');
      result = this.#callTool(tool);
      if (index < tools.length - 1) this.writer.say('agent', outcomePhrase(result));
    }
    const usual = node === undefined || node.type === 'state' ? 'understood' : 'asks';
    const phrase = result?.tool.speaksAfter === true ? outcomePhrase(result) : usual;
    this.writer.follow(node ?? { instruction: undefined }, phrase);
  }

  /** The wanted tools that can be called here. Another node may have a different tool of the same name. */
  #takeWanted(local: readonly EngineTool[]): EngineTool[] {
    const here = [...local, ...this.#context.engine.generalTools];
    const found = this.#wanted.map(({ name }) => here.find((tool) => tool.name === name));
    this.#wanted = this.#wanted.filter((_, index) => found[index] === undefined);
    return found.filter((tool) => tool !== undefined);
  }

  /** The user asks about a metric; the agent answers by calls, or in words. */
  #discuss({ index, planned, calls, part }: Exchange, isUsersTurn: boolean): void {
    const { met } = planned;
    const {
      phrases: [question, good, bad],
      asked,
      answered,
    } = wordingOf(planned, part);
    // A node that skips the response gives the user no turn.
    const askedAt = isUsersTurn ? this.writer.say('user', question, asked) : undefined;
    const last = calls.map((tool) => this.#callTool(tool)).at(-1);
    let phrase: Phrase = met ? good : bad;
    if (last !== undefined && bad !== 'givesIn') {
      phrase = last.result?.successful === false ? 'toolFailed' : 'done';
    }
    const answeredAt = this.writer.say('agent', phrase, answered);
    this.about.set(index, { askedAt, answeredAt });
  }

  /** The user speaks last at a stop, before the conversation goes on to the next one. */
  #leadOn(index: number, { step }: Stop): void {
    const spokeLast = this.writer.entries.at(-1)?.role === 'user';
    if (spokeLast || step?.skips === true) return;
    const [onward] = this.#byStop.get(`onward ${String(index)}`) ?? [];
    if (onward !== undefined) this.#bringUp(onward);
    else this.#sayOnward(this.#stepAfter(index));
  }

  /** The next step after a stop. */
  #stepAfter(index: number): Step | undefined {
    const next = this.#stops[index + 1];
    return next === undefined ? this.#after[0] : (next.before[0] ?? next.step);
  }

  /** What the user says to enter a node: the condition of a global node asks for words of its own. */
  #sayOnward(next: Step | undefined): void {
    const { condition = '' } = (next?.via === 'global' ? next.node.global : undefined) ?? {};
    const line = lineFor(condition);
    if (line !== undefined) this.writer.text('user', line);
    else if (condition !== '') this.writer.say('user', 'saysAside', toClause(condition));
    else this.writer.say('user', 'goOn');
  }

  #bringUp({ index, planned }: Exchange): void {
    const {
      phrases: [question],
      asked,
    } = wordingOf(planned);
    const at = this.writer.say('user', question, asked);
    this.about.set(index, { askedAt: at, answeredAt: at });
  }

  #close(): void {
    const { generalTools } = this.#context.engine;
    const here = [...(this.#stops.at(-1)?.step?.node.tools ?? []), ...generalTools];
    const leaving = here.filter(
      (tool) => endsConversation(tool) && tool.type !== 'end_call' && this.#mustCall(tool),
    );
    const hasLeft = this.#leave(leaving);
    const hangUp = here.find(
      (tool) => tool.type === 'end_call' && !this.plan.forbidden.has(tool.name),
    );
    if (hasLeft) {
      if (hangUp !== undefined && this.plan.demanded.has(hangUp.name)) this.#callTool(hangUp);
      return;
    }
    const last = this.#stops.at(-1)?.step;
    if (this.#after.some(({ call }) => call !== undefined && call.tool.type !== 'end_call')) {
      this.#leadOn(this.#stops.length - 1, { before: [], step: last });
    } else if (last?.skips !== true && this.writer.entries.at(-1)?.role !== 'user') {
      this.writer.say('user', 'thanks');
    }
    this.#goThrough(this.#after);
    if (this.#after.length > 0 || this.#walkEnds) return;
    this.writer.say('agent', 'goodbye');
    if (hangUp !== undefined) this.#callTool(hangUp);
  }

  #mustCall({ name }: EngineTool): boolean {
    const { demanded, forbidden } = this.plan;
    return (demanded.has(name) || this.#requestedEndings.has(name)) && !forbidden.has(name);
  }

  /** Calls the tools that end the conversation. Returns whether one of them did. */
  #leave(tools: readonly EngineTool[]): boolean {
    let hasLeft = false;
    for (const [index, tool] of tools.entries()) {
      const exchange = this.#exchanges.find(
        ({ kind, planned: { demands } }) =>
          kind === 'last' &&
          [...demands.asked, ...demands.forbidden].some(({ name }) => name === tool.name),
      );
      if (!hasLeft) {
        if (exchange === undefined) this.writer.say('user', index === 0 ? 'handOver' : 'lookUp');
        else this.#bringUp(exchange);
        this.writer.say('agent', 'putThrough');
      }
      const { result } = this.#callTool(tool);
      if (result?.successful === false && !hasLeft) this.writer.say('agent', 'toolFailed');
      hasLeft ||= result?.successful !== false;
    }
    return hasLeft;
  }

  #callTool(tool: EngineTool): ToolCall {
    const wanted = this.plan.failing.has(tool.name) ? 'failure' : 'success';
    const call = this.#call(tool, wanted, this.#answered);
    this.#record(call);
    return call;
  }

  #record(call: ToolCall): void {
    if (call.mock !== undefined) this.#answered.add(call.mock);
    this.calls.push({ at: this.writer.call(call), call });
  }
}
