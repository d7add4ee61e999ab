import { hash } from 'node:crypto';
import { customAlphabet, customRandom } from 'nanoid';
import { idPrefixes, type NumberedKind } from './made-id.js';
import { memory } from './memory.js';

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
  });
}

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

type KeyedKind = Exclude<keyof typeof idPrefixes, NumberedKind>;

/** Observed: the number of digits after the prefix; 12 for kinds that are not listed. */
const idLengths: Partial<Record<KeyedKind, number>> = {
  'retell-llm': 28,
  agent: 26,
};

/**
 * An id in the vendor's format. Observed: a prefix and lower-case hex digits.
 * It depends on the key alone, so that a restored workspace creates the same ids again.
 */
export function keyedId(kind: KeyedKind, ...key: ChanceKey): string {
  let block = 0;
  const bytes = (size: number): Buffer => {
    block += 1;
    return Buffer.from(derivedHex(64, kind, ...key, block).repeat(Math.ceil(size / 32)), 'hex');
  };
  return idPrefixes[kind] + customRandom('0123456789abcdef', idLengths[kind] ?? 12, bytes)();
}

/** Numbers of which the ids of a batch and of its runs are made. */
export interface BatchNumbers extends RunNumbers {
  readonly batch: number;
  readonly neighbourhood: Neighbourhood;
}

export interface RunNumbers {
  /** That of a run is this plus its index, below 4,096, with the bits of `runMask` turned over. */
  readonly firstRun: number;
  readonly runMask: number;
}

/** Numbers that batches in a row have to themselves; the same object for each of them. */
export interface Neighbourhood {
  readonly firstBatch: number;
  readonly lastBatch: number;
  readonly firstRun: number;
  readonly lastRun: number;
}

/** Runs that a batch may have, and batches in a row whose numbers are neighbours in an index. */
const runsOfBatch = 4096;
const neighbours = 256;

/** What neighbours have in common, so that one digest serves them all. */
const neighbourhoods = memory<string, ReturnType<typeof neighbourhoodOf>>();

function neighbourhoodOf(key: ChanceKey, number: number) {
  const digits = derivedHex(24, 'batch', ...key, number);
  const bitsOf = (from: number, to: number) => Number.parseInt(digits.slice(from, to), 16);
  const firstBatch = bitsOf(0, 10) * neighbours;
  const firstRun = bitsOf(12, 19) * neighbours * runsOfBatch;
  return {
    firstBatch,
    lastBatch: firstBatch + neighbours - 1,
    firstRun,
    lastRun: firstRun + neighbours * runsOfBatch - 1,
    batchMask: bitsOf(10, 12),
    runsMask: bitsOf(19, 21),
    runMask: bitsOf(21, 24),
  };
}

let latest: { readonly number: number; readonly key: ChanceKey; readonly found: Found } | undefined;

type Found = ReturnType<typeof neighbourhoodOf>;

/** The one that was asked for before, most of the time, which spares making JSON to find it. */
function neighbourhoodAt(number: number, key: ChanceKey): Found {
  const isLatest =
    latest?.number === number &&
    latest.key.length === key.length &&
    latest.key.every((part, index) => part === key[index]);
  if (latest !== undefined && isLatest) return latest.found;
  const found = neighbourhoods.get(JSON.stringify([number, key]), () =>
    neighbourhoodOf(key, number),
  );
  latest = { number, key, found };
  return found;
}

/**
 * They depend on the key alone. Those of two neighbourhoods may be the same by a chance of 1 in
 * 2^28 for runs, 2^40 for batches; what would use them then takes those of another key.
 */
export function batchNumbersOf(ordinal: number, ...key: ChanceKey): BatchNumbers {
  const number = Math.floor(ordinal / neighbours);
  const neighbourhood = neighbourhoodAt(number, key);
  const place = ordinal % neighbours;
  return {
    batch: neighbourhood.firstBatch + (place ^ neighbourhood.batchMask),
    firstRun: neighbourhood.firstRun + (place ^ neighbourhood.runsMask) * runsOfBatch,
    runMask: neighbourhood.runMask,
    neighbourhood,
  };
}

/** The last number that a run of the batch may have. */
export const lastRunOf = ({ firstRun }: BatchNumbers): number => firstRun + runsOfBatch - 1;

export const runNumberAt = ({ firstRun, runMask }: RunNumbers, index: number): number =>
  firstRun + (index ^ runMask);

const readable = customAlphabet('23456789abcdefghjkmnpqrstuvwxyz', 8);

/** A seed for a database that has none, short enough to be copied by hand. */
export const newSeed = (): string => readable();
