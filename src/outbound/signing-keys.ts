import { workspaceNameOf } from '../workspace/name.js';

/**
 * The API keys that sign what is sent, by workspace. They are kept in memory only: neither the database
 * nor the log holds a key. So after a restart a workspace has none until its key is used again.
 */
export interface SigningKeys {
  /** Keeps a key, and tells of it if its workspace had none. */
  readonly add: (apiKey: string, workspace?: string) => void;
  /** Undefined if the key has not been used since the start. */
  get(workspace: string): string | undefined;
  /** Calls back with each workspace that gets a key. */
  onAdded(listener: (workspace: string) => void): void;
}

/** More than the requests' own cache of keys holds, so that a key that is used again is kept again. */
const defaultLimit = 10_000;

export function createSigningKeys(limit = defaultLimit): SigningKeys {
  const keys = new Map<string, string>();
  const listeners: ((workspace: string) => void)[] = [];
  return {
    add(apiKey, workspace = workspaceNameOf(apiKey)) {
      if (keys.has(workspace)) return;
      const [oldest] = keys.size >= limit ? keys.keys() : [];
      if (oldest !== undefined) keys.delete(oldest);
      keys.set(workspace, apiKey);
      for (const listener of listeners) listener(workspace);
    },
    get: (workspace) => keys.get(workspace),
    onAdded: (listener) => {
      listeners.push(listener);
    },
  };
}
