import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { parse } from 'secure-json-parse';
import { ApiError } from '../../errors.js';
import { findUnusable, maxFixtureLevels } from '../../json/checks.js';
import type { Clock } from '../../workspace/clock.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Why the body cannot be used; undefined if it can. */
    bodyProblem: ApiError | undefined;
  }
}

/**
 * The most arrays and objects that a body may have. An empty one has three bytes of JSON and 25 times as much
 * in memory, and the garbage collector would need seconds for more.
 */
const maxContainers = 1_000_000;

/** Bodies of at least this many bytes are parsed with pauses, in which other requests are answered. */
const largeSize = 1024 * 1024;

/**
 * Accepts JSON bodies only. An empty body counts as none. A body that cannot be used is refused later, by
 * `bodyOf`. Fastify would refuse it before all other checks and close the connection.
 */
export function registerBodyParser(app: FastifyInstance, clock: Clock): void {
  app.decorateRequest('bodyProblem', undefined);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const refuse = (error: unknown): void => {
      if (!(error instanceof ApiError)) throw error;
      request.bodyProblem = error;
      done(null, undefined);
    };
    if (body.length >= largeSize) {
      parseLarge(body as Buffer, request, () => clock.turn())
        .then((value) => {
          done(null, value);
        }, refuse)
        .catch(done);
      return;
    }
    try {
      done(null, parseBody(body as Buffer, request));
    } catch (error) {
      refuse(error);
    }
  });
  // The body is not read here: Node discards the rest of it when the answer has been sent.
  app.addContentTypeParser('*', (request, _body, done) => {
    const type = request.headers['content-type'] ?? 'absent';
    request.bodyProblem = new ApiError('unsupported_media_type', `The Content-Type is ${type}.`);
    done(null, undefined);
  });
}

/** @throws ApiError 400, 413 or 415 if the body cannot be used. */
export function bodyOf({ body, bodyProblem }: FastifyRequest): unknown {
  if (bodyProblem !== undefined) throw bodyProblem;
  return body;
}

/** @throws ApiError 400, 413 or 415 */
function parseBody(body: Buffer, request: FastifyRequest): unknown {
  if (body.length === 0) return undefined;
  refuseUnreadable(body, request);
  const text = body.toString();
  return accepted(parseJson(text), text, request);
}

/** The same with pauses. @throws ApiError 400, 413 or 415 */
async function parseLarge(
  body: Buffer,
  request: FastifyRequest,
  turn: () => Promise<void>,
): Promise<unknown> {
  refuseUnreadable(body, request);
  await turn();
  const text = body.toString();
  const value = parseJson(text);
  await turn();
  return accepted(value, text, request);
}

/** @throws ApiError 400, 413 or 415 */
function refuseUnreadable(body: Buffer, { headers }: FastifyRequest): void {
  const coding = headers['content-encoding'] ?? 'identity';
  if (!/^\s*identity\s*$/i.test(coding)) {
    throw new ApiError('unsupported_media_type', `The Content-Encoding is ${coding}.`);
  }
  if (!isUtf8(body)) throw new ApiError('invalid_request', 'body is not valid UTF-8');
  if (countContainers(body) > maxContainers) {
    const limit = `The limit is ${String(maxContainers)} arrays and objects.`;
    throw new ApiError('payload_too_large', limit);
  }
}

/** Returns the value if it can be stored completely. @throws ApiError 400 */
function accepted(value: unknown, text: string, request: FastifyRequest): unknown {
  const { record, keepBody, operation } = request;
  const levels = operation === 'loadFixtures' ? maxFixtureLevels : undefined;
  const problem = findUnusable('body', value, levels);
  if (problem !== undefined) throw new ApiError('invalid_request', problem);
  if (record) keepBody?.(record, text);
  return value;
}

const [quote, backslash, bracket, brace] = Buffer.from('"\\[{');

/** Counts arrays and objects without parsing. Returns 0 if the JSON is too short to exceed the limit. */
function countContainers(json: Buffer): number {
  if (json.length <= 2 * maxContainers) return 0;
  let count = 0;
  let isText = false;
  for (let index = 0; index < json.length; index += 1) {
    const byte = json[index];
    if (byte === quote) isText = !isText;
    else if (isText && byte === backslash) index += 1;
    else if (!isText && (byte === bracket || byte === brace)) count += 1;
  }
  return count;
}

function parseJson(text: string): unknown {
  try {
    // A property `__proto__` is ignored, as any unknown property is.
    return parse(text, { protoAction: 'remove', constructorAction: 'remove' });
  } catch (error) {
    throw new ApiError('invalid_request', `body is not valid JSON: ${(error as Error).message}`);
  }
}
