// For users' compilers, which need not know AsyncDisposable otherwise.
/// <reference lib="esnext.disposable" preserve="true" />
/**
 * The emulator as a library, for tests that run it in their own process:
 *
 *     const emulator = await startEmulator();
 *     const workspace = emulator.workspace('key_of_this_test');
 *     const client = new Retell({ apiKey: workspace.apiKey, baseURL: workspace.url });
 *
 * It keeps its data in memory, listens on a free port of this machine, lets time pass only when
 * told to, and gives the same results every time, unless told otherwise.
 */
import { resolveConfig } from './config.js';
import { openEmulator, type FixtureSource } from './emulator.js';
import { ApiError, StartupError } from './errors.js';
import { readFixtures } from './fixture-file.js';
import { buildApp } from './http/app.js';
import { listen } from './http/listen.js';
import { listWorkspaces, openWorkspace, workspaceWith } from './library/open-workspace.js';
import { remoteCaller } from './library/remote-calls.js';
import type { Fixtures, Settings, Workspace, WorkspaceInfo } from './library/workspace.js';
import { createLog, storageLogger, warnOfClocksAhead } from './log.js';
import { parseMoment, timersAreFake, wallClock } from './workspace/clock.js';
import { controlFormats } from './workspace/settings.js';

export type * from './library/workspace.js';
export { ApiError, StartupError, type ErrorCode } from './errors.js';

type FixturesOrPath = Fixtures | string;

/** The options are those of the command and of its config file, in the same words. */
export interface StartOptions extends Partial<Settings> {
  /** A file to keep the data in; memory if absent. */
  readonly database?: string;
  /** The address to listen on; that of this machine if absent. */
  readonly host?: string;
  /** A free one if absent. */
  readonly port?: number;
  /** The only keys to accept; every key is accepted if absent. */
  readonly apiKey?: readonly string[];
  /** The clock that workspaces begin with; `manual` if absent. */
  readonly clock?: 'real' | 'manual';
  /** Where a manual clock begins: 2026-01-01T00:00:00Z if absent. */
  readonly now?: string | number;
  /** What every workspace begins with: fixtures, or paths of YAML or JSON files of them. */
  readonly fixtures?: FixturesOrPath | readonly FixturesOrPath[];
  /** Rules that every workspace begins with. */
  readonly outcomeRules?: NonNullable<Fixtures['outcomeRules']>;
  readonly faults?: NonNullable<Fixtures['faults']>;
  /** Runs that each workspace may start before it gets 402; any number if absent. */
  readonly credit?: number;
  /** Requests that the journal of each workspace holds; 1,000 if absent. */
  readonly journalSize?: number;
  /** Whether the control API is served over HTTP, too; `on` if absent. */
  readonly control?: 'on' | 'off' | 'open';
  /** Host names that the control API is served under, besides its own. */
  readonly controlHost?: readonly string[];
  readonly controlToken?: string;
  readonly defaultApiKey?: string;
  /** Origins of web pages that may use the vendor's API, or `off`; any if absent. */
  readonly cors?: 'off' | readonly string[];
  /** Where to forward what is not emulated; nowhere if absent. */
  readonly upstream?: string;
  /** Checks every answer against the contract. */
  readonly validateResponses?: boolean;
  /** The least level to log, to standard error; `silent` if absent. */
  readonly logLevel?: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
}

/** A running emulator. */
export interface RetellEmulator extends AsyncDisposable {
  /** The `baseURL` for clients. */
  readonly url: string;
  /** Decides what is left to chance. */
  readonly seed: string;
  /**
   * The workspace behind an API key, which may be any that is let in; made when it is first used.
   * @throws ApiError if every client would be turned away with that key.
   */
  readonly workspace: (apiKey: string) => Workspace;
  /** All workspaces with label and last use; the one that was used last comes first. */
  readonly workspaces: () => Promise<WorkspaceInfo[]>;
  /** Ends it, with every connection that is open. */
  readonly close: () => Promise<void>;
}

const defaults = {
  port: 0,
  database: ':memory:',
  clock: 'manual',
  seed: 'retell-emulator',
  logLevel: 'silent',
} as const;

/**
 * Starts an emulator. Resolves when it takes requests.
 * @throws StartupError naming the option that is wrong, or what it could not use.
 */
export async function startEmulator(options: StartOptions = {}): Promise<RetellEmulator> {
  refuseFakeTimers();
  const { now, fixtures = [], ...content } = readOptions(options);
  const config = resolveConfig({
    flags: {},
    environment: {},
    file: { path: 'startEmulator', content },
    defaults,
  });
  const log = config.logLevel === 'silent' ? undefined : await createLog(config.logLevel);
  const emulator = openEmulator({
    ...config,
    clock: wallClock(),
    fixtures: [
      ...nameFixtures(fixtures),
      ...(Object.keys(config.rules).length > 0
        ? [{ name: 'startEmulator', content: config.rules }]
        : []),
    ],
    ...clockAt(now, config.clock),
    onError: (error) => {
      process.emitWarning(error as Error);
    },
    onWarning: (line) => log?.logger.warn(line),
    ...(log && { onStorage: storageLogger(log.logger) }),
  });
  if (log !== undefined) warnOfClocksAhead(emulator, log.logger);
  const { control, controlHosts: otherHosts, controlToken: token, host, defaultApiKey } = config;
  const app = buildApp({
    ...config,
    emulator,
    ...(log && { logger: log.logger }),
    controlAccess:
      control === 'off' ? undefined : { mode: control, host, otherHosts, token, defaultApiKey },
  });
  const shutDown = async (): Promise<void> => {
    const closed = app.close();
    app.server.closeAllConnections();
    await closed;
    emulator.close();
    await log?.flush();
  };
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => (closed ??= shutDown());
  const url = await listen(app, config).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return {
    url,
    seed: emulator.seed,
    workspace(apiKey) {
      refuseUnusable(apiKey, config.apiKeys);
      return openWorkspace(emulator, apiKey, url);
    },
    workspaces: () => listWorkspaces(emulator),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** An emulator that runs in another process. */
export type RemoteEmulator = Pick<RetellEmulator, 'url' | 'workspace' | 'workspaces'>;

/**
 * Steers an emulator that runs in another process: the command, a container, or the global set-up of a
 * test runner, whose test files then share it. Sends nothing yet.
 * @param url the emulator's.
 */
export function connectEmulator(
  url: string,
  { controlToken }: { readonly controlToken?: string } = {},
): RemoteEmulator {
  const callsOf = (apiKey: string) => remoteCaller({ url, apiKey, controlToken });
  return {
    url,
    workspace(apiKey) {
      refuseUnusable(apiKey, []);
      return workspaceWith(callsOf(apiKey), apiKey, url);
    },
    workspaces: () => callsOf('key_local')('listWorkspaces', {}),
  };
}

/** The emulator would keep them, and stand still. */
function refuseFakeTimers(): void {
  if (!timersAreFake) return;
  throw new StartupError(
    'environment',
    'the timers of Node.js are fake: import retell-emulator before the test runner replaces them',
  );
}

function refuseUnusable(apiKey: string, accepted: readonly string[]): void {
  if (!/^\S+$/.test(apiKey)) {
    throw new ApiError('unauthorized', 'It must be a text without spaces.');
  }
  if (accepted.length > 0 && !accepted.includes(apiKey)) {
    throw new ApiError('unauthorized', 'It is not one of the option apiKey.');
  }
}

const nameFixtures = (fixtures: NonNullable<StartOptions['fixtures']>): FixtureSource[] =>
  [fixtures]
    .flat()
    .map((one, index) =>
      typeof one === 'string'
        ? readFixtures(one)
        : { name: `fixtures[${String(index)}]`, content: one },
    );

/** Copied, because what the caller does to them later must change nothing. */
function readOptions(options: unknown): StartOptions {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    refuse('startEmulator: must be given options, such as { port: 4010 }');
  }
  try {
    const given = Object.entries(options).filter(([, value]) => (value ?? undefined) !== undefined);
    return structuredClone(Object.fromEntries(given));
  } catch (error) {
    refuse(`startEmulator: must be given plain data: ${(error as Error).message}`);
  }
}

function clockAt(now: StartOptions['now'], mode: StartOptions['clock']) {
  const time = parseMoment(now ?? '2026-01-01T00:00:00Z');
  if (time === undefined) refuse(`now must be ${controlFormats.moment.allowed}`);
  if (mode === 'manual') return { initialClock: () => ({ mode, time }) };
  if (now !== undefined) refuse('now goes with the clock "manual"');
  return {};
}

function refuse(problem: string): never {
  throw new StartupError('usage', problem);
}
