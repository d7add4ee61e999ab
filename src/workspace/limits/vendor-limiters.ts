import type { RateLimit } from './rate-limit.js';

/** One of the vendor's limits on requests. */
export interface VendorLimiter extends RateLimit {
  /** The value of the header `X-RateLimit-Limiter`. */
  readonly name: string;
}

/** Documented: these four, and `call-error` for the creation of calls, of which nothing more is said. */
const list: VendorLimiter = { name: 'list', requests: 15, window: 10_000 };
const playground: VendorLimiter = { name: 'llm-playground', requests: 8, window: 2000 };
const call: VendorLimiter = { name: 'call', requests: 1000, window: 10_000 };
const general: VendorLimiter = { name: 'general', requests: 100, window: 10_000 };

/** Which limiter counts the requests for an operation. Documented: by the names of paths. */
export function vendorLimiterOf(operation: string): VendorLimiter {
  if (operation === 'createPlaygroundCompletion') return playground;
  if (/^(create(Phone|Web)Call(V\d)?|registerPhoneCall)$/.test(operation)) return call;
  return /^list[A-Z]/.test(operation) || operation === 'getBatchTest' ? list : general;
}

/** Requests that were allowed since a moment. */
export interface RateWindow {
  readonly startedAt: number;
  readonly requests: number;
}

/** By operation. */
export type RateWindows = Readonly<Record<string, RateWindow>>;

export interface WindowDecision {
  readonly limiter: VendorLimiter;
  /** The new windows; undefined if the request was refused, which changes none. */
  readonly windows: RateWindows | undefined;
  /** Requests that are still allowed now. */
  readonly remaining: number;
  /** Milliseconds until the window ends. */
  readonly reset: number;
}

/**
 * Counts a request as the vendor does: each operation on its own, up to its limit in a window of time.
 * Documented: limits and scope. Not documented: the algorithm. Here a window begins with the first request
 * after the last window, and refused requests do not count.
 */
export function countInWindow(
  windows: RateWindows,
  operation: string,
  now: number,
): WindowDecision {
  const open = Object.entries(windows).filter(([id, window]) =>
    isOpen(vendorLimiterOf(id), window, now),
  );
  const limiter = vendorLimiterOf(operation);
  const { startedAt, requests } = open.find(([id]) => id === operation)?.[1] ?? {
    startedAt: now,
    requests: 0,
  };
  const reset = startedAt + limiter.window - now;
  if (requests >= limiter.requests) return { limiter, windows: undefined, remaining: 0, reset };
  const counted = { startedAt, requests: requests + 1 };
  return {
    limiter,
    windows: { ...Object.fromEntries(open), [operation]: counted },
    remaining: limiter.requests - counted.requests,
    reset,
  };
}

/** False if the window has ended, or begins in the future, which fixtures with another clock may cause. */
const isOpen = ({ window }: VendorLimiter, { startedAt }: RateWindow, now: number): boolean =>
  startedAt <= now && now < startedAt + window;
