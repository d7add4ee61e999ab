import { timingSafeEqual } from 'node:crypto';
import { boundedCache, cached } from '../bounded-cache.js';
import { ApiError, type ErrorCode } from '../errors.js';
import { digestOf, nameOfDigest } from '../workspace/name.js';

/** Who sends a request, by its key. */
export interface Identity {
  readonly workspace: string;
  /** False if only other keys are let in. */
  readonly isAccepted: boolean;
  /** What everything is answered with, for keys that are made for that. */
  readonly refusal: ErrorCode | undefined;
}

/** Reads an `Authorization` header; undefined if there is no key in it. */
export type Identify = (authorization: string | undefined) => Identity | undefined;

/** Keys that begin like this get nothing else, for clients that can't set a header. */
const magicKeys: readonly (readonly [string, ErrorCode])[] = [
  ['key_unauthorized', 'unauthorized'],
  ['key_payment_required', 'payment_required'],
  ['key_rate_limited', 'rate_limited'],
  ['key_server_error', 'internal'],
];

/**
 * @param acceptedKeys the only keys that are let in; with none, every key is.
 */
export function identifier(acceptedKeys: readonly string[]): Identify {
  const accepted = acceptedKeys.map(digestOf);
  // hot path: a client sends the same header with every request. Nothing makes it stale: what is
  // accepted is settled at the start.
  const known = boundedCache<string, Identity | 'none'>();
  const identify = (authorization: string): Identity | undefined => {
    const key = /^bearer +(\S+) *$/i.exec(authorization)?.[1];
    if (key === undefined) return undefined;
    const presented = digestOf(key);
    // All are compared, equal or not, so that the time taken tells nothing about them.
    const matches = accepted.filter((candidate) => timingSafeEqual(candidate, presented));
    return {
      workspace: nameOfDigest(presented),
      isAccepted: accepted.length === 0 || matches.length > 0,
      refusal: magicKeys.find(([prefix]) => key.startsWith(prefix))?.[1],
    };
  };
  return (authorization = '') => {
    const identity = cached(known, authorization, () => identify(authorization) ?? 'none');
    return identity === 'none' ? undefined : identity;
  };
}

/** The workspace of somebody who is let in. @throws ApiError 401 */
export function workspaceOf(identity: Identity | undefined): string {
  if (identity?.isAccepted !== true) throw new ApiError('unauthorized');
  return identity.workspace;
}
