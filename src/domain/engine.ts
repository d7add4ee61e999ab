import type { AssetContent } from './asset.js';
import type { EngineType } from './response-engine.js';

/** What a conversation needs to know of an engine. */
export interface Engine {
  readonly type: EngineType;
  readonly firstSpeaker: 'agent' | 'user';
  /** What the agent says if it speaks first; undefined if that is left to the model. */
  readonly beginMessage: string | undefined;
  /** Dynamic variables of whoever gives no others of the same name. */
  readonly defaultVariables: Readonly<Record<string, string>>;
  /** Names of all tools, in their order. */
  readonly tools: readonly EngineTool[];
  /** Nodes of a flow, or states of an LLM; none if it has no such parts. */
  readonly places: readonly Place[];
  readonly startId: string | undefined;
}

export interface EngineTool {
  readonly name: string;
  readonly type: string;
}

/** Where a conversation can be: a node of a flow, or a state of an LLM. */
export interface Place {
  readonly id: string;
  readonly name: string;
  /** Ids of the places that it leads to. */
  readonly next: readonly string[];
}

/** Reads what was kept as it came, and is as the contract has it in these parts. */
export const readEngine = (type: EngineType, content: AssetContent): Engine =>
  type === 'retell-llm' ? readLlm(content) : readFlow(content);

function readLlm(content: AssetContent): Engine {
  const states = listOf(content['states']);
  const places = states.map((state) => ({
    id: textOf(state['name']) ?? '',
    name: textOf(state['name']) ?? '',
    next: listOf(state['edges']).flatMap((edge) => textOf(edge['destination_state_name']) ?? []),
  }));
  return {
    ...readOpening(content),
    type: 'retell-llm',
    beginMessage: textOf(content['begin_message']),
    tools: [
      ...toolsOf(content['general_tools']),
      ...states.flatMap((state) => toolsOf(state['tools'])),
    ],
    places,
    startId: textOf(content['starting_state']) ?? places[0]?.id,
  };
}

/** Properties of a node that hold one edge. */
const singleEdges = [
  'edge',
  'always_edge',
  'skip_response_edge',
  'else_edge',
  'success_edge',
  'failed_edge',
];

function readFlow(content: AssetContent): Engine {
  const nodes = listOf(content['nodes']);
  const places = nodes.map((node) => {
    const id = textOf(node['id']) ?? '';
    const single = singleEdges.map((name) => node[name]);
    const edges = [...listOf(node['edges']), ...listOf(single)];
    return {
      id,
      name: textOf(node['name']) ?? id,
      next: edges.flatMap((edge) => textOf(edge['destination_node_id']) ?? []),
    };
  });
  const startId = textOf(content['start_node_id']);
  const start = nodes.find(({ id }) => id === startId) ?? nodes[0];
  const instruction = objectOf(start?.['instruction']);
  const components = listOf(content['components']);
  const nodesOfComponents = components.flatMap(({ nodes }) => listOf(nodes));
  return {
    ...readOpening(content),
    type: 'conversation-flow',
    beginMessage:
      textOf(content['begin_message']) ??
      (instruction?.['type'] === 'static_text' ? textOf(instruction['text']) : undefined),
    tools: [content, ...nodes, ...components, ...nodesOfComponents].flatMap((holder) =>
      toolsOf(holder['tools']),
    ),
    places,
    startId: textOf(start?.['id']),
  };
}

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

const toolsOf = (value: unknown): EngineTool[] =>
  listOf(value).flatMap((tool) => {
    const name = textOf(tool['name']);
    return name === undefined ? [] : [{ name, type: textOf(tool['type']) ?? 'custom' }];
  });

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

const objectOf = (value: unknown): Readonly<Record<string, unknown>> | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;

const listOf = (value: unknown): Readonly<Record<string, unknown>>[] =>
  Array.isArray(value)
    ? value.flatMap((item: unknown) => {
        const object = objectOf(item);
        return object === undefined ? [] : [object];
      })
    : [];
