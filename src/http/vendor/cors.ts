import type { FastifyCorsOptions } from '@fastify/cors';
import type { FastifyInstance, FastifyRequest, onRequestHookHandler } from 'fastify';
import { isEmulatorPath } from '../routes.js';

/** Means every origin. */
const anyOrigin = '*';

/** The response headers that scripts may read. The wildcard is for headers that fault rules add. */
const exposedHeaders = [
  ...['X-Request-Id', 'Retry-After', 'Retry-After-Ms', 'X-Should-Retry'],
  ...['RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset', 'X-RateLimit-Limiter'],
  ...['Preference-Applied', 'X-Emulator', 'Allow', 'Deprecation', 'Link', anyOrigin],
].join(', ');

/** How many seconds a browser may cache the answer to a preflight. */
const maxAge = 600;

/** True if a browser asks whether a page of another origin may send a request. */
export const isPreflight = ({ method, headers }: FastifyRequest): boolean =>
  method === 'OPTIONS' &&
  headers.origin !== undefined &&
  headers['access-control-request-method'] !== undefined;

/**
 * Lets web pages of other origins use the vendor's API, and read its errors. They still need an API key. The
 * control API stays closed to them.
 * @param origins such as `http://localhost:5173`; `*` for all.
 */
export function registerCors(app: FastifyInstance, origins: readonly string[]): void {
  const isAllowed = (origin: string): boolean =>
    origins.includes(anyOrigin) || origins.includes(origin.toLowerCase());
  const options: FastifyCorsOptions = {
    delegator: (request, done) => {
      const { origin = '' } = request.headers;
      if (isEmulatorPath(request.url) || !isAllowed(origin)) {
        done(null, { origin: false });
        return;
      }
      done(null, {
        ...{
          origin: origins.includes(anyOrigin) ? anyOrigin : origin,
          maxAge,
          exposedHeaders,
        },
        methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
        // Any other OPTIONS request is refused, as without CORS.
        preflight: isPreflight(request),
      });
    },
  };
  app.register(async () => {
    const { default: cors } = await import('@fastify/cors');
    await new Promise<void>((resolve, reject) => {
      cors(onlyForPages(app), options, (error) => {
        if (error === undefined) resolve();
        else reject(error);
      });
    });
  });
}

/**
 * The same app, except that its hooks run only for requests of web pages. The plugin's hook costs a fifth of
 * a poll, and other clients do not need it.
 */
function onlyForPages(app: FastifyInstance): FastifyInstance {
  const view = Object.create(app) as FastifyInstance;
  const addHook = (name: 'onRequest', hook: onRequestHookHandler): FastifyInstance =>
    app.addHook(name, function (request, reply, done) {
      if (request.headers.origin === undefined) done();
      else hook.call(this, request, reply, done);
    });
  return Object.assign(view, { addHook });
}
