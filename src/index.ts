// For users whose TypeScript does not know AsyncDisposable.
/// <reference lib="esnext.disposable" preserve="true" />
/**
 * The emulator as a library, for tests that run it in their own process:
 *
 *     const emulator = await startEmulator();
 *     const workspace = emulator.workspace('key_of_this_test');
 *     const client = new Retell({ apiKey: workspace.apiKey, baseURL: workspace.url });
 *
 * By default it keeps its data in memory, listens on a free port of this machine, has a manual clock,
 * and gives the same results each time.
 */
import { resolveConfig, type Config } from './configuration/config.js';
import { openEmulator, type FixtureSource } from './emulator.js';
import { ApiError, StartupError } from './errors.js';
import { readFixtures } from './configuration/fixture-file.js';
import { readTls } from './configuration/tls-files.js';
import { buildApp } from './http/app.js';
import { listen } from './http/listen.js';
import { listWorkspaces, openWorkspace, workspaceWith } from './library/open-workspace.js';
import { remoteCaller } from './library/remote-calls.js';
import type { Fixtures, Settings, Workspace, WorkspaceInfo } from './library/workspace.js';
import { createLog, storageLogger, warnOfClocksAhead } from './logging/log.js';
import { parseMoment, timersAreFake, wallClock } from './workspace/clock.js';
import { controlFormats } from './workspace/settings.js';

export type * from './library/workspace.js';
export { redirectRetell, type RedirectOptions, type UndoRedirect } from './redirect/redirect.js';
export { ApiError, StartupError, type ErrorCode } from './errors.js';

type FixturesOrPath = Fixtures | string;

/** The same options as those of the command and its config file. */
export interface StartOptions extends Partial<Settings> {
  /** The file of the database; kept in memory if absent. */
  readonly database?: string;
  /** The address to listen on; 127.0.0.1 if absent. */
  readonly host?: string;
  /** The port to listen on; a free one if absent. */
  readonly port?: number;
  /** The PEM files of a certificate and of its private key, to serve HTTPS; plain HTTP if absent. */
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  /** The only keys to accept; every key is accepted if absent. */
  readonly apiKey?: readonly string[];
  /** The mode of the clock in new workspaces; `manual` if absent. */
  readonly clock?: 'real' | 'manual';
  /** The time at which a manual clock starts; 2026-01-01T00:00:00Z if absent. */
  readonly now?: string | number;
  /** The initial content of every workspace: fixtures, or paths of YAML or JSON files. */
  readonly fixtures?: FixturesOrPath | readonly FixturesOrPath[];
  /** The initial rules of every workspace. */
  readonly outcomeRules?: NonNullable<Fixtures['outcomeRules']>;
  readonly callRules?: NonNullable<Fixtures['callRules']>;
  readonly chatRules?: NonNullable<Fixtures['chatRules']>;
  readonly faults?: NonNullable<Fixtures['faults']>;
  /** How many runs each workspace may create before it gets 402; any number if absent. */
  readonly credit?: number;
  /** How many requests the journal of each workspace keeps; 1,000 if absent. */
  readonly journalSize?: number;
  /** Whether the control API is also served over HTTP; `on` if absent. */
  readonly control?: 'on' | 'off' | 'open';
  /** Host names under which the control API is served, besides its own. */
  readonly controlHost?: readonly string[];
  readonly controlToken?: string;
  readonly defaultApiKey?: string;
  /** Origins of web pages that may use the vendor's API, or `off`; any if absent. */
  readonly cors?: 'off' | readonly string[];
  /** Hosts to send webhooks to, besides this machine, such as `app` or `*.example.com`. */
  readonly webhookAllow?: readonly string[];
  /** Webhooks to send elsewhere, as in `https://app.example.com=http://127.0.0.1:3000`. */
  readonly webhookRewrite?: readonly string[];
  /** The server to forward requests to that are not emulated; none if absent. */
  readonly upstream?: string;
  /** Checks every answer against the contract. */
  readonly validateResponses?: boolean;
  /** The lowest level to log, to standard error; `silent` if absent. */
  readonly logLevel?: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
}

/** A running emulator. */
export interface RetellEmulator extends AsyncDisposable {
  /** The `baseURL` for clients. */
  readonly url: string;
  /** The seed from which everything follows that is left to chance. */
  readonly seed: string;
  /**
   * Returns the workspace of an API key, which may be any accepted key. It is created at its first use.
   * @throws ApiError if the emulator refuses every request with this key.
   */
  readonly workspace: (apiKey: string) => Workspace;
  /** All workspaces with label and last use. The one that was used last comes first. */
  readonly workspaces: () => Promise<WorkspaceInfo[]>;
  /** Stops the emulator and closes all connections. */
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
 * Starts an emulator. Resolves when it accepts requests.
 * @throws StartupError that names the invalid option, or the resource that it could not use.
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
  const tls = readTls(config);
  const log = config.logLevel === 'silent' ? undefined : await createLog(config.logLevel);
  const emulator = openEmulator({
    ...config,
    clock: wallClock(),
    fixtures: [...nameFixtures(fixtures), ...rulesOf(config)],
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
    tls,
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
  const url = await listen(app, { ...config, isTls: tls !== undefined }).catch(
    async (error: unknown) => {
      await close();
      throw error;
    },
  );
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
 * Controls an emulator that runs in another process: the command, a container, or the global set-up of a test
 * runner, whose test files then share it. Connects only when a function is called.
 * @param url the URL of the emulator.
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

/** The emulator would keep using the fake timers, and would do nothing. */
function refuseFakeTimers(): void {
  if (!timersAreFake) return;
  throw new StartupError(
    'environment',
    'the timers of Node.js are fake: import retell-emulator before the test runner replaces them',
  );
}

function refuseUnusable(apiKey: string, accepted: readonly string[]): void {
  if (!/^\S+$/.test(apiKey)) {
    throw new ApiError('unauthorized', 'The key must be a text without spaces.');
  }
  if (accepted.length > 0 && !accepted.includes(apiKey)) {
    throw new ApiError('unauthorized', 'The option apiKey does not have this key.');
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

const rulesOf = ({ rules }: Config): FixtureSource[] =>
  Object.keys(rules).length === 0 ? [] : [{ name: 'startEmulator', content: rules }];

/** Copies the options, so that later changes by the caller have no effect. */
function readOptions(options: unknown): StartOptions {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    refuse('startEmulator: the options must be an object, such as { port: 4010 }');
  }
  try {
    const given = Object.entries(options).filter(([, value]) => (value ?? undefined) !== undefined);
    return structuredClone(Object.fromEntries(given));
  } catch (error) {
    refuse(`startEmulator: the options must be plain data: ${(error as Error).message}`);
  }
}

function clockAt(now: StartOptions['now'], mode: StartOptions['clock']) {
  const time = parseMoment(now ?? '2026-01-01T00:00:00Z');
  if (time === undefined) refuse(`now must be ${controlFormats.moment.allowed}`);
  if (mode === 'manual') return { initialClock: () => ({ mode, time }) };
  if (now !== undefined) refuse('now requires the clock "manual"');
  return {};
}

function refuse(problem: string): never {
  throw new StartupError('usage', problem);
}
