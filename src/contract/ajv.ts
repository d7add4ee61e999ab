import { createRequire } from 'node:module';
import type * as Ajv from 'ajv/dist/2020.js';

/** Loads Ajv when the first schema is compiled, because a start without options compiles none. */
const load = (): typeof Ajv => createRequire(import.meta.url)('ajv/dist/2020.js') as typeof Ajv;

/** Leaves out the meta-schemas, which take longer to add than all else. CI checks our schemas. */
export function createAjv(options: Ajv.Options): Ajv.Ajv2020 {
  const { Ajv2020 } = load();
  return new Ajv2020({ strict: false, meta: false, validateSchema: false, ...options });
}

/** Returns a function that creates a value at its first call and returns the same value after that. */
export function createdOnce<Value extends object>(create: () => Value): () => Value {
  let value: Value | undefined;
  return () => (value ??= create());
}
