import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { parse } from 'secure-json-parse';
import { ApiError } from '../errors.js';

/** Takes JSON bodies and no others. An empty one is no body. */
export function registerBodyParser(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, parseBody(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
}

function parseBody(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  if (!isUtf8(body)) throw new ApiError('invalid_request', 'body is not valid UTF-8');
  try {
    // `__proto__` is an unknown property like any other: ignored.
    return parse(body.toString(), { protoAction: 'remove', constructorAction: 'remove' });
  } catch (error) {
    throw new ApiError('invalid_request', `body is not valid JSON: ${(error as Error).message}`);
  }
}
