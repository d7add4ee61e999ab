/** Parts of what a client sent, which may be of any shape. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Undefined for what is no text, or an empty one. */
export const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

export const objectOf = (value: unknown): JsonObject | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined;

/** The objects of a list, or of its first items; none if it is no list. */
export const listOf = (value: unknown, most?: number): JsonObject[] =>
  Array.isArray(value)
    ? value.slice(0, most).flatMap((item: unknown) => {
        const object = objectOf(item);
        return object === undefined ? [] : [object];
      })
    : [];
