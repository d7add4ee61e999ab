import type { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { newSeed } from '../../random.js';

/** The ids that clients may use: visible ASCII that is safe in logs and headers. */
const safeId = /^[\w.:+/=@-]{1,128}$/;

/** Differs between processes, so that ids in collected logs do not repeat. */
let processName: string | undefined;
let count = 0;

/** The id in the request's `X-Request-Id`, or a new one. */
export function requestIdOf({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id'];
  if (typeof given === 'string' && safeId.test(given)) return given;
  processName ??= newSeed();
  count += 1;
  return `req_${processName}_${count.toString(36)}`;
}

/** Sends the id of the request with its answer. */
export const sendRequestId = ({ id }: FastifyRequest, reply: FastifyReply): FastifyReply =>
  reply.header('x-request-id', id);
