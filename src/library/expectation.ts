import type { components } from '../contract/control.gen.js';
import type { RequestMatcher } from '../domain/request-matcher.js';
import { differencesOf } from '../operations/control/requests.js';

type JournalEntry = components['schemas']['JournalEntry'];

type Find = (matcher: RequestMatcher) => Promise<JournalEntry[]>;

/** Misses to show. */
const mostMisses = 3;

/**
 * Answers the requests that match.
 * @param count how many there must be; at least one if undefined.
 * @throws Error that says how many there are, and in what the nearest others differ.
 */
export async function expectRequests(
  matcher: RequestMatcher,
  count: number | undefined,
  find: Find,
): Promise<JournalEntry[]> {
  const matching = await find(matcher);
  if (count === undefined ? matching.length > 0 : matching.length === count) return matching;

  const ids = new Set(matching.map(({ id }) => id));
  const narrowed = await narrowerOf(matcher, find);
  const misses = (await find({}))
    .filter(({ id }) => !ids.has(id))
    .map((entry) => ({ entry, differences: differencesOf(narrowed(entry), entry) }))
    .sort((a, b) => a.differences.length - b.differences.length)
    .slice(0, mostMisses)
    .flatMap(({ entry, differences }) => [
      `  ${describe(entry)}`,
      ...differences.map((difference) => `    ${difference}`),
    ]);
  throw new Error(
    [
      `expected ${count === undefined ? 'a request' : plural(count)} like ${JSON.stringify(matcher)}, but there ${matching.length === 1 ? 'was' : 'were'} ${plural(matching.length)}`,
      ...matching.map((entry) => `  ${describe(entry)}`),
      ...(misses.length === 0 ? ['There were no others.'] : ['Nearest others:', ...misses]),
    ].join('\n'),
  );
}

/** Answers what takes off a matcher the headers that fit: an entry itself leaves credentials out. */
async function narrowerOf(matcher: RequestMatcher, find: Find) {
  const headers = await Promise.all(
    Object.entries(matcher.headers ?? {}).map(async ([name, value]) => {
      const fitting = await find({ headers: { [name]: value } });
      return { name, value, ids: new Set(fitting.map(({ id }) => id)) };
    }),
  );
  return ({ id }: JournalEntry): RequestMatcher => ({
    ...matcher,
    headers: Object.fromEntries(
      headers.filter(({ ids }) => !ids.has(id)).map(({ name, value }) => [name, value]),
    ),
  });
}

const plural = (count: number): string => (count === 1 ? '1 request' : `${String(count)} requests`);

const describe = ({ id, method, path, status, fault }: JournalEntry): string =>
  `#${String(id)} ${method} ${path} -> ${status === null ? 'no answer' : String(status)}${fault === null ? '' : ` (${fault.rule ?? fault.source})`}`;
