import type { components } from '../../contract/retell.gen.js';
import type { AssetContent } from '../../domain/engines/asset.js';
import { ApiError } from '../../errors.js';
import { engineName } from '../../simulation/engine-lookup.js';
import type { StoredAssetVersion } from '../../store/assets.js';
import { required } from '../../store/database/database.js';
import type { StoreWriter } from '../../store/store.js';
import { getAgentOf, getAgentVersion, toAgent } from './agents.js';
import { writeChange, type FoundAsset } from '../engines/assets.js';
import { toArray } from '../gathering.js';
import { warning, type Operation, type Services } from '../operation.js';
import { readPageQuery, toPage } from '../paging.js';

type Schemas = components['schemas'];
type AnyEngine = Schemas['ResponseEngine'];
type HostedEngine = Exclude<AnyEngine, { type: 'custom-llm' }>;

export const getAgentVersions: Operation<'getAgentVersions'> = (services, caller, { params }) => {
  const { name } = getAgentOf('voice', services, caller, params.agent_id, undefined);
  return listAllVersions(services, name, toAgent);
};

/** All versions of an agent, the newest first. */
export const listAllVersions = <Wire>(
  { store }: Services,
  name: FoundAsset['name'],
  toWire: (asset: StoredAssetVersion) => Wire,
): Wire[] => toArray(store.assets.listVersions(name), toWire, `/list-agent-versions/${name.id}`);

export const listAgentVersions: Operation<'listAgentVersions'> = (
  services,
  caller,
  { params, query },
) => {
  const { sort_order: order = 'descending' } = query;
  const list = ['agent versions', caller.workspace, params.agent_id, order];
  const page = readPageQuery(query, list);
  const { name } = getAgentVersion(services, caller, params.agent_id, undefined, 'not_found');
  const versions: { position: number; summary: Schemas['AgentVersionSummary'] }[] = [];
  for (const asset of services.store.assets.listVersions(name)) {
    versions.push({ position: asset.version, summary: toVersionSummary(asset) });
  }
  if (order === 'ascending') versions.reverse();
  const { after } = page;
  const start =
    after === undefined
      ? 0
      : versions.findIndex(({ position }) =>
          order === 'ascending' ? position > after : position < after,
        );
  const rest = start === -1 ? [] : versions.slice(start, start + page.limit + 1);
  return toPage(rest, page, list, ({ summary }) => summary);
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
  const base = getAgentVersion(services, caller, params.agent_id, body.base_version, 'not_found');
  return toAgent(services.store.now((writer) => createDraft(writer, base)));
};

/**
 * Creates the next version of an agent, a draft. Observed: the engine is copied with it, from the version
 * that the base names, to a draft with the same number as the agent's new version.
 */
function createDraft(
  { assets }: StoreWriter,
  { name, asset, workspace }: FoundAsset,
): StoredAssetVersion {
  const { now: modifiedAt } = workspace;
  const engine = hostedEngine(asset.content);
  const engineAsset = engine && { workspaceId: workspace.id, ...engineName(engine) };
  const source =
    engineAsset &&
    (assets.find(engineAsset, engine.version ?? undefined) ?? assets.find(engineAsset));
  // The first number that neither the agent nor the engine has used. Agents that share an engine skip some.
  const version = Math.max(
    assets.nextVersion(name),
    engineAsset !== undefined && source !== undefined ? assets.nextVersion(engineAsset) : 0,
  );
  if (engineAsset !== undefined && source !== undefined) {
    const { content, version: baseVersion } = source;
    assets.addVersion(engineAsset, { content, baseVersion, modifiedAt }, version);
  }
  // An agent may name an unknown engine without a version, which means its latest.
  const isPinned = source !== undefined || typeof engine?.version === 'number';
  const content = {
    ...asset.content,
    ...(isPinned && { response_engine: { ...engine, version } }),
  };
  assets.addVersion(name, { content, baseVersion: asset.version, modifiedAt }, version);
  return required(assets.find(name, version));
}

/** The LLM or flow of an agent; undefined for a custom LLM, which is not stored here. */
function hostedEngine(content: AssetContent): HostedEngine | undefined {
  const engine = content['response_engine'] as AnyEngine | undefined;
  return engine === undefined || engine.type === 'custom-llm' ? undefined : engine;
}

/**
 * Observed: the version is published in place, with its engine's, and no draft is created. Publishing a
 * published version is not documented: here it sets title and description, so that scripts can run again.
 */
export const publishAgentVersion: Operation<'publishAgentVersion'> = (
  services,
  caller,
  { params, body },
) => {
  const { version, version_description: description, version_title: title } = body;
  const agent = getAgentVersion(services, caller, params.agent_id, version, 'not_found');
  const { isPublished, id } = agent.asset;
  if (isPublished) {
    caller.warnLater?.(warning(`version ${String(version)} of ${id} was published already`));
  }
  const labels = {
    ...(description !== undefined && { version_description: description }),
    ...(title !== undefined && { version_title: title }),
  };
  services.store.now((writer) => {
    publish(writer, agent, labels);
  });
  return undefined;
};

/** Observed before it was retired: it publishes the latest version and creates a draft. */
export const publishAgent: Operation<'publishAgent'> = (services, caller, { params }) => {
  const agent = getAgentOf('voice', services, caller, params.agent_id, undefined, 'not_found');
  publishLatest(services, agent);
  return undefined;
};

/** Publishes the latest version of an agent and creates a draft. */
export function publishLatest({ store }: Services, agent: FoundAsset): void {
  store.now((writer) => {
    publish(writer, agent, {});
    const asset = required(writer.assets.find(agent.name, agent.asset.version));
    createDraft(writer, { ...agent, asset });
  });
}

/** Publishes a version of an agent, and the engine's version if the engine is stored here. */
function publish(writer: StoreWriter, agent: FoundAsset, labels: AssetContent): void {
  const { assets } = writer;
  const { name, asset, workspace } = agent;
  const engine = hostedEngine(asset.content);
  const engineAsset = engine && { workspaceId: workspace.id, ...engineName(engine) };
  const source = engineAsset && assets.find(engineAsset, engine.version ?? undefined);
  if (engineAsset !== undefined && source?.isPublished === false) {
    assets.publish(engineAsset, source.version, workspace.now);
  }
  if (asset.isPublished) {
    writeChange(writer, agent, labels);
    return;
  }
  // A published agent must not follow the latest version of its engine.
  const pin = source && { response_engine: { ...engine, version: source.version } };
  writeChange(writer, agent, { ...labels, ...pin });
  assets.publish(name, asset.version, workspace.now);
}

/** Also deletes the copy of the engine that was created for it, unless it is published or used by others. */
export const deleteAgentVersion: Operation<'deleteAgentVersion'> = (
  services,
  caller,
  { params, query },
) => {
  const { store } = services;
  const agent = getAgentVersion(services, caller, params.agent_id, query.version, 'not_found');
  const { name, asset } = agent;
  if (asset.isPublished) {
    const problem = `version ${String(asset.version)} is published and cannot be deleted`;
    throw new ApiError('invalid_request', problem);
  }
  if (store.assets.countVersions(name) === 1) {
    const problem = `version ${String(asset.version)} is the only one of ${asset.id}`;
    throw new ApiError('invalid_request', problem);
  }
  store.now((writer) => {
    writer.assets.deleteVersion(name, asset.version);
    deleteCopyOfEngine(writer, agent);
  });
  return undefined;
};

function deleteCopyOfEngine({ assets }: StoreWriter, { workspace, asset }: FoundAsset) {
  const engine = hostedEngine(asset.content);
  if (typeof engine?.version !== 'number') return;
  const engineAsset = { workspaceId: workspace.id, ...engineName(engine) };
  const copy = assets.find(engineAsset, engine.version);
  // A version without a base is no copy: it existed before the agent.
  if (copy === undefined || copy.isPublished || copy.baseVersion === null) return;
  const isUsed = assets.listPins(engineAsset).some((pin) => pin.engineVersion === copy.version);
  const isOnlyOne = assets.countVersions(engineAsset) === 1;
  if (!isUsed && !isOnlyOne) assets.deleteVersion(engineAsset, copy.version);
}
