#!/usr/bin/env node
/** The process: arguments, environment, signals, exit codes. Nothing else touches them. */
import { existsSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import closeWithGrace from 'close-with-grace';
import { Command, CommanderError, Option } from 'commander';
import type { FastifyInstance } from 'fastify';
import { parse } from 'yaml';
import { flagOf, optionSpecs, resolveConfig, variableOf } from './config.js';
import type { Config, ConfigSources, OptionSpec, RawOptions } from './config.js';
import { openEmulator, type Emulator } from './emulator.js';
import { StartupError } from './errors.js';
import { buildApp } from './http/app.js';
import { createLog, type Log } from './log.js';
import { version } from './version.js';
import { wallClock, type Clock } from './workspace/clock.js';

const defaultConfigFile = 'retell-emulator.yaml';

/** How long requests in flight may take to finish once a signal came. */
const drainMs = 500;
/** When to give up on an orderly end. */
const lastResortMs = 950;

/** How often to look whether the shell that started us is still there. */
const parentCheckMs = 250;

async function main(): Promise<void> {
  const parent = process.ppid;
  const config = readConfig(process.argv, process.env);
  const log = await createLog(config.logLevel);
  const clock = wallClock();
  const emulator = openEmulator({
    ...config,
    clock,
    onError: (err) => {
      log.logger.error({ err }, 'the worker failed; it will try again');
    },
  });
  const app = buildApp({ ...config, emulator, logger: log.logger });
  await listen(app, config).catch((error: unknown) => {
    emulator.close();
    throw error;
  });
  process.stdout.write(greeting(app, emulator, config));
  closeOnSignal(app, emulator, log);
  if (process.env['npm_lifecycle_event'] !== undefined) endWithParent(clock, parent);
}

/**
 * npm runs a script in a shell, and some shells die of the signal that npm hands on without
 * passing it to us; we would go on, and hold port and database, with nobody to end us.
 */
function endWithParent(clock: Clock, parent: number): void {
  clock.wakeAt(clock.now() + parentCheckMs, () => {
    if (process.ppid === parent) endWithParent(clock, parent);
    else process.kill(process.pid, 'SIGTERM');
  });
}

/** On a signal: no new connections, answer what is in flight, checkpoint, exit 0. A second: exit. */
function closeOnSignal(app: FastifyInstance, emulator: Emulator, log: Log): void {
  closeWithGrace({ delay: lastResortMs, logger: false }, async ({ err }) => {
    if (err !== undefined) log.logger.fatal({ err }, 'closing after a fault of the emulator');
    const { clock } = emulator;
    clock.wakeAt(clock.now() + drainMs, () => {
      app.server.closeAllConnections();
    });
    await app.close();
    emulator.close();
    log.flush();
  });
}

async function listen(app: FastifyInstance, { host, port }: Config): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reasons: Partial<Record<string, string>> = {
      EADDRINUSE: 'the port is in use; choose another with --port, or --port 0 for any free one',
      EACCES: 'this user may not use the port; choose another with --port',
      EADDRNOTAVAIL: 'this machine has no such address',
      ENOTFOUND: 'there is no such host',
    };
    const reason = reasons[code ?? ''] ?? message;
    throw new StartupError('environment', `cannot listen on ${host}:${String(port)}: ${reason}`);
  }
}

function greeting(app: FastifyInstance, { settings }: Emulator, { apiKeys }: Config): string {
  const url = urlOf(app.server.address() as AddressInfo);
  const key = apiKeys.length === 0 ? 'key_local' : 'YOUR_API_KEY';
  const body = {
    test_case_definition_ids: ['test_case_1', 'test_case_2'],
    response_engine: { type: 'retell-llm', llm_id: 'llm_1' },
  };
  return `Ready: ${url} (seed: ${settings.seed})

Try it:
  curl ${url}/create-batch-test \\
    -H 'Authorization: Bearer ${key}' -H 'Content-Type: application/json' \\
    -d '${JSON.stringify(body)}'

API reference: ${url}/docs
`;
}

/** Where this machine reaches the server. */
function urlOf({ address, family, port }: AddressInfo): string {
  const reachable = { '0.0.0.0': '127.0.0.1', '::': '::1' }[address] ?? address;
  const host = family === 'IPv6' ? `[${reachable}]` : reachable;
  return `http://${host}:${String(port)}`;
}

function readConfig(argv: readonly string[], environment: NodeJS.ProcessEnv): Config {
  const { config, ...flags } = parseFlags(argv);
  const named = (config as string | undefined) ?? environment[variableOf('config')];
  const file = readConfigFile(named === '' ? undefined : named);
  return resolveConfig({ flags, environment, ...(file && { file }) });
}

function parseFlags(argv: readonly string[]): RawOptions {
  const program = new Command('retell-emulator')
    .description("A local, stateful stand-in for Retell AI's simulation testing API.")
    .version(version)
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .allowExcessArguments(false)
    .addOption(
      new Option(
        '--config <FILE>',
        `YAML file with options (default: ${defaultConfigFile} if there is one; env: ${variableOf('config')})`,
      ),
    );
  for (const spec of optionSpecs) program.addOption(toFlag(spec));
  try {
    return program.parse(argv).opts();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Help and version have been printed by now.
    if (error.exitCode === 0) process.exit(0);
    const message = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
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
  return schema['type'] === 'array'
    ? flag.argParser((text: string, before?: string[]) => [...(before ?? []), text])
    : flag;
}

function readConfigFile(named: string | undefined): ConfigSources['file'] {
  if (named === undefined && !existsSync(defaultConfigFile)) return undefined;
  const path = named ?? defaultConfigFile;
  try {
    return { path, content: parse(readFileSync(path, 'utf8')) };
  } catch (error) {
    const [reason = ''] = (error as Error).message.split('\n');
    throw new StartupError('usage', `cannot read config file ${path}: ${reason}`, { cause: error });
  }
}

try {
  await main();
} catch (error) {
  if (!(error instanceof StartupError)) throw error;
  process.stderr.write(`retell-emulator: ${error.message}\n`);
  process.exitCode = error.kind === 'usage' ? 2 : 1;
}
