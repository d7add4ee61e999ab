import { ApiError } from '../errors.js';
import type { Workspace } from '../simulation/workspace.js';
import { takeToken, type RateLimit } from '../workspace/rate-limit.js';
import type { Services } from './operation.js';

/** Headers that tell a client how far it is from the limit; names as clients know them. */
export type RateHeaders = Readonly<Record<string, string>>;

/**
 * Counts a request against the workspace's limit.
 * @throws ApiError 429, with the time after which to try again.
 */
export function countRequest(
  { store }: Services,
  { id, now, bucket }: Workspace,
  limit: RateLimit,
): RateHeaders {
  const decision = takeToken(limit, bucket, now);
  store.workspaces.setBucket(id, decision.bucket);
  const headers = {
    'ratelimit-limit': String(limit.requests),
    'ratelimit-remaining': String(decision.remaining),
    'ratelimit-reset': String(Math.ceil(decision.retryAfter / 1000)),
  };
  if (decision.isLetThrough) return headers;
  throw new ApiError('rate_limited', undefined, {
    ...headers,
    'retry-after': headers['ratelimit-reset'],
    'retry-after-ms': String(decision.retryAfter),
  });
}
