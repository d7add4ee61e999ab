import { createHash, hash } from 'node:crypto';
import { customAlphabet } from 'nanoid';
import { boundedCache, cached } from './bounded-cache.js';
import { idPrefixes, type NumberedKind } from './stored-id.js';

/** The key of a draw: names and numbers, never earlier draws. */
type ChanceKey = readonly (string | number)[];

/** A number in [0, 1) that depends on the key alone. */
export type Draw = (...key: ChanceKey) => number;

export interface Chance extends Draw {
  /** Draws below a key, which is hashed once for all of them. */
  within(...key: ChanceKey): Chance;
  /** Draws below one key for up to four purposes, at the cost of one draw. */
  split<Purpose extends string>(
    purposes: readonly Purpose[],
    ...key: ChanceKey
  ): (purpose: Purpose) => number;
  /** So many draws below one key, each of 32 bits, at the cost of a few. */
  series(count: number, ...key: ChanceKey): number[];
}

/**
 * The emulator's only source of chance for what happens in a simulation.
 *
 * A draw is keyed, not sequenced: the same seed and key give the same number, whatever
 * else was drawn in between, so results do not depend on how requests and runs interleave.
 */
export function keyedChance(seed: string): Chance {
  const draw: Draw = (...key) => toFraction(derivedHex(drawLength, seed, ...key));
  return Object.assign(draw, {
    within: (...key: ChanceKey) => keyedChance(derivedHex(32, seed, ...key)),
    split<Purpose extends string>(purposes: readonly Purpose[], ...key: ChanceKey) {
      const digits = derivedHex(4 * drawLength, seed, ...key);
      return (purpose: Purpose) => {
        const from = purposes.indexOf(purpose) * drawLength;
        return toFraction(digits.slice(from, from + drawLength));
      };
    },
    series(count: number, ...key: ChanceKey) {
      const digest = createHash('shake128', { outputLength: count * seriesBytes });
      const bytes = digest.update(JSON.stringify([seed, ...key])).digest();
      return Array.from(
        { length: count },
        (_, index) => bytes.readUInt32BE(index * seriesBytes) / 2 ** 32,
      );
    },
  });
}

/** Bytes of one draw of a series. */
const seriesBytes = 4;

/** Hex digits of a draw. 52 bits are the most that a double below 1 holds exactly. */
const drawLength = 13;

const toFraction = (digits: string): number => Number.parseInt(digits, 16) / 2 ** 52;

/**
 * Hex digits, 64 at the most, that depend on the key alone.
 * JSON keeps the parts of a key apart: ('ab', 'c') and ('a', 'bc') give different digits.
 */
export const derivedHex = (length: number, ...key: ChanceKey): string =>
  hash('sha256', JSON.stringify(key), 'hex').slice(0, length);

/** Lower-case letters and digits, 48 at the most, that depend on the key alone. */
export const derivedAlphanumeric = (length: number, ...key: ChanceKey): string =>
  BigInt(`0x${derivedHex(64, ...key)}`)
    .toString(36)
    .padStart(48, '0')
    .slice(-length);

/**
 * Ids that differ in their last four digits only, as ids do that one machine gives in a row. One digest then
 * serves all of them.
 * @param first the hex digits of the first id.
 */
export function idsInRow(first: string): (index: number) => string {
  const prefix = first.slice(0, -4);
  const last = Number.parseInt(first.slice(-4), 16);
  return (index) => prefix + ((last + index) % 0x10000).toString(16).padStart(4, '0');
}

type KeyedKind = Exclude<keyof typeof idPrefixes, NumberedKind>;

/** Observed: the number of digits after the prefix; 12 for kinds that are not listed. */
const idLengths: Partial<Record<KeyedKind, number>> = {
  'retell-llm': 28,
  agent: 26,
  call: 27,
  voice: 26,
  'knowledge-base': 16,
  'batch-call': 20,
  source: 16,
  app: 16,
  asset: 16,
  contact: 16,
  'contact-file': 16,
  org: 16,
  chat: 27,
};

/**
 * An id in the vendor's format. Observed: a prefix and lower-case hex digits.
 * It depends on the key alone, so that a restored workspace creates the same ids again.
 */
export const keyedId = (kind: KeyedKind, ...key: ChanceKey): string =>
  idPrefixes[kind] + derivedHex(idLengths[kind] ?? 12, kind, ...key);

/** Numbers of which the ids of a batch and of its runs are made. */
export interface BatchNumbers extends RunNumbers {
  readonly batch: number;
}

export interface RunNumbers {
  /** The number of a run is this plus the run's index, whose bits in `runXor` are inverted. */
  readonly firstRun: number;
  readonly runXor: number;
}

const batchesPerBlock = 256;
const runsPerBatch = 4096;

/** Nothing makes a block stale: it depends on its key alone. */
const blocks = boundedCache<string, ReturnType<typeof blockOf>>();

function blockOf(key: ChanceKey, block: number) {
  const digits = derivedHex(24, 'batch', ...key, block);
  const bitsOf = (from: number, to: number) => Number.parseInt(digits.slice(from, to), 16);
  return {
    firstBatch: bitsOf(0, 10) * batchesPerBlock,
    batchXor: bitsOf(10, 12),
    firstRun: bitsOf(12, 19) * batchesPerBlock * runsPerBatch,
    runsXor: bitsOf(19, 21),
    runXor: bitsOf(21, 24),
  };
}

/**
 * The numbers of a batch depend on the key alone. Batches in a row share a block: one digest gives the
 * leading bits of their numbers, so that their rows are next to each other in the indexes of ids, and a
 * commit writes few pages.
 *
 * Two blocks may have the same numbers by a chance of 1 in 2^28 for runs, 2^40 for batches. What would
 * use them is then done again with another key.
 */
export function batchNumbersOf(ordinal: number, ...key: ChanceKey): BatchNumbers {
  const number = Math.floor(ordinal / batchesPerBlock);
  const block = cached(blocks, `${key.join('\0')} ${String(number)}`, () => blockOf(key, number));
  const index = ordinal % batchesPerBlock;
  return {
    batch: block.firstBatch + (index ^ block.batchXor),
    firstRun: block.firstRun + (index ^ block.runsXor) * runsPerBatch,
    runXor: block.runXor,
  };
}

export const runNumberAt = ({ firstRun, runXor }: RunNumbers, index: number): number =>
  firstRun + (index ^ runXor);

const readable = customAlphabet('23456789abcdefghjkmnpqrstuvwxyz', 8);

/** A seed for a database that has none, short enough to be copied by hand. */
export const newSeed = (): string => readable();
