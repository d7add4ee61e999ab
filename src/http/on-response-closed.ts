import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { FaultCause } from '../domain/requests/fault.js';
import type { ApiError } from '../errors.js';
import { stopwatch } from '../workspace/clock.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** Each listener is called for each request when its answer was sent or its connection broke. */
    readonly onResponseClosed: ResponseClosedListener[];
  }
  interface FastifyRequest {
    /** The fault that was applied to the request. */
    fault: FaultCause | undefined;
    /** The error that the request got from the emulator. */
    refusal: ApiError | undefined;
  }
}

/** @param duration milliseconds since the request arrived. */
type ResponseClosedListener = (
  request: FastifyRequest,
  reply: FastifyReply,
  duration: number,
) => void;

export function registerResponseClosed(app: FastifyInstance): void {
  app.decorateRequest('fault', undefined);
  app.decorateRequest('refusal', undefined);
  const listeners: ResponseClosedListener[] = [];
  app.decorate('onResponseClosed', listeners);
  app.addHook('onRequest', (request, reply, done) => {
    // Fastify's own measurement would add two more listeners.
    const start = stopwatch();
    // Not 'finish', which does not come if the connection breaks.
    reply.raw.on('close', () => {
      const duration = millisecondsSince(start);
      for (const listener of listeners) listener(request, reply, duration);
    });
    done();
  });
}

/** The status of an answer; undefined if nothing of it was sent. */
export const statusOf = ({ raw }: FastifyReply): number | undefined =>
  raw.headersSent ? raw.statusCode : undefined;

/** With three decimal places. */
export const millisecondsSince = (start: number): number =>
  Math.round((stopwatch() - start) * 1000) / 1000;

/** Records the fault that is applied to a request. */
export function noteFault(request: FastifyRequest, cause: FaultCause): void {
  request.fault = cause;
  if (request.record) request.record.fault = cause;
}
