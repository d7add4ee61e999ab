/**
 * What was found out, by what was asked for; a bounded number of it. What comes from the database
 * stays true, since this process alone writes there, until it is forgotten: whoever writes sees to it.
 */
export interface Memory<Key, Value> {
  /** Finds it out if it is not known. */
  get(key: Key, find: () => Value): Value;
  put(key: Key, value: Value): void;
  forget(key: Key): void;
  readonly clear: () => void;
}

/** Values to remember. */
const most = 1000;

/** Characters of a key. A client may name things by megabytes, which are not to be kept. */
const longestKey = 500;

export function memory<Key, Value>(): Memory<Key, Value> {
  const values = new Map<Key, Value>();
  const put = (key: Key, value: Value): void => {
    if (typeof key === 'string' && key.length > longestKey) return;
    if (values.size >= most) values.clear();
    values.set(key, value);
  };
  return {
    get(key, find) {
      const known = values.get(key);
      if (known !== undefined || values.has(key)) return known as Value;
      const value = find();
      put(key, value);
      return value;
    },
    put,
    forget: (key) => values.delete(key),
    clear: () => {
      values.clear();
    },
  };
}
