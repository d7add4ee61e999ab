import { ApiError } from '../errors.js';
import { derivedHex } from '../random.js';

/** The place of an item in a list that is sorted by time. */
export interface Position {
  readonly sortedAt: number;
  readonly key: number;
}

/** Opaque to clients: the place of an item, and a mark of the list that it is in. */
export const toPositionKey = (
  { sortedAt, key }: Position,
  kind: 'calls' | 'chats',
  list: readonly string[],
): string =>
  Buffer.from(
    `${String(sortedAt)}.${String(key)}.${derivedHex(16, kind, sortedAt, key, ...list)}`,
  ).toString('base64url');

/** @throws ApiError 400 if it is none of this very list. */
export function readPositionKey(
  text: string,
  kind: 'calls' | 'chats',
  list: readonly string[],
): Position {
  const decoded = Buffer.from(text, 'base64url').toString('latin1');
  const [, sortedAt, key] = /^(-?\d{1,16})\.(\d{1,16})\./.exec(decoded) ?? [];
  const position = { sortedAt: Number(sortedAt), key: Number(key) };
  if (sortedAt === undefined || toPositionKey(position, kind, list) !== text) {
    throw new ApiError('invalid_request', 'body/pagination_key must be a key of this list');
  }
  return position;
}
