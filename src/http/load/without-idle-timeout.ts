import type { FastifyReply } from 'fastify';

/** Does work that takes long on purpose. Until it is done, the connection is not closed for being idle. */
export async function withoutIdleTimeout<Result>(
  { raw }: FastifyReply,
  work: () => Result | Promise<Result>,
): Promise<Result> {
  // Node closes an idle connection only if there is no listener. Each write restarts the idle time.
  const stay = (): void => undefined;
  raw.on('timeout', stay);
  try {
    return await work();
  } finally {
    raw.off('timeout', stay);
  }
}
