import { parse as parseQuery } from 'node:querystring';
import { parse } from 'secure-json-parse';
import type { components } from '../../contract/control.gen.js';
import { ApiError } from '../../errors.js';
import { jsonOrText } from '../../json/json-or-text.js';
import { refuseUnknownOperation } from '../../simulation/fault-check.js';
import { matchesGlob } from '../../domain/glob.js';
import { redactBody, redactHeaders } from '../../domain/requests/redaction.js';
import {
  differencesOf,
  type MatchedRequest,
  type RequestMatcher,
} from '../../domain/requests/request-matcher.js';
import { parseMoment } from '../../workspace/clock.js';
import type { JournalRecord } from '../../workspace/journal/record.js';
import { parseDuration } from '../../workspace/settings.js';
import type { Caller, Services } from '../operation.js';
import type { ControlOperation } from './control-operation.js';
import { waitFor } from './waiting.js';
import { repeatedCallWarnings } from './repeated-calls.js';
import { warningsOf } from './warnings.js';

type Schemas = components['schemas'];

interface Filter {
  readonly operation?: string;
  readonly path?: string;
  readonly status?: number;
  readonly since?: string | number;
  readonly fault?: string;
  readonly valid?: boolean;
}

const defaultLimit = 100;

export const listRequests: ControlOperation<'listRequests'> = (services, caller, { query }) => {
  const { after = 0, limit = defaultLimit } = query;
  const passes = toPredicate(query);
  const all = recordsOf(services, caller).filter((record) => record.id > after && passes(record));
  return {
    items: all.slice(0, limit).map(entryWriter(services, caller)),
    hasMore: all.length > limit,
  };
};

export const findRequests: ControlOperation<'findRequests'> = (services, caller, { body }) =>
  find(services, caller, body).map(entryWriter(services, caller));

export const countRequests: ControlOperation<'countRequests'> = (services, caller, { body }) => ({
  count: find(services, caller, body).length,
});

const defaultMisses = 3;

/** The requests that differ in the fewest parts; the oldest first among equals. */
export const findNearMisses: ControlOperation<'findNearMisses'> = (
  services,
  caller,
  { query, body: matcher },
) => {
  refuseUnknownOperation(matcher.operation, 'body/operation');
  const write = entryWriter(services, caller);
  const compared = recordsOf(services, caller).map((record) => ({
    record,
    differences: differencesOf(matcher, toMatched(record)),
  }));
  const misses = compared
    .filter(({ differences }) => differences.length > 0)
    .sort((a, b) => a.differences.length - b.differences.length)
    .slice(0, query.limit ?? defaultMisses)
    .map(({ record, differences }) => ({ request: write(record), differences }));
  return {
    matching: compared.filter(({ differences }) => differences.length === 0).length,
    nearMisses: misses,
  };
};

function find(services: Services, caller: Caller, matcher: RequestMatcher): JournalRecord[] {
  refuseUnknownOperation(matcher.operation, 'body/operation');
  return recordsOf(services, caller).filter(
    (record) => differencesOf(matcher, toMatched(record)).length === 0,
  );
}

/** Does not count requests that are still under way. */
export const waitForRequests: ControlOperation<'waitForRequests'> = async (
  services,
  caller,
  { query },
) => {
  const { count = 1, timeout = '30s' } = query;
  const { journal } = services;
  const passes = toPredicate(query);
  let soFar = recordsOf(services, caller).filter(
    (record) => record.duration !== undefined && passes(record),
  ).length;
  await waitFor(services, {
    workspace: caller.workspace,
    // Each request is matched once, when it is answered.
    subscribe: (listener) =>
      journal?.subscribe(caller.workspace, (record) => {
        if (record === undefined) soFar = 0;
        else if (passes(record)) soFar += 1;
        listener();
      }) ?? (() => undefined),
    isThere: () => soFar >= count,
    timeout: parseDuration(timeout) ?? 0,
    signal: caller.signal,
  });
  if (soFar >= count) return { count: soFar };
  const fault = `After ${timeout} there were ${String(soFar)} of ${String(count)} requests.`;
  throw new ApiError('wait_timeout', fault);
};

const recordsOf = ({ journal }: Services, { workspace }: Caller): readonly JournalRecord[] =>
  journal?.list(workspace) ?? [];

function toPredicate(filter: Filter): (record: JournalRecord) => boolean {
  const { operation, path, status, since, fault, valid } = filter;
  refuseUnknownOperation(operation, 'query/operation');
  const from = since === undefined ? undefined : parseMoment(since);
  return (record) =>
    (operation ?? record.operation) === record.operation &&
    (path === undefined || matchesGlob(path, pathOf(record))) &&
    (status ?? record.status) === record.status &&
    (from ?? 0) <= record.time &&
    (fault === undefined || [record.fault?.rule, record.fault?.source].includes(fault)) &&
    (valid ?? record.valid) === record.valid;
}

const pathOf = ({ url }: JournalRecord): string => url.split('?', 1)[0] ?? '';

const toMatched = (record: JournalRecord): MatchedRequest => ({
  operation: record.operation,
  path: pathOf(record),
  status: record.status,
  headers: record.headers,
  body: () => bodyOf(record),
});

/** The body was parsed before, so parsing it cannot fail. */
const bodyOf = ({ body }: JournalRecord): unknown =>
  body === undefined
    ? undefined
    : parse(body, { protoAction: 'remove', constructorAction: 'remove' });

/** The answer's body: parsed if it is JSON, otherwise as text. */
const responseBodyOf = ({ responseBody = '' }: JournalRecord): unknown =>
  responseBody === '' ? undefined : jsonOrText(responseBody);

const entryWriter = (services: Services, caller: Caller) => (record: JournalRecord) =>
  toEntry(record, () => recordsOf(services, caller));

/** @param others all records of the workspace. */
function toEntry(
  record: JournalRecord,
  others: () => readonly JournalRecord[],
): Schemas['JournalEntry'] {
  const { id, requestId, time, method, url, headers, valid, forwarded } = record;
  const { operation = null, status = null, duration = null, error = null, fault = null } = record;
  const count = Number(headers['x-stainless-retry-count'] ?? 0);
  const attempt = Number.isSafeInteger(count) ? count : 0;
  const [body, responseBody] = [bodyOf(record), responseBodyOf(record)];
  const query = parseQuery(url.slice(pathOf(record).length + 1));
  return {
    id,
    requestId,
    time,
    operation,
    method,
    path: pathOf(record),
    query: redactHeaders(query),
    headers: redactHeaders(headers),
    ...(body !== undefined && { body: redactBody(body) }),
    attempt,
    status,
    ...(responseBody !== undefined && { responseBody: redactBody(responseBody) }),
    duration,
    error,
    valid,
    fault,
    forwarded,
    warnings: [
      ...warningsOf(record, query, body),
      ...repeatedCallWarnings(record, attempt, others),
      ...record.findWarnings(),
    ],
  };
}
