import { controlFormats } from '../workspace/settings.js';
import { callOptionSpecs } from './call-options.js';
import { objectOptionSpecs } from './object-options.js';
import type { OptionSpec } from './option-spec.js';
import { tlsOptionSpecs } from './tls-options.js';
import { webhookOptionSpecs } from './webhook-options.js';

export type { OptionSpec };

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

export const upstreamSpec: OptionSpec = {
  name: 'upstream',
  placeholder: 'URL',
  description: 'server that requests are forwarded to if they are not emulated (default: none)',
  allowed: 'a URL such as https://api.retellai.com, without user name, password and query',
  schema: { type: 'string', format: 'http-url' },
};

/** The options, in the order of the help. */
export const optionSpecs: readonly OptionSpec[] = [
  {
    name: 'host',
    placeholder: 'ADDRESS',
    description: 'address to listen on',
    default: '127.0.0.1',
    allowed: 'a host name or an IP address',
    schema: { type: 'string', pattern: '^[^\\s/]+$' },
  },
  {
    name: 'port',
    placeholder: 'PORT',
    description: 'port to listen on; 0 takes a free one',
    default: 4010,
    allowed: 'a whole number from 0 to 65535',
    schema: { type: 'integer', minimum: 0, maximum: 65_535 },
  },
  ...tlsOptionSpecs,
  {
    name: 'database',
    placeholder: 'FILE',
    description: 'file of the database; :memory: keeps everything in memory, until the exit',
    default: './.retell-emulator/emulator.sqlite',
    allowed: 'the path of a file (without ~ and file:), or :memory:',
    schema: { type: 'string', minLength: 1, pattern: '^(?!:(?!memory:$)|~|file:)[^\\0]*$' },
  },
  {
    name: 'apiKey',
    placeholder: 'KEY',
    description: 'accept this API key only; repeat it for more (default: accept any)',
    allowed: 'an API key without spaces',
    secret: true,
    schema: { type: 'array', items: { type: 'string', pattern: '^\\S+$' } },
  },
  {
    name: 'defaultApiKey',
    placeholder: 'KEY',
    description:
      'the key whose workspace a control request without a key acts on (default: the first --api-key, or key_local)',
    allowed: 'an API key without spaces',
    secret: true,
    schema: { type: 'string', pattern: '^\\S+$' },
  },
  {
    name: 'control',
    placeholder: 'HOW',
    description:
      'the control API: on for this machine only, off, or open for other machines of a local network, too',
    default: 'on',
    allowed: 'on, off or open',
    schema: { type: 'string', enum: ['on', 'off', 'open'] },
  },
  {
    name: 'controlHost',
    placeholder: 'NAME',
    description: 'host name to serve the control API under, besides its own; repeat it for more',
    allowed: 'a host name without port, such as emulator.internal.example',
    schema: { type: 'array', items: { type: 'string', pattern: '^[^\\s/:@]+$' } },
  },
  {
    name: 'controlToken',
    placeholder: 'TOKEN',
    description: 'bearer token that the control API requires',
    allowed: 'a token without spaces',
    secret: true,
    schema: { type: 'string', pattern: '^\\S+$' },
  },
  {
    name: 'cors',
    placeholder: 'ORIGIN',
    description:
      "origin whose web pages may use the vendor's API; repeat it for more, off for none (default: any)",
    allowed: 'off, or origins such as http://localhost:5173, or *',
    schema: {
      type: 'array',
      minItems: 1,
      items: { type: 'string', pattern: '^(off|\\*|https?://[^\\s/]+)$' },
      if: { contains: { const: 'off' } },
      then: { maxItems: 1 },
    },
  },
  {
    name: 'clock',
    placeholder: 'MODE',
    description:
      'clock of new workspaces: real, or manual, which stands still until it is advanced',
    default: 'real',
    allowed: 'real or manual',
    schema: { type: 'string', enum: ['real', 'manual'] },
  },
  {
    name: 'concurrency',
    placeholder: 'RUNS',
    description: 'how many runs may be in progress at once, for each API key',
    default: 10,
    allowed: 'a whole number from 1 to 1000000',
  },
  {
    name: 'runDuration',
    placeholder: 'RANGE',
    description: 'how long a test run takes',
    default: '500ms..2500ms',
    allowed: controlFormats['duration-distribution'].allowed,
  },
  {
    name: 'outcomes',
    placeholder: 'WEIGHTS',
    description: 'how runs end by chance, as relative weights',
    default: 'pass=0.8,fail=0.15,error=0.05',
    allowed: controlFormats['outcome-weights'].allowed,
  },
  {
    name: 'progression',
    placeholder: 'HOW',
    description: 'what moves batches on: time, immediate, polls=N or manual',
    default: 'time',
    allowed: controlFormats.progression.allowed,
  },
  {
    name: 'batchStartDelay',
    placeholder: 'DURATION',
    description: 'how long a batch waits before its first run may start',
    default: '0s',
    allowed: controlFormats['time-span'].allowed,
  },
  {
    name: 'batchCompletionDelay',
    placeholder: 'RANGE',
    description: 'how long after its last run a batch becomes complete',
    default: '0s',
    allowed: controlFormats['duration-distribution'].allowed,
  },
  {
    name: 'definitionSnapshot',
    placeholder: 'SPELLING',
    description: "spelling of a run's definition: documented (snake case) or observed (camel case)",
    default: 'documented',
    allowed: 'documented or observed',
  },
  {
    name: 'rateLimit',
    placeholder: 'LIMIT',
    description:
      'how many requests an API key may send before 429, such as 10/1s; vendor for the limits of the real service',
    default: 'off',
    allowed: controlFormats['rate-limit'].allowed,
  },
  {
    name: 'credit',
    placeholder: 'RUNS',
    description: 'runs that an API key may create before 402 (default: any number)',
    allowed: 'a whole number from 0 to 9007199254740991',
    schema: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
  },
  {
    name: 'journalSize',
    placeholder: 'REQUESTS',
    description: 'requests to keep in the journal of each API key; 0 keeps none',
    default: 1000,
    allowed: 'a whole number from 0 to 1000000',
    schema: { type: 'integer', minimum: 0, maximum: 1_000_000 },
  },
  {
    name: 'unknownTestCases',
    placeholder: 'POLICY',
    description: 'accept or reject a batch with ids that no definition has',
    default: 'accept',
    allowed: 'accept or reject',
  },
  {
    name: 'unknownEngines',
    placeholder: 'POLICY',
    description: 'accept or reject batches, definitions and agents for unknown engines',
    default: 'accept',
    allowed: 'accept or reject',
  },
  {
    name: 'unknownQuery',
    placeholder: 'POLICY',
    description:
      'unknown query parameters: reject, observed (reject where the real service did) or warn',
    default: 'observed',
    allowed: 'observed, reject or warn',
  },
  {
    name: 'validationErrors',
    placeholder: 'SHAPE',
    description:
      'body of a 400 for a request that does not fit its schema: documented, observed or both',
    default: 'both',
    allowed: 'both, documented or observed',
  },
  {
    name: 'missing',
    placeholder: 'SHAPE',
    description:
      'answer if an object does not exist: observed (404 with its id) or documented (404 or 422)',
    default: 'observed',
    allowed: 'observed or documented',
  },
  {
    name: 'creditMessage',
    placeholder: 'TEXT',
    description: 'message of a 402; default is the documented one',
    default: 'default',
    allowed: 'a text of 1 to 500 characters',
  },
  {
    name: 'rateLimitMessage',
    placeholder: 'TEXT',
    description: 'message of a 429; default is the documented one',
    default: 'default',
    allowed: 'a text of 1 to 500 characters',
  },
  {
    name: 'unknownValues',
    placeholder: 'POLICY',
    description:
      'models, types of tools and similar values that are not listed: warn, reject or accept',
    default: 'warn',
    allowed: 'warn, reject or accept',
  },
  ...webhookOptionSpecs,
  ...callOptionSpecs,
  ...objectOptionSpecs,
  {
    name: 'seed',
    placeholder: 'TEXT',
    description: 'decides everything that is left to chance (default: a new one for each database)',
    allowed: 'a text of 1 to 100 characters',
  },
  {
    name: 'fixtures',
    placeholder: 'FILE',
    description:
      'YAML or JSON file with the initial content of every workspace; repeat it for more',
    allowed: 'the path of a file',
    schema: { type: 'array', items: { type: 'string', minLength: 1 } },
  },
  upstreamSpec,
  {
    name: 'validateResponses',
    description: 'check every answer against the contract',
    default: false,
    allowed: 'true or false',
    schema: { type: 'boolean' },
  },
  {
    name: 'logLevel',
    placeholder: 'LEVEL',
    description: `lowest level to log: ${logLevels.join(', ')}`,
    default: 'info',
    allowed: `one of ${logLevels.join(', ')}`,
    schema: { type: 'string', enum: logLevels },
  },
];

/** `runDuration` → `--run-duration` */
export const flagOf = (name: string): string => `--${kebab(name)}`;

/** `runDuration` → `RETELL_EMULATOR_RUN_DURATION` */
export const variableOf = (name: string): string =>
  `RETELL_EMULATOR_${kebab(name).replaceAll('-', '_').toUpperCase()}`;

const kebab = (name: string): string =>
  name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Collects the values of a flag that is repeated. */
export const collect = (text: string, before: string[] = []): string[] => [...before, text];
