import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiError } from '../../errors.js';

/** Bodies of at least this many bytes count. Smaller ones arrive in one piece. */
const largeSize = 64 * 1024;

/** The most bytes of large bodies that are in work at once, of all connections together. */
const maxBytes = 128 * 1024 * 1024;

/**
 * Limits the total size of the bodies that are in work: each may be within its own limit, and all of them
 * together too much. A body counts with the length that it announces, or with the most that it may have,
 * until its request is answered or its connection ends.
 */
export function registerBodyBudget(app: FastifyInstance, max = maxBytes): void {
  let taken = 0;
  app.addHook('preParsing', (request, { raw: answer }, payload, done) => {
    const size = announcedSize(request);
    if (size >= largeSize) {
      // A single body is always accepted here. Its own limit is checked later.
      if (taken > 0 && taken + size > max && !request.is404) {
        const left = String(Math.max(max - taken, 0));
        const detail = `The bodies of other requests are in work; ${left} bytes are left for bodies at the moment.`;
        done(new ApiError('payload_too_large', detail, { 'retry-after': '1' }));
        return;
      }
      taken += size;
      answer.once('close', () => {
        taken -= size;
      });
    }
    done(null, payload);
  });
}

/** The length that a body announces; the most that it may have if it announces none. */
export function announcedSize({ headers, routeOptions }: FastifyRequest): number {
  const length = headers['content-length'];
  if (length !== undefined) return Number(length);
  return headers['transfer-encoding'] === undefined ? 0 : routeOptions.bodyLimit;
}
