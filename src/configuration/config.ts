import type { SchemaObject } from 'ajv/dist/2020.js';
import { StartupError } from '../errors.js';
import { findUnusable, maxFixtureLevels } from '../json/checks.js';
import { isLoopback } from '../loopback.js';
import { suggestion } from '../nearest.js';
import {
  flagOf,
  optionSpecs,
  upstreamSpec,
  variableOf,
  type logLevels,
  type OptionSpec,
} from './options.js';
import { createAjv, createdOnce, partAdder } from '../contract/ajv.js';
import { loadContract } from '../contract/document.js';
import { ajvFormats } from '../contract/validation.js';
import { parseHostPattern, parseRewrite, type OutboundRules } from '../outbound/destination.js';
import type { Fixtures } from '../simulation/fixtures/fixtures.js';
import { controlFormats, type SettingsInput } from '../workspace/settings.js';

/** All options, in the form that the emulator uses. */
export interface Config {
  readonly host: string;
  readonly port: number;
  /** The paths of certificate and key, if HTTPS is to be served. */
  readonly tlsCert: string | undefined;
  readonly tlsKey: string | undefined;
  readonly database: string;
  readonly apiKeys: readonly string[];
  readonly control: 'on' | 'off' | 'open';
  readonly controlHosts: readonly string[];
  readonly controlToken: string | undefined;
  readonly defaultApiKey: string;
  /** Origins of web pages that may use the vendor's API; `*` for any. */
  readonly cors: readonly string[];
  readonly clock: 'real' | 'manual';
  /** Paths of files. */
  readonly fixtures: readonly string[];
  readonly settings: Required<Omit<SettingsInput, 'seed'>> & { readonly seed: string | undefined };
  /** How many runs may be created in a workspace; any number if undefined. */
  readonly credit: number | undefined;
  readonly journalSize: number;
  /** The initial rules of every workspace. */
  readonly rules: Pick<Fixtures, (typeof fileOnly)[number]>;
  /** The path of the file with these rules. */
  readonly rulesFile: string | undefined;
  /** Where webhooks may go besides this machine, and which go elsewhere than they say. */
  readonly outbound: OutboundRules;
  /** The server to forward requests to that are not emulated; none if undefined. */
  readonly upstream: string | undefined;
  readonly validateResponses: boolean;
  readonly logLevel: (typeof logLevels)[number];
}

/** Values by option name, from one source. */
export type RawOptions = Readonly<Record<string, unknown>>;

/** Only a file can have these: the fixtures with this name in `openapi/control.yaml`. */
const fileOnly = ['outcomeRules', 'callRules', 'chatRules', 'faults'] as const;

export interface ConfigSources {
  readonly flags: RawOptions;
  readonly environment: NodeJS.ProcessEnv;
  /** The content of the config file, and its path. */
  readonly file?: { readonly path: string; readonly content: unknown };
  /** Used in place of the defaults of the options. These values are not checked. */
  readonly defaults?: RawOptions;
}

/**
 * Merges the sources. Flags win over environment variables, and those over the file.
 * @throws StartupError that names the option as in its source, the value, and what is allowed.
 */
export function resolveConfig({ flags, environment, file, defaults = {} }: ConfigSources): Config {
  rejectUnknownVariables(environment);
  const fromFile = fileOptions(file);
  const values: Record<string, unknown> = {};
  for (const spec of optionSpecs) {
    const { name } = spec;
    const variable = variableOf(name);
    const fromEnvironment = environment[variable];
    if (flags[name] !== undefined) {
      values[name] = checkOption(spec, flags[name], flagOf(name));
    } else if (fromEnvironment !== undefined && fromEnvironment !== '') {
      values[name] = checkOption(spec, fromEnvironment, variable);
    } else if ((fromFile[name] ?? undefined) !== undefined) {
      values[name] = checkOption(spec, fromFile[name], `${name} in ${file?.path ?? ''}`);
    } else {
      values[name] = defaults[name] ?? spec.default;
    }
  }
  const rules = Object.fromEntries(
    fileOnly.flatMap((name) =>
      (fromFile[name] ?? undefined) === undefined ? [] : [[name, fromFile[name]]],
    ),
  );
  const config = {
    ...toConfig(values as unknown as CheckedValues),
    rules,
    rulesFile: file?.path,
  };
  refuseExposure(config);
  rejectLockedOutDefaultKey(config);
  return config;
}

/**
 * A variable with our prefix that is no option is probably a misspelled one. `RETELL_EMULATOR_URL` is for clients
 * (`retell-emulator/redirect`), which may share their environment with the emulator.
 */
function rejectUnknownVariables(environment: NodeJS.ProcessEnv): void {
  const known = ['config', 'url', ...optionSpecs.map(({ name }) => name)].map(variableOf);
  const unknownVariable = Object.keys(environment).find(
    (name) => name.startsWith(variableOf('')) && !known.includes(name),
  );
  if (unknownVariable !== undefined) {
    throw new StartupError(
      'usage',
      `there is no variable ${unknownVariable}${suggestion(unknownVariable, known)}; --help lists them`,
    );
  }
}

function fileOptions(file: ConfigSources['file']): RawOptions {
  const content = file?.content ?? {};
  if (typeof content !== 'object' || Array.isArray(content)) {
    throw new StartupError('usage', `${file?.path ?? ''}: must have options, such as "port: 4010"`);
  }
  const known: string[] = [...optionSpecs.map(({ name }) => name), ...fileOnly];
  const unknownOption = Object.keys(content).find((key) => !known.includes(key));
  if (unknownOption !== undefined) {
    throw new StartupError(
      'usage',
      `${file?.path ?? ''}: there is no option "${unknownOption}"${suggestion(unknownOption, known)}; the options are ${known.join(', ')}`,
    );
  }
  const problem = findUnusable('', content, maxFixtureLevels);
  if (problem !== undefined) {
    throw new StartupError('usage', `${file?.path ?? ''}: ${problem}`);
  }
  return content as RawOptions;
}

/** Returns the value in the type of the option. @param source the name of the option in its source. */
function checkOption(spec: OptionSpec, value: unknown, source: string): unknown {
  const { allowed, secret = false } = spec;
  const schema = holderSchemaOf(spec);
  const holder = {
    value: typeof value === 'string' ? parseText(schema.properties.value, value) : value,
  };
  if (optionChecks().ajv.validate(schema, holder)) return holder.value;
  const given = secret ? '' : ` is ${shown(value)}, which is not allowed:`;
  throw new StartupError('usage', `${source}${given} must be ${allowed}`);
}

/** The schema of an object that has the option's value, so that Ajv can replace it by the converted one. */
interface HolderSchema extends SchemaObject {
  readonly properties: { readonly value: SchemaObject };
}

/** Created once for each option, because Ajv keeps every schema that it has compiled. */
const holderSchemas = new Map<OptionSpec, HolderSchema>();

function holderSchemaOf(spec: OptionSpec): HolderSchema {
  const known = holderSchemas.get(spec);
  if (known !== undefined) return known;
  const { add } = optionChecks();
  const value = spec.schema ?? {
    $ref: add(`/components/schemas/Settings/properties/${spec.name}`),
  };
  const schema = { type: 'object', properties: { value } };
  holderSchemas.set(spec, schema);
  return schema;
}

/** Returns the value as JSON, without the user name and password of a URL. */
const shown = (value: unknown): string => JSON.stringify(value).replaceAll(/\/\/[^/?#]*@/g, '//…@');

/** Converts a text to a form that Ajv accepts for the type. */
function parseText({ type }: SchemaObject, text: string): unknown {
  if (type === 'array') return text.split(',');
  if (type !== 'boolean') return text;
  return /^[01]$/.test(text) ? Number(text) : text.toLowerCase();
}

/** `pull` has the flag of this name, too, and checks it with this. @throws StartupError */
export const checkUpstream = (url: string): string =>
  checkOption(upstreamSpec, url, flagOf(upstreamSpec.name)) as string;

const optionChecks = createdOnce(() => {
  const formats = {
    ...ajvFormats(controlFormats),
    'http-url': isServer,
    'host-pattern': (text: string) => parseHostPattern(text) !== undefined,
    'url-rewrite': (text: string) => parseRewrite(text) !== undefined,
  };
  // Flags and variables are strings, so Ajv converts "4010" to a number.
  const ajv = createAjv({ coerceTypes: true, formats });
  return { ajv, add: partAdder(ajv, 'control', loadContract('control').document) };
});

/** True for the URL of a server. It has no password, because requests have the caller's own API key. */
function isServer(text: string): boolean {
  const { protocol = '', username, password, search, hash } = urlOf(text) ?? {};
  return (
    /^https?:$/.test(protocol) &&
    `${username ?? ''}${password ?? ''}${search ?? ''}${hash ?? ''}` === ''
  );
}

function urlOf(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

type CheckedValues = Omit<
  Config,
  | 'apiKeys'
  | 'controlHosts'
  | 'cors'
  | 'defaultApiKey'
  | 'fixtures'
  | 'rules'
  | 'rulesFile'
  | 'outbound'
  | 'settings'
> &
  Config['settings'] & {
    apiKey?: string[];
    controlHost?: string[];
    cors?: string[];
    defaultApiKey?: string;
    fixtures?: string[];
    webhookAllow?: string[];
    webhookRewrite?: string[];
  };

function toConfig({
  apiKey = [],
  cors = ['*'],
  controlHost = [],
  fixtures = [],
  webhookAllow = [],
  webhookRewrite = [],
  ...values
}: CheckedValues) {
  const { host, port, tlsCert, tlsKey, database, validateResponses, logLevel } = values;
  const { credit, journalSize, upstream } = values;
  const { control, controlToken, defaultApiKey = apiKey[0] ?? 'key_local', clock } = values;
  return {
    host,
    port,
    tlsCert,
    tlsKey,
    database,
    validateResponses,
    logLevel,
    control,
    controlHosts: controlHost,
    controlToken,
    defaultApiKey,
    clock,
    credit,
    journalSize,
    upstream,
    apiKeys: apiKey,
    cors: cors.filter((origin) => origin !== 'off').map((origin) => origin.toLowerCase()),
    fixtures,
    outbound: {
      allow: webhookAllow.flatMap((text) => parseHostPattern(text) ?? []),
      rewrites: webhookRewrite.flatMap((text) => parseRewrite(text) ?? []),
    },
    settings: settingsOf(values),
  };
}

/** The options without a schema of their own are settings of workspaces. */
const settingsOf = (values: CheckedValues): Config['settings'] =>
  Object.fromEntries(
    optionSpecs
      .filter(({ schema }) => schema === undefined)
      .map(({ name }) => [name, values[name as keyof CheckedValues]]),
  ) as Config['settings'];

/** Refuses options that let other machines use the control API without a token. */
function refuseExposure({ host, control, controlToken }: Config): void {
  if (control !== 'on' || controlToken !== undefined || isLoopback(host)) return;
  throw new StartupError(
    'usage',
    `host ${host} would let other machines use the control API: set controlToken (--control-token), or set control to off, or to open to allow it`,
  );
}

/** Control requests without a key use the default key, so it must be accepted. */
function rejectLockedOutDefaultKey({ apiKeys, defaultApiKey }: Config): void {
  if (apiKeys.length === 0 || apiKeys.includes(defaultApiKey)) return;
  throw new StartupError(
    'usage',
    'defaultApiKey (--default-api-key) must be one of the keys of apiKey (--api-key)',
  );
}
