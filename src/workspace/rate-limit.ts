import ms from 'ms';

/** How many requests are let through in how much time. */
export interface RateLimit {
  readonly requests: number;
  /** Milliseconds. */
  readonly window: number;
}

/** What is in the bucket, as of a moment. */
export interface Bucket {
  readonly tokens: number;
  readonly filledAt: number;
}

export interface RateDecision {
  readonly bucket: Bucket;
  readonly isLetThrough: boolean;
  /** Whole requests that would still be let through now. */
  readonly remaining: number;
  /** Milliseconds until one more is let through; 0 if one is now. */
  readonly retryAfter: number;
}

/**
 * A token bucket that holds `requests` and is refilled evenly, in `window` from empty to full.
 * Ours, because the libraries that do it read the machine's clock, and this goes by a workspace's.
 * @param bucket as it was left; undefined if it is full.
 */
export function takeToken(
  { requests, window }: RateLimit,
  bucket: Bucket | undefined,
  now: number,
): RateDecision {
  const { tokens, filledAt } = bucket ?? { tokens: requests, filledAt: now };
  const perToken = window / requests;
  const filled = Math.min(requests, tokens + Math.max(now - filledAt, 0) / perToken);
  // A token that is there but for a rounding error is there.
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
