import type { UnknownValuesPolicy } from '../contract/open-values.js';
import { ApiError, StartupError } from '../errors.js';
import type { Store } from '../store/store.js';
import type { WorkspaceRow } from '../store/workspaces.js';
import { timeAt, type Clock, type WorkspaceClock } from '../workspace/clock.js';
import { parseSettings, type SettingsInput } from '../workspace/settings.js';
import { FixtureError, type NamedFixtures } from './fixtures/fixtures.js';
import { loadFixtures } from './fixtures/load.js';
import type { Workspace } from './workspace.js';

/** Workspaces, with what they share: the wall clock and the settings to begin with. */
export interface Workspaces {
  /** Undefined while there is nothing in it. */
  find(name: string): Workspace | undefined;
  readonly get: (id: number) => Workspace;
  /** Finds it, or makes it. Not to be called within a transaction. */
  open(name: string): Workspace;
  /** Puts it back to what it began with. */
  reset(id: number): void;
  /** Leaves nothing in it, not even what it began with. To be called within a transaction. */
  empty(id: number): void;
  listNames(): string[];
  /** Those of a workspace that has none of its own. */
  readonly defaultSettings: Workspace['settings'];
  /** What to do there with values that the contract does not list. */
  unknownValuesPolicy(name: string): UnknownValuesPolicy;
}

/** What workspaces begin with. */
export interface Beginning {
  readonly settings: Required<SettingsInput>;
  /** What the clock is, given the wall clock's time. */
  readonly clock: (wall: number) => WorkspaceClock;
  /** Runs that may be created in each; null if they cost nothing. */
  readonly credit: number | null;
  /** Have been validated. */
  readonly fixtures: readonly NamedFixtures[];
  /** Told of a workspace that was made or put back. */
  readonly onBegin: (id: number) => void;
}

/** @throws StartupError if the fixtures can't be loaded. */
export function workspacesOf(store: Store, clock: Clock, beginning: Beginning): Workspaces {
  const { settings: defaults, fixtures } = beginning;
  const atPresent = presenter(clock, defaults);
  const get = (id: number): Workspace => atPresent(store.workspaces.get(id));

  const loadAll = fixtureLoader(store, get, fixtures);

  /** Makes an empty workspace by what is given, and puts into it what it is to begin with. */
  const begin = (makeEmpty: (now: number, clock: WorkspaceClock) => number): number => {
    const wall = clock.now();
    const first = beginning.clock(wall);
    const id = store.transactionWithNewIds((attempt) => {
      const id = makeEmpty(timeAt(first, wall), first);
      loadAll(id, attempt, wall);
      return id;
    });
    beginning.onBegin(id);
    return id;
  };

  const open = (name: string): Workspace => {
    const row = store.workspaces.find(name);
    if (row !== undefined) return atPresent(row);
    return get(
      begin((now, first) => store.workspaces.insert(name, now, first, beginning.credit).id),
    );
  };

  const clear = (id: number, now: number, first: WorkspaceClock): number => {
    store.snapshots.clear(id, now, beginning.credit);
    store.workspaces.setClock(id, first);
    return id;
  };

  // What can be loaded once can be loaded into every workspace that is made later.
  if (fixtures.length > 0) {
    const wall = clock.now();
    const first = beginning.clock(wall);
    store.rehearse(() => {
      loadAll(store.workspaces.insert('', timeAt(first, wall), first, null).id, 1, wall);
    });
  }

  const find = (name: string): Workspace | undefined => {
    if (fixtures.length > 0) return open(name);
    const row = store.workspaces.find(name);
    return row && atPresent(row);
  };

  return {
    find,
    unknownValuesPolicy: (name) => (find(name)?.settings ?? defaults).unknownValues,
    get,
    open,
    reset(id) {
      begin((now, first) => clear(id, now, first));
    },
    empty(id) {
      const wall = clock.now();
      const first = beginning.clock(wall);
      clear(id, timeAt(first, wall), first);
    },
    listNames: () => store.workspaces.listNames(),
    defaultSettings: parseSettings(defaults),
  };
}

/** Reads a row as a workspace at this moment; its settings once for each row that is in memory. */
function presenter(clock: Clock, defaults: Required<SettingsInput>) {
  const known = new WeakMap<SettingsInput, Pick<Workspace, 'settings' | 'settingsInput'>>();
  const settingsOf = ({ settings: own }: WorkspaceRow) => {
    const before = known.get(own);
    if (before !== undefined) return before;
    const settingsInput = { ...defaults, ...own };
    const read = { settings: parseSettings(settingsInput), settingsInput };
    known.set(own, read);
    return read;
  };
  return (row: WorkspaceRow): Workspace => {
    const { settings, settingsInput } = settingsOf(row);
    // Spelled out, because every request comes by here and spreading costs ten times as much.
    return {
      id: row.id,
      name: row.name,
      runningCount: row.runningCount,
      settledAt: row.settledAt,
      clock: row.clock,
      bucket: row.bucket,
      rateWindows: row.rateWindows,
      credit: row.credit,
      now: Math.max(timeAt(row.clock, clock.now()), row.settledAt),
      settings,
      settingsInput,
    };
  };
}

/** Loads all fixtures into a workspace, in a transaction. @throws StartupError */
function fixtureLoader(
  store: Store,
  get: Workspaces['get'],
  fixtures: readonly NamedFixtures[],
): (id: number, attempt: number, wall: number) => void {
  return (id, attempt, wall) => {
    for (const { name, content } of fixtures) {
      try {
        loadFixtures({ store, get, attempt }, id, content, wall);
      } catch (error) {
        if (error instanceof ApiError) throw new StartupError('usage', `${name}: ${error.message}`);
        if (!(error instanceof FixtureError)) throw error;
        throw new StartupError('usage', `${name}: ${error.path} ${error.message}`);
      }
    }
  };
}
