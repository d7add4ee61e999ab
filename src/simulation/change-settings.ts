import type { Store } from '../store/store.js';
import type { SettingsInput } from '../workspace/settings.js';
import type { Workspace } from './workspace.js';

/** Changes settings from now on. To be called within a transaction, of a settled workspace. */
export function changeSettings(
  store: Store,
  { id, now, settingsInput }: Workspace,
  change: SettingsInput,
): void {
  store.workspaces.setSettings(id, { ...store.workspaces.get(id).settings, ...change });
  // More room lets runs start from now on, not from when the last thing happened.
  store.workspaces.recordProgress({ id, runningDelta: 0, settledAt: now });
  // What was let through under another limit does not count under this one.
  const { rateLimit = settingsInput.rateLimit } = change;
  if (rateLimit === settingsInput.rateLimit) return;
  store.workspaces.setBucket(id, undefined);
  store.workspaces.setRateWindows(id, undefined);
}
