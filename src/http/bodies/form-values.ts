import type { SchemaObject } from '../../contract/document.js';
import { parseSafely } from './large-json.js';

/** A part of a form: its name, and its text or what its file was. */
export type FormPart = readonly [name: string, value: unknown];

/**
 * Reads the parts of a form as the body that the operation's schema describes. Texts become numbers, booleans
 * and JSON where the schema has these; a text that is none stays, so that the schema refuses it.
 *
 * Observed: the TypeScript SDK sends a list as one part with JSON, and files as parts of the same name. Lists
 * of other clients come as repeated parts, as `name[]`, `name[0]` or `name[][title]`.
 */
export function readFormValues(
  parts: readonly FormPart[],
  { properties = {} }: SchemaObject,
): Record<string, unknown> {
  const body: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [fullName, value] of parts) {
    const [, name = fullName, rest = ''] = /^([^[\]]+)((?:\[[^[\]]*\])+)$/.exec(fullName) ?? [];
    const schema = properties[name];
    if (schema?.type === 'array') {
      const list = (body[name] ??= []) as unknown[];
      if (Array.isArray(list)) addToList(list, rest, value, schema.items ?? {});
    } else {
      body[fullName] = convert(value, schema ?? {});
    }
  }
  return { ...body };
}

/** @param rest what follows the name of the list, such as `[0][title]`. */
function addToList(list: unknown[], rest: string, value: unknown, items: SchemaObject): void {
  const [, index = '', property] = /^\[(\d*)\](?:\[([^[\]]+)\])?/.exec(rest) ?? [];
  if (property !== undefined) {
    addProperty(list, index, property, convert(value, items.properties?.[property] ?? {}));
    return;
  }
  const asJson = typeof value === 'string' ? parseJson(value) : undefined;
  if (Array.isArray(asJson)) list.push(...(asJson as unknown[]));
  else if (isObject(asJson)) list.push(asJson);
  else list.push(convert(value, items));
}

/** `[0][title]` is of the first item; `[][title]` is of the last, or of a new one if the last has it. */
function addProperty(list: unknown[], index: string, name: string, value: unknown): void {
  const last = list.at(-1);
  const isNew = index === '' ? !isObject(last) || Object.hasOwn(last, name) : false;
  const position = index === '' ? list.length - (isNew ? 0 : 1) : Number(index);
  // More would leave a gap.
  if (position > list.length) {
    list.push({ [name]: value });
    return;
  }
  const item = list[position];
  list[position] = Object.fromEntries([
    ...Object.entries(isObject(item) ? item : {}),
    [name, value],
  ]);
}

function convert(value: unknown, schema: SchemaObject): unknown {
  if (typeof value !== 'string') return value;
  const types = [schema.type ?? 'string'].flat();
  if (types.includes('string')) return value;
  const parsed = parseJson(value);
  return parsed === undefined ? value : parsed;
}

/** Undefined if the text is no JSON. */
function parseJson(text: string): unknown {
  if (!/^\s*(?:[[{"\d-]|true|false|null)/.test(text)) return undefined;
  try {
    return parseSafely(text);
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
