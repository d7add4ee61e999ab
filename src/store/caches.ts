import { boundedCache, type BoundedCache } from '../bounded-cache.js';

/**
 * Caches of what is in the database. What was read stays true until this process writes, because no
 * other has the file. So the file that writes a table deletes from its cache, and `clear` empties all
 * of them when a transaction is undone, and when a snapshot is put back, which writes every table.
 */
export interface Caches {
  create<Key extends string | number, Value extends object | string | number>(): BoundedCache<
    Key,
    Value
  >;
  readonly clear: () => void;
}

export function storeCaches(): Caches {
  const all: { clear(): void }[] = [];
  return {
    create<Key extends string | number, Value extends object | string | number>() {
      const cache = boundedCache<Key, Value>();
      all.push(cache);
      return cache;
    },
    clear() {
      for (const cache of all) cache.clear();
    },
  };
}
