import { hash } from 'node:crypto';
import { customAlphabet } from 'nanoid';

/** What a draw depends on: names and numbers, never what was drawn before. */
export type ChanceKey = readonly (string | number)[];

/** A number in [0, 1) that depends on the key alone. */
export type Chance = (...key: ChanceKey) => number;

/**
 * The emulator's only source of chance for what happens in a simulation.
 *
 * A draw is keyed, not sequenced: the same seed and key give the same number, whatever
 * else was drawn in between, so results do not depend on how requests and runs interleave.
 * JSON keeps the parts of a key apart: ('ab', 'c') and ('a', 'bc') are different draws.
 */
export function keyedChance(seed: string): Chance {
  return (...key) => {
    const digest = hash('sha256', JSON.stringify([seed, ...key]), 'hex');
    // 52 bits: the most that stays exact, and below 1, as a fraction of a double.
    return Number.parseInt(digest.slice(0, 13), 16) / 2 ** 52;
  };
}

const hex12 = customAlphabet('0123456789abcdef', 12);
const readable = customAlphabet('23456789abcdefghjkmnpqrstuvwxyz', 8);

// Observed: a run's id is `test_job_` and 12 lower-case hex digits. No batch id was seen;
// `test_batch_` follows the same pattern.
export const newBatchTestId = (): string => `test_batch_${hex12()}`;
export const newTestRunId = (): string => `test_job_${hex12()}`;

/** A seed for a database that has none, short enough to be copied by hand. */
export const newSeed = (): string => readable();
