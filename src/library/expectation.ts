import type { components } from '../contract/control.gen.js';
import type { Difference, RequestMatcher } from '../domain/requests/request-matcher.js';

type Schemas = components['schemas'];
type JournalEntry = Schemas['JournalEntry'];
type Delivery = Schemas['Delivery'];
type DeliveryMatcher = Schemas['DeliveryMatcher'];

/** The journal functions that this module uses. */
interface Lookup<Matcher, Item, NearMisses> {
  readonly find: (matcher: Matcher) => Promise<Item[]>;
  readonly findNearMisses: (matcher: Matcher) => Promise<NearMisses>;
}

/**
 * Returns the requests that match.
 * @param count how many must match; at least one if undefined.
 * @throws Error that says how many match, and in which parts the closest others differ.
 */
export async function expectRequests(
  matcher: RequestMatcher,
  count: number | undefined,
  { find, findNearMisses }: Lookup<RequestMatcher, JournalEntry, Schemas['NearMisses']>,
): Promise<JournalEntry[]> {
  const matching = await find(matcher);
  if (isRightCount(matching, count)) return matching;
  const { nearMisses } = await findNearMisses(matcher);
  const misses = nearMisses.map(({ request, differences }) => ({ item: request, differences }));
  throw mismatch('request', matcher, count, { matching, misses, describe });
}

/** The same for deliveries. */
export async function expectDeliveries(
  matcher: DeliveryMatcher,
  count: number | undefined,
  { find, findNearMisses }: Lookup<DeliveryMatcher, Delivery, Schemas['NearDeliveries']>,
): Promise<Delivery[]> {
  const matching = await find(matcher);
  if (isRightCount(matching, count)) return matching;
  const { nearMisses } = await findNearMisses(matcher);
  const misses = nearMisses.map(({ delivery, differences }) => ({ item: delivery, differences }));
  throw mismatch('delivery', matcher, count, { matching, misses, describe: describeDelivery });
}

const isRightCount = ({ length }: readonly unknown[], count: number | undefined): boolean =>
  count === undefined ? length > 0 : length === count;

interface Found<Item> {
  readonly matching: readonly Item[];
  readonly misses: readonly { readonly item: Item; readonly differences: readonly Difference[] }[];
  readonly describe: (item: Item) => string;
}

function mismatch<Item>(
  noun: Noun,
  matcher: object,
  count: number | undefined,
  { matching, misses, describe: describeItem }: Found<Item>,
): Error {
  const expected = count === undefined ? `a ${noun}` : counted(count, noun);
  const verb = matching.length === 1 ? 'was' : 'were';
  const nearest = misses.flatMap(({ item, differences }) => [
    `  ${describeItem(item)}`,
    ...differences.map((difference) => `    ${describeDifference(difference)}`),
  ]);
  return new Error(
    [
      `expected ${expected} like ${JSON.stringify(matcher)}, but there ${verb} ${counted(matching.length, noun)}`,
      ...matching.map((item) => `  ${describeItem(item)}`),
      ...(nearest.length === 0 ? ['There were no others.'] : ['Closest others:', ...nearest]),
    ].join('\n'),
  );
}

const describeDifference = ({ part, expected, actual }: Difference): string =>
  `${part} is ${show(actual)}, not ${show(expected)}`;

function show(value: unknown): string {
  const text = value === undefined ? 'absent' : JSON.stringify(value);
  return text.length <= 200 ? text : `${text.slice(0, 200)}…`;
}

const plurals = { request: 'requests', delivery: 'deliveries' } as const;

type Noun = keyof typeof plurals;

const counted = (count: number, noun: Noun): string =>
  `${String(count)} ${count === 1 ? noun : plurals[noun]}`;

const describe = ({ id, method, path, status, fault }: JournalEntry): string =>
  `#${String(id)} ${method} ${path} -> ${status === null ? 'no answer' : String(status)}${fault === null ? '' : ` (${fault.rule ?? fault.source})`}`;

const describeDelivery = ({ number, event, tool, callId, url, state, error }: Delivery): string =>
  `#${String(number)} ${tool === null ? event : `${event} ${tool}`} of ${callId ?? 'no call'} to ${url} -> ${state}${error === null ? '' : ` (${error})`}`;
