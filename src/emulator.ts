import { loadContract } from './contract/document.js';
import {
  unknownValueTeller,
  type TellUnknownValues,
  type UnknownValuesPolicy,
} from './contract/open-values.js';
import { contractValidation } from './contract/validation.js';
import { StartupError } from './errors.js';
import { findUnusable, mostFixtureLevels } from './json.js';
import type { Services } from './operations/operation.js';
import { newSeed } from './random.js';
import { createChanges } from './simulation/changes.js';
import { releaseClocksAhead } from './simulation/clocks-ahead.js';
import type { Fixtures, NamedFixtures } from './simulation/fixtures/fixtures.js';
import { createAdvanceOnce } from './simulation/advance.js';
import { startWorker, type Worker } from './simulation/worker.js';
import { workspacesOf } from './simulation/workspaces.js';
import { storageFailure, usingAtStart } from './store/failures.js';
import { openStore, type Store } from './store/store.js';
import type { Clock, WorkspaceClock } from './workspace/clock.js';
import { createJournal } from './workspace/journal.js';
import { controlFormats, type SettingsInput } from './workspace/settings.js';
import { createWaiters } from './workspace/waiters.js';

/** Runs that the worker loads at once. At some 5 µs each, requests hardly notice it. */
const sliceSize = 200;

/** What the journals of all workspaces may take together. */
const mostJournalBytes = 16 * 1024 * 1024;

export interface EmulatorOptions {
  /** A file, or `:memory:`. */
  readonly database: string;
  /** What every workspace begins with. Without a seed it is the database's, or a new one. */
  readonly settings: Required<Omit<SettingsInput, 'seed'>> & { readonly seed: string | undefined };
  readonly clock: Clock;
  /** Runs that may be created in a workspace; they cost nothing if absent. */
  readonly credit?: number | undefined;
  /** Requests that the journal of a workspace holds; 1,000 if absent, no journal if 0. */
  readonly journalSize?: number;
  /** What the clock of a new workspace is, given the wall clock's time; that clock if absent. */
  readonly initialClock?: (wall: number) => WorkspaceClock;
  /** One to begin with at once, if there are fixtures; others begin when they are first used. */
  readonly workspace?: string;
  /** What every workspace begins with, and is reset to; each with where it came from. */
  readonly fixtures?: readonly FixtureSource[];
  /** Told of failures that no request is there to hear of. */
  readonly onError: (error: unknown) => void;
  /** Told, in a line, of what is taken though the contract does not list it. */
  readonly onWarning?: (line: string) => void;
  /**
   * Told once when the database can no longer be written, with the reason, and with undefined when it
   * can be again. Then `onError` is not told of each attempt.
   */
  readonly onStorage?: (problem: string | undefined) => void;
}

/** Fixtures as they were read: not validated. */
export interface FixtureSource {
  /** A file, as the user named it. */
  readonly name: string;
  readonly content: unknown;
}

const wallTime = (): WorkspaceClock => ({ mode: 'real', time: 0, anchor: 0, speed: 1 });

/** @throws StartupError */
function checkFixtures(
  { name, content }: FixtureSource,
  policy: UnknownValuesPolicy,
  tell: TellUnknownValues,
): NamedFixtures {
  const problem = findUnusable('', content, mostFixtureLevels);
  if (problem !== undefined) throw new StartupError('usage', `${name}: ${problem}`);
  const validation = contractValidation(loadContract('control'), controlFormats);
  const { mismatch, unknownValues } = validation.checkValue('Fixtures', content, policy);
  if (mismatch !== undefined) throw new StartupError('usage', `${name}: ${mismatch.trim()}`);
  tell(unknownValues, `${name}: `);
  return { name, content: content as Fixtures };
}

/** The emulator without a door: it knows no HTTP. */
export interface Emulator extends Services {
  /** What is used where a workspace has no seed of its own. */
  readonly seed: string;
  /** True if there are fixtures, and workspaces from before that do not begin with them. */
  readonly hasOlderWorkspaces: boolean;
  /** Workspaces whose time was ahead of the machine's at the start; it goes on from there. */
  readonly clocksAhead: number;
  /** Logs each of them once. */
  readonly tellUnknownValues: TellUnknownValues;
  /** Stops the worker and lets go of the database. */
  close(): void;
}

/**
 * Opens the database and takes up the work in it.
 * @throws StartupError if the database can't be used, or the fixtures can't be loaded.
 */
export function openEmulator(options: EmulatorOptions): Emulator {
  const { database, clock } = options;
  const store = openStore(database, clock.now(), () => clock.turn());
  try {
    return usingAtStart(database, () => emulatorOn(store, options));
  } catch (error) {
    store.close();
    throw error;
  }
}

function emulatorOn(store: Store, options: EmulatorOptions): Emulator {
  const { clock, initialClock = wallTime, fixtures = [], workspace, journalSize = 1000 } = options;
  if (options.onStorage) store.health.onChange(options.onStorage);
  const seed = store.keepSeed(options.settings.seed, newSeed);
  const clocksAhead = releaseClocksAhead(store, clock.now());
  const changes = createChanges();
  const tellUnknownValues = unknownValueTeller(options.onWarning ?? (() => undefined));
  const workspaces = workspacesOf(store, clock, {
    settings: { ...options.settings, seed },
    clock: initialClock,
    credit: options.credit ?? null,
    fixtures: fixtures.map((source) =>
      checkFixtures(source, options.settings.unknownValues, tellUnknownValues),
    ),
    onBegin: (id) => {
      worker.restart(id, store.workspaces.nextDue(id));
    },
  });
  const worker: Worker = startWorker({
    clock,
    changes,
    advanceOnce: createAdvanceOnce(store, workspaces.get, sliceSize),
    clockOf: (id) => store.workspaces.get(id).clock,
    nowOf: (id) => workspaces.get(id).now,
    prolonged: store.prolonged,
    listUnfinished: () => store.workspaces.listUnfinished(),
    onError(error) {
      store.health.failed(error);
      if (options.onStorage === undefined || storageFailure(error) === undefined) {
        options.onError(error);
      }
    },
  });
  store.onRollback(worker.resume);
  const hasOlderWorkspaces = fixtures.length > 0 && store.workspaces.listNames().length > 0;
  // The workspace that one sees without naming a key is there, and moves, from the start.
  if (fixtures.length > 0 && workspace !== undefined) workspaces.open(workspace);
  return {
    store,
    workspaces,
    worker,
    changes,
    journal:
      journalSize === 0
        ? undefined
        : createJournal({ entries: journalSize, bytes: mostJournalBytes }),
    waiters: createWaiters(),
    limitsEveryWorkspace: options.settings.rateLimit !== 'off',
    clock,
    seed,
    hasOlderWorkspaces,
    clocksAhead,
    tellUnknownValues,
    close() {
      worker.stop();
      changes.close();
      store.close();
    },
  };
}
