import { timingSafeEqual } from 'node:crypto';
import { ApiError } from '../errors.js';
import { digestOf, nameOfDigest } from '../workspace/name.js';

/** Finds the workspace behind an `Authorization` header. @throws ApiError 401 */
export type Authenticate = (authorization: string | undefined) => string;

/**
 * @param acceptedKeys the only keys that are let in; with none, every key is.
 */
export function authenticator(acceptedKeys: readonly string[]): Authenticate {
  const accepted = acceptedKeys.map(digestOf);
  return (authorization = '') => {
    const key = /^bearer +(\S+) *$/i.exec(authorization)?.[1];
    if (key === undefined) throw new ApiError('unauthorized');
    const presented = digestOf(key);
    // All are compared, equal or not, so that the time taken tells nothing about them.
    const matches = accepted.filter((candidate) => timingSafeEqual(candidate, presented));
    if (accepted.length > 0 && matches.length === 0) throw new ApiError('unauthorized');
    return nameOfDigest(presented);
  };
}
