import ms from 'ms';

/** So many requests are allowed in so much time. */
export interface RateLimit {
  readonly requests: number;
  /** Milliseconds. */
  readonly window: number;
}

/** The tokens of a bucket at a moment. */
export interface Bucket {
  readonly tokens: number;
  readonly filledAt: number;
}

export interface RateDecision {
  readonly bucket: Bucket;
  readonly isLetThrough: boolean;
  /** Requests that are still allowed now. */
  readonly remaining: number;
  /** Milliseconds until the next request is allowed; 0 if one is allowed now. */
  readonly retryAfter: number;
}

/**
 * A token bucket of `requests` tokens. It fills evenly, from empty to full in one `window`. No library,
 * because they read the machine's clock, and this uses the workspace's.
 * @param bucket the state after the last request; undefined if it is full.
 */
export function takeToken(
  { requests, window }: RateLimit,
  bucket: Bucket | undefined,
  now: number,
): RateDecision {
  const { tokens, filledAt } = bucket ?? { tokens: requests, filledAt: now };
  const perToken = window / requests;
  const filled = Math.min(requests, tokens + Math.max(now - filledAt, 0) / perToken);
  // Rounding may leave a full token slightly below 1.
  const isLetThrough = filled >= 1 - 1e-9;
  const left = isLetThrough ? Math.max(filled - 1, 0) : filled;
  return {
    bucket: { tokens: left, filledAt: now },
    isLetThrough,
    remaining: Math.floor(left + 1e-9),
    retryAfter: left >= 1 - 1e-9 ? 0 : Math.ceil((1 - left) * perToken - 1e-6),
  };
}

/** Reads `10/1s`, `vendor`, or `off`, which is null. @returns undefined if it is none of them. */
export function parseRateLimit(text: string): RateLimit | 'vendor' | null | undefined {
  if (text === 'off') return null;
  if (text === 'vendor') return text;
  const [, count = '', span = ''] = /^\s*([1-9]\d{0,8})\s*\/\s*([^/\s]+)\s*$/.exec(text) ?? [];
  const window = span === '' ? NaN : ms(span as ms.StringValue);
  if (!(window >= 1 && window <= ms('365d'))) return undefined;
  return { requests: Number(count), window: Math.round(window) };
}
