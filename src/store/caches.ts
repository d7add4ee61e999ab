import { boundedCache, sizedCache, type BoundedCache } from '../bounded-cache.js';

/**
 * Caches of rows of the database. An entry stays true until this process writes, because no other process
 * uses the file. So the module that writes a table deletes the entries of its own cache. `clear` empties all
 * caches after a transaction was undone, and after a snapshot was restored, which writes every table.
 */
export interface Caches {
  create<Key extends string | number, Value extends object | string | number>(): BoundedCache<
    Key,
    Value
  >;
  /** The same, bounded by the sizes that each `set` gives. */
  createSized<Key extends string | number, Value extends object>(
    maxSize: number,
  ): BoundedCache<Key, Value>;
  readonly clear: () => void;
}

export function storeCaches(): Caches {
  const all: { clear(): void }[] = [];
  const clearing = <Cache extends { clear(): void }>(cache: Cache): Cache => {
    all.push(cache);
    return cache;
  };
  return {
    create: <Key extends string | number, Value extends object | string | number>() =>
      clearing(boundedCache<Key, Value>()),
    createSized: <Key extends string | number, Value extends object>(maxSize: number) =>
      clearing(sizedCache<Key, Value>(maxSize)),
    clear() {
      for (const cache of all) cache.clear();
    },
  };
}
