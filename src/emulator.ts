import { loadContract } from './contract/document.js';
import {
  unknownValueReporter,
  type ReportUnknownValues,
  type UnknownValuesPolicy,
} from './contract/open-values.js';
import { contractValidation } from './contract/validation.js';
import { StartupError } from './errors.js';
import { findUnusable, maxFixtureLevels } from './json/checks.js';
import { taskDialler } from './operations/calls/batch-calls.js';
import type { Services } from './operations/operation.js';
import { destinationFinder, type OutboundRules } from './outbound/destination.js';
import { createWebhooks } from './outbound/webhooks.js';
import { createConnector } from './outbound/websockets.js';
import { newSeed } from './random.js';
import { createLlmSessions, type LlmSessions } from './simulation/calls/custom-llm/sessions.js';
import { createChanges, type Changes } from './simulation/clockwork/changes.js';
import { releaseClocksAhead } from './simulation/clockwork/clocks-ahead.js';
import type { Fixtures, NamedFixtures } from './simulation/fixtures/fixtures.js';
import { createCallWebhooks, type CallWebhooks } from './simulation/deliveries/call-webhooks.js';
import { createChatWebhooks } from './simulation/deliveries/chat-webhooks.js';
import { createFunctionAnswers } from './simulation/deliveries/function-answers.js';
import { createAdvanceOnce } from './simulation/testing/advance.js';
import { endAllUnfinishedWork } from './simulation/workspaces/unfinished-work.js';
import { startWorker, type Worker } from './simulation/clockwork/worker.js';
import {
  workspacesOf,
  type InitialState,
  type Workspaces,
} from './simulation/workspaces/workspaces.js';
import { storageFailure, usingAtStart } from './store/database/failures.js';
import { openStore, type Store } from './store/store.js';
import type { Clock, WorkspaceClock } from './workspace/clock.js';
import { createJournal } from './workspace/journal/journal.js';
import { controlFormats, type SettingsInput } from './workspace/settings.js';
import { createExclusiveWork } from './workspace/exclusive-work.js';
import { createWaiters } from './workspace/limits/waiters.js';

/** Runs that one step of the worker loads. Each takes about 5 µs, so a step blocks the event loop for 1 ms. */
const sliceSize = 200;

/** The most bytes of the journals of all workspaces together. */
const maxJournalBytes = 16 * 1024 * 1024;

export interface EmulatorOptions {
  /** A file, or `:memory:`. */
  readonly database: string;
  /** The settings of a new workspace. Without a seed, it is the database's or a new one. */
  readonly settings: Required<Omit<SettingsInput, 'seed'>> & { readonly seed: string | undefined };
  readonly clock: Clock;
  /** Credit of a new workspace, in runs; unlimited if absent. */
  readonly credit?: number | undefined;
  /** The most requests in the journal of a workspace; 1,000 if absent, no journal if 0. */
  readonly journalSize?: number;
  /** Where webhooks may go besides this machine; nowhere if absent. */
  readonly outbound?: OutboundRules;
  /** The clock of a new workspace, given the wall clock's time; the wall clock if absent. */
  readonly initialClock?: (wall: number) => WorkspaceClock;
  /** The workspace to create at the start, if there are fixtures. Others are created at their first use. */
  readonly workspace?: string;
  /** The state of a new workspace, and of a workspace after a reset. */
  readonly fixtures?: readonly FixtureSource[];
  /** Called with failures outside of a request. */
  readonly onError: (error: unknown) => void;
  /** Called with a line for each unknown value that was accepted. */
  readonly onWarning?: (line: string) => void;
  /**
   * Called with the reason when the database can no longer be written, and with undefined when it can be
   * written again. `onError` is then not called for each attempt.
   */
  readonly onStorage?: (problem: string | undefined) => void;
}

/** Fixtures as they were read, not validated yet. */
export interface FixtureSource {
  /** The file's path as the user gave it. */
  readonly name: string;
  readonly content: unknown;
}

const wallTime = (): WorkspaceClock => ({ mode: 'real', time: 0, anchor: 0, speed: 1 });

/** @throws StartupError */
function checkFixtures(
  { name, content }: FixtureSource,
  policy: UnknownValuesPolicy,
  report: ReportUnknownValues,
): NamedFixtures {
  const problem = findUnusable('', content, maxFixtureLevels);
  if (problem !== undefined) throw new StartupError('usage', `${name}: ${problem}`);
  const validation = contractValidation(loadContract('control'), controlFormats);
  const { mismatch, unknownValues } = validation.checkValue('Fixtures', content, policy);
  if (mismatch !== undefined) throw new StartupError('usage', `${name}: ${mismatch.trim()}`);
  report(unknownValues, `${name}: `);
  return { name, content: content as Fixtures };
}

/** The same with a second listener to steps. */
const withListener = (webhooks: CallWebhooks, onStep: LlmSessions['onStep']): CallWebhooks => ({
  ...webhooks,
  onStep: (step, writer) => {
    const isStored = webhooks.onStep(step, writer);
    return onStep(step) || isStored;
  },
});

/** Nothing is sent to another machine. */
const closed: OutboundRules = { allow: [], rewrites: [] };

/** The emulator without HTTP. */
export interface Emulator extends Services {
  /** The seed of workspaces that have none of their own. */
  readonly seed: string;
  /** True if there are fixtures, and older workspaces that do not have them. */
  readonly hasOlderWorkspaces: boolean;
  /** The number of workspaces whose time was ahead of the machine's at the start, and goes on from there. */
  readonly clocksAhead: number;
  /** Logs each unknown value once. */
  readonly reportUnknownValues: ReportUnknownValues;
  /** Stops the worker and closes the database. */
  close(): void;
}

/**
 * Opens the database and resumes the work that is stored in it.
 * @throws StartupError if the database can't be used, or the fixtures can't be loaded.
 */
export function openEmulator(options: EmulatorOptions): Emulator {
  const { database, clock } = options;
  const store = openStore(database, clock.now(), () => clock.turn());
  try {
    return usingAtStart(database, () => {
      endAllUnfinishedWork(store, clock);
      return emulatorOn(store, options);
    });
  } catch (error) {
    store.close();
    throw error;
  }
}

const ignore = (): void => undefined;

const initialState = (
  settings: InitialState['settings'],
  { initialClock = wallTime, credit, fixtures = [] }: EmulatorOptions,
  report: ReportUnknownValues,
): Omit<InitialState, 'onBegin'> => ({
  ...{ settings, credit: credit ?? null, clock: initialClock },
  fixtures: fixtures.map((source) => checkFixtures(source, settings.unknownValues, report)),
});

interface CallParts {
  readonly clock: Clock;
  readonly store: Store;
  readonly workspaces: Workspaces;
  readonly changes: Changes;
  readonly listener: Parameters<typeof createWebhooks>[0]['listener'];
  readonly journal: { readonly entries: number; readonly bytes: number };
  readonly outbound: OutboundRules | undefined;
}

/** What goes on in calls and chats beside the worker: webhooks, custom functions, and the servers that hold some. */
function openCalls(
  { changes, outbound, ...parts }: CallParts,
  scheduleBy: (workspaceId: number, at: number) => void,
) {
  const { clock, store, workspaces, listener } = parts;
  const functions = createFunctionAnswers({
    ...{ store, get: workspaces.get, callWebhooks: () => callWebhooks, scheduleBy },
    announce: changes.announce,
  });
  const webhooks = createWebhooks({ ...parts, rules: outbound, functions });
  const { queue } = webhooks;
  const llmSessions = createLlmSessions({
    ...{ clock, store, get: workspaces.get, onError: listener.onError, announce: changes.announce },
    connector: createConnector(clock, destinationFinder(outbound ?? closed)),
    listener: () => callWebhooks,
    scheduleBy,
  });
  const chatWebhooks = createChatWebhooks(workspaces.get, queue.wake);
  const callWebhooks: CallWebhooks = withListener(
    createCallWebhooks(workspaces.get, queue.wake),
    llmSessions.onStep,
  );
  return {
    services: { webhooks, llmSessions, callWebhooks, functionAnswers: functions, chatWebhooks },
    reschedule: (id: number) => {
      queue.reschedule(id);
      llmSessions.reschedule(id);
    },
    restart: (id: number) => {
      queue.restart(id);
      llmSessions.restart(id);
      functions.resume([id]).catch(listener.onError);
    },
    resume: () => {
      llmSessions.resume();
      functions.resume(store.calls.listWorkspacesAwaiting()).catch(listener.onError);
    },
    close: () => {
      webhooks.close();
      llmSessions.close();
    },
  };
}

function emulatorOn(store: Store, options: EmulatorOptions): Emulator {
  const { clock, fixtures = [], workspace, journalSize = 1000, onWarning = ignore } = options;
  if (options.onStorage) store.health.onChange(options.onStorage);
  const seed = store.now((writer) => writer.keepSeed(options.settings.seed, newSeed));
  const clocksAhead = releaseClocksAhead(store, clock.now());
  const changes = createChanges();
  const reportUnknownValues = unknownValueReporter(onWarning);
  const workspaces = workspacesOf(store, clock, {
    ...initialState({ ...options.settings, seed }, options, reportUnknownValues),
    onBegin: (id) => {
      worker.restart(id, store.workspaces.nextDue(id));
    },
  });
  const journalLimits = { entries: journalSize, bytes: maxJournalBytes };
  const listener = { onError: errorReporter(store, options), onWarning };
  const parts = { clock, store, workspaces, listener, journal: journalLimits };
  const calls = openCalls({ ...parts, changes, outbound: options.outbound }, (id, at) => {
    worker.scheduleBy(id, at);
  });
  const worker: Worker = startWorker({
    clock,
    changes,
    advanceOnce: createAdvanceOnce({
      ...{ store, get: workspaces.get, size: sliceSize, listeners: calls.services },
      dial: taskDialler(() => emulator),
    }),
    clockOf: (id) => store.workspaces.get(id).clock,
    nowOf: (id) => workspaces.get(id).now,
    acrossTurns: store.acrossTurns,
    listUnfinished: () => store.workspaces.listUnfinished(),
    onError: listener.onError,
    onReschedule: calls.reschedule,
    onRestart: calls.restart,
  });
  store.onRollback(worker.resume);
  const hasOlderWorkspaces = fixtures.length > 0 && store.workspaces.listNames().length > 0;
  // The default workspace exists from the start, so that its batches progress before the first request.
  if (fixtures.length > 0 && workspace !== undefined) workspaces.open(workspace);
  calls.resume();
  const emulator: Emulator = {
    store,
    workspaces,
    worker,
    changes,
    journal: journalSize === 0 ? undefined : createJournal(journalLimits),
    waiters: createWaiters(),
    exclusiveWork: createExclusiveWork(),
    ...calls.services,
    limitsEveryWorkspace: options.settings.rateLimit !== 'off',
    ...{ clock, seed, hasOlderWorkspaces, clocksAhead, reportUnknownValues },
    close() {
      calls.close();
      worker.stop();
      changes.close();
      store.close();
    },
  };
  return emulator;
}

/** A failure of the storage is reported by its own callback, where there is one. */
const errorReporter = (store: Store, options: EmulatorOptions) => (error: unknown) => {
  store.health.failed(error);
  if (options.onStorage === undefined || storageFailure(error) === undefined) {
    options.onError(error);
  }
};
