import { LogController, type FastifyReply, type FastifyRequest } from 'fastify';
import { statusOf } from './ends.js';

/** Leaves out what Fastify would say of each request: `logRequest` says it all, at the end. */
export class RequestLog extends LogController {
  override incomingRequest(): void {
    // Nothing.
  }

  override requestCompleted(): void {
    // Nothing.
  }
}

/** One line for each request. Without a status if its connection broke before an answer. */
export function logRequest(request: FastifyRequest, reply: FastifyReply, duration: number): void {
  const line = {
    workspace: request.workspace,
    operation: request.operation,
    status: statusOf(reply),
    durationMs: duration,
    fault: request.fault,
    reason: request.refusal,
  };
  // Without the query: a client may have put its key there.
  request.log.info(line, `${request.method} ${pathOf(request)}`);
}

export function pathOf({ url }: FastifyRequest): string {
  const end = url.indexOf('?');
  return end === -1 ? url : url.slice(0, end);
}
