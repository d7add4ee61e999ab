import { LogController, type FastifyReply, type FastifyRequest } from 'fastify';

/** One line for each request, when it has been answered. */
export class RequestLog extends LogController {
  override incomingRequest(): void {
    // The line at the end says it all.
  }

  override requestCompleted(
    error: Error | null | undefined,
    request: FastifyRequest,
    reply: FastifyReply,
  ): void {
    const line = {
      workspace: request.workspace,
      operation: request.operation,
      status: reply.statusCode,
      durationMs: Math.round(reply.elapsedTime * 1000) / 1000,
    };
    // Without the query: a client may have put its key there.
    const what = `${request.method} ${pathOf(request)}`;
    if (error) request.log.error({ ...line, err: error }, what);
    else request.log.info(line, what);
  }
}

export function pathOf({ url }: FastifyRequest): string {
  const end = url.indexOf('?');
  return end === -1 ? url : url.slice(0, end);
}
