import type { components } from '../contract/control.gen.js';
import type { Difference, RequestMatcher } from '../domain/requests/request-matcher.js';

type Schemas = components['schemas'];
type JournalEntry = Schemas['JournalEntry'];

/** The journal functions that this module uses. */
interface Lookup {
  readonly find: (matcher: RequestMatcher) => Promise<JournalEntry[]>;
  readonly findNearMisses: (matcher: RequestMatcher) => Promise<Schemas['NearMisses']>;
}

/**
 * Returns the requests that match.
 * @param count how many must match; at least one if undefined.
 * @throws Error that says how many match, and in which parts the closest others differ.
 */
export async function expectRequests(
  matcher: RequestMatcher,
  count: number | undefined,
  { find, findNearMisses }: Lookup,
): Promise<JournalEntry[]> {
  const matching = await find(matcher);
  if (count === undefined ? matching.length > 0 : matching.length === count) return matching;

  const { nearMisses } = await findNearMisses(matcher);
  const misses = nearMisses.flatMap(({ request, differences }) => [
    `  ${describe(request)}`,
    ...differences.map((difference) => `    ${describeDifference(difference)}`),
  ]);
  throw new Error(
    [
      `expected ${count === undefined ? 'a request' : plural(count)} like ${JSON.stringify(matcher)}, but there ${matching.length === 1 ? 'was' : 'were'} ${plural(matching.length)}`,
      ...matching.map((entry) => `  ${describe(entry)}`),
      ...(misses.length === 0 ? ['There were no others.'] : ['Closest others:', ...misses]),
    ].join('\n'),
  );
}

const describeDifference = ({ part, expected, actual }: Difference): string =>
  `${part} is ${show(actual)}, not ${show(expected)}`;

function show(value: unknown): string {
  const text = value === undefined ? 'absent' : JSON.stringify(value);
  return text.length <= 200 ? text : `${text.slice(0, 200)}…`;
}

const plural = (count: number): string => (count === 1 ? '1 request' : `${String(count)} requests`);

const describe = ({ id, method, path, status, fault }: JournalEntry): string =>
  `#${String(id)} ${method} ${path} -> ${status === null ? 'no answer' : String(status)}${fault === null ? '' : ` (${fault.rule ?? fault.source})`}`;
