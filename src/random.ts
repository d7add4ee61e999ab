import { hash } from 'node:crypto';
import { customAlphabet, customRandom } from 'nanoid';

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

/** Prefixes of the vendor's ids. No batch id was seen; `test_batch_` follows the others. */
const idPrefixes = {
  definition: 'test_case_',
  batch: 'test_batch_',
  run: 'test_job_',
  rule: 'rule_',
  fault: 'fault_',
  'retell-llm': 'llm_',
  'conversation-flow': 'conversation_flow_',
  agent: 'agent_',
} as const;

/** Observed: digits after the prefix; 12 where nothing stands here. */
const idLengths: Partial<Record<keyof typeof idPrefixes, number>> = {
  'retell-llm': 28,
  agent: 28,
};

/**
 * An id in the vendor's format. Observed: a prefix and lower-case hex digits.
 * It depends on the key alone, so that a workspace that is restored makes the same ids again.
 */
export function keyedId(kind: keyof typeof idPrefixes, ...key: ChanceKey): string {
  let block = 0;
  const bytes = (size: number): Buffer => {
    block += 1;
    return Buffer.from(derivedHex(64, kind, ...key, block).repeat(Math.ceil(size / 32)), 'hex');
  };
  return idPrefixes[kind] + customRandom('0123456789abcdef', idLengths[kind] ?? 12, bytes)();
}

/**
 * Makes the ids of a batch's runs, which are neighbours, and so are their entries in an index.
 * Within a batch they differ in the last three digits, between batches in the first nine.
 */
export function runIdsOf(...key: ChanceKey): { readonly prefix: string; readonly mask: number } {
  const digits = derivedHex(12, 'run', ...key);
  return {
    prefix: idPrefixes.run + digits.slice(0, 9),
    mask: Number.parseInt(digits.slice(9), 16),
  };
}

/** @param index below 4,096 */
export const runIdAt = (
  { prefix, mask }: { readonly prefix: string; readonly mask: number },
  index: number,
): string => prefix + (index ^ mask).toString(16).padStart(3, '0');

const readable = customAlphabet('23456789abcdefghjkmnpqrstuvwxyz', 8);

/** A seed for a database that has none, short enough to be copied by hand. */
export const newSeed = (): string => readable();
