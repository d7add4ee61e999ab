import { ApiError, SchemaError } from '../errors.js';
import { derivedHex } from '../random.js';
import { idPropertyOf } from '../domain/engines/asset.js';
import { engineKey, type EngineType } from '../domain/engines/response-engine.js';
import { maxOfPage } from '../domain/requests/answer-sizes.js';
import { cacheJson } from '../json/cached-json.js';
import { gather, gatherSlowly, type Gathered, type Source } from './gathering.js';

/** Documented: the page size if the client names none. */
const defaultLimit = 50;

/** The contract has no minimum, but a page has at least one item. */
export const limitError = (): SchemaError =>
  new SchemaError('query/limit must be >= 1', 'request/query/limit must be >= 1');

interface PageQuery {
  readonly limit?: number;
  readonly pagination_key?: string;
}

/** Identifies a list, so that its keys are not valid for another list. */
export type ListIdentity = readonly (string | number)[];

/** Where a page begins and how long it is. */
export interface PageRequest {
  /** The position of the last item of the page before; undefined for the first page. */
  readonly after: number | undefined;
  readonly limit: number;
}

/**
 * Reads a page's query.
 * @throws ApiError 400 if the limit is below 1, or if the key was not made for this list: keys of another
 *   workspace, engine or batch are refused.
 */
export function readPageQuery(query: PageQuery, list: ListIdentity): PageRequest {
  const { limit = defaultLimit, pagination_key: key } = query;
  if (limit < 1) throw limitError();
  if (key === undefined) return { after: undefined, limit };
  const text = Buffer.from(key, 'base64url').toString('latin1');
  const position = Number(/^(\d{1,15})\./.exec(text)?.[1] ?? NaN);
  if (key !== keyOf(position, list)) {
    throw new ApiError('invalid_request', 'query/pagination_key must be a key of this list');
  }
  return { after: position, limit };
}

/**
 * The contract's page of the first items. It ends early if items are large. At most one item after the page
 * is read, to see that there are more.
 */
export function toPage<Item extends { readonly position: number }, Wire extends object>(
  items: Iterable<Item>,
  { limit }: PageRequest,
  list: ListIdentity,
  toWire: (item: Item) => Wire,
) {
  const page = gather<Wire>(maxOfPage);
  let last: number | undefined;
  for (const item of items) {
    if (page.items.length === limit || page.isFull()) return pageOf(page, list, last);
    page.add(toWire(item));
    last = item.position;
  }
  return pageOf(page, list, undefined);
}

/** The same for items that are read with pauses. */
export async function toPageSlowly<Item extends { readonly position: number }, Wire extends object>(
  source: Source<Item, Wire>,
  { limit }: PageRequest,
  list: ListIdentity,
) {
  const { gathered, lastOfMore } = await gatherSlowly(source, maxOfPage, limit);
  return pageOf(gathered, list, lastOfMore?.position);
}

/** @param last the position of the page's last item, if there are more items. */
export function pageOf<Wire>(page: Gathered<Wire>, list: ListIdentity, last: number | undefined) {
  const rest = {
    has_more: last !== undefined,
    ...(last !== undefined && { pagination_key: keyOf(last, list) }),
  };
  const text = `{"items":${page.text()},${JSON.stringify(rest).slice(1)}`;
  return cacheJson({ items: page.items, ...rest }, text);
}

/** Opaque to clients: a position, and a digest of the list that it belongs to. */
const keyOf = (position: number, list: ListIdentity): string =>
  Buffer.from(`${String(position)}.${derivedHex(16, 'page', position, ...list)}`).toString(
    'base64url',
  );

interface EngineQuery {
  readonly type: EngineType;
  readonly llm_id?: string;
  readonly conversation_flow_id?: string;
}

/**
 * Reads the engine that a list is filtered by.
 * Documented: the id that belongs to the type is required.
 * @throws ApiError 400
 */
export function readEngineQuery(query: EngineQuery): string {
  const name = idPropertyOf[query.type];
  const id = query[name];
  if (id === undefined) {
    const problem = `query must have required property '${name}' when type is "${query.type}"`;
    throw new ApiError('invalid_request', problem);
  }
  return engineKey(query.type, id);
}
