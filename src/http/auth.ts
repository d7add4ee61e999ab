import { timingSafeEqual } from 'node:crypto';
import { boundedCache, cached } from '../bounded-cache.js';
import { ApiError, type ErrorCode } from '../errors.js';
import { digestOf, nameOfDigest } from '../workspace/name.js';

/** The client of a request, by its API key. */
export interface Identity {
  readonly workspace: string;
  /** False if only other keys are accepted. */
  readonly isAccepted: boolean;
  /** The error that answers every request, for keys that ask for one. */
  readonly refusal: ErrorCode | undefined;
}

/** Reads an `Authorization` header. Returns undefined if it has no key. */
export type Identify = (authorization: string | undefined) => Identity | undefined;

/** Keys with these prefixes get this error from every operation, for clients that cannot set a header. */
const magicKeys: readonly (readonly [string, ErrorCode])[] = [
  ['key_unauthorized', 'unauthorized'],
  ['key_payment_required', 'payment_required'],
  ['key_rate_limited', 'rate_limited'],
  ['key_server_error', 'internal'],
];

/**
 * @param acceptedKeys the only keys that are accepted; if empty, every key is.
 * @param onKey called with each accepted key and the name of its workspace.
 */
export function createIdentify(
  acceptedKeys: readonly string[],
  onKey: (apiKey: string, workspace: string) => void = () => undefined,
): Identify {
  const accepted = acceptedKeys.map(digestOf);
  // hot path: a client sends the same header with every request. An entry never becomes stale, because
  // the accepted keys do not change after the start.
  const known = boundedCache<string, Identity | 'none'>();
  const identify = (authorization: string): Identity | undefined => {
    const key = /^bearer +(\S+) *$/i.exec(authorization)?.[1];
    if (key === undefined) return undefined;
    const presented = digestOf(key);
    // Compares all of them, even after a match, so that the time taken reveals nothing about the keys.
    const matches = accepted.filter((candidate) => timingSafeEqual(candidate, presented));
    const workspace = nameOfDigest(presented);
    const isAccepted = accepted.length === 0 || matches.length > 0;
    if (isAccepted) onKey(key, workspace);
    return {
      workspace,
      isAccepted,
      refusal: magicKeys.find(([prefix]) => key.startsWith(prefix))?.[1],
    };
  };
  return (authorization = '') => {
    const identity = cached(known, authorization, () => identify(authorization) ?? 'none');
    return identity === 'none' ? undefined : identity;
  };
}

/** The workspace of an accepted client. @throws ApiError 401 */
export function workspaceOf(identity: Identity | undefined): string {
  if (identity?.isAccepted !== true) throw new ApiError('unauthorized');
  return identity.workspace;
}
