import { ApiError } from '../errors.js';

/**
 * The maximum of ordinals, versions and counts of hits. More than anybody can use, and far below 2^53, from
 * where a double does not hold every whole number.
 */
export const maxCounted = 1_000_000_000_000;

/** @throws ApiError if fixtures have raised a counter to its maximum. */
export function refuseUsedUp(next: number, of: string): void {
  if (next < maxCounted) return;
  throw new ApiError('conflict', `No ${of} is left: fixtures raised it to ${String(next)}.`);
}
