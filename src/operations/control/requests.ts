import type { components } from '../../contract/control.gen.js';
import { ApiError } from '../../errors.js';
import { refuseUnknownOperation } from '../../simulation/fault-check.js';
import { matchesGlob } from '../../domain/glob.js';
import {
  mismatches,
  type MatchedRequest,
  type RequestMatcher,
} from '../../domain/request-matcher.js';
import { parseMoment } from '../../workspace/clock.js';
import type { JournalRecord } from '../../workspace/journal-record.js';
import { parseDuration } from '../../workspace/settings.js';
import type { Caller, Services } from '../operation.js';
import type { ControlOperation } from './control-operation.js';
import { waitFor } from './waiting.js';
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
  return { items: all.slice(0, limit).map(toEntry), hasMore: all.length > limit };
};

export const findRequests: ControlOperation<'findRequests'> = (services, caller, { body }) =>
  find(services, caller, body).map(toEntry);

export const countRequests: ControlOperation<'countRequests'> = (services, caller, { body }) => ({
  count: find(services, caller, body).length,
});

function find(services: Services, caller: Caller, matcher: RequestMatcher): JournalRecord[] {
  refuseUnknownOperation(matcher.operation, 'body/operation');
  return recordsOf(services, caller).filter(
    (record) => mismatches(matcher, toMatched(record)).length === 0,
  );
}

/** Requests that are still under way are not counted. */
export const waitForRequests: ControlOperation<'waitForRequests'> = async (
  services,
  caller,
  { query },
) => {
  const { count = 1, timeout = '30s' } = query;
  const { journal } = services;
  const passes = toPredicate(query);
  const soFar = (): number =>
    recordsOf(services, caller).filter((record) => record.duration !== undefined && passes(record))
      .length;
  await waitFor(services, {
    subscribe: (listener) => journal?.subscribe(caller.workspace, listener) ?? (() => undefined),
    isThere: () => soFar() >= count,
    timeout: parseDuration(timeout) ?? 0,
    signal: caller.signal,
  });
  if (soFar() >= count) return { count: soFar() };
  const fault = `After ${timeout} there were ${String(soFar())} of ${String(count)} requests.`;
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

const toMatched = (record: JournalRecord): MatchedRequest => ({ ...record, path: pathOf(record) });

/** In what a request differs from what was asked for; the library tells it. */
export const differencesOf = (matcher: RequestMatcher, entry: Schemas['JournalEntry']): string[] =>
  mismatches(matcher, {
    operation: entry.operation ?? undefined,
    path: entry.path,
    body: entry.body,
    status: entry.status ?? undefined,
    headers: entry.headers as MatchedRequest['headers'],
  });

const secretHeaders = ['authorization', 'cookie', 'proxy-authorization', 'x-emulator-api-key'];
const secretQuery = /key|token|secret|password|auth/i;
const redacted = '[redacted]';

function toEntry(record: JournalRecord): Schemas['JournalEntry'] {
  const { id, time, method, headers, query = {}, body, valid, forwarded } = record;
  const { operation = null, status = null, duration = null, error = null, fault = null } = record;
  const attempt = Number(headers['x-stainless-retry-count'] ?? 0);
  return {
    id,
    time,
    operation,
    method,
    path: pathOf(record),
    query: redact(query as object, (name) => secretQuery.test(name)),
    headers: redact(headers, (name) => secretHeaders.includes(name)),
    ...(body !== undefined && { body }),
    attempt: Number.isSafeInteger(attempt) ? attempt : 0,
    status,
    duration,
    error,
    valid,
    fault,
    forwarded,
    warnings: [...warningsOf(record), ...record.findWarnings()],
  };
}

const redact = (values: object, isSecret: (name: string) => boolean): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, isSecret(name) ? redacted : value]),
  );
