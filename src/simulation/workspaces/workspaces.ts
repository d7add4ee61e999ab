import type { UnknownValuesPolicy } from '../../contract/open-values.js';
import { ApiError, StartupError } from '../../errors.js';
import { makeAll, type Steps } from '../../store/steps.js';
import type { Store, StoreWriter } from '../../store/store.js';
import type { WorkspaceRow } from '../../store/workspaces.js';
import { timeAt, type Clock, type WorkspaceClock } from '../../workspace/clock.js';
import { parseSettings, type SettingsInput } from '../../workspace/settings.js';
import { FixtureError, type NamedFixtures } from '../fixtures/fixtures.js';
import { loadFixtures } from '../fixtures/load.js';
import type { Workspace } from './workspace.js';

/** Finds and creates workspaces. */
export interface Workspaces {
  /** Undefined until something is created in it. */
  find(name: string): Workspace | undefined;
  readonly get: (id: number) => Workspace;
  /** Finds the workspace, or creates it. */
  open(name: string): Workspace;
  /** Resets the workspace to its initial state. */
  reset(id: number): void;
  /** Deletes everything in it, the initial state included. */
  empty(writer: StoreWriter, id: number): Steps<void>;
  listNames(): string[];
  /** The settings of a workspace that has none of its own. */
  readonly defaultSettings: Workspace['settings'];
  /** The workspace's setting `unknownValues`. */
  unknownValuesPolicy(name: string): UnknownValuesPolicy;
}

/** The initial state of workspaces. */
export interface InitialState {
  readonly settings: Required<SettingsInput>;
  /** The initial clock, given the wall clock's time. */
  readonly clock: (wall: number) => WorkspaceClock;
  /** The initial credit, in runs; null if unlimited. */
  readonly credit: number | null;
  /** Validated fixtures. */
  readonly fixtures: readonly NamedFixtures[];
  /** Called after a workspace was created or reset. */
  readonly onBegin: (id: number) => void;
}

/** @throws StartupError if the fixtures can't be loaded. */
export function workspacesOf(store: Store, clock: Clock, beginning: InitialState): Workspaces {
  const { settings: defaults, fixtures } = beginning;
  const atThisMoment = workspaceReader(clock, defaults);
  const get = (id: number): Workspace => atThisMoment(store.workspaces.get(id));

  const loadAll = fixtureLoader(get, fixtures);
  const initially = () => initialOf(beginning, clock.now());

  /** Creates an empty workspace by `makeEmpty`, and loads the initial state into it. */
  const begin = (
    makeEmpty: (writer: StoreWriter, now: number, clock: WorkspaceClock) => number,
  ): number => {
    const wall = clock.now();
    const first = beginning.clock(wall);
    const id = store.now((writer, attempt) => {
      const id = makeEmpty(writer, timeAt(first, wall), first);
      loadAll(writer, id, attempt, wall);
      return id;
    });
    beginning.onBegin(id);
    return id;
  };

  const findStored = (name: string): Workspace | undefined => {
    const row = store.workspaces.find(name);
    return row && atThisMoment(row);
  };
  const open = (name: string): Workspace => {
    const stored = findStored(name);
    if (stored !== undefined) return stored;
    return get(
      begin(
        ({ workspaces }, now, first) => workspaces.insert(name, now, first, beginning.credit).id,
      ),
    );
  };

  // Fixtures that load once load into every later workspace, so a mistake shows at the start.
  if (fixtures.length > 0) {
    const wall = clock.now();
    const first = beginning.clock(wall);
    store.dryRun((writer, attempt) => {
      const { id } = writer.workspaces.insert('', timeAt(first, wall), first, null);
      loadAll(writer, id, attempt, wall);
    });
  }

  const find = fixtures.length > 0 ? open : findStored;

  return {
    find,
    unknownValuesPolicy: (name) => (find(name)?.settings ?? defaults).unknownValues,
    get,
    open,
    reset(id) {
      begin((writer) => {
        makeAll(clearTo(writer, id, initially()));
        return id;
      });
    },
    empty: (writer, id) => clearTo(writer, id, initially()),
    listNames: () => store.workspaces.listNames(),
    defaultSettings: parseSettings(defaults),
  };
}

/** What a workspace begins with. @param wall the time of the machine. */
function initialOf({ clock: clockAt, credit }: InitialState, wall: number) {
  const clock = clockAt(wall);
  return { now: timeAt(clock, wall), clock, credit };
}

/** Deletes everything in a workspace but its snapshots. */
function* clearTo(
  { snapshots, workspaces }: StoreWriter,
  id: number,
  first: ReturnType<typeof initialOf>,
): Steps<void> {
  yield* snapshots.clear(id, first.now, first.credit);
  workspaces.setClock(id, first.clock);
}

/** Returns a function that reads a row as a workspace at this moment. Settings are parsed once for each row. */
function workspaceReader(clock: Clock, defaults: Required<SettingsInput>) {
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
    // Hot path: built field by field, because a spread costs ten times as much.
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
  get: Workspaces['get'],
  fixtures: readonly NamedFixtures[],
): (writer: StoreWriter, id: number, attempt: number, wall: number) => void {
  return (writer, id, attempt, wall) => {
    for (const { name, content } of fixtures) {
      try {
        loadFixtures({ writer, get, attempt }, id, content, wall);
      } catch (error) {
        if (error instanceof ApiError) throw new StartupError('usage', `${name}: ${error.message}`);
        if (!(error instanceof FixtureError)) throw error;
        throw new StartupError('usage', `${name}: ${error.path} ${error.message}`);
      }
    }
  };
}
