import { LogController, type FastifyReply, type FastifyRequest } from 'fastify';
import { ApiError } from '../errors.js';
import { statusOf } from './on-response-closed.js';

/** Leaves out what Fastify would say of each request: `logRequest` says it all, at the end. */
export class RequestLog extends LogController {
  override incomingRequest(): void {
    // Nothing.
  }

  override requestCompleted(): void {
    // Nothing.
  }
}

/** The log names it before a handler hears of it. */
const unfinished = new ApiError('client_left');

/**
 * One line for each request, without a status if its connection broke before an answer. The level
 * says who should look: `error` for what the emulator could not do, `warn` for what it does not
 * emulate, `info` for all else, refusals and clients that left included.
 */
export function logRequest(request: FastifyRequest, reply: FastifyReply, duration: number): void {
  const line = {
    workspace: request.workspace,
    operation: request.operation,
    status: statusOf(reply),
    durationMs: duration,
    fault: request.fault,
    reason: (request.refusal ?? (request.raw.complete ? undefined : unfinished))?.message,
  };
  // Without the query: a client may have put its key there.
  request.log[levelOf(request)](line, `${request.method} ${pathOf(request)}`);
}

function levelOf({ refusal }: FastifyRequest): 'info' | 'warn' | 'error' {
  if (refusal === undefined || refusal.statusCode < 500) return 'info';
  return refusal.code === 'not_emulated' ? 'warn' : 'error';
}

export function pathOf({ url }: FastifyRequest): string {
  const end = url.indexOf('?');
  return end === -1 ? url : url.slice(0, end);
}
