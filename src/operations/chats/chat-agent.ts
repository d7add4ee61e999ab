import type { AssetContent } from '../../domain/engines/asset.js';
import { ApiError, MissingError } from '../../errors.js';
import type { Workspace } from '../../simulation/workspaces/workspace.js';
import type { StoreReader } from '../../store/store.js';
import { madeUpVersion, type AgentContent } from '../calls/new-call.js';
import type { Services } from '../operation.js';

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
  { store }: Services,
  { id: workspaceId, settings }: Workspace,
  { agentId: id, agentVersion: version }: NamedAgent,
): AgentContent {
  if (store.assets.refer({ workspaceId, kind: 'agent', id }) !== undefined) {
    throw new ApiError('no_chat_agent');
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
