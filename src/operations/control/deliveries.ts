import type { components } from '../../contract/control.gen.js';
import { matchesGlob } from '../../domain/glob.js';
import { isSecretHeader, redactBody, redacted } from '../../domain/requests/redaction.js';
import {
  bodyDifferences,
  difference,
  type Difference,
} from '../../domain/requests/request-matcher.js';
import { ApiError } from '../../errors.js';
import { jsonOrText } from '../../json/json-or-text.js';
import {
  attemptsOf,
  isOver,
  type AttemptRecord,
  type DeliveryRecord,
} from '../../outbound/delivery-journal.js';
import { signatureHeader } from '../../outbound/signature.js';
import { parseDuration } from '../../workspace/settings.js';
import type { Caller, Services } from '../operation.js';
import type { ControlOperation } from './control-operation.js';
import { waitFor } from './waiting.js';

type Schemas = components['schemas'];
type Matcher = Schemas['DeliveryMatcher'];

const defaultLimit = 100;
const defaultMisses = 3;

export const listDeliveries: ControlOperation<'listDeliveries'> = (services, caller, { query }) => {
  const { after = 0, limit = defaultLimit, ...matcher } = query;
  const all = find(services, caller, matcher).filter(({ number }) => number > after);
  return { items: all.slice(0, limit).map(toDelivery), hasMore: all.length > limit };
};

export const findDeliveries: ControlOperation<'findDeliveries'> = (services, caller, { body }) =>
  find(services, caller, body).map(toDelivery);

export const countDeliveries: ControlOperation<'countDeliveries'> = (
  services,
  caller,
  { body },
) => ({ count: find(services, caller, body).length });

/** Those that differ in the fewest parts; of those with as many, the oldest first. */
export const findNearDeliveries: ControlOperation<'findNearDeliveries'> = (
  services,
  caller,
  { query, body: matcher },
) => {
  const compared = recordsOf(services, caller).map((record) => ({
    record,
    differences: differencesOf(matcher, record),
  }));
  const nearMisses = compared
    .filter(({ differences }) => differences.length > 0)
    .sort((a, b) => a.differences.length - b.differences.length)
    .slice(0, query.limit ?? defaultMisses)
    .map(({ record, differences }) => ({ delivery: toDelivery(record), differences }));
  return {
    matching: compared.filter(({ differences }) => differences.length === 0).length,
    nearMisses,
  };
};

/** Deliveries that are under way, or wait for another attempt, are not counted. */
export const waitForDeliveries: ControlOperation<'waitForDeliveries'> = async (
  services,
  caller,
  { query },
) => {
  const { count = 1, timeout = '30s', ...matcher } = query;
  const { journal } = services.webhooks;
  const passes = (record: DeliveryRecord): boolean =>
    isOver(record) && differencesOf(matcher, record).length === 0;
  let soFar = recordsOf(services, caller).filter(passes).length;
  await waitFor(services, {
    workspace: caller.workspace,
    // Each delivery is looked at once, when it is over.
    subscribe: (listener) =>
      journal.subscribe(caller.workspace, (record) => {
        if (record === undefined) soFar = 0;
        else if (passes(record)) soFar += 1;
        listener();
      }),
    isThere: () => soFar >= count,
    timeout: parseDuration(timeout) ?? 0,
    signal: caller.signal,
  });
  if (soFar >= count) return { count: soFar };
  const fault = `After ${timeout} there were ${String(soFar)} of ${String(count)} deliveries.`;
  throw new ApiError('wait_timeout', fault);
};

const recordsOf = ({ webhooks }: Services, { workspace }: Caller): readonly DeliveryRecord[] =>
  webhooks.journal.list(workspace);

const find = (services: Services, caller: Caller, matcher: Matcher): DeliveryRecord[] =>
  recordsOf(services, caller).filter((record) => differencesOf(matcher, record).length === 0);

/** In what a delivery differs from what a matcher asks for; empty if it fits. */
function differencesOf(matcher: Matcher, record: DeliveryRecord): Difference[] {
  const actual = {
    event: record.event,
    tool: record.ofFunction?.tool,
    callId: record.callId,
    state: record.state,
    status: record.attempts.at(-1)?.status,
    attempts: attemptsOf(record),
  };
  const { url, body, ...plain } = matcher;
  return [
    ...Object.entries(plain).flatMap(([part, expected]) => {
      const found = actual[part as keyof typeof actual];
      return expected === found ? [] : [difference(part, expected, found)];
    }),
    ...(url === undefined || matchesGlob(url, record.url)
      ? []
      : [difference('url', url, redactBody(record.url))]),
    ...(body === undefined ? [] : bodyDifferences('body', jsonOrText(record.body), body)),
  ];
}

export function toDelivery(record: DeliveryRecord): Schemas['Delivery'] {
  const { id, number, event, state, time, ofFunction } = record;
  const { callId = null, forgery = null, fault = null } = record;
  const { nextAttempt = null, error = null } = record;
  return {
    id,
    number,
    event,
    tool: ofFunction?.tool ?? null,
    callId,
    method: ofFunction?.method ?? 'POST',
    url: redactUrl(record.url),
    state,
    forgery,
    fault,
    time,
    nextAttempt,
    error,
    body: jsonOrText(record.body),
    attempts: record.attempts.map((attempt, index) =>
      toAttempt(attempt, record.earlierAttempts + index + 1),
    ),
  };
}

function toAttempt(attempt: AttemptRecord, count: number): Schemas['DeliveryAttempt'] {
  const { time, realTime, target, answer } = attempt;
  const { status = null, error = null, latency = null } = attempt;
  return {
    attempt: count,
    time,
    realTime,
    target: redactUrl(target),
    headers: shownHeaders(attempt.headers),
    status,
    answer,
    error,
    latency,
  };
}

/** Without credentials. A signature is none: it is of this one body. */
const shownHeaders = (headers: AttemptRecord['headers']): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      isSecretHeader(name) && name !== signatureHeader ? redacted : value,
    ]),
  );

/** Without user, password, and credentials in the query. */
const redactUrl = (url: string): string => String(redactBody(url));
