import { MissingError } from '../../errors.js';
import type { Workspace } from '../../simulation/workspaces/workspace.js';
import type { StoredChat } from '../../store/chats.js';
import { findSettledWorkspace, type Caller, type Services } from '../operation.js';

export interface FoundChat {
  readonly workspace: Workspace;
  readonly stored: StoredChat;
}

/** A chat once all that was due in its workspace has happened. @throws ApiError */
export async function findChat(services: Services, caller: Caller, id: string): Promise<FoundChat> {
  const workspace = await findSettledWorkspace(services, caller);
  const stored = workspace && services.store.chats.find(workspace.id, id);
  if (workspace === undefined || stored === undefined) {
    throw new MissingError(id, 'chat', 'unprocessable');
  }
  return { workspace, stored };
}
