import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { parse } from 'secure-json-parse';
import { ApiError } from '../errors.js';

/** Takes JSON bodies and no others. An empty one is no body. */
export function registerBodyParser(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    try {
      done(null, parseBody(body as Buffer, request));
    } catch (error) {
      done(error as Error);
    }
  });
}

function parseBody(body: Buffer, { record, keepBody }: FastifyRequest): unknown {
  if (body.length === 0) return undefined;
  if (!isUtf8(body)) throw new ApiError('invalid_request', 'body is not valid UTF-8');
  try {
    // `__proto__` is an unknown property like any other: ignored.
    const text = body.toString();
    const value: unknown = parse(text, { protoAction: 'remove', constructorAction: 'remove' });
    if (record) keepBody?.(record, text);
    return value;
  } catch (error) {
    throw new ApiError('invalid_request', `body is not valid JSON: ${(error as Error).message}`);
  }
}
