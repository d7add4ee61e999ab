import type { Engine } from '../../domain/engine.js';
import type { EngineEdge, EngineNode } from '../../domain/engine-node.js';
import { endsConversation, type EngineTool } from '../../domain/engine-tool.js';
import { equationsHold } from './equation.js';
import type { Paths } from './paths.js';
import type { ToolCall } from './tool-call.js';
import { isGeneric, stemsOf } from './words.js';

/** A node that the conversation enters, with the call of the node's own tool. */
export interface Step {
  readonly node: EngineNode;
  readonly call: ToolCall | undefined;
  /** Whether the conversation leaves the node without waiting for the user. */
  readonly skips: boolean;
}

/** The path of a conversation through the nodes of a flow, or the states of an LLM. */
export interface Walk {
  readonly steps: readonly Step[];
  /** Whether a call ended the conversation. */
  readonly ended: boolean;
  /** Whether it stopped because all next nodes are closed. */
  readonly blocked: boolean;
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
  /** Calls a node's own tool. */
  call(tool: EngineTool): ToolCall;
  /** A number in [0, 1) for the choice at a step. */
  draw(step: number): number;
}

/** The most steps of one conversation. */
const longestWalk = 60;

/** The most edges and conditions to evaluate in all walks of one conversation. */
export const maxChecks = 50_000;

/** The steps after which a walk stops if no goal is left. */
const usualWalk = 20;

export function walk(plan: WalkPlan): Walk {
  const walker = new Walker(plan);
  return walker.run();
}

class Walker {
  readonly #plan: WalkPlan;
  readonly #steps: Step[] = [];
  /** How often the walk entered each node. */
  readonly #visits = new Map<string, number>();
  readonly #pending: Set<string>;
  #blocked = false;
  #checks = 0;
  /** The component nodes that the walk is inside of. */
  readonly #components: EngineNode[] = [];

  constructor(plan: WalkPlan) {
    this.#plan = plan;
    this.#pending = new Set(plan.goals);
    for (const { name } of plan.engine.generalTools) this.#pending.delete(name);
  }

  run(): Walk {
    const { engine, from, leaves, stopsToSpeak } = this.#plan;
    const start = from === undefined ? undefined : engine.nodes.get(from);
    let node = start;
    if (start !== undefined && leaves) {
      this.#visits.set(start.id, 1);
      node = this.#next(start, undefined)?.node;
    }
    while (node !== undefined && this.#steps.length < longestWalk && this.#checks < maxChecks) {
      const call = this.#enter(node);
      const ends = call !== undefined && endsConversation(call.tool);
      const ended = ends && call.result?.successful !== false;
      const stops = ended || (stopsToSpeak && node.speaks);
      const next = stops ? undefined : this.#next(node, call);
      this.#steps.push({ node, call, skips: next?.skips ?? false });
      if (ended) return this.#walked({ ended, blocked: false });
      node = next?.node;
    }
    return this.#walked({ ended: false, blocked: this.#blocked });
  }

  #walked(how: Pick<Walk, 'ended' | 'blocked'>): Walk {
    return { steps: this.#steps, ...how, checks: this.#checks };
  }

  #enter(node: EngineNode): ToolCall | undefined {
    const { variables } = this.#plan;
    this.#visits.set(node.id, this.#visitsOf(node) + 1);
    if (node.type === 'component') this.#components.push(node);
    for (const { name } of node.tools) this.#pending.delete(name);
    if (node.ownTool === undefined) return undefined;
    this.#pending.delete(node.ownTool.name);
    const call = this.#plan.call(node.ownTool);
    if (call.tool.type === 'extract_dynamic_variable') {
      for (const [name, value] of Object.entries(call.arguments)) variables.set(name, value);
    }
    return call;
  }

  #next(
    node: EngineNode,
    call: ToolCall | undefined,
  ): { readonly node: EngineNode; readonly skips: boolean } | undefined {
    const { engine, paths } = this.#plan;
    for (const { equations } of node.edges) this.#checks += 1 + 5 * equations.length;
    const allowed = this.#waysFrom(node, call);
    const ways = allowed.flatMap((edge) => {
      const to = engine.nodes.get(edge.to);
      return to === undefined || paths.closed.has(to.id) ? [] : [{ edge, node: to }];
    });
    this.#blocked = allowed.length > 0 && ways.length === 0;
    const toGoal = this.#towardGoal(ways);
    const fresh = ways.filter(({ node }) => this.#visitsOf(node) === 0);
    const isLong = this.#steps.length >= usualWalk;
    const chosen = toGoal ?? (isLong ? undefined : this.#byIntent(fresh));
    return chosen && { node: chosen.node, skips: chosen.edge.when === 'skip' };
  }

  #visitsOf({ id }: EngineNode): number {
    return this.#visits.get(id) ?? 0;
  }

  /** The edges that may be taken now. */
  #waysFrom(node: EngineNode, call: ToolCall | undefined): readonly EngineEdge[] {
    const { edges } = node;
    if (edges.some(({ when }) => when === 'enter') && this.#components.at(-1) === node) {
      return edges.filter(({ when }) => when === 'enter');
    }
    const ways = this.#waysOut(edges, call);
    if (ways.length > 0) return ways;
    // A component that has no edge left continues at the edges of its component node.
    const component = this.#components.pop();
    return component === undefined ? [] : this.#waysOut(component.edges, undefined);
  }

  #waysOut(edges: readonly EngineEdge[], call: ToolCall | undefined): readonly EngineEdge[] {
    const { variables } = this.#plan;
    const successful = call?.result?.successful ?? true;
    const byResult = edges.filter(({ when }) => when === (successful ? 'success' : 'failure'));
    if (byResult.length > 0) return byResult;
    const first = edges.find((edge) => edge.when === 'equation' && equationsHold(edge, variables));
    if (first !== undefined) return [first];
    const choices = edges.filter(({ when }) => when === 'choice' || when === 'skip');
    // The else edge is for a tool that failed, too.
    const others = edges.filter(({ when }) => when === 'else');
    if (others.length > 0 && (choices.length === 0 || !successful)) return others;
    return choices;
  }

  /** The edge with the shortest way to a goal; undefined if no goal can be reached. */
  #towardGoal<Way extends { readonly node: EngineNode }>(ways: readonly Way[]): Way | undefined {
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

  /** The edge whose condition has the most words of what the user wants. */
  #byIntent<Way extends { readonly edge: EngineEdge }>(ways: readonly Way[]): Way | undefined {
    const { intent } = this.#plan;
    if (ways.length <= 1) return ways[0];
    const scored = ways.slice(0, 100).map((way) => {
      const said = new Set(
        stemsOf(way.edge.prompt.slice(0, 300)).filter((stem) => !isGeneric(stem)),
      );
      return { way, score: [...said].filter((stem) => intent.has(stem)).length };
    });
    const best = Math.max(...scored.map(({ score }) => score));
    const fitting = scored.filter(({ score }) => score === best).map(({ way }) => way);
    return pick(fitting, this.#plan.draw(this.#steps.length));
  }
}

const pick = <Item>(items: readonly Item[], draw: number): Item | undefined =>
  items[Math.floor(draw * items.length)];
