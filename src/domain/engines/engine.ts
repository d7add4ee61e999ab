import type { AssetContent } from './asset.js';
import { maxEdges, maxLocalTools, maxNodes, type EngineNode } from './engine-node.js';
import { toolsOf, type EngineTool } from './engine-tool.js';
import { readFlowNodes } from './flow-nodes.js';
import { listOf, objectOf, textOf, type JsonObject } from '../json.js';
import type { EngineType } from './response-engine.js';

/** The parts of an engine that a conversation uses. */
export interface Engine {
  readonly type: EngineType;
  readonly firstSpeaker: 'agent' | 'user';
  /** What the agent says if it speaks first; undefined if the model decides. */
  readonly beginMessage: string | undefined;
  /** Default dynamic variables. A definition's variables of the same name replace them. */
  readonly defaultVariables: Readonly<Record<string, string>>;
  /** All tools, in the order of the content. */
  readonly tools: readonly EngineTool[];
  /** Tools that the agent can call in every node or state. */
  readonly generalTools: readonly EngineTool[];
  /** Nodes of a flow, or states of an LLM, by id; empty for an LLM without states. */
  readonly nodes: ReadonlyMap<string, EngineNode>;
  readonly startId: string | undefined;
}

/** The most general tools that a conversation uses. A client may send megabytes of them. */
export const maxTools = 1000;

/** Reads stored content. The contract has validated the parts that are read here. */
export const readEngine = (type: EngineType, content: AssetContent): Engine =>
  type === 'retell-llm' ? readLlm(content) : readFlow(content);

function readLlm(content: AssetContent): Engine {
  const states = listOf(content['states'], maxNodes);
  const nodes = states.map(readState);
  const generalTools = toolsOf(content['general_tools']);
  return {
    ...readOpening(content),
    type: 'retell-llm',
    beginMessage: textOf(content['begin_message']),
    tools: [...generalTools, ...states.flatMap(({ tools }) => toolsOf(tools))],
    generalTools: generalTools.slice(0, maxTools),
    nodes: byId(nodes),
    startId: textOf(content['starting_state']) ?? nodes[0]?.id,
  };
}

function readState(state: JsonObject): EngineNode {
  const name = textOf(state['name']) ?? '';
  return {
    ...{ id: name, name, type: 'state', speaks: true },
    // A state's prompt says how the agent behaves, not what it says first.
    instruction: undefined,
    ownTool: undefined,
    tools: toolsOf(state['tools']).slice(0, maxLocalTools),
    edges: listOf(state['edges'], maxEdges).flatMap((edge) => {
      const to = textOf(edge['destination_state_name']);
      const prompt = textOf(edge['description']) ?? '';
      return to === undefined
        ? []
        : [{ to, when: 'choice' as const, prompt, equations: [], anyEquation: false }];
    }),
    global: undefined,
  };
}

function readFlow(content: AssetContent): Engine {
  const { nodes, tools } = readFlowNodes(content);
  const givenStart = textOf(content['start_node_id']);
  const all = byId(nodes);
  const start = (givenStart === undefined ? undefined : all.get(givenStart)) ?? nodes[0];
  return {
    ...readOpening(content),
    type: 'conversation-flow',
    beginMessage:
      textOf(content['begin_message']) ??
      (start?.instruction?.type === 'fixed' ? start.instruction.text : undefined),
    tools,
    generalTools: [],
    nodes: all,
    startId: start?.id,
  };
}

const byId = (nodes: readonly EngineNode[]): Map<string, EngineNode> => {
  const found = new Map<string, EngineNode>();
  for (const node of nodes) if (!found.has(node.id)) found.set(node.id, node);
  return found;
};

/** Documented (SDK types): an LLM with an empty `begin_message` waits for the user, too. */
function readOpening(content: AssetContent): Pick<Engine, 'firstSpeaker' | 'defaultVariables'> {
  const waits = content['start_speaker'] === 'user' || content['begin_message'] === '';
  const variables = Object.entries(objectOf(content['default_dynamic_variables']) ?? {});
  return {
    firstSpeaker: waits ? 'user' : 'agent',
    defaultVariables: Object.fromEntries(
      variables.flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
    ),
  };
}

/** A flow for an unknown engine: one node with these tools. */
export const placeholderFlow = (tools: readonly EngineTool[]): Engine => {
  const names = ['Welcome', 'Conversation', 'End'];
  const ids = names.map((name) => `node-${name.toLowerCase()}`);
  const nodes = names.map((name, index): EngineNode => {
    const to = ids[index + 1];
    const edge = { when: 'choice', prompt: '', equations: [], anyEquation: false } as const;
    return {
      ...{ id: ids[index] ?? '', name, speaks: to !== undefined },
      type: to === undefined ? 'end' : 'conversation',
      ...{ instruction: undefined, ownTool: undefined, tools: [] },
      edges: to === undefined ? [] : [{ ...edge, to }],
      global: undefined,
    };
  });
  return {
    ...placeholderLlm(tools),
    type: 'conversation-flow',
    nodes: byId(nodes),
    startId: ids[0],
  };
};

/** An LLM for an unknown engine, with these tools. */
export const placeholderLlm = (tools: readonly EngineTool[]): Engine => ({
  ...{ type: 'retell-llm', firstSpeaker: 'agent', beginMessage: undefined, defaultVariables: {} },
  ...{ tools, generalTools: tools, nodes: new Map(), startId: undefined },
});
