import type { Engine } from '../../domain/engines/engine.js';
import type { EngineNode } from '../../domain/engines/engine-node.js';
import { endsConversation, type EngineTool } from '../../domain/engines/engine-tool.js';

/** Reachability in the graph of an engine. */
export interface Paths {
  /** Nodes that a conversation must not enter. */
  readonly closed: ReadonlySet<string>;
  /** Whether a tool is called in a node that may be entered. */
  isCalled(toolName: string): boolean;
  /** For each node that leads to a call of the tool: how many steps away that call is. */
  stepsTo(toolName: string): ReadonlyMap<string, number>;
}

/**
 * @param forbidden names of tools that must not be called. A node whose own tool is forbidden is
 * closed, and so is a silent node that leads only to closed nodes.
 */
export function findPaths(engine: Engine, forbidden: ReadonlySet<string>): Paths {
  const nodes = [...engine.nodes.values()];
  const graph = reversed(nodes);
  const closed = forbidden.size === 0 ? new Set<string>() : closedNodes(nodes, graph, forbidden);
  const callers = callersOf(nodes.filter(({ id }) => !closed.has(id)));
  const steps = new Map<string, ReadonlyMap<string, number>>();
  return {
    closed,
    isCalled: (toolName) => callers.has(toolName),
    stepsTo(toolName) {
      const known = steps.get(toolName);
      if (known !== undefined) return known;
      const found = distances(callers.get(toolName) ?? [], graph, (id) => closed.has(id));
      steps.set(toolName, found);
      return found;
    },
  };
}

/** By the name of a tool: the nodes in which it can be called. */
function callersOf(nodes: readonly EngineNode[]): Map<string, EngineNode[]> {
  const found = new Map<string, EngineNode[]>();
  for (const node of nodes) {
    const { ownTool, tools } = node;
    const names = new Set([...(ownTool === undefined ? [] : [ownTool]), ...tools].map(nameOf));
    for (const name of names) {
      const others = found.get(name);
      if (others === undefined) found.set(name, [node]);
      else others.push(node);
    }
  }
  return found;
}

const nameOf = ({ name }: EngineTool): string => name;

/** The edges of an engine against their direction. */
interface Graph {
  readonly before: ReadonlyMap<string, readonly EngineNode[]>;
  /** Ids of global nodes. */
  readonly globals: ReadonlySet<string>;
  /** Nodes from which a global node can be entered; none if there are no global nodes. */
  readonly fromAnywhere: readonly EngineNode[];
}

function reversed(nodes: readonly EngineNode[]): Graph {
  const before = new Map<string, EngineNode[]>();
  for (const node of nodes) {
    for (const { to } of node.edges) {
      const others = before.get(to);
      if (others === undefined) before.set(to, [node]);
      else others.push(node);
    }
  }
  const globals = new Set(nodes.filter((node) => node.global !== undefined).map(({ id }) => id));
  const fromAnywhere = globals.size === 0 ? [] : nodes.filter(({ speaks }) => speaks);
  return { before, globals, fromAnywhere };
}

/** Breadth first, against the direction of the edges. */
function distances(
  goals: readonly EngineNode[],
  graph: Graph,
  isClosed: (id: string) => boolean,
): Map<string, number> {
  const found = new Map(goals.map(({ id }) => [id, 0]));
  const queue = goals.map(({ id }) => id);
  // Each node in which the user speaks leads to every global node, so the first one adds them all.
  let anywhere = graph.fromAnywhere;
  for (const id of queue) {
    const into = graph.before.get(id) ?? [];
    const isGlobal = anywhere.length > 0 && graph.globals.has(id);
    const all = isGlobal ? [...into, ...anywhere] : into;
    if (isGlobal) anywhere = [];
    for (const node of all) {
      if (found.has(node.id) || isClosed(node.id)) continue;
      found.set(node.id, (found.get(id) ?? 0) + 1);
      queue.push(node.id);
    }
  }
  return found;
}

/** The nodes that call a forbidden tool, and the silent nodes that lead only to those. */
function closedNodes(
  nodes: readonly EngineNode[],
  graph: Graph,
  forbidden: ReadonlySet<string>,
): Set<string> {
  const closed = new Set(
    nodes.filter(({ ownTool }) => isForbidden(ownTool, forbidden)).map(({ id }) => id),
  );
  const ends = nodes.filter(
    ({ id, speaks, ownTool, edges, global }) =>
      !closed.has(id) &&
      (speaks ||
        edges.length === 0 ||
        (global !== undefined && global.goBack.length > 0) ||
        (ownTool !== undefined && endsConversation(ownTool))),
  );
  const open = distances(ends, graph, (id) => closed.has(id));
  for (const { id } of nodes) if (!open.has(id)) closed.add(id);
  return closed;
}

const isForbidden = (tool: EngineTool | undefined, forbidden: ReadonlySet<string>): boolean =>
  tool !== undefined && forbidden.has(tool.name);
