import { hash } from 'node:crypto';
import { customAlphabet } from 'nanoid';

/** What a draw depends on: names and numbers, never what was drawn before. */
type ChanceKey = readonly (string | number)[];

/** A number in [0, 1) that depends on the key alone. */
export type Draw = (...key: ChanceKey) => number;

export interface Chance extends Draw {
  /** The chance of everything below a key; spares hashing a long key again for each draw. */
  within(...key: ChanceKey): Chance;
}

/**
 * The emulator's only source of chance for what happens in a simulation.
 *
 * A draw is keyed, not sequenced: the same seed and key give the same number, whatever
 * else was drawn in between, so results do not depend on how requests and runs interleave.
 */
export function keyedChance(seed: string): Chance {
  const draw: Draw = (...key) =>
    // 52 bits: the most that stays exact, and below 1, as a fraction of a double.
    Number.parseInt(derivedHex(13, seed, ...key), 16) / 2 ** 52;
  return Object.assign(draw, {
    within: (...key: ChanceKey) => keyedChance(derivedHex(32, seed, ...key)),
  });
}

/**
 * Hex digits, 64 at the most, that depend on the key alone.
 * JSON keeps the parts of a key apart: ('ab', 'c') and ('a', 'bc') give different digits.
 */
export const derivedHex = (length: number, ...key: ChanceKey): string =>
  hash('sha256', JSON.stringify(key), 'hex').slice(0, length);

const hex12 = customAlphabet('0123456789abcdef', 12);
const readable = customAlphabet('23456789abcdefghjkmnpqrstuvwxyz', 8);

// Observed: the prefixes of definitions and runs, and 12 lower-case hex digits behind them. No
// batch id was seen; `test_batch_` follows the same pattern.
export const newTestCaseDefinitionId = (): string => `test_case_${hex12()}`;
export const newBatchTestId = (): string => `test_batch_${hex12()}`;
export const newTestRunId = (): string => `test_job_${hex12()}`;

/** A seed for a database that has none, short enough to be copied by hand. */
export const newSeed = (): string => readable();
