import ms from 'ms';
import { outcomes, type Tally } from '../domain/testing/batch-test.js';
import type { components } from '../contract/control.gen.js';
import type { UnknownValuesPolicy } from '../contract/open-values.js';
import { isTemplatedUrl, type TextFormats } from '../contract/formats.js';
import type { RetryPolicy } from '../domain/webhooks/delivery.js';
import type { WebhookForm } from '../domain/webhooks/webhook-event.js';
import type { ValidationErrorForm } from '../errors.js';
import { parseMoment } from './clock.js';
import { parseCallOutcomes, toCallOutcomes, type CallOutcomeWeights } from './call-outcomes.js';
import { parseKnowledgeBaseOutcomes, type KnowledgeBaseOutcomes } from './object-settings.js';
import { parseRateLimit, type RateLimit } from './limits/rate-limit.js';

/** Settings in their text form: in the control API, the config file, flags and the library. */
export type SettingsInput = components['schemas']['Settings'];

type ProgressionInput = components['schemas']['Progression'];

/** A distribution of whole milliseconds: even from `from` to `to`, or lognormal. */
export type DurationDistribution =
  | { readonly kind: 'range'; readonly from: number; readonly to: number }
  | { readonly kind: 'lognormal'; readonly median: number; readonly sigma: number };

/** Relative weights of the outcomes; at least one is above zero. */
export type OutcomeWeights = Readonly<Tally>;

/** What makes the runs of a batch progress. */
export type Progression =
  | { readonly kind: 'time' | 'immediate' | 'manual' }
  | { readonly kind: 'polls'; readonly polls: number };

/** The settings of a workspace, parsed. */
export interface Settings {
  /** What to do with a call from a number that does not exist. */
  readonly unknownNumbers: 'accept' | 'reject';
  /** What to do with a request for what the vendor has withdrawn. */
  readonly deprecated: 'warn' | 'serve' | 'reject';
  readonly calls: CallSettings;
  readonly knowledgeBases: KnowledgeBaseSettings;
  /** How long exports, imports and syncs take. */
  readonly jobDuration: DurationDistribution;
  readonly seed: string;
  /** The most runs under way at once in a workspace. */
  readonly concurrency: number;
  readonly runDuration: DurationDistribution;
  readonly outcomes: OutcomeWeights;
  readonly progression: Progression;
  /** Milliseconds from the creation of a batch until its first run may start. */
  readonly batchStartDelay: number;
  /** Milliseconds from the end of a batch's last run until the batch is complete. */
  readonly batchCompletionDelay: DurationDistribution;
  /** The spelling of the definition's snapshot in a test run. */
  readonly definitionSnapshot: 'documented' | 'observed';
  /** Null for no limit; `vendor` for the limits of the real service. */
  readonly rateLimit: RateLimit | 'vendor' | null;
  /** What to do with a batch that names a definition that does not exist. */
  readonly unknownTestCases: 'accept' | 'reject';
  /** What to do with an engine that does not exist. */
  readonly unknownEngines: 'accept' | 'reject';
  /** What to do with a value that an open list of the contract does not have. */
  readonly unknownValues: UnknownValuesPolicy;
  /** The wording of errors of the vendor's API. */
  readonly wording: Wording;
  /** Which unknown query parameters are refused. */
  readonly unknownQuery: 'warn' | 'observed' | 'reject';
  readonly webhooks: WebhookSettings;
}

/** How webhooks are written, signed and sent. */
export interface WebhookSettings {
  /** Where those go whose agent has no URL; undefined for nowhere. */
  readonly url: string | undefined;
  /** What signs them; undefined for the workspace's own API key. */
  readonly signingKey: string | undefined;
  /** Whose time a signature has. */
  readonly signatureClock: 'real' | 'virtual';
  readonly form: WebhookForm;
  readonly retries: RetryPolicy;
}

/** How long knowledge bases read their sources, and what becomes of them. */
export interface KnowledgeBaseSettings {
  readonly duration: DurationDistribution;
  readonly outcomes: KnowledgeBaseOutcomes;
}

/** What steers phone calls. */
export interface CallSettings {
  /** From the connection to the end. */
  readonly duration: DurationDistribution;
  /** From the creation to the connection. */
  readonly ring: DurationDistribution;
  /** From the creation of a web call until its user joins; manual if nobody does by itself. */
  readonly webJoin: number | 'manual';
  /** From the end to the analysis. */
  readonly analysisDelay: DurationDistribution;
  readonly outcomes: CallOutcomeWeights;
  /** Most calls at once. */
  readonly concurrencyLimit: number;
  /** Of batches. */
  readonly callsPerSecond: number;
  /** What to do with one more. */
  readonly concurrencyExceeded: 'reject' | 'end';
  /** Who holds the conversation of an agent with a custom LLM. */
  readonly customLlm: 'auto' | 'connect' | 'simulate';
  /** Milliseconds of the machine's clock that a user waits for the server of one. */
  readonly answerTimeout: number;
}

export interface Wording {
  readonly validationErrors: ValidationErrorForm;
  /** The status and words for something that does not exist. */
  readonly missing: 'observed' | 'documented';
  /** The message of a 402; undefined for the documented one. */
  readonly creditMessage: string | undefined;
  /** The message of a 429; undefined for the documented ones. */
  readonly rateLimitMessage: string | undefined;
}

/** Formats of the control contract's strings. */
export const controlFormats = {
  'duration-distribution': {
    accepts: (text) => hasUnits(text) && parseDurationDistribution(text) !== undefined,
    allowed:
      'a duration such as 2s, a range such as 500ms..2500ms, or a median and sigma such as 2s/0.5, with units',
  },
  'time-span': {
    accepts: (text) => hasUnits(text) && parseDuration(text) !== undefined,
    allowed: 'a duration such as 2s or 500ms, with its unit and of at most 365d',
  },
  'web-call-join': {
    accepts: (text) => text === 'manual' || (hasUnits(text) && parseDuration(text) !== undefined),
    allowed: 'a duration such as 200ms, with its unit, or manual',
  },
  moment: {
    accepts: (text) => parseMoment(text) !== undefined,
    allowed: 'milliseconds since the epoch, or a date and time such as 2026-01-01T00:00:00Z',
  },
  'outcome-weights': {
    accepts: (text) => parseOutcomeWeights(text) !== undefined,
    allowed: 'weights such as pass=0.8,fail=0.15,error=0.05, one of them above 0',
  },
  progression: {
    accepts: (text) => parseProgression(text) !== undefined,
    allowed: 'time, immediate, manual, or polls=3 for complete at the third read',
  },
  'call-outcome-weights': {
    accepts: (text) => parseCallOutcomes(text) !== undefined,
    allowed:
      'weights of disconnection reasons such as user_hangup=0.8,dial_busy=0.2, one of them above 0',
  },
  'knowledge-base-outcomes': {
    accepts: (text) => parseKnowledgeBaseOutcomes(text) !== undefined,
    allowed: 'weights such as complete=0.9,error=0.1, one of them above 0',
  },
  'rate-limit': {
    accepts: (text) => parseRateLimit(text) !== undefined,
    allowed: 'off, vendor, or requests in a time such as 10/1s',
  },
  'webhook-url': {
    accepts: (text) => text === 'off' || isTemplatedUrl(text),
    allowed: 'off, or a URL such as http://127.0.0.1:3000/webhook',
  },
} satisfies TextFormats;

/** Reads settings that have been validated. */
export function parseSettings(input: Required<SettingsInput>): Settings {
  const { seed, concurrency, unknownTestCases, unknownEngines, outcomes, progression } = input;
  const { validationErrors, missing, unknownQuery } = input;
  const { unknownValues } = input;
  const { webhookEventTimestamp, webhookCallKey, webhookUrl, webhookSigningKey } = input;
  return {
    seed,
    concurrency,
    unknownTestCases,
    unknownEngines,
    unknownQuery,
    wording: {
      validationErrors,
      missing,
      creditMessage: readMessage(input.creditMessage),
      rateLimitMessage: readMessage(input.rateLimitMessage),
    },
    unknownValues,
    runDuration: required(parseDurationDistribution(input.runDuration)),
    outcomes: required(
      typeof outcomes === 'string' ? parseOutcomeWeights(outcomes) : toWeights(outcomes),
    ),
    progression: readProgression(progression),
    batchStartDelay: required(parseDuration(input.batchStartDelay)),
    batchCompletionDelay: required(parseDurationDistribution(input.batchCompletionDelay)),
    definitionSnapshot: input.definitionSnapshot,
    rateLimit: required(parseRateLimit(input.rateLimit)),
    webhooks: {
      url: webhookUrl === 'off' ? undefined : webhookUrl,
      signingKey: webhookSigningKey === 'default' ? undefined : webhookSigningKey,
      signatureClock: input.signatureClock,
      form: { webhookEventTimestamp, webhookCallKey },
      retries: {
        retries: input.webhookRetries,
        firstPause: required(parseDuration(input.webhookRetryPause)),
      },
    },
    unknownNumbers: input.unknownNumbers,
    deprecated: input.deprecated,
    jobDuration: required(parseDurationDistribution(input.jobDuration)),
    knowledgeBases: {
      duration: required(parseDurationDistribution(input.knowledgeBaseDuration)),
      outcomes: required(parseKnowledgeBaseOutcomes(input.knowledgeBaseOutcomes)),
    },
    calls: parseCallSettings(input),
  };
}

function parseCallSettings(input: Required<SettingsInput>): CallSettings {
  return {
    duration: required(parseDurationDistribution(input.callDuration)),
    ring: required(parseDurationDistribution(input.ringDuration)),
    webJoin: input.webCallJoin === 'manual' ? 'manual' : required(parseDuration(input.webCallJoin)),
    analysisDelay: required(parseDurationDistribution(input.analysisDelay)),
    outcomes: readCallOutcomes(input.callOutcomes),
    concurrencyLimit: input.concurrencyLimit,
    callsPerSecond: input.callsPerSecond,
    concurrencyExceeded: input.concurrencyExceeded,
    customLlm: input.customLlm,
    answerTimeout: required(parseDuration(input.customLlmTimeout)),
  };
}

const readMessage = (text: string): string | undefined => (text === 'default' ? undefined : text);

/** Reads weights that have been validated. */
export const readCallOutcomes = (input: SettingsInput['callOutcomes'] & {}): CallOutcomeWeights =>
  required(typeof input === 'string' ? parseCallOutcomes(input) : toCallOutcomes(input));

/** Reads a progression that has been validated. */
export const readProgression = (input: ProgressionInput): Progression =>
  typeof input === 'string'
    ? required(parseProgression(input))
    : { kind: 'polls', polls: input.polls };

function required<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('a setting was not validated');
  return value;
}

/**
 * Reads `2s`, `500ms..2500ms`, or `2s/0.5`, which is lognormal with that median and sigma.
 * @returns undefined if the text has another form, is negative, or ends before it begins.
 */
export function parseDurationDistribution(text: string): DurationDistribution | undefined {
  if (text.includes('/')) {
    const [, left = '', right = ''] = /^([^/]+)\/\s*(\d+(?:\.\d+)?)\s*$/.exec(text) ?? [];
    const median = parseDuration(left);
    const sigma = Number(right);
    if (median === undefined || right === '' || sigma > 5) return undefined;
    return { kind: 'lognormal', median, sigma };
  }
  const ends = text.split('..').map(parseDuration);
  const [from, to] = ends.length === 1 ? [ends[0], ends[0]] : ends;
  if (ends.length > 2 || from === undefined || to === undefined || from > to) return undefined;
  return { kind: 'range', from, to };
}

/**
 * False for a number without a unit, such as `30`, by which some mean seconds and others milliseconds. Only
 * what is new must have units: older databases hold settings without them, in milliseconds.
 */
const hasUnits = (distribution: string): boolean =>
  distribution
    .replace(/\/.*$/, '')
    .split('..')
    .every((duration) => /[a-z]/i.test(duration) || Number(duration) === 0);

export const maxDuration = ms('365d');

/** Reads `2s`, `500ms`, `1.5m`: whole milliseconds. @returns undefined if the text has another form. */
export function parseDuration(text: string): number | undefined {
  const trimmed = text.trim();
  // ms throws for an empty text, and returns NaN for any other that it cannot read.
  const duration = trimmed === '' ? NaN : Math.round(ms(trimmed as ms.StringValue));
  return duration >= 0 && duration <= maxDuration ? duration : undefined;
}

/**
 * Reads `pass=0.8,fail=0.15,error=0.05`. An outcome that is not named has weight 0.
 * @returns undefined if the text has another form, names an outcome twice, or has no weight above zero.
 */
export function parseOutcomeWeights(text: string): OutcomeWeights | undefined {
  const weights = new Map<string, number>();
  for (const part of text.split(',')) {
    const [, name = '', weight] = /^\s*(\w+)\s*=\s*(\d+(?:\.\d+)?|\.\d+)\s*$/.exec(part) ?? [];
    if (!(outcomes as readonly string[]).includes(name) || weights.has(name)) return undefined;
    weights.set(name, Number(weight));
  }
  return toWeights(Object.fromEntries(weights));
}

function toWeights(weights: Partial<Tally>): OutcomeWeights | undefined {
  const { pass = 0, fail = 0, error = 0 } = weights;
  const sum = pass + fail + error;
  return sum > 0 && Number.isFinite(sum) ? { pass, fail, error } : undefined;
}

/** Reads `time`, `immediate`, `manual` or `polls=3`. @returns undefined if it is none of them. */
export function parseProgression(text: string): Progression | undefined {
  const kind = (['time', 'immediate', 'manual'] as const).find((name) => name === text);
  if (kind !== undefined) return { kind };
  const polls = Number(/^polls=([1-9]\d{0,5})$/.exec(text)?.[1] ?? NaN);
  return Number.isNaN(polls) ? undefined : { kind: 'polls', polls };
}
