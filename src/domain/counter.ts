import { ApiError } from '../errors.js';

/**
 * The most that ordinals, versions and counts of hits come to: far more than can be used, and far below
 * 2^53, from where on not every whole number is one of its own.
 */
export const mostCounted = 1_000_000_000_000;

/** @throws ApiError if a counter that fixtures raised has nothing left to give. */
export function refuseUsedUp(next: number, of: string): void {
  if (next < mostCounted) return;
  throw new ApiError('conflict', `No ${of} is left: fixtures raised it to ${String(next)}.`);
}
