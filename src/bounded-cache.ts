import { LRUCache } from 'lru-cache';

/** Remembers what was found, by its key. When it is full, it drops what was used the longest ago. */
export type BoundedCache<
  Key extends string | number,
  Value extends object | string | number,
> = LRUCache<Key, Value>;

const maxEntries = 1000;

/** A client may name things by megabytes: what has a longer key is not kept. */
const maxKeyLength = 500;

export const boundedCache = <
  Key extends string | number,
  Value extends object | string | number,
>(): BoundedCache<Key, Value> => new LRUCache<Key, Value>({ max: maxEntries });

/** Remembers what depends on a text alone, until the texts together have so many characters. */
export const cacheByText = <Value extends object>(
  maxCharacters: number,
): BoundedCache<string, Value> =>
  new LRUCache({ maxSize: maxCharacters, sizeCalculation: (_value, text) => text.length });

/** Remembers values until they together have this size; each `set` gives the size of its own. */
export const sizedCache = <Key extends string | number, Value extends object>(
  maxSize: number,
): BoundedCache<Key, Value> => new LRUCache<Key, Value>({ maxSize });

/** Finds it if it is not in the cache. */
export function cached<Key extends string | number, Value extends object | string | number>(
  cache: BoundedCache<Key, Value>,
  key: Key,
  find: () => Value,
): Value {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const value = find();
  if (typeof key === 'number' || key.length <= maxKeyLength) cache.set(key, value);
  return value;
}
