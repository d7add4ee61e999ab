import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { FaultCause } from '../domain/fault.js';
import type { ApiError } from '../errors.js';
import { stopwatch } from '../workspace/clock.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** Called for each request when its answer was sent, or its connection broke. */
    readonly onResponseClosed: ResponseClosedListener[];
  }
  interface FastifyRequest {
    /** The fault that it met. */
    fault: FaultCause | undefined;
    /** Why it was refused. */
    refusal: ApiError | undefined;
  }
}

/** @param duration since the request came, in milliseconds. */
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
    // Fastify would take the time with two listeners more.
    const start = stopwatch();
    // Not 'finish': a connection that breaks has none.
    reply.raw.on('close', () => {
      const duration = millisecondsSince(start);
      for (const listener of listeners) listener(request, reply, duration);
    });
    done();
  });
}

/** The status of an answer; undefined if none of it was sent. */
export const statusOf = ({ raw }: FastifyReply): number | undefined =>
  raw.headersSent ? raw.statusCode : undefined;

/** With three digits. */
export const millisecondsSince = (start: number): number =>
  Math.round((stopwatch() - start) * 1000) / 1000;

/** Notes what fault a request meets. */
export function noteFault(request: FastifyRequest, cause: FaultCause): void {
  request.fault = cause;
  if (request.record) request.record.fault = cause;
}
