import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { FaultCause } from '../domain/fault.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** Told of each request when its answer is over, whole or broken off. */
    readonly onEnd: EndListener[];
  }
  interface FastifyRequest {
    /** The fault that it met. */
    fault: FaultCause | undefined;
    /** Why it was refused. */
    refusal: string | undefined;
  }
}

type EndListener = (request: FastifyRequest, reply: FastifyReply) => void;

export function registerEnds(app: FastifyInstance): void {
  app.decorateRequest('fault', undefined);
  app.decorateRequest('refusal', undefined);
  const listeners: EndListener[] = [];
  app.decorate('onEnd', listeners);
  app.addHook('onRequest', (request, reply, done) => {
    // Not 'finish': a connection that breaks has none.
    reply.raw.on('close', () => {
      for (const listener of listeners) listener(request, reply);
    });
    done();
  });
  // Fastify takes the time of a request only where there is such a hook.
  app.addHook('onResponse', (_request, _reply, done) => {
    done();
  });
}

/** The status of an answer; undefined if none of it was sent. */
export const statusOf = ({ raw }: FastifyReply): number | undefined =>
  raw.headersSent ? raw.statusCode : undefined;

export const millisecondsOf = ({ elapsedTime }: FastifyReply): number =>
  Math.round(elapsedTime * 1000) / 1000;

/** Notes what fault a request meets. */
export function noteFault(request: FastifyRequest, cause: FaultCause): void {
  request.fault = cause;
  if (request.record) request.record.fault = cause;
}
