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

/**
 * Returns a function that adds the part of a document at a JSON pointer to Ajv, with all parts that
 * it refers to. Ajv reads every schema that it is given, and a first request needs few of a contract.
 * The function returns the id of the part in Ajv; undefined if the document has no such part.
 * @param name of the document, as in the id `name#/components/schemas/Agent`
 * @param prepare converts a part for Ajv.
 */
export function partAdder(
  ajv: Ajv.Ajv2020,
  name: string,
  document: object,
  prepare: (part: object) => object = (part) => part,
): (pointer: string) => string | undefined {
  const added = new Set<string>();
  return function add(pointer) {
    const id = `${name}#${pointer}`;
    if (added.has(id)) return id;
    const part = partAt(document, pointer);
    if (part === undefined) return undefined;
    added.add(id);
    const prepared = prepare(part);
    // A `$ref` to the part resolves to this id, so Ajv does not need the whole document.
    ajv.addSchema(prepared, id);
    for (const [, reference = ''] of JSON.stringify(prepared).matchAll(/"\$ref":"#([^"]+)"/g)) {
      add(reference);
    }
    return id;
  };
}

/** @param pointer may be percent-encoded. */
function partAt(document: object, pointer: string): object | undefined {
  const names = pointer.split('/').slice(1).map(decodeURIComponent);
  return names.reduce<unknown>((part, name) => {
    const own = name.replaceAll('~1', '/').replaceAll('~0', '~');
    return (part as Record<string, unknown> | undefined)?.[own];
  }, document) as object | undefined;
}
