import type { AssetContent } from './asset.js';
import {
  maxEdges,
  maxEquations,
  maxLocalTools,
  maxNodes,
  type EngineEdge,
  type EngineNode,
  type GlobalSetting,
} from './engine-node.js';
import { announcementOf, newTool, toolsOf, type EngineTool } from './engine-tool.js';
import { listOf, objectOf, textOf, type JsonObject } from '../json.js';

/** Reads the nodes of a flow and of its components, and all tools. */
export function readFlowNodes(content: AssetContent): {
  nodes: EngineNode[];
  tools: EngineTool[];
} {
  const components = listOf(content['components']);
  const nodesOfComponents = components.flatMap(({ nodes }) => listOf(nodes));
  const nodes = [...listOf(content['nodes']), ...nodesOfComponents];
  const byId = toolsById([content, ...components]);
  const startByComponent = new Map(
    components.flatMap((component) => {
      const start = textOf(component['start_node_id']) ?? listOf(component['nodes'])[0]?.['id'];
      return typeof start !== 'string'
        ? []
        : [component['component_id'], component['id'], component['conversation_flow_component_id']]
            .filter((id) => typeof id === 'string')
            .map((id) => [id, start] as const);
    }),
  );
  return {
    nodes: nodes.slice(0, maxNodes).map((node) => readNode(node, byId, startByComponent)),
    tools: [content, ...listOf(content['nodes']), ...components, ...nodesOfComponents].flatMap(
      (holder) => toolsOf(holder['tools']),
    ),
  };
}

/** Documented (SDK types): nodes refer to the tools of the flow, or of a component, by `tool_id`. */
function toolsById(holders: readonly JsonObject[]): Map<string, EngineTool> {
  const tools = new Map<string, EngineTool>();
  for (const settings of holders.flatMap((holder) => listOf(holder['tools']))) {
    const [tool] = toolsOf([settings]);
    const id = textOf(settings['tool_id']) ?? tool?.name;
    if (tool !== undefined && id !== undefined && !tools.has(id)) tools.set(id, tool);
  }
  return tools;
}

/** Node types in which the agent talks with the user. */
const speakingTypes: readonly string[] = ['conversation', 'subagent'];

/** Node types that decide or act without words of the agent. */
const silentTypes: readonly string[] = [
  'branch',
  'extract_dynamic_variables',
  'code',
  'function',
  'mcp',
  'press_digit',
  'sms',
  'transfer_call',
  'bridge_transfer',
  'cancel_transfer',
  'agent_swap',
  'component',
  'end',
];

function readNode(
  node: JsonObject,
  byId: ReadonlyMap<string, EngineTool>,
  startByComponent: ReadonlyMap<string, string>,
): EngineNode {
  const id = textOf(node['id']) ?? '';
  const type = textOf(node['type']) ?? '';
  const instruction = objectOf(node['instruction']);
  const text = textOf(instruction?.['text']);
  const componentStart = startByComponent.get(textOf(node['component_id']) ?? '');
  const toolIds = Array.isArray(node['tool_ids']) ? node['tool_ids'] : [];
  return {
    id,
    name: textOf(node['name']) ?? id,
    type,
    speaks: speakingTypes.includes(type) || (!silentTypes.includes(type) && text !== undefined),
    instruction:
      text === undefined
        ? undefined
        : { type: instruction?.['type'] === 'static_text' ? 'fixed' : 'prompt', text },
    ownTool: ownToolOf(type, node, byId),
    tools: [
      ...toolsOf(node['tools']),
      ...toolIds.slice(0, maxLocalTools).flatMap((toolId) => byId.get(String(toolId)) ?? []),
    ].slice(0, maxLocalTools),
    edges: [
      ...(type === 'component' && componentStart !== undefined
        ? [toEdge(componentStart, 'enter', {})]
        : []),
      ...edgesOf(type, node),
    ],
    global: globalOf(node),
  };
}

function globalOf(node: JsonObject): GlobalSetting | undefined {
  const setting = objectOf(node['global_node_setting']);
  const condition = textOf(setting?.['condition']);
  if (setting === undefined || condition === undefined) return undefined;
  const { cool_down: coolDown } = setting;
  return {
    condition,
    goBack: listOf(setting['go_back_conditions'], maxEdges).map((edge) =>
      toEdge('', 'choice', objectOf(edge['transition_condition']) ?? {}),
    ),
    coolDown: typeof coolDown === 'number' ? coolDown : 0,
  };
}

/** Documented (SDK types): types of nodes that call a tool. */
function ownToolOf(
  type: string,
  node: JsonObject,
  byId: ReadonlyMap<string, EngineTool>,
): EngineTool | undefined {
  switch (type) {
    case 'end':
      return newTool('end_call', 'end_call', {});
    case 'function': {
      const tool = byId.get(textOf(node['tool_id']) ?? '');
      return tool && { ...tool, announcement: announcementOf(node) };
    }
    case 'mcp':
      return newTool(textOf(node['mcp_tool_name']) ?? 'mcp', 'mcp', node);
    case 'sms':
      return newTool('send_sms', 'send_sms', { sms_content: smsOf(node) });
    case 'extract_dynamic_variables':
      // Observed: the invocation has the name of the node's type.
      return newTool(type, 'extract_dynamic_variable', node);
    case 'code':
    case 'transfer_call':
    case 'bridge_transfer':
    case 'cancel_transfer':
    case 'agent_swap':
    case 'press_digit':
      return newTool(type, type, { ...node, description: '' });
    default:
      return undefined;
  }
}

const smsOf = ({ instruction }: JsonObject): JsonObject =>
  objectOf(instruction)?.['type'] === 'prompt' ? { type: 'inferred' } : {};

/** The properties of a node that have one edge, and when it is followed. */
const singleEdges = {
  edge: 'choice',
  always_edge: 'always',
  skip_response_edge: 'skip',
  success_edge: 'success',
  failed_edge: 'failure',
  else_edge: 'else',
} as const satisfies Record<string, EngineEdge['when']>;

/** Node types whose only edge is followed if their tool fails. */
const typesWithFailureEdge: readonly string[] = ['transfer_call', 'agent_swap'];

function edgesOf(type: string, node: JsonObject): EngineEdge[] {
  const single = Object.entries(singleEdges).flatMap(([name, when]) => {
    const edge = objectOf(node[name]);
    const failure = name === 'edge' && typesWithFailureEdge.includes(type);
    return edge === undefined ? [] : [{ edge, when: failure ? 'failure' : when }];
  });
  const all = [
    ...listOf(node['edges'], maxEdges).map((edge) => ({ edge, when: 'choice' as const })),
    ...single,
  ];
  return all.flatMap(({ edge, when }) => {
    const to = textOf(edge['destination_node_id']);
    const condition = objectOf(edge['transition_condition']) ?? {};
    return to === undefined ? [] : [toEdge(to, when, condition)];
  });
}

function toEdge(to: string, when: EngineEdge['when'], condition: JsonObject): EngineEdge {
  const equations = listOf(condition['equations'], maxEquations).map((equation) => ({
    left: textOf(equation['left']) ?? '',
    operator: textOf(equation['operator']) ?? '==',
    right: textOf(equation['right']) ?? '',
  }));
  const isEquation = when === 'choice' && condition['type'] === 'equation' && equations.length > 0;
  return {
    to,
    when: isEquation ? 'equation' : when,
    prompt: textOf(condition['prompt']) ?? '',
    equations,
    anyEquation: condition['operator'] === '||',
  };
}
