import ms from 'ms';
import { outcomes, type Tally } from '../domain/batch-test.js';

/** Whole milliseconds, both ends included. */
export interface DurationRange {
  readonly min: number;
  readonly max: number;
}

/** Relative weights of how runs end; at least one is above zero. */
export type OutcomeWeights = Readonly<Tally>;

/** What steers the simulation. */
export interface Settings {
  readonly seed: string;
  /** The most runs under way at once in a workspace. */
  readonly concurrency: number;
  readonly runDuration: DurationRange;
  readonly outcomes: OutcomeWeights;
  /** What to do with a batch that names a definition that does not exist. */
  readonly unknownTestCases: UnknownTestCases;
}

export const unknownTestCasesPolicies = ['accept', 'reject'] as const;
export type UnknownTestCases = (typeof unknownTestCasesPolicies)[number];

/**
 * Reads `2s` or `500ms..2500ms`.
 * @returns undefined if it isn't of that form, is negative, or ends before it begins.
 */
export function parseDurationRange(text: string): DurationRange | undefined {
  const ends = text.split('..').map(parseDuration);
  const [min, max] = ends.length === 1 ? [ends[0], ends[0]] : ends;
  if (ends.length > 2 || min === undefined || max === undefined || min > max) return undefined;
  return { min, max };
}

const longestDuration = ms('365d');

function parseDuration(text: string): number | undefined {
  const trimmed = text.trim();
  // ms throws at an empty text, and answers NaN to any other that it can't read.
  const duration = trimmed === '' ? NaN : Math.round(ms(trimmed as ms.StringValue));
  return duration >= 0 && duration <= longestDuration ? duration : undefined;
}

/**
 * Reads `pass=0.8,fail=0.15,error=0.05`; what is not named weighs nothing.
 * @returns undefined if it isn't of that form, names one twice, or no weight is above zero.
 */
export function parseOutcomeWeights(text: string): OutcomeWeights | undefined {
  const weights = new Map<string, number>();
  for (const part of text.split(',')) {
    const [, name = '', weight] = /^\s*(\w+)\s*=\s*(\d+(?:\.\d+)?|\.\d+)\s*$/.exec(part) ?? [];
    if (!(outcomes as readonly string[]).includes(name) || weights.has(name)) return undefined;
    weights.set(name, Number(weight));
  }
  const { pass = 0, fail = 0, error = 0 } = Object.fromEntries(weights);
  const sum = pass + fail + error;
  return sum > 0 && Number.isFinite(sum) ? { pass, fail, error } : undefined;
}
