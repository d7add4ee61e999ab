import type { Engine } from '../../domain/engines/engine.js';
import type { EngineEdge, EngineNode } from '../../domain/engines/engine-node.js';
import { endsConversation, type EngineTool } from '../../domain/engines/engine-tool.js';
import type { Transition } from './entry.js';
import { equationsHold } from './equation.js';
import { globalNodesOf } from './global-nodes.js';
import type { Paths } from './paths.js';
import type { ToolCall } from './tool-call.js';
import { waysOut } from './ways.js';
import { isGeneric, stemsOf } from './words.js';

/** A node that the conversation enters, with the call of the node's own tool. */
export interface Step {
  readonly node: EngineNode;
  readonly call: ToolCall | undefined;
  /** Whether the conversation leaves the node without waiting for the user. */
  readonly skips: boolean;
  readonly via: Transition;
}

/** The path of a conversation through the nodes of a flow, or the states of an LLM. */
export interface Walk {
  readonly steps: readonly Step[];
  /** Whether a call ended the conversation. */
  readonly ended: boolean;
  /** Whether it stopped because all next nodes are closed. */
  readonly blocked: boolean;
  /** Whether silent steps come before all words if there is no step in which somebody speaks. */
  readonly speaksLast?: boolean;
  /** How many edges and conditions were evaluated. */
  readonly checks: number;
}

export interface WalkPlan {
  readonly engine: Engine;
  /** The first node; undefined for an LLM without states. */
  readonly from: string | undefined;
  /** Whether the conversation is in that node already, and the walk begins with the next one. */
  readonly leaves: boolean;
  /** Whether the walk stops at the first node in which the agent speaks. */
  readonly stopsToSpeak: boolean;
  readonly paths: Paths;
  /** Names of tools that the walk should reach. */
  readonly goals: readonly string[];
  /** Stems of what the user wants. They decide between edges if nothing else does. */
  readonly intent: ReadonlySet<string>;
  /** The dynamic variables; the walk adds those that nodes set. */
  readonly variables: Map<string, unknown>;
  /** The global nodes whose condition the user's words meet. */
  readonly globals: readonly EngineNode[];
  /** The node to go back to if the walk begins in a global node. */
  readonly origin: string | undefined;
  /** Calls a node's own tool. */
  call(tool: EngineTool): ToolCall;
  /** The call that the agent will make while it talks in a node; undefined if it makes none. */
  callInTalk(tool: EngineTool): ToolCall | undefined;
  /** A number in [0, 1) for the choice at a step. */
  draw(step: number): number;
}

/** The most steps of one conversation. */
const maxSteps = 60;

/** The most edges and conditions to evaluate in all walks of one conversation. */
export const maxChecks = 50_000;

/** The steps after which a walk stops if no goal is left. */
const usualWalk = 20;

export function walk(plan: WalkPlan): Walk {
  const walker = new Walker(plan);
  return walker.run();
}

/** An edge that can be taken now. */
interface Way {
  readonly node: EngineNode;
  readonly edge: EngineEdge | undefined;
  readonly via: Transition;
}

/** Where a global node was entered from. */
interface Origin {
  readonly node: EngineNode;
  readonly components: readonly EngineNode[];
}

class Walker {
  readonly #plan: WalkPlan;
  readonly #steps: Step[] = [];
  /** How often the walk entered each node. */
  readonly #visits = new Map<string, number>();
  readonly #pending: Set<string>;
  /** Names of tools that were called while the agent talks. */
  readonly #called = new Set<string>();
  readonly #globals: readonly EngineNode[];
  /** By global node: where it was entered from, and at which step. */
  readonly #origins = new Map<string, Origin>();
  readonly #enteredAt = new Map<string, number>();
  #blocked = false;
  #checks = 0;
  /** The component nodes that the walk is inside of. */
  #components: EngineNode[] = [];

  constructor(plan: WalkPlan) {
    this.#plan = plan;
    this.#globals = globalNodesOf(plan.engine);
    this.#pending = new Set(plan.goals);
    for (const { name } of plan.engine.generalTools) this.#pending.delete(name);
  }

  run(): Walk {
    const { engine, from, leaves, origin, stopsToSpeak } = this.#plan;
    const start = from === undefined ? undefined : engine.nodes.get(from);
    let way: Way | undefined = start && { node: start, edge: undefined, via: 'normal' };
    if (start !== undefined && leaves) {
      const before = origin === undefined ? undefined : engine.nodes.get(origin);
      if (before !== undefined) this.#origins.set(start.id, { node: before, components: [] });
      this.#visits.set(start.id, 1);
      way = this.#next(start, undefined);
    }
    while (way !== undefined && this.#steps.length < maxSteps && this.#checks < maxChecks) {
      const { node, via }: Way = way;
      const call = this.#enter(node);
      const ends = call !== undefined && endsConversation(call.tool);
      const ended = ends && call.result?.successful !== false;
      const stops = ended || (stopsToSpeak && node.speaks);
      way = stops ? undefined : this.#next(node, call);
      this.#steps.push({ node, call, skips: way?.edge?.when === 'skip', via });
      if (ended) return this.#walked({ ended, blocked: false });
    }
    return this.#walked({ ended: false, blocked: this.#blocked });
  }

  #walked(how: Pick<Walk, 'ended' | 'blocked'>): Walk {
    return { steps: this.#steps, ...how, checks: this.#checks };
  }

  #enter(node: EngineNode): ToolCall | undefined {
    this.#visits.set(node.id, this.#visitsOf(node) + 1);
    if (node.type === 'component') this.#components.push(node);
    for (const tool of node.tools) {
      this.#pending.delete(tool.name);
      this.#callInTalk(tool);
    }
    if (node.ownTool === undefined) return undefined;
    this.#pending.delete(node.ownTool.name);
    const call = this.#plan.call(node.ownTool);
    this.#setVariables(call);
    return call;
  }

  /** Only for the variables that the call sets, by which equations decide. */
  #callInTalk(tool: EngineTool): void {
    if (tool.responseVariables.length + tool.variables.length === 0) return;
    if (this.#called.has(tool.name)) return;
    const call = this.#plan.callInTalk(tool);
    if (call === undefined) return;
    this.#called.add(tool.name);
    this.#setVariables(call);
  }

  #setVariables({ variables }: ToolCall): void {
    for (const [name, value] of Object.entries(variables)) this.#plan.variables.set(name, value);
  }

  #next(node: EngineNode, call: ToolCall | undefined): Way | undefined {
    for (const { equations } of node.edges) this.#checks += 1 + 5 * equations.length;
    const allowed = this.#waysFrom(node, call);
    const ways = allowed.flatMap((edge) => {
      const to = this.#plan.engine.nodes.get(edge.to);
      return this.#isOpen(to) ? [{ edge, node: to, via: 'normal' as const }] : [];
    });
    const userSpeaks = node.speaks && allowed.every(({ when }) => when !== 'skip');
    const chosen = this.#choose(
      ways,
      userSpeaks ? this.#globalWays(node) : [],
      this.#wayBack(node),
    );
    this.#blocked = chosen === undefined && allowed.length > 0 && ways.length === 0;
    if (chosen !== undefined) this.#noteGlobal(node, chosen);
    return chosen;
  }

  #isOpen(node: EngineNode | undefined): node is EngineNode {
    return node !== undefined && !this.#plan.paths.closed.has(node.id);
  }

  #choose(ways: readonly Way[], globals: readonly Way[], back: Way | undefined): Way | undefined {
    const asked = globals.find(
      ({ node }) => this.#visitsOf(node) === 0 && this.#plan.globals.includes(node),
    );
    const returns = (asked?.node.global?.goBack.length ?? 0) > 0;
    if (asked !== undefined && returns) return asked;
    const backs = back === undefined ? [] : [back];
    const toGoal = this.#towardGoal([...ways, ...globals, ...backs]) ?? asked;
    if (toGoal !== undefined) return toGoal;
    const fresh = ways.filter(({ node }) => this.#visitsOf(node) === 0);
    if (this.#steps.length >= usualWalk) return back;
    return this.#byIntent(fresh, back);
  }

  #visitsOf({ id }: EngineNode): number {
    return this.#visits.get(id) ?? 0;
  }

  /** Documented: a node with a global setting can be entered from anywhere, after its cool down. */
  #globalWays(from: EngineNode): Way[] {
    return this.#globals.flatMap((node) => {
      const entered = this.#enteredAt.get(node.id);
      const isCool =
        entered === undefined || this.#steps.length - entered > (node.global?.coolDown ?? 0);
      return node !== from && isCool && this.#isOpen(node)
        ? [{ node, edge: undefined, via: 'global' as const }]
        : [];
    });
  }

  /** Documented: a go-back condition has no destination. It leads to where the walk came from. */
  #wayBack(node: EngineNode): Way | undefined {
    const origin = this.#origins.get(node.id);
    const { variables } = this.#plan;
    const goesBack = node.global?.goBack.some(
      (edge) => edge.when !== 'equation' || equationsHold(edge, variables),
    );
    return origin !== undefined && goesBack === true && this.#isOpen(origin.node)
      ? { node: origin.node, edge: undefined, via: 'global_go_back' }
      : undefined;
  }

  #noteGlobal(from: EngineNode, { node, via }: Way): void {
    if (via === 'global') {
      this.#origins.set(node.id, { node: from, components: this.#components });
      this.#enteredAt.set(node.id, this.#steps.length);
      this.#components = [];
    } else if (via === 'global_go_back') {
      this.#components = [...(this.#origins.get(from.id)?.components ?? [])];
      this.#origins.delete(from.id);
    }
  }

  /** The edges that may be taken now. */
  #waysFrom(node: EngineNode, call: ToolCall | undefined): readonly EngineEdge[] {
    const { edges } = node;
    const { variables } = this.#plan;
    if (edges.some(({ when }) => when === 'enter') && this.#components.at(-1) === node) {
      return edges.filter(({ when }) => when === 'enter');
    }
    const ways = waysOut(edges, call, variables);
    if (ways.length > 0) return ways;
    // A component that has no edge left continues at the edges of its component node.
    const component = this.#components.pop();
    return component === undefined ? [] : waysOut(component.edges, undefined, variables);
  }

  /** The edge with the shortest way to a goal; undefined if no goal can be reached. */
  #towardGoal(ways: readonly Way[]): Way | undefined {
    // A condition may never hold, so a node is entered twice at most.
    const open = ways.filter(({ node }) => this.#visitsOf(node) < 2);
    for (const goal of this.#pending) {
      this.#checks += open.length;
      const steps = this.#plan.paths.stepsTo(goal);
      const distanceOf = ({ node }: Way): number => steps.get(node.id) ?? Infinity;
      const nearest = Math.min(...open.map(distanceOf));
      if (nearest === Infinity) continue;
      const best = open.filter((way) => distanceOf(way) === nearest);
      const fresh = best.filter(({ node }) => this.#visitsOf(node) === 0);
      return pick(fresh.length > 0 ? fresh : best, this.#plan.draw(this.#steps.length));
    }
    return undefined;
  }

  /**
   * The edge whose condition has the most words of what the user wants. If no condition has one, the
   * way back, or else the else edge.
   */
  #byIntent(ways: readonly Way[], back: Way | undefined): Way | undefined {
    const { intent } = this.#plan;
    if (ways.length <= 1 && back === undefined) return ways[0];
    const scored = ways.slice(0, 100).map((way) => {
      const words = stemsOf((way.edge?.prompt ?? '').slice(0, 300));
      const said = new Set(words.filter((stem) => !isGeneric(stem)));
      const isSure = way.edge?.when === 'equation' || way.edge?.when === 'skip';
      return { way, score: isSure ? 1 : [...said].filter((stem) => intent.has(stem)).length };
    });
    const best = Math.max(0, ...scored.map(({ score }) => score));
    if (best === 0 && back !== undefined) return back;
    const fitting = scored.filter(({ score }) => score === best).map(({ way }) => way);
    const others = best === 0 ? fitting.filter(({ edge }) => edge?.when === 'else') : [];
    return pick(others.length > 0 ? others : fitting, this.#plan.draw(this.#steps.length));
  }
}

const pick = <Item>(items: readonly Item[], draw: number): Item | undefined =>
  items[Math.floor(draw * items.length)];
