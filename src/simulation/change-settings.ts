import type { Store } from '../store/store.js';
import type { SettingsInput } from '../workspace/settings.js';
import type { Workspace } from './workspace.js';

/** Changes settings from now on. Call it within a transaction, for a settled workspace. */
export function changeSettings(
  store: Store,
  { id, now, settingsInput }: Workspace,
  change: SettingsInput,
): void {
  store.workspaces.setSettings(id, { ...store.workspaces.get(id).settings, ...change });
  // A higher concurrency lets runs start from now on, and not from the last event on.
  store.workspaces.recordProgress({ id, runningDelta: 0, settledAt: now });
  // Requests that were counted under the old limit do not count under the new one.
  const { rateLimit = settingsInput.rateLimit } = change;
  if (rateLimit === settingsInput.rateLimit) return;
  store.workspaces.setBucket(id, undefined);
  store.workspaces.setRateWindows(id, undefined);
}
