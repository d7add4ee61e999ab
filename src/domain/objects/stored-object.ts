/** The content of a stored object, as the kind has it. */
export type ObjectContent = Readonly<Record<string, unknown>>;

/** What is only stored: a voice, a knowledge base, a contact and the like. */
export interface StoredObject {
  readonly id: string;
  /** What no two objects of the kind share; null if there is no such thing. */
  readonly uniqueValue: string | null;
  /** Null for a kind that has no states. */
  readonly status: string | null;
  /** When the next state comes; null if none comes by itself. */
  readonly nextAt: number | null;
  /** In milliseconds since the epoch, like `modifiedAt`. */
  readonly createdAt: number;
  readonly modifiedAt: number;
  readonly content: ObjectContent;
}

/** A new object without states, at a moment. */
export const newObject = (
  id: string,
  content: ObjectContent,
  now: number,
  more: Partial<StoredObject> = {},
): StoredObject => ({
  ...{ id, content, uniqueValue: null, status: null, nextAt: null },
  ...{ createdAt: now, modifiedAt: now },
  ...more,
});
