/** How often a delivery is tried again, and after what pauses. */
export interface RetryPolicy {
  /** How often it is tried again. Documented: up to 3 times. */
  readonly retries: number;
  /** Milliseconds of the workspace's clock after the first attempt. Each later pause is twice as long. */
  readonly firstPause: number;
}

/** What a delivery has come to. */
export type DeliveryProgress =
  | { readonly state: 'waiting'; readonly attempts: number; readonly dueAt: number }
  | { readonly state: 'delivered' | 'failed'; readonly attempts: number };

/** Documented: any 2xx is a success, and nothing else is. */
export const isAccepted = (status: number | undefined): boolean =>
  status !== undefined && status >= 200 && status < 300;

/** A delivery before its first attempt. */
export const newDelivery = (dueAt: number): DeliveryProgress => ({
  state: 'waiting',
  attempts: 0,
  dueAt,
});

/** Milliseconds of the workspace's clock to wait after so many attempts. */
export const pauseAfter = (made: number, { firstPause }: RetryPolicy): number =>
  firstPause * 2 ** (made - 1);

/**
 * What a delivery has come to after one more attempt.
 * @param attempts that were made before this one.
 * @param status that it was answered with; undefined if there was no answer in time.
 * @param time when the attempt was over, by the workspace's clock.
 */
export function afterAttempt(
  attempts: number,
  status: number | undefined,
  time: number,
  policy: RetryPolicy,
): DeliveryProgress {
  const made = attempts + 1;
  if (isAccepted(status)) return { state: 'delivered', attempts: made };
  if (made > policy.retries) return { state: 'failed', attempts: made };
  return { state: 'waiting', attempts: made, dueAt: time + pauseAfter(made, policy) };
}
