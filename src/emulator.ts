import type { Services } from './operations/operation.js';
import { keyedChance, newSeed } from './random.js';
import { slicePlayer } from './simulation/slice.js';
import { startWorker } from './simulation/worker.js';
import { openStore } from './store/store.js';
import type { Clock } from './workspace/clock.js';
import type { Settings } from './workspace/settings.js';

/** Runs that the worker loads at once. At some 5 µs each, requests hardly notice it. */
const sliceSize = 200;

export interface EmulatorOptions {
  /** A file, or `:memory:`. */
  readonly database: string;
  /** Without a seed the database's own is used, or a new one for a new database. */
  readonly settings: Omit<Settings, 'seed'> & { readonly seed: string | undefined };
  readonly clock: Clock;
  /** Told of failures that no request is there to hear of. */
  readonly onError: (error: unknown) => void;
}

/** The emulator without a door: it knows no HTTP. */
export interface Emulator extends Services {
  readonly clock: Clock;
  /** Stops the worker and lets go of the database. */
  close(): void;
}

/**
 * Opens the database and takes up the work in it.
 * @throws StartupError if the database can't be used.
 */
export function openEmulator(options: EmulatorOptions): Emulator {
  const { database, settings: given, clock, onError } = options;
  const store = openStore(database, clock.now());
  const { seed, seedKey } = store.keepSeed(given.seed, newSeed);
  const settings: Settings = { ...given, seed };
  const worker = startWorker({
    clock,
    playSlice: slicePlayer({ store, chance: keyedChance(seed), settings, seedKey }, sliceSize),
    unfinished: store.workspaces.listUnfinished(),
    onError,
  });
  return {
    store,
    worker,
    clock,
    settings,
    close() {
      worker.stop();
      store.close();
    },
  };
}
