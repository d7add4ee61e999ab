import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyReplyFromHooks } from '@fastify/reply-from';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../errors.js';
import { workspaceOf } from './auth.js';
import { sendError } from './errors.js';
import { pathOf } from './request-log.js';
import { isEmulatorPath, type AllowedMethods } from './routes.js';

interface Forwarded {
  Params: { '*': string };
}

/**
 * Forwards what no route takes, and is not the emulator's own, to another server that speaks the vendor's
 * API, with the caller's own key. Nothing else of the emulator ever calls outside.
 * @param upstream its URL, as the user gave it.
 * @param methodsOf tells which methods a path of the emulator takes: those paths are never forwarded.
 */
export function registerUpstream(
  app: FastifyInstance,
  upstream: string,
  methodsOf: AllowedMethods,
): void {
  const { origin, pathname } = new URL(upstream);
  const prefix = pathname.replace(/\/$/, '');
  // A plugin of its own, so that removing the body parsers affects only this route.
  void app.register(async (plugin) => {
    const { default: replyFrom } = await import('@fastify/reply-from');
    plugin.removeAllContentTypeParsers();
    plugin.addContentTypeParser('*', (_request, payload, done) => {
      done(null, payload);
    });
    await plugin.register(replyFrom, { base: origin });
    // Where web pages are let in, the preflights of their browsers have a route of their own.
    const isFree = (method: string): boolean =>
      !['*', '/*'].some((url) => plugin.hasRoute({ method: method, url }));
    const method = plugin.supportedMethods.filter(isFree);
    const forward = (request: FastifyRequest<Forwarded>, reply: FastifyReply): FastifyReply => {
      const path = pathOf(request);
      // The first as the router reads it. What was meant for the emulator may hold its secrets.
      if (isEmulatorPath(`/${request.params['*']}`) || methodsOf(path).length > 0) {
        reply.callNotFound();
        return reply;
      }
      refuseAmbiguous(path);
      request.workspace = workspaceOf(request.identity);
      if (request.record) request.record.forwarded = true;
      const options: FastifyReplyFromHooks = {
        rewriteRequestHeaders: (_request, headers) => forwardedHeaders(headers),
        rewriteHeaders: (headers) => ({ ...endToEnd(headers), 'x-emulator': 'upstream' }),
        // The caller decides what to repeat. The plugin would repeat what is answered with 503.
        retryDelay: () => null,
        onError: (_reply, { error }) => {
          request.log.error({ err: error }, 'the upstream server could not be reached');
          sendError(new ApiError('bad_gateway', error.message), request, reply);
        },
      };
      try {
        // It appends the query of the request.
        return reply.from(prefix + path, options);
      } catch (error) {
        throw notForwarded(path, (error as Error).message);
      }
    };
    plugin.route<Forwarded>({ method, url: '/*', handler: forward });
  });
}

/**
 * Refuses a path that a URL parser reads as another one, such as `/x/../y` or `/%2e/y`: the router here
 * and the upstream server might understand different things by it.
 * @throws ApiError 400
 */
function refuseAmbiguous(path: string): void {
  const { pathname } = new URL(`http://localhost${path}`);
  if (pathname === path) return;
  throw notForwarded(path, `it may be read as ${pathname}; send it in that form`);
}

const notForwarded = (path: string, reason: string): ApiError =>
  new ApiError('invalid_request', `path ${path} is not forwarded: ${reason}.`);

/** RFC 9110, 7.6.1: headers that are about one connection, and so not for the server behind it. */
const hopByHop = new Set([
  ...['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection'],
  ...['te', 'trailer', 'transfer-encoding', 'upgrade'],
]);

/** The headers that are meant for the other end: without those of the connection. */
function endToEnd<Value>(headers: Readonly<Record<string, Value>>): Record<string, Value> {
  const named = String(headers['connection'] ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim());
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !hopByHop.has(name) && !named.includes(name)),
  );
}

/**
 * Also without headers for the emulator alone, and without `Expect`, which Node has answered
 * before the request got here.
 */
const forwardedHeaders = (headers: IncomingHttpHeaders): IncomingHttpHeaders =>
  Object.fromEntries(
    Object.entries(endToEnd(headers)).filter(
      ([name]) => name !== 'expect' && !name.startsWith('x-emulator-'),
    ),
  );
