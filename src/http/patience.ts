import type { FastifyReply } from 'fastify';

/** Does what may take long on purpose. Till it is done the connection is not let go for being idle. */
export async function patiently<Result>(
  { raw }: FastifyReply,
  work: () => Result | Promise<Result>,
): Promise<Result> {
  // Node lets an idle connection go only if nobody listens. What is sent afterwards starts its time anew.
  const stay = (): void => undefined;
  raw.on('timeout', stay);
  try {
    return await work();
  } finally {
    raw.off('timeout', stay);
  }
}
