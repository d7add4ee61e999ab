import { createHmac } from 'node:crypto';

/** The header that carries a signature, as the vendor spells it. */
export const signatureHeader = 'x-retell-signature';

/**
 * Signs a body as the vendor does. Documented, and read in the SDK's `sign` and `verify`: the header is
 * `v=<time>,d=<digest>`, where the digest is HMAC-SHA256, in lower-case hex, over the body with the time
 * behind it.
 * @param time milliseconds since the epoch. Receivers refuse one that is 5 minutes from theirs.
 */
export function sign(body: string, key: string, time: number): string {
  const stamp = String(time);
  const digest = createHmac('sha256', key).update(body).update(stamp).digest('hex');
  return `v=${stamp},d=${digest}`;
}
