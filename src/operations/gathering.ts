import { maxOfArray, sliceSize } from '../domain/requests/answer-sizes.js';
import { ApiError } from '../errors.js';
import { cacheJson } from '../json/cached-json.js';

const mebibyte = 1024 * 1024;

/** Collects the items of a list and their JSON. */
export interface Gathered<Wire> {
  readonly items: Wire[];
  add(item: Wire): void;
  /** Characters of the items' JSON. */
  size(): number;
  /** True if no more items fit. The first item always fits. */
  isFull(): boolean;
  /** The JSON of all items. Each is serialized once, when it is added, so that its size is known. */
  text(): string;
}

export function gather<Wire>(most: number): Gathered<Wire> {
  const items: Wire[] = [];
  const texts: string[] = [];
  let size = 0;
  return {
    items,
    add(item) {
      const text = JSON.stringify(item);
      items.push(item);
      texts.push(text);
      size += text.length;
    },
    size: () => size,
    isFull: () => size >= most,
    text: () => `[${texts.join(',')}]`,
  };
}

/** What a list reads, and how. */
export interface Source<Item, Wire> {
  /** Reads the items that come after this one; all if it is undefined. Not all of them are taken. */
  readonly list: (after: Item | undefined) => Iterable<Item>;
  readonly toWire: (item: Item) => Wire;
  /** Resolves in the next turn of the event loop. */
  readonly turn: () => Promise<void>;
}

/**
 * Collects items until they have so many characters of JSON, with pauses. What changes in a pause is
 * listed as it is then, as by a client that reads page after page.
 * @param limit the most items.
 * @returns the last item that was collected if there are more behind it.
 */
export async function gatherSlowly<Item, Wire>(
  { list, toWire, turn }: Source<Item, Wire>,
  most: number,
  limit = Infinity,
): Promise<{ gathered: Gathered<Wire>; lastOfMore: Item | undefined }> {
  const gathered = gather<Wire>(most);
  let last: Item | undefined;
  for (let isDone = false; !isDone;) {
    const sliceEnd = gathered.size() + sliceSize;
    isDone = true;
    for (const item of list(last)) {
      if (gathered.items.length >= limit || gathered.isFull())
        return { gathered, lastOfMore: last };
      gathered.add(toWire(item));
      last = item;
      if (gathered.size() < sliceEnd) continue;
      isDone = false;
      break;
    }
    if (!isDone) await turn();
  }
  return { gathered, lastOfMore: undefined };
}

/**
 * A list without pages, read with pauses.
 * @param successor the path of the list that has pages.
 * @throws ApiError 400 if it is too large.
 */
export async function toArraySlowly<Item, Wire>(
  source: Source<Item, Wire>,
  successor: string,
  limit?: number,
): Promise<Wire[]> {
  const { gathered, lastOfMore } = await gatherSlowly(source, maxOfArray, limit);
  const isLimited = limit !== undefined && gathered.items.length >= limit;
  if (lastOfMore !== undefined && !isLimited) throw tooLarge(gathered, successor);
  return arrayOf(gathered);
}

/**
 * A list without pages.
 * @param successor the path of the list that has pages.
 * @throws ApiError 400 if it is too large.
 */
export function toArray<Item, Wire>(
  items: Iterable<Item>,
  toWire: (item: Item) => Wire,
  successor: string,
): Wire[] {
  const all = gather<Wire>(maxOfArray);
  for (const item of items) {
    if (all.isFull()) throw tooLarge(all, successor);
    all.add(toWire(item));
  }
  return arrayOf(all);
}

export const arrayOf = <Wire>(all: Gathered<Wire>): Wire[] => cacheJson(all.items, all.text());

export function tooLarge(all: Gathered<unknown>, successor: string): ApiError {
  const [held, most] = [all.size(), maxOfArray].map((size) => String(Math.round(size / mebibyte)));
  const { length } = all.items;
  const detail = `its first ${String(length)} items have ${held ?? ''} MiB, and it may have ${most ?? ''} MiB.`;
  return new ApiError('answer_too_large', `${detail} ${successor} lists the same in pages.`);
}
