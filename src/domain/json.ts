/** A part of a client's JSON, of any shape. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Undefined if the value is no text, or an empty one. */
export const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const objectOf = (value: unknown): JsonObject | undefined =>
  isObject(value) ? value : undefined;

/** The objects of a list, or of its first `most` items; empty if the value is no list. */
export const listOf = (value: unknown, most?: number): JsonObject[] =>
  Array.isArray(value)
    ? value.slice(0, most).flatMap((item: unknown) => {
        const object = objectOf(item);
        return object === undefined ? [] : [object];
      })
    : [];
