import type { components } from '../../contract/retell.gen.js';
import {
  channelOf,
  clientContent,
  toWireVersion,
  type AssetContent,
  type AssetVersion,
  type Channel,
} from '../../domain/engines/asset.js';
import { engineKeyOf } from '../../domain/engines/response-engine.js';
import { ApiError, MissingError } from '../../errors.js';
import type { Workspace } from '../../simulation/workspaces/workspace.js';
import type { StoredAssetVersion } from '../../store/assets.js';
import {
  changeAsset,
  createAsset,
  getAsset,
  listAssets,
  listAssetVersions,
  refusePublished,
  type FoundAsset,
} from '../engines/assets.js';
import { resolveEngine } from '../engines/engines.js';
import type { Caller, Operation, Services } from '../operation.js';

type Schemas = components['schemas'];
type AnyEngine = Schemas['ResponseEngine'];

// Stored content was validated when it was written, so it has the contract's shape.
export const toAgent = (asset: AssetVersion) =>
  toWireVersion('agent', asset) as unknown as Schemas['Agent'];

/** The agent's engine with its version: the latest if the request names none. */
function pinEngine(services: Services, workspace: Workspace, engine: AnyEngine): AnyEngine {
  if (engine.type === 'custom-llm') return engine;
  return resolveEngine(services, workspace, engine, 'body/response_engine').engine;
}

/** Observed: answers have it, and `channel`, although the client did not send them. */
const defaults = { language: 'en-US' };

/** The first version of an agent. */
export function addAgent(
  services: Services,
  caller: Caller,
  channel: Channel,
  input: { readonly response_engine: AnyEngine },
): StoredAssetVersion {
  const toContent = (workspace: Workspace): AssetContent => ({
    ...defaults,
    ...clientContent(input),
    channel,
    response_engine: pinEngine(services, workspace, input.response_engine),
  });
  return createAsset(services, caller, 'agent', toContent);
}

export const createAgent: Operation<'createAgent'> = (services, caller, { body }) =>
  toAgent(addAgent(services, caller, 'voice', body));

/** An agent of any channel. */
export const getAgentVersion = (
  services: Services,
  caller: Caller,
  id: string,
  version: number | string | undefined,
  otherwise?: 'not_found',
): FoundAsset => getAsset(services, caller, { kind: 'agent', id, version }, otherwise);

/** An agent of this channel. @throws ApiError also if its channel is another */
export function getAgentOf(
  channel: Channel,
  ...[services, caller, id, version, otherwise]: Parameters<typeof getAgentVersion>
): FoundAsset {
  const found = getAgentVersion(services, caller, id, version, otherwise);
  if (channelOf(found.asset.content) === channel) return found;
  throw new MissingError(id, 'agent', otherwise ?? 'unprocessable');
}

export const getAgent: Operation<'getAgent'> = (services, caller, { params, query }) =>
  toAgent(getAgentOf('voice', services, caller, params.agent_id, query.version).asset);

/** Changes the properties that are given, but for the channel. @throws ApiError */
export function changeAgent(
  services: Services,
  agent: FoundAsset,
  input: { readonly response_engine?: AnyEngine },
): AssetVersion {
  const change = Object.fromEntries(
    Object.entries(clientContent(input)).filter(([name]) => name !== 'channel'),
  );
  refusePublished(agent, change);
  const engine = changedEngine(services, agent, input.response_engine);
  return changeAsset(services, agent, { ...change, ...engine });
}

export const updateAgent: Operation<'updateAgent'> = (services, caller, request) => {
  const { params, query, body } = request;
  const agent = getAgentOf('voice', services, caller, params.agent_id, query.version);
  return toAgent(changeAgent(services, agent, body));
};

/** The agent's engine after an update. @throws ApiError 400 if it may not be changed */
function changedEngine(
  services: Services,
  { workspace, name, asset }: FoundAsset,
  engine: AnyEngine | undefined,
): { response_engine: AnyEngine } | undefined {
  if (engine === undefined) return undefined;
  const present = asset.content['response_engine'] as AnyEngine;
  if (isSameEngine(present, engine)) return { response_engine: present };
  // Observed: only the first version may change its engine. A higher number means that there was another.
  if (asset.version > 0 || services.store.assets.countVersions(name) > 1) {
    throw new ApiError('engine_is_fixed');
  }
  return { response_engine: pinEngine(services, workspace, engine) };
}

/** True if the update names the present engine, with the same version or without one. */
function isSameEngine(present: AnyEngine, asked: AnyEngine): boolean {
  const asksForOther =
    'version' in asked && (asked.version ?? null) !== null && asked.version !== versionOf(present);
  return nameOf(present) === nameOf(asked) && !asksForOther;
}

const nameOf = (engine: AnyEngine): string =>
  engine.type === 'custom-llm' ? `custom-llm:${engine.llm_websocket_url}` : engineKeyOf(engine);

const versionOf = (engine: AnyEngine): number | null | undefined =>
  engine.type === 'custom-llm' ? undefined : engine.version;

export const deleteAgent: Operation<'deleteAgent'> = (services, caller, { params }) => {
  const { name } = getAgentOf('voice', services, caller, params.agent_id, undefined);
  services.store.together(({ assets }) => assets.delete(name));
  return undefined;
};

/** Documented: every version is listed, unless `is_latest` asks for the latest of each. */
export const listAgents: Operation<'listAgents'> = (services, caller, { query }) =>
  listAssetVersions(
    services,
    caller,
    { kind: 'agent', query, isLatest: query.is_latest, passes: isOf('voice') },
    toAgent,
    '/v2/list-agents',
  );

/** True for agents of this channel. */
export const isOf =
  (channel: Channel) =>
  ({ content }: AssetVersion): boolean =>
    channelOf(content) === channel;

export const listAgentsV2: Operation<'listAgentsV2'> = (services, caller, { query, body }) => {
  const filter = body?.filter_criteria ?? {};
  return listAssets(services, caller, 'agent', query, toSummary, {
    key: JSON.stringify(filter),
    test: (asset) => passes(toSummary(asset), filter),
  });
};

function toSummary({ id, content, modifiedAt }: StoredAssetVersion): Schemas['AgentSummary'] {
  const name = content['agent_name'];
  return {
    agent_id: id,
    agent_name: typeof name === 'string' ? name : id,
    channel: channelOf(content),
    tags: {},
    user_modified_timestamp: modifiedAt,
  };
}

const comparisons = {
  eq: (text: string, value: string) => text === value,
  ne: (text: string, value: string) => text !== value,
  sw: (text: string, value: string) => text.startsWith(value),
  ew: (text: string, value: string) => text.endsWith(value),
  co: (text: string, value: string) => text.includes(value),
};

function passes(
  { agent_id: id, agent_name: name, channel }: Schemas['AgentSummary'],
  filter: NonNullable<Schemas['AgentFilter']['filter_criteria']>,
): boolean {
  const { channel: wanted, query = '' } = filter;
  return (
    (wanted === undefined || comparisons[wanted.op](channel, wanted.value)) &&
    (name.toLowerCase().includes(query.toLowerCase()) || id.includes(query))
  );
}
