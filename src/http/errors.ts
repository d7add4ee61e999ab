import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  findVendorOperation,
  isNewer,
  newestRelease,
  isUnderVendorPath,
  nearestOperation,
} from '../contract/vendor-path.js';
import { ApiError, type ErrorBody } from '../errors.js';
import { storageFailure, wasClosed } from '../store/database/failures.js';
import { stopwatch } from '../workspace/clock.js';
import { announcedSize } from './bodies/body-budget.js';
import { millisecondsSince } from './on-response-closed.js';
import { noteRefusal } from './vendor/journal.js';
import { sendRequestId } from './logging/request-id.js';
import { logRequest, pathOf } from './logging/request-log.js';
import { isEmulatorPath, type AllowedMethods } from './routes.js';

/** The errors of Fastify that clients cause, as ours. Every other error is a bug of the emulator. */
const refusals: Record<string, (error: FastifyError, request: FastifyRequest) => ApiError> = {
  FST_ERR_BAD_URL: () => new ApiError('invalid_request', 'The path is not a valid URL component.'),
  FST_ERR_CTP_BODY_TOO_LARGE: (_error, { routeOptions }) =>
    new ApiError('payload_too_large', `The limit is ${String(routeOptions.bodyLimit)} bytes.`),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () =>
    new ApiError('invalid_request', 'The body is not as long as its Content-Length says.'),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: (_error, { headers }) =>
    new ApiError(
      'unsupported_media_type',
      `The Content-Type is ${headers['content-type'] ?? 'absent'}.`,
    ),
  FST_ERR_MAX_PARAM_LENGTH: () => new ApiError('not_found'),
};

/** Problems of the machine, and of a time at which the emulator closes. */
const expected = new Set(['storage', 'unavailable']);

/** Sends every error in the contract's shape. A bug is logged, and the client does not see its cause. */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  void reply.send(refuse(error, request, reply));
}

/** Prepares the reply for an error and returns its body. */
export function refuse(error: unknown, request: FastifyRequest, reply: FastifyReply): ErrorBody {
  const refusal = toApiError(error, request);
  noteRefusal(request, refusal);
  // A known refusal needs no stack in the log: the line of the request has its reason.
  const isExpected = error instanceof ApiError || expected.has(refusal.code) || hasLeft(request);
  if (refusal.statusCode >= 500 && !isExpected) request.log.error({ err: error }, 'request failed');
  reply.code(refusal.statusCode).headers(refusal.headers);
  return refusal.body;
}

/** Answers a path that the router cannot parse. No hook runs for such a request. */
export function refuseBadUrl(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const start = stopwatch();
  sendRequestId(request, reply);
  sendError(error, request, reply);
  reply.raw.on('close', () => {
    logRequest(request, reply, millisecondsSince(start));
  });
}

/** True if the client closed the connection before its request was complete. */
const hasLeft = ({ raw }: FastifyRequest): boolean => raw.destroyed && !raw.complete;

function toApiError(error: unknown, request: FastifyRequest): ApiError {
  if (error instanceof ApiError) return error;
  if (hasLeft(request)) return new ApiError('client_left');
  // A problem of the machine, such as a full disk, which the user can solve.
  const failure = storageFailure(error);
  if (failure !== undefined) return new ApiError('storage', `${failure}.`);
  if (wasClosed(error)) return new ApiError('unavailable');
  const { code = '' } = error as Partial<FastifyError>;
  return refusals[code]?.(error as FastifyError, request) ?? new ApiError('internal');
}

/** Answers requests that no route takes: 405 if the path is known, otherwise 404 or 501. */
export function registerNotFound(
  app: FastifyInstance,
  methodsOf: AllowedMethods,
  hasControl: boolean,
): void {
  const refuseUnknown = (request: FastifyRequest, reply: FastifyReply): never => {
    const path = pathOf(request);
    const methods = methodsOf(path);
    if (!isEmulatorPath(path)) refuseNotEmulated(request.method, path);
    if (methods.length === 0) {
      const isOff = !hasControl && path.startsWith('/_emulator/');
      const hint = isOff ? 'the control API is off (--control off)' : hintFor(request, path);
      throw new ApiError('not_found', `There is no ${request.method} ${path}; ${hint}.`);
    }
    const allowed = methods.join(', ');
    reply.header('allow', allowed);
    throw new ApiError('method_not_allowed', `${path} takes ${allowed}.`);
  };
  app.setNotFoundHandler(refuseUnknown);
  // Refuses before the body is read, so that the body's own problems do not hide the missing route. JSON of
  // the usual size is read, because the journal records it.
  app.addHook('preParsing', (request, reply, payload, done) => {
    if (request.is404) {
      const isJson = /^application\/json\b/i.test(request.headers['content-type'] ?? '');
      const isLarge = announcedSize(request) >= request.routeOptions.bodyLimit;
      if (!isJson || isLarge) refuseUnknown(request, reply);
    }
    done(null, payload);
  });
}

/** @throws ApiError 501 for an operation that the vendor has, or once had, and the emulator does not have. */
function refuseNotEmulated(method: string, path: string): void {
  const operation = findVendorOperation(method, path);
  if (operation !== undefined) {
    const { key, name, retiredAfter, replacement } = operation;
    const retired =
      retiredAfter === undefined
        ? ''
        : `, which the vendor has retired (last in SDK ${retiredAfter})`;
    const instead = replacement === undefined ? '' : `; ${replacement} replaces it`;
    const what = `It is ${name} (${key})${retired}${instead}; --upstream URL forwards such requests.`;
    throw new ApiError('not_emulated', what);
  }
  if (isUnderVendorPath(path)) {
    const nearest = nearestOperation(method, path);
    const hint = nearest === undefined ? '' : `; the nearest operation is ${nearest}`;
    const what = `${method} ${path} is under a path of the vendor's that is not emulated${hint}; --upstream URL forwards such requests.`;
    throw new ApiError('not_emulated', what);
  }
  if (isNewer(path)) {
    const what = `${method} ${path} is newer than the contract, which is that of retell-sdk ${newestRelease()} and has ${nearestOperation(method, path) ?? 'no similar operation'}; --upstream URL forwards such requests.`;
    throw new ApiError('not_emulated', what);
  }
}

/** What to try instead of a path that the vendor never had. Adds the same as a warning to the journal. */
function hintFor(request: FastifyRequest, path: string): string {
  const nearest = isEmulatorPath(path) ? undefined : nearestOperation(request.method, path);
  if (nearest === undefined) return 'see /docs';
  if (request.record) {
    const warning = `${request.method} ${path} was never an operation of the vendor's; the nearest is ${nearest}`;
    request.record.findWarnings = () => [warning];
  }
  return `did you mean ${nearest}? See /docs`;
}
