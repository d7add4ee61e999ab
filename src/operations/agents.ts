import type { components } from '../contract/retell.gen.js';
import {
  saidContent,
  toWireVersion,
  type AssetContent,
  type AssetVersion,
} from '../domain/asset.js';
import { ApiError } from '../errors.js';
import { engineName } from '../simulation/engine-lookup.js';
import type { Workspace } from '../simulation/workspace.js';
import type { StoredAssetVersion } from '../store/assets.js';
import {
  changeAsset,
  createAsset,
  deleteAsset,
  getAsset,
  listAssets,
  listAssetVersions,
  type FoundAsset,
} from './assets.js';
import { resolveEngine } from './engines.js';
import type { Caller, Operation, Services } from './operation.js';
import { readPageQuery, toPage } from './paging.js';

type Schemas = components['schemas'];
type AnyEngine = Schemas['ResponseEngine'];

// What is kept is what was validated when it came, so it is as the contract has it.
const toAgent = (asset: AssetVersion) =>
  toWireVersion('agent', asset) as unknown as Schemas['Agent'];

/** What an agent says, its engine with the version that it speaks through. */
function agentContent(services: Services, workspace: Workspace, input: Schemas['AgentInput']) {
  const { response_engine: engine } = input;
  const content = saidContent(input);
  if (engine === undefined || engine.type === 'custom-llm') return content;
  const resolved = resolveEngine(services, workspace, engine, 'body/response_engine');
  return { ...content, response_engine: resolved.engine };
}

export const createAgent: Operation<'createAgent'> = (services, caller, { body }) =>
  toAgent(
    createAsset(services, caller, 'agent', (workspace) => agentContent(services, workspace, body)),
  );

const get = (
  services: Services,
  caller: Caller,
  id: string,
  version: number | string | undefined,
  otherwise?: 'not_found',
): FoundAsset => getAsset(services, caller, { kind: 'agent', id, version }, otherwise);

export const getAgent: Operation<'getAgent'> = (services, caller, { params, query }) =>
  toAgent(get(services, caller, params.agent_id, query.version).asset);

export const updateAgent: Operation<'updateAgent'> = (
  services,
  caller,
  { params, query, body },
) => {
  const agent = get(services, caller, params.agent_id, query.version);
  return toAgent(changeAsset(services, agent, agentContent(services, agent.workspace, body)));
};

export const deleteAgent: Operation<'deleteAgent'> = (services, caller, { params }) => {
  deleteAsset(services, caller, 'agent', params.agent_id);
  return undefined;
};

/** Documented: every version is listed, unless `is_latest` asks for the latest of each. */
export const listAgents: Operation<'listAgents'> = (services, caller, { query }) =>
  listAssetVersions(services, caller, 'agent', query, query.is_latest).map(toAgent);

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
    channel: 'voice',
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

export const getAgentVersions: Operation<'getAgentVersions'> = (services, caller, { params }) => {
  const { name } = get(services, caller, params.agent_id, undefined);
  return services.store.assets.listVersions(name).map(toAgent);
};

export const listAgentVersions: Operation<'listAgentVersions'> = (
  services,
  caller,
  { params, query },
) => {
  const { sort_order: order = 'descending' } = query;
  const list = ['agent versions', caller.workspace, params.agent_id, order];
  const page = readPageQuery(query, list);
  const { name } = get(services, caller, params.agent_id, undefined, 'not_found');
  const versions = services.store.assets
    .listVersions(name)
    .map((asset) => ({ ...asset, position: asset.version }));
  if (order === 'ascending') versions.reverse();
  const { after } = page;
  const start =
    after === undefined
      ? 0
      : versions.findIndex(({ version }) =>
          order === 'ascending' ? version > after : version < after,
        );
  const rest = start === -1 ? [] : versions.slice(start, start + page.limit + 1);
  return toPage(rest, page, list, toVersionSummary);
};

function toVersionSummary(asset: StoredAssetVersion): Schemas['AgentVersionSummary'] {
  const { version, isPublished, modifiedAt, baseVersion, content } = asset;
  const { version_description: description, version_title: title } = content;
  return {
    version,
    is_published: isPublished,
    last_modification_timestamp: modifiedAt,
    ...(baseVersion !== null && { base_version: baseVersion }),
    ...(typeof description === 'string' && { version_description: description }),
    ...(typeof title === 'string' && { version_title: title }),
  };
}

export const createAgentVersion: Operation<'createAgentVersion'> = (
  services,
  caller,
  { params, body },
) => {
  const { store } = services;
  const base = body.base_version;
  const { name, asset, workspace } = get(services, caller, params.agent_id, base, 'not_found');
  const make = store.transaction(() => {
    const added = { content: asset.content, baseVersion: base, modifiedAt: workspace.now };
    return store.assets.find(name, store.assets.addVersion(name, added));
  });
  const made = make();
  if (made === undefined) throw new ApiError('not_found');
  return toAgent(made);
};

/** Documented: the draft is published in place. What it speaks through is frozen along with it. */
export const publishAgentVersion: Operation<'publishAgentVersion'> = (
  services,
  caller,
  { params, body },
) => {
  const { version, version_description: description, version_title: title } = body;
  const agent = get(services, caller, params.agent_id, version, 'not_found');
  if (agent.asset.isPublished) {
    throw new ApiError('invalid_request', `version ${String(version)} is published already`);
  }
  const { store } = services;
  store.transaction(() => {
    const { name, workspace } = agent;
    const told = {
      ...(description !== undefined && { version_description: description }),
      ...(title !== undefined && { version_title: title }),
    };
    changeAsset(services, agent, told);
    store.assets.publish(name, version, workspace.now);
    const engine = publishEngine(services, workspace, agent.asset.content);
    store.assets.addVersion(name, {
      content: engine === undefined ? agent.asset.content : { ...agent.asset.content, ...engine },
      baseVersion: version,
      modifiedAt: workspace.now,
    });
  })();
  return undefined;
};

/** Freezes an agent's engine, if it is here and a draft. Answers what the next draft speaks through. */
function publishEngine(
  { store }: Services,
  { id: workspaceId, now: modifiedAt }: Workspace,
  content: AssetContent,
): AssetContent | undefined {
  const engine = content['response_engine'] as AnyEngine | undefined;
  if (engine === undefined || engine.type === 'custom-llm') return undefined;
  const name = { workspaceId, ...engineName(engine) };
  const asset = store.assets.find(name, engine.version ?? undefined);
  if (asset === undefined) return undefined;
  const { version, isPublished } = asset;
  if (isPublished) return undefined;
  store.assets.publish(name, version, modifiedAt);
  const next = { content: asset.content, baseVersion: version, modifiedAt };
  return { response_engine: { ...engine, version: store.assets.addVersion(name, next) } };
}

export const deleteAgentVersion: Operation<'deleteAgentVersion'> = (
  services,
  caller,
  { params, query },
) => {
  const { store } = services;
  const { name, asset } = get(services, caller, params.agent_id, query.version, 'not_found');
  if (asset.isPublished) {
    const fault = `version ${String(asset.version)} is published and cannot be deleted`;
    throw new ApiError('invalid_request', fault);
  }
  if (store.assets.listVersions(name).length === 1) {
    const fault = `version ${String(asset.version)} is the only one of ${asset.id}`;
    throw new ApiError('invalid_request', fault);
  }
  store.assets.deleteVersion(name, asset.version);
  return undefined;
};
