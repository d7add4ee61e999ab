import type { WorkspaceRow } from '../../store/workspaces.js';
import type { Settings, SettingsInput } from '../../workspace/settings.js';

/** A workspace at a moment: its rows, its time, and the settings in force. */
export interface Workspace extends Omit<WorkspaceRow, 'settings'> {
  /** By its own clock, and never before what has happened in it. */
  readonly now: number;
  readonly settings: Settings;
  readonly settingsInput: Required<SettingsInput>;
}
