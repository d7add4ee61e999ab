import { channelOf, type AssetContent } from '../../domain/engines/asset.js';
import { ApiError, MissingError } from '../../errors.js';
import type { Workspace } from '../../simulation/workspaces/workspace.js';
import type { StoreReader } from '../../store/store.js';
import { madeUpVersion, type AgentContent } from '../calls/new-call.js';
import { getAgentVersion } from '../agents/agents.js';
import type { Caller, Services } from '../operation.js';

/** The agent that a chat names. */
interface NamedAgent {
  readonly agentId: string;
  readonly agentVersion: number | string | undefined;
}

/**
 * The agent of a chat. One that does not exist is taken by policy, so that a first chat can begin where
 * nothing was created yet. Observed: a voice agent gets 422.
 * @throws ApiError
 */
export function findChatAgent(
  services: Services,
  caller: Caller,
  { id: workspaceId, settings }: Workspace,
  { agentId: id, agentVersion: version }: NamedAgent,
): AgentContent {
  if (services.store.assets.refer({ workspaceId, kind: 'agent', id }) !== undefined) {
    const { asset } = getAgentVersion(services, caller, id, version);
    if (channelOf(asset.content) !== 'chat') throw new ApiError('no_chat_agent');
    return asset;
  }
  if (settings.unknownEngines === 'reject') {
    throw new MissingError(id, 'agent', 'unprocessable');
  }
  return { version: madeUpVersion(version), contentKey: null, content: {} };
}

/** What a chat agent says now; undefined if there is none of this id. */
export function chatAgentContent(
  { assets }: StoreReader,
  workspaceId: number,
  id: string | undefined,
): AssetContent | undefined {
  const agent = id === undefined ? undefined : assets.refer({ workspaceId, kind: 'agent', id });
  return agent && assets.getContent(agent.contentKey);
}
