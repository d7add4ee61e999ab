import { createRequire } from 'node:module';
import type * as Ajv from 'ajv/dist/2020.js';

/** Loads Ajv where a first schema is compiled, because a start without options compiles none. */
const load = (): typeof Ajv => createRequire(import.meta.url)('ajv/dist/2020.js') as typeof Ajv;

/** Without the schemas of schemas, which take longer to add than all else: CI checks ours by them. */
export function createAjv(options: Ajv.Options): Ajv.Ajv2020 {
  const { Ajv2020 } = load();
  return new Ajv2020({ strict: false, meta: false, validateSchema: false, ...options });
}

/** Creates a value when it is first asked for, and keeps it. */
export function createdOnce<Value extends object>(create: () => Value): () => Value {
  let value: Value | undefined;
  return () => (value ??= create());
}
