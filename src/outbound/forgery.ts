import type { Forgery } from '../domain/webhooks/webhook-event.js';
import { sign } from './signature.js';

/** A body, and the signature that goes with it; none if undefined. */
export interface SignedBody {
  readonly body: string;
  readonly signature: string | undefined;
}

/** Receivers take a time that is up to 5 minutes from theirs. */
const staleBy = 10 * 60_000;

/**
 * Signs a body so that a receiver which checks signatures refuses it.
 * @param time of a right signature.
 */
export function forge(forgery: Forgery, body: string, key: string, time: number): SignedBody {
  const signature = sign(body, key, time);
  switch (forgery) {
    case 'wrong-key':
      return { body, signature: sign(body, `not ${key}`, time) };
    case 'no-signature':
      return { body, signature: undefined };
    case 'stale':
      return { body, signature: sign(body, key, time - staleBy) };
    case 'changed-body':
      return { body: changed(body), signature };
    case 'cut-body':
      return { body: body.slice(0, Math.floor(body.length / 2)), signature };
  }
}

/** The same JSON with another metadata, as somebody would write it who wants to be taken for a customer. */
function changed(body: string): string {
  if (body === '') return '{"metadata":{"changed":true}}';
  const content = JSON.parse(body) as Record<string, unknown>;
  return JSON.stringify(
    Object.fromEntries(
      Object.entries(content).map(([name, value]) => [
        name,
        typeof value === 'object' && value !== null
          ? { ...value, metadata: { changed: true } }
          : value,
      ]),
    ),
  );
}

/** Every kind, in the order in which they are sent. */
export const forgeries: readonly Forgery[] = [
  'wrong-key',
  'no-signature',
  'stale',
  'changed-body',
  'cut-body',
];
