import type { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { newSeed } from '../random.js';

/** What a client may name its request: visible ASCII that no log or header is broken by. */
const sane = /^[\w.:+/=@-]{1,128}$/;

/** Differs from process to process, so that ids in collected logs do not repeat. */
let processName: string | undefined;
let count = 0;

/** The id of a request: the one in its `X-Request-Id`, or a new one. */
export function requestIdOf({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id'];
  if (typeof given === 'string' && sane.test(given)) return given;
  processName ??= newSeed();
  count += 1;
  return `req_${processName}_${count.toString(36)}`;
}

/** Names the request in its answer. */
export const sendRequestId = ({ id }: FastifyRequest, reply: FastifyReply): FastifyReply =>
  reply.header('x-request-id', id);
