import type { StoreWriter } from '../../store/store.js';
import type { SettingsInput } from '../../workspace/settings.js';
import { admitWaiting } from '../calls/waiting.js';
import type { Workspace } from './workspace.js';

/** Changes settings from now on. The workspace must be settled. */
export function changeSettings(
  writer: StoreWriter,
  { id, now, settingsInput }: Workspace,
  change: SettingsInput,
): void {
  writer.workspaces.setSettings(id, { ...writer.workspaces.get(id).settings, ...change });
  // A higher concurrency lets runs start from now on, and not from the last event on.
  writer.workspaces.addProgress({ id, runningDelta: 0, settledAt: now });
  if (change.concurrencyLimit !== undefined) {
    admitWaiting(writer, id, change.concurrencyLimit, now);
  }
  // Requests that were counted under the old limit do not count under the new one.
  const { rateLimit = settingsInput.rateLimit } = change;
  if (rateLimit === settingsInput.rateLimit) return;
  writer.workspaces.setBucket(id, undefined);
  writer.workspaces.setRateWindows(id, undefined);
}
