import type { components } from '../../contract/retell.gen.js';
import {
  clientContent,
  toWireVersion,
  type AssetContent,
  type AssetKind,
  type AssetVersion,
} from '../../domain/engines/asset.js';
import type { ResponseEngine } from '../../domain/engines/response-engine.js';
import { ApiError } from '../../errors.js';
import { engineName, lookUpEngine, type ResolvedEngine } from '../../simulation/engine-lookup.js';
import type { Workspace } from '../../simulation/workspaces/workspace.js';
import {
  changeAsset,
  createAsset,
  deleteEngine,
  getAsset,
  listAssets,
  listAssetVersions,
  type MissingCode,
} from './assets.js';
import type { Caller, Operation, Services } from '../operation.js';

type Schemas = components['schemas'];
type Llm = Schemas['RetellLlm'];
type Flow = Schemas['ConversationFlow'];

/** Observed: the model of an LLM that was created without one. */
const defaultModel = 'gpt-4.1';

// Stored content was validated when it was written, so it has the contract's shape.
const toLlm = (asset: AssetVersion) => toWireVersion('retell-llm', asset) as unknown as Llm;
const toFlow = (asset: AssetVersion) =>
  toWireVersion('conversation-flow', asset) as unknown as Flow;

export const createRetellLLM: Operation<'createRetellLLM'> = (services, caller, { body }) =>
  toLlm(
    createAsset(services, caller, 'retell-llm', () => ({
      ...((body.s2s_model ?? null) === null && { model: defaultModel }),
      // Observed: answers have it although the client did not send it.
      start_speaker: 'agent',
      ...clientContent(body),
    })),
  );

export const createConversationFlow: Operation<'createConversationFlow'> = (
  services,
  caller,
  { body },
) => toFlow(createAsset(services, caller, 'conversation-flow', () => clientContent(body)));

const get = (
  services: Services,
  caller: Caller,
  kind: AssetKind,
  id: string,
  version: number | undefined,
  otherwise?: MissingCode,
) => getAsset(services, caller, { kind, id, version }, otherwise);

export const getRetellLLM: Operation<'getRetellLLM'> = (services, caller, { params, query }) =>
  toLlm(get(services, caller, 'retell-llm', params.llm_id, query.version).asset);

export const getConversationFlow: Operation<'getConversationFlow'> = (
  services,
  caller,
  { params: { conversation_flow_id: id }, query: { version } },
) => toFlow(get(services, caller, 'conversation-flow', id, version, 'not_found').asset);

export const updateRetellLLM: Operation<'updateRetellLLM'> = (
  services,
  caller,
  { params, query, body },
) => {
  const found = get(services, caller, 'retell-llm', params.llm_id, query.version);
  const change = withOneModel(found.asset.content, changeable(clientContent(body)));
  return toLlm(changeAsset(services, found, change));
};

/**
 * Documented (SDK types): an LLM has a model for text or one for speech. An update that names one
 * of them puts it in the place of the other, which may be the default that no client has sent.
 */
function withOneModel(content: AssetContent, change: AssetContent): AssetContent {
  const isSet = (from: AssetContent, name: string) => (from[name] ?? null) !== null;
  const replaces = (name: string, other: string) =>
    isSet(change, name) && !(other in change) && isSet(content, other);
  return {
    ...change,
    ...(replaces('s2s_model', 'model') && { model: null }),
    ...(replaces('model', 's2s_model') && { s2s_model: null }),
  };
}

/** Documented (SDK types): these are set when an engine is created, and ignored in an update. */
const fixedAtCreation: readonly string[] = ['is_transfer_llm', 'is_transfer_cf'];

const changeable = (change: AssetContent): AssetContent =>
  Object.fromEntries(Object.entries(change).filter(([name]) => !fixedAtCreation.includes(name)));

export const updateConversationFlow: Operation<'updateConversationFlow'> = (
  services,
  caller,
  { params: { conversation_flow_id: id }, query: { version }, body },
) => {
  const asset = get(services, caller, 'conversation-flow', id, version);
  return toFlow(changeAsset(services, asset, withSkippable(changeable(clientContent(body)))));
};

/** Observed: an update replaces all nodes, and answers have `skippable` for each of them. */
function withSkippable(change: AssetContent): AssetContent {
  const { nodes } = change;
  if (!Array.isArray(nodes)) return change;
  return {
    ...change,
    nodes: nodes.map((node: object) =>
      'skippable' in node ? node : { ...node, skippable: false },
    ),
  };
}

export const deleteRetellLLM: Operation<'deleteRetellLLM'> = (
  services,
  caller,
  { params: { llm_id: id }, query: { force_delete: isForced = false } },
) => {
  deleteEngine(services, caller, { kind: 'retell-llm', id, isForced });
  return undefined;
};

export const deleteConversationFlow: Operation<'deleteConversationFlow'> = (
  services,
  caller,
  { params: { conversation_flow_id: id }, query: { force_delete: isForced = false } },
) => {
  deleteEngine(services, caller, { kind: 'conversation-flow', id, isForced });
  return undefined;
};

export const listRetellLLMV2: Operation<'listRetellLLMV2'> = (services, caller, { query }) =>
  listAssets(services, caller, 'retell-llm', query, toLlm);

export const listConversationFlowsV2: Operation<'listConversationFlowsV2'> = (
  services,
  caller,
  { query },
) => listAssets(services, caller, 'conversation-flow', query, toFlow);

export const listRetellLLM: Operation<'listRetellLLM'> = (services, caller, { query }) =>
  listAssetVersions(services, caller, { kind: 'retell-llm', query }, toLlm, '/v2/list-retell-llms');

export const listConversationFlows: Operation<'listConversationFlows'> = (
  services,
  caller,
  { query },
) =>
  listAssetVersions(
    services,
    caller,
    { kind: 'conversation-flow', query },
    toFlow,
    '/v2/list-conversation-flows',
  );

/**
 * Finds an engine by id and version; the latest version if none is named.
 * @param path where the request names it.
 * @throws ApiError 400 if the engine is unknown and unknown engines are rejected, or if the engine has no
 *   such version.
 */
export function resolveEngine<Engine extends ResponseEngine>(
  { store }: Services,
  { id, settings }: Workspace,
  engine: Engine,
  path: string,
): ResolvedEngine<Engine> {
  const resolved = lookUpEngine(store, id, engine);
  if ('problem' in resolved) {
    throw new ApiError('invalid_request', `${path}/version ${resolved.problem}`);
  }
  if (resolved.contentKey === null && settings.unknownEngines === 'reject') {
    const problem = `${path} must be an engine: there is no ${engineName(engine).id}`;
    throw new ApiError('invalid_request', problem);
  }
  return resolved;
}
