/** The command: arguments, environment variables, signals and exit codes. No other module uses them. */
import { existsSync, readFileSync } from 'node:fs';
import { isatty } from 'node:tty';
import closeWithGrace from 'close-with-grace';
import { Command, CommanderError, Option } from 'commander';
import type { FastifyInstance } from 'fastify';
import {
  resolveConfig,
  type Config,
  type ConfigSources,
  type RawOptions,
} from './configuration/config.js';
import { openEmulator, type Emulator, type FixtureSource } from './emulator.js';
import { StartupError } from './errors.js';
import { parseYaml, readFixtures, yaml } from './configuration/fixture-file.js';
import { buildApp } from './http/app.js';
import { listen } from './http/listen.js';
import { lineSinkOf } from './logging/line-sink.js';
import { createLog, storageLogger, warnOfClocksAhead, type Log } from './logging/log.js';
import {
  collect,
  flagOf,
  optionSpecs,
  variableOf,
  type OptionSpec,
} from './configuration/options.js';
import { readTls } from './configuration/tls-files.js';
import { addPullOptions, readPullFlags } from './pull/command-line.js';
import { pull } from './pull/pull.js';
import { version } from './version.js';
import { sleep, wallClock, type Clock } from './workspace/clock.js';
import { workspaceNameOf } from './workspace/name.js';

/** How long `pull` waits for one answer. */
const answerDeadlineMs = 120_000;

const defaultConfigFiles = ['retell-emulator.yaml', 'retell-emulator.yml'];

const stdin = 0;
const stdout = 1;
const stderr = 2;

/**
 * Signals of a process that has crashed. With a listener, the process would not end but would run the
 * same instruction again, without an end.
 */
const crashes = ['SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGSEGV'] as const;

/** How long requests that are being answered may take to finish after a signal. */
const drainMs = 500;
/** The process exits after so long, even if closing has not finished. */
const lastResortMs = 950;
/** How long the process waits until the reason of a failed start is written. */
const lastLineMs = 500;

/** How often to check whether the parent process still runs. */
const parentCheckMs = 250;

async function main(): Promise<void> {
  if (process.argv[2] === 'pull') {
    await runPull(process.argv.slice(1));
    return;
  }
  if (process.argv[2] === 'trigger') {
    await runTrigger(process.argv.slice(1));
    return;
  }
  const parent = process.ppid;
  const config = readConfig(process.argv, process.env);
  const tls = readTls(config);
  const log = await createLog(config.logLevel);
  const clock = wallClock();
  const emulator = openEmulator({
    ...config,
    clock,
    fixtures: [...config.fixtures.map(readFixtures), ...rulesOf(config)],
    workspace: workspaceNameOf(config.defaultApiKey),
    ...(config.clock === 'manual' && {
      initialClock: (time: number) => ({ mode: 'manual', time }) as const,
    }),
    onError: (err) => {
      log.logger.error({ err }, 'the worker failed; it will try again');
    },
    onWarning: (line) => {
      log.logger.warn(line);
    },
    onStorage: storageLogger(log.logger),
  });
  if (emulator.hasOlderWorkspaces) {
    log.logger.warn(
      'the database has workspaces already; fixtures and rules apply to new ones, and to these after a reset',
    );
  }
  warnOfClocksAhead(emulator, log.logger);
  const app = buildApp({
    refusesOverload: true,
    ...config,
    controlAccess: controlAccessOf(config),
    emulator,
    logger: log.logger,
    tls,
  });
  const url = await listen(app, { ...config, isTls: tls !== undefined }).catch((error: unknown) => {
    emulator.close();
    throw error;
  });
  lineSinkOf(stdout).write(greeting(url, emulator, config));
  closeOnSignal(app, emulator, log);
  if (process.env['npm_lifecycle_event'] !== undefined) endWithParent(clock, parent);
}

/**
 * npm runs a script in a shell. Some shells exit at npm's signal without passing it on. This process would
 * then continue, keep port and database, and nothing would end it.
 */
function endWithParent(clock: Clock, parent: number): void {
  clock.wakeAt(clock.now() + parentCheckMs, () => {
    if (process.ppid === parent) endWithParent(clock, parent);
    else process.kill(process.pid, 'SIGTERM');
  });
}

/**
 * At a signal: accepts no new connections, finishes open requests, runs a checkpoint and exits with 0. At a
 * second signal: exits at once.
 */
function closeOnSignal(app: FastifyInstance, emulator: Emulator, log: Log): void {
  const hasTerminal = [stdin, stdout, stderr].some(isatty);
  const options = { delay: lastResortMs, logger: false as const, skip: [...crashes] };
  closeWithGrace(options, async ({ err, signal }) => {
    if (err !== undefined) log.logger.fatal({ err }, 'closing because of a bug in the emulator');
    const { clock } = emulator;
    clock.wakeAt(clock.now() + drainMs, () => {
      app.server.closeAllConnections();
    });
    await app.close();
    emulator.close();
    await log.flush();
    if (signal === 'SIGHUP' && hasTerminal) endByHangup();
  });
}

/** Ends the process without Node's exit, which restores the terminal and crashes if it was closed. */
function endByHangup(): void {
  process.removeAllListeners('SIGHUP');
  process.kill(process.pid, 'SIGHUP');
}

function controlAccessOf(config: Config) {
  const { control, controlHosts: otherHosts, controlToken: token, host, defaultApiKey } = config;
  return control === 'off' ? undefined : { mode: control, host, otherHosts, token, defaultApiKey };
}

function greeting(url: string, { seed }: Emulator, { apiKeys, defaultApiKey }: Config): string {
  const key = apiKeys.length === 0 ? defaultApiKey : 'YOUR_API_KEY';
  const body = {
    test_case_definition_ids: ['test_case_1', 'test_case_2'],
    response_engine: { type: 'retell-llm', llm_id: 'llm_1' },
  };
  return `Ready: ${url} (seed: ${seed})

Try it:
  curl ${url}/create-batch-test \\
    -H 'Authorization: Bearer ${key}' -H 'Content-Type: application/json' \\
    -d '${JSON.stringify(body)}'

API reference: ${url}/docs
`;
}

function readConfig(argv: readonly string[], environment: NodeJS.ProcessEnv): Config {
  const { config, ...flags } = parseFlags(argv);
  const named = (config as string | undefined) ?? environment[variableOf('config')];
  const file = readConfigFile(named === '' ? undefined : named);
  return resolveConfig({ flags, environment, ...(file && { file }) });
}

function parseFlags(argv: readonly string[]): RawOptions {
  const program = new Command('retell-emulator')
    .description("An offline, stateful emulator of Retell AI's API.")
    .version(version)
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .allowExcessArguments(false)
    .addOption(
      new Option(
        '--config <FILE>',
        `YAML file with options (default: ${defaultConfigFiles.join(' or ')}, if there is one; env: ${variableOf('config')})`,
      ),
    );
  for (const spec of optionSpecs) {
    program.addOption(toFlag(spec));
    if (spec.schema?.['type'] === 'boolean') {
      const flag = flagOf(spec.name);
      program.option(flag.replace('--', '--no-'), `the opposite of ${flag}`);
    }
  }
  program.addHelpText(
    'after',
    '\nretell-emulator pull --help explains how to read fixtures from an account,\nretell-emulator trigger --help how to send a webhook.',
  );
  return parseWith(program, argv);
}

function parseWith(program: Command, argv: readonly string[]): RawOptions {
  try {
    return program.parse(argv).opts();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // commander has printed the help or the version.
    if (error.exitCode === 0) process.exit(0);
    const message =
      error.code === 'commander.excessArguments'
        ? `there is no argument ${JSON.stringify(program.args[0])}`
        : error.message.replace(/^error: /, '').replaceAll('\n', ' ');
    throw new StartupError('usage', `${message} (--help lists the options)`, { cause: error });
  }
}

function toFlag({
  name,
  placeholder,
  description,
  default: byDefault,
  schema,
}: OptionSpec): Option {
  const value = placeholder === undefined ? '' : ` <${placeholder}>`;
  const notes = [
    ...(byDefault === undefined ? [] : [`default: ${String(byDefault)}`]),
    `env: ${variableOf(name)}`,
  ];
  const flag = new Option(`${flagOf(name)}${value}`, `${description} (${notes.join('; ')})`);
  return schema?.['type'] === 'array' ? flag.argParser(collect) : flag;
}

function readConfigFile(named: string | undefined): ConfigSources['file'] {
  const [path, other] = named === undefined ? defaultConfigFiles.filter(existsSync) : [named];
  if (path === undefined) return undefined;
  if (other !== undefined) {
    throw new StartupError('usage', `there are two config files, ${path} and ${other}; keep one`);
  }
  try {
    return { path, content: parseYaml(readFileSync(path, 'utf8')) };
  } catch (error) {
    const [reason = ''] = (error as Error).message.split('\n');
    throw new StartupError('usage', `cannot read config file ${path}: ${reason}`, { cause: error });
  }
}

/** `retell-emulator pull`: writes an account as fixtures to standard output. */
async function runPull(argv: readonly string[]): Promise<void> {
  const program = new Command('retell-emulator pull')
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .allowExcessArguments(false);
  const flags = parseWith(addPullOptions(program), argv);
  const log = (line: string): void => {
    lineSinkOf(stderr).write(`retell-emulator: ${line}\n`);
  };
  const deadline = (): AbortSignal => AbortSignal.timeout(answerDeadlineMs);
  const request = readPullFlags(flags, process.env);
  const fixtures = await pull({ ...request, sleep, deadline, log });
  await print(yaml().stringify(fixtures));
}

/** `retell-emulator trigger`: one webhook, and how it was answered, on standard output. */
async function runTrigger(argv: readonly string[]): Promise<void> {
  const specs = optionSpecs.filter(({ name }) => /^webhook(Allow|Rewrite|SigningKey)$/.test(name));
  const program = new Command('retell-emulator trigger')
    .description('Sends one signed webhook, about a made-up call. No emulator has to run.')
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .allowExcessArguments(false)
    .argument('<EVENT>', 'such as call_started, call_ended or call_analyzed')
    .requiredOption('--to <URL>', 'where to send it, such as http://127.0.0.1:3000/webhook')
    .option('--api-key <KEY>', 'the key that signs (env: RETELL_API_KEY; default: key_local)')
    .option('--call <JSON>', 'what the call is to have, such as {"metadata":{"order":7}}')
    .option('--forged', 'send webhooks whose signature is wrong, which the receiver should refuse');
  for (const spec of specs) program.addOption(toFlag(spec));
  const { to, apiKey, call, forged, ...flags } = parseWith(program, argv) as TriggerFlags;
  const config = resolveConfig({
    flags: { ...flags, database: ':memory:' },
    environment: process.env,
  });
  const { trigger } = await import('./trigger/trigger.js');
  const { lines, isRight } = await trigger({
    emulator: { ...config, fixtures: [], clock: wallClock(), onError: () => undefined },
    apiKey: apiKey ?? process.env['RETELL_API_KEY'] ?? config.defaultApiKey,
    event: program.args[0] ?? '',
    url: to,
    call,
    forged: forged ?? false,
  });
  await print(lines.map((line) => `${line}\n`).join(''));
  if (!isRight) process.exitCode = 1;
}

type TriggerFlags = Record<string, unknown> & {
  readonly to: string;
  readonly apiKey?: string;
  readonly call?: string;
  readonly forged?: boolean;
};

/** Prints to standard output, and waits until it was written. @throws StartupError */
async function print(text: string): Promise<void> {
  const error = await new Promise<Error | null | undefined>((resolve) => {
    process.stdout.once('error', resolve).write(text, resolve);
  });
  if (!error) return;
  throw new StartupError('environment', `cannot write to standard output: ${error.message}`, {
    cause: error,
  });
}

/** The rules of the config file are loaded as fixtures. */
const rulesOf = ({ rules, rulesFile = '' }: Config): FixtureSource[] =>
  Object.keys(rules).length === 0 ? [] : [{ name: rulesFile, content: rules }];

try {
  await main();
} catch (error) {
  if (!(error instanceof StartupError)) throw error;
  const sink = lineSinkOf(stderr);
  sink.write(`retell-emulator: ${error.message}\n`);
  await sink.flush(lastLineMs);
  process.exit(error.kind === 'usage' ? 2 : 1);
}
