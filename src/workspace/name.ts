import { createHash } from 'node:crypto';

/** A workspace is named after a hash of its key, so that neither log nor database holds a key. */
export const workspaceNameOf = (apiKey: string): string => nameOfDigest(digestOf(apiKey));

export const nameOfDigest = (digest: Buffer): string => digest.toString('hex', 0, 16);

export const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();
