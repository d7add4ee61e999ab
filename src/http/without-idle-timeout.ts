import type { FastifyReply } from 'fastify';

/** Does work that takes long on purpose. The connection is not closed for being idle until it is done. */
export async function withoutIdleTimeout<Result>(
  { raw }: FastifyReply,
  work: () => Result | Promise<Result>,
): Promise<Result> {
  // Node closes an idle connection only if there is no listener. Sending starts the idle time again.
  const stay = (): void => undefined;
  raw.on('timeout', stay);
  try {
    return await work();
  } finally {
    raw.off('timeout', stay);
  }
}
