import { ApiError } from '../errors.js';
import type { Workspace } from '../simulation/workspaces/workspace.js';
import { takeToken, type RateLimit } from '../workspace/limits/rate-limit.js';
import { countInWindow } from '../workspace/limits/vendor-limiters.js';
import type { Services } from './operation.js';

/** Headers that say how many requests are left; by their common names. */
export type RateHeaders = Readonly<Record<string, string>>;

/**
 * Counts a request against the workspace's limit.
 * @throws ApiError 429
 */
export function countRequest(
  services: Services,
  workspace: Workspace,
  limit: RateLimit | 'vendor',
  operation: string,
): RateHeaders {
  return limit === 'vendor'
    ? countAsVendor(services, workspace, operation)
    : countByBucket(services, workspace, limit);
}

/** @throws ApiError 429, with the time after which to try again. */
function countByBucket(
  { store }: Services,
  { id, now, bucket }: Workspace,
  limit: RateLimit,
): RateHeaders {
  const decision = takeToken(limit, bucket, now);
  store.together(({ workspaces }) => {
    workspaces.setBucket(id, decision.bucket);
  });
  const headers = headersOf(limit, decision.remaining, decision.retryAfter);
  if (decision.isLetThrough) return headers;
  throw new ApiError('rate_limited', undefined, {
    ...headers,
    'retry-after': headers['ratelimit-reset'],
    'retry-after-ms': String(decision.retryAfter),
  });
}

/** @throws ApiError 429. Documented: it has these headers, and no `Retry-After`. */
function countAsVendor(
  { store }: Services,
  { id, now, rateWindows = {} }: Workspace,
  operation: string,
): RateHeaders {
  const { limiter, windows, remaining, reset } = countInWindow(rateWindows, operation, now);
  const headers = {
    'x-ratelimit-limiter': limiter.name,
    ...headersOf(limiter, remaining, reset),
  };
  if (windows === undefined) throw new ApiError('throttled', undefined, headers);
  store.together(({ workspaces }) => {
    workspaces.setRateWindows(id, windows);
  });
  return headers;
}

const headersOf = ({ requests }: RateLimit, remaining: number, reset: number) => ({
  'ratelimit-limit': String(requests),
  'ratelimit-remaining': String(remaining),
  'ratelimit-reset': String(Math.ceil(reset / 1000)),
});
