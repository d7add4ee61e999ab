import { StartupError } from '../errors.js';
import { isObject, type Ask, type Json } from './ask.js';

const pageSize = 1000;

/** The most pages of one list: a million items. A faulty server may always have one more. */
const maxPages = 1000;

/** What a page is asked for. */
interface PageRequest {
  readonly limit: number;
  /** Undefined for the first page. */
  readonly key: string | undefined;
}

/** Reads all pages of a list. */
export const readAll = (ask: Ask, path: string, method: 'GET' | 'POST' = 'GET'): Promise<Json[]> =>
  readPages(path, Infinity, ({ limit, key }) => {
    const from = key === undefined ? '' : `&pagination_key=${encodeURIComponent(key)}`;
    const separator = path.includes('?') ? '&' : '?';
    return ask(method, `${path}${separator}limit=${String(limit)}${from}`, isPage);
  });

/** Reads the first items of a list whose request is a body. */
export const readFirst = (ask: Ask, path: string, count: number, request: Json): Promise<Json[]> =>
  readPages(path, count, ({ limit, key }) =>
    ask('POST', path, isPage, {
      ...request,
      limit,
      ...(key !== undefined && { pagination_key: key }),
    }),
  );

async function readPages(
  path: string,
  count: number,
  readPage: (request: PageRequest) => Promise<Json>,
): Promise<Json[]> {
  const items: Json[] = [];
  const keys = new Set<string>();
  for (let key: string | undefined; keys.size < maxPages; keys.add(key)) {
    const limit = Math.min(pageSize, count - items.length);
    const page = await readPage({ limit, key });
    for (const item of page['items'] as Json[]) items.push(item);
    if (items.length >= count) return items.slice(0, count);
    if (page['has_more'] !== true || typeof page['pagination_key'] !== 'string') return items;
    key = page['pagination_key'];
    if (keys.has(key)) {
      const problem = `${path} does not end: its pagination_key ${JSON.stringify(key)} comes again`;
      throw new StartupError('environment', problem);
    }
  }
  const problem = `${path} does not end: it has more than ${String(maxPages)} pages`;
  throw new StartupError('environment', problem);
}

const isPage = ({ items }: Json): boolean => Array.isArray(items) && items.every(isObject);
