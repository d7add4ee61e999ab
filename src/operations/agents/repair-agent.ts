import type { components } from '../../contract/retell.gen.js';
import { toWireVersion, type AssetContent } from '../../domain/engines/asset.js';
import { engineName } from '../../simulation/engine-lookup.js';
import { changeAsset, refusePublished, type FoundAsset } from '../engines/assets.js';
import type { Operation, Services } from '../operation.js';
import { getAgentVersion } from './agents.js';

type Schemas = components['schemas'];

/**
 * Documented: the engine loses knowledge bases that do not exist, unless it is published. The emulator knows
 * nothing else to repair: agents may name any voice.
 */
export const repairAgent: Operation<'repairAgent'> = (services, caller, { params, query }) => {
  const agent = getAgentVersion(services, caller, params.agent_id, query.version, 'not_found');
  // Documented: a published version is not repaired.
  refusePublished(agent, { repaired: true });
  const engine = draftEngineOf(services, agent);
  const change = engine && withoutMissing(services, engine);
  if (engine !== undefined && change !== undefined) changeAsset(services, engine, change);
  return toWireVersion('agent', agent.asset) as unknown as Schemas['Agent'];
};

/** The LLM or flow of an agent, if it is stored here and not published. */
function draftEngineOf(
  { store }: Services,
  { workspace, asset }: FoundAsset,
): FoundAsset | undefined {
  const engine = asset.content['response_engine'] as Schemas['ResponseEngine'];
  if (engine.type === 'custom-llm') return undefined;
  const name = { workspaceId: workspace.id, ...engineName(engine) };
  const found = store.assets.find(name, engine.version ?? undefined);
  return found === undefined || found.isPublished ? undefined : { workspace, name, asset: found };
}

/** Undefined if all its knowledge bases exist. */
function withoutMissing(
  { store }: Services,
  { workspace: { id: workspaceId }, asset }: FoundAsset,
): AssetContent | undefined {
  const ids = asset.content['knowledge_base_ids'];
  if (!Array.isArray(ids)) return undefined;
  const list = { workspaceId, kind: 'knowledge-base' } as const;
  const present = ids.filter((id) => store.objects.find(list, String(id)) !== undefined);
  return present.length === ids.length ? undefined : { knowledge_base_ids: present };
}
