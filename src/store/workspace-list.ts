import { required, type Db } from './database/database.js';

/** What a list of workspaces shows of each. */
export interface ListedWorkspace {
  readonly name: string;
  /** The name that the user gave it. */
  readonly label: string | null;
  /** When a client last sent a request with its key, by the machine's clock; null if unknown. */
  readonly lastUsedAt: number | null;
}

/** Separate from the store of workspaces, because only requests that list workspaces read this. */
export interface WorkspaceListReader {
  /** The workspace that was used last comes first; those with an unknown time come last. */
  all(): ListedWorkspace[];
  find(name: string): ListedWorkspace;
  /** Notes a use in memory only, because every request calls this. The workspace need not be stored. */
  noteUse(name: string, time: number): void;
}

export interface WorkspaceListWriter extends WorkspaceListReader {
  setLabel(id: number, label: string | null): void;
  /** Writes the noted uses, if the last such write was a minute ago. */
  readonly writeUsesIfDue: () => void;
  /** Writes all noted uses. */
  readonly writeUses: () => void;
  /** Writes again what a rolled-back transaction had written. */
  readonly forgetWritten: () => void;
}

/** The most uses that are noted, because clients may use any number of keys. */
const maxNoted = 10_000;

const writeEveryMs = 60_000;

export function workspaceList(db: Db): WorkspaceListWriter {
  const all = db.prepare<[], ListedWorkspace>(
    'SELECT name, label, last_used_at AS lastUsedAt FROM workspaces',
  );
  const find = db.prepare<{ name: string }, ListedWorkspace>(
    'SELECT name, label, last_used_at AS lastUsedAt FROM workspaces WHERE name = :name',
  );
  const setLabel = db.prepare<{ id: number; label: string | null }>(
    'UPDATE workspaces SET label = :label WHERE workspace_id = :id',
  );
  const writeUses = db.prepare<{ uses: string }>(
    `UPDATE workspaces SET last_used_at = json_each.value ->> 1
     FROM json_each(:uses) WHERE name = json_each.value ->> 0`,
  );
  const noted = new Map<string, number>();
  let latest = 0;
  let writtenAt = 0;

  const write = (uses: readonly (readonly [string, number])[]): void => {
    if (uses.length > 0) writeUses.run({ uses: JSON.stringify(uses) });
    writtenAt = latest;
  };
  const withLatest = (row: ListedWorkspace): ListedWorkspace => {
    const { name, label, lastUsedAt } = row;
    return { name, label, lastUsedAt: noted.get(name) ?? lastUsedAt };
  };
  const unstored = (name: string): ListedWorkspace =>
    withLatest({ name, label: null, lastUsedAt: null });

  return {
    all() {
      const stored = all.all().map(withLatest);
      const names = new Set(stored.map(({ name }) => name));
      const others = [...noted.keys()].filter((name) => !names.has(name)).map(unstored);
      return [...stored, ...others].sort(
        (a, b) => (b.lastUsedAt ?? 0) - (a.lastUsedAt ?? 0) || (a.name < b.name ? -1 : 1),
      );
    },
    find(name) {
      const row = find.get({ name });
      return row === undefined ? unstored(name) : withLatest(row);
    },
    setLabel: (id, label) => setLabel.run({ id, label }),
    noteUse(name, time) {
      if (noted.size >= maxNoted && !noted.has(name)) {
        noted.delete(required(noted.keys().next().value));
      }
      noted.set(name, time);
      latest = time;
    },
    writeUsesIfDue() {
      if (latest - writtenAt < writeEveryMs) return;
      write([...noted].filter(([, time]) => time >= writtenAt));
    },
    writeUses() {
      write([...noted]);
    },
    forgetWritten() {
      writtenAt = 0;
    },
  };
}
