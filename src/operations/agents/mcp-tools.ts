import type { components } from '../../contract/retell.gen.js';
import { textOf } from '../../domain/json.js';
import { engineName } from '../../simulation/engine-lookup.js';
import { warning, type Operation } from '../operation.js';
import { getAgentVersion } from './agents.js';

type Schemas = components['schemas'];
type Definition = Schemas['McpToolDefinition'];

/**
 * The emulator asks no MCP server, because it sends nothing unasked. The tools are those that the engine of the
 * agent names for the server.
 */
export const getMcpTools: Operation<'getMcpTools'> = (services, caller, { params, query }) => {
  const { workspace, asset } = getAgentVersion(
    ...([services, caller, params.agent_id, query.version, 'not_found'] as const),
  );
  const engine = asset.content['response_engine'] as Schemas['ResponseEngine'];
  if (engine.type === 'custom-llm') return [];
  const name = { workspaceId: workspace.id, ...engineName(engine) };
  const content = services.store.assets.find(name, engine.version ?? undefined)?.content ?? {};
  const component =
    query.component_id === undefined
      ? undefined
      : services.store.objects.find(
          { workspaceId: workspace.id, kind: 'conversation-flow-component' },
          query.component_id,
        );
  const found = new Map<string, Definition>();
  addTools(found, component?.content ?? content, query.mcp_id);
  if (found.size === 0) {
    caller.warnLater?.(warning(`the engine of ${asset.id} names no tool of ${query.mcp_id}`));
  }
  return [...found.values()];
};

/** Looks for tools of the server anywhere in an engine: there are some in states and nodes. */
function addTools(found: Map<string, Definition>, value: unknown, server: string): void {
  if (typeof value !== 'object' || value === null) return;
  const part = value as Readonly<Record<string, unknown>>;
  if (part['mcp_id'] === server) {
    const name = textOf(part['mcp_tool_name']) ?? textOf(part['name']) ?? '';
    const schema = part['input_schema'] ?? part['mcp_tool_input_schema'];
    const properties = typeof schema === 'object' && schema !== null ? schema : {};
    found.set(name, {
      name,
      description: textOf(part['description']) ?? textOf(part['mcp_tool_description']) ?? '',
      inputSchema: {
        type: 'object',
        properties: Object.fromEntries(
          Object.entries(properties).map(([key, text]) => [
            key,
            { type: 'string', description: String(text) },
          ]),
        ),
      },
    });
  }
  for (const inner of Array.isArray(value) ? (value as unknown[]) : Object.values(part)) {
    addTools(found, inner, server);
  }
}
