import { LogController, type FastifyReply, type FastifyRequest } from 'fastify';
import { ApiError } from '../../errors.js';
import { statusOf } from '../on-response-closed.js';

/** Turns off Fastify's own log lines for requests. `logRequest` writes one line at the end instead. */
export class RequestLog extends LogController {
  override incomingRequest(): void {
    // Nothing.
  }

  override requestCompleted(): void {
    // Nothing.
  }
}

/** The reason in the log if the client leaves before any handler has run. */
const unfinished = new ApiError('client_left');

/**
 * Writes one line for each request; without a status if the connection broke before an answer. The level is
 * `error` if the emulator failed, `warn` if it does not have what was asked for, and otherwise `info`, which
 * includes refusals and clients that left.
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
  // Without the query, because a client may have put its key there.
  request.log[levelOf(request)](line, `${request.method} ${pathOf(request)}`);
}

function levelOf({ refusal }: FastifyRequest): 'info' | 'warn' | 'error' {
  if (refusal === undefined || refusal.statusCode < 500) return 'info';
  return [501, 505].includes(refusal.statusCode) ? 'warn' : 'error';
}

export function pathOf({ url }: FastifyRequest): string {
  const end = url.indexOf('?');
  return end === -1 ? url : url.slice(0, end);
}
