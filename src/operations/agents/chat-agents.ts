import type { components } from '../../contract/retell.gen.js';
import { toWireVersion, type AssetVersion } from '../../domain/engines/asset.js';
import { listAssetVersions } from '../engines/assets.js';
import type { Operation } from '../operation.js';
import { listAllVersions, publishLatest } from './agent-versions.js';
import { addAgent, changeAgent, getAgentOf, isOf } from './agents.js';

// Stored content was validated when it was written, so it has the contract's shape.
const toChatAgent = (asset: AssetVersion) =>
  toWireVersion('agent', asset) as unknown as components['schemas']['ChatAgent'];

export const createChatAgent: Operation<'createChatAgent'> = (services, caller, { body }) =>
  toChatAgent(addAgent(services, caller, 'chat', body));

export const getChatAgent: Operation<'getChatAgent'> = (services, caller, { params, query }) =>
  toChatAgent(getAgentOf('chat', services, caller, params.agent_id, query.version).asset);

export const updateChatAgent: Operation<'updateChatAgent'> = (services, caller, request) => {
  const { params, query, body } = request;
  const agent = getAgentOf('chat', services, caller, params.agent_id, query.version);
  return toChatAgent(changeAgent(services, agent, body));
};

export const deleteChatAgent: Operation<'deleteChatAgent'> = (services, caller, { params }) => {
  const { name } = getAgentOf('chat', services, caller, params.agent_id, undefined);
  services.store.together(({ assets }) => assets.delete(name));
  return undefined;
};

export const getChatAgentVersions: Operation<'getChatAgentVersions'> = (
  services,
  caller,
  { params },
) => {
  const { name } = getAgentOf('chat', services, caller, params.agent_id, undefined);
  return listAllVersions(services, name, toChatAgent);
};

export const listChatAgents: Operation<'listChatAgents'> = (services, caller, { query }) =>
  listAssetVersions(
    services,
    caller,
    { kind: 'agent', query, passes: isOf('chat') },
    toChatAgent,
    '/v2/list-agents',
  );

/** As with voice agents, it publishes the latest version and creates a draft. */
export const publishChatAgent: Operation<'publishChatAgent'> = (services, caller, { params }) => {
  const agent = getAgentOf('chat', services, caller, params.agent_id, undefined, 'not_found');
  publishLatest(services, agent);
  return undefined;
};
