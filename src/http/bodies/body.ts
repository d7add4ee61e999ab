import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiError } from '../../errors.js';
import { maxFixtureLevels, maxLevels } from '../../json/checks.js';
import type { Clock } from '../../workspace/clock.js';
import { registerFormParser } from './forms.js';
import { parseLargeJson, parseSafely, refuseUnusable, type JsonLimits } from './large-json.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Why the body cannot be used; undefined if it can. */
    bodyProblem: ApiError | undefined;
  }
}

/** Fixtures may hold as much as a hundred bodies, each some levels deeper. */
const limitsOf = ({ operation }: FastifyRequest): JsonLimits =>
  operation === 'loadFixtures'
    ? { levels: maxFixtureLevels, containers: 1_000_000 }
    : { levels: maxLevels, containers: 200_000 };

/** Bodies of at least this many bytes are parsed with pauses, in which other requests are answered. */
const largeSize = 1024 * 1024;

/**
 * Accepts JSON bodies, and forms where the operation takes a form. An empty body counts as none. A body that cannot be used is refused later, by
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
    if (isForm(request) && body.length > 0) {
      refuse(new ApiError('unsupported_form', 'The Content-Type is application/json.'));
      return;
    }
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
  registerFormParser(app);
  // The body is not read here: Node discards the rest of it when the answer has been sent.
  app.addContentTypeParser('*', (request, _body, done) => {
    const type = request.headers['content-type'] ?? 'absent';
    const code = isForm(request) ? 'unsupported_form' : 'unsupported_media_type';
    request.bodyProblem = new ApiError(code, `The Content-Type is ${type}.`);
    done(null, undefined);
  });
}

/** True if the operation takes a form. */
const isForm = ({ routeOptions }: FastifyRequest): boolean =>
  routeOptions.config.form !== undefined;

/** @throws ApiError 400, 413 or 415 if the body cannot be used. */
export function bodyOf({ body, bodyProblem }: FastifyRequest): unknown {
  if (bodyProblem !== undefined) throw bodyProblem;
  return body;
}

/** @throws ApiError 400, 413 or 415 */
function parseBody(body: Buffer, request: FastifyRequest): unknown {
  if (body.length === 0) return undefined;
  refuseUnreadable(body, request);
  const limits = limitsOf(request);
  const text = body.toString();
  const value = parseSmall(text);
  refuseUnusable(value, limits.levels);
  const { record, keepBody } = request;
  if (record) keepBody?.(record, text);
  return value;
}

/** The same with pauses. The journal leaves out large bodies. @throws ApiError 400, 413 or 415 */
function parseLarge(
  body: Buffer,
  request: FastifyRequest,
  turn: () => Promise<void>,
): Promise<unknown> {
  refuseUnreadable(body, request);
  return parseLargeJson(body, limitsOf(request), turn);
}

/** @throws ApiError 400 or 415 */
function refuseUnreadable(body: Buffer, { headers }: FastifyRequest): void {
  const coding = headers['content-encoding'] ?? 'identity';
  if (!/^\s*identity\s*$/i.test(coding)) {
    throw new ApiError('unsupported_media_type', `The Content-Encoding is ${coding}.`);
  }
  if (!isUtf8(body)) throw new ApiError('invalid_request', 'body is not valid UTF-8');
}

function parseSmall(text: string): unknown {
  try {
    return parseSafely(text);
  } catch (error) {
    throw new ApiError('invalid_request', `body is not valid JSON: ${(error as Error).message}`);
  }
}
