import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyReplyFromHooks } from '@fastify/reply-from';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../../errors.js';
import { workspaceOf } from '../auth.js';
import { sendError } from '../errors.js';
import { pathOf } from '../logging/request-log.js';
import { isEmulatorPath, type AllowedMethods } from '../routes.js';

interface Forwarded {
  Params: { '*': string };
}

/**
 * Forwards requests that no route takes, unless they are for the emulator itself, to another server with the
 * vendor's API. The caller's own key is sent with them. Of all modules of the server, only this one sends
 * requests.
 * @param upstream the URL that the user gave.
 * @param methodsOf returns the methods of a path of the emulator: such paths are never forwarded.
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
    // If web pages are allowed, their preflights have a route already.
    const isFree = (method: string): boolean =>
      !['*', '/*'].some((url) => plugin.hasRoute({ method: method, url }));
    const method = plugin.supportedMethods.filter(isFree);
    const forward = (request: FastifyRequest<Forwarded>, reply: FastifyReply): FastifyReply => {
      const path = pathOf(request);
      // Checks the path as the router decodes it. A request to the emulator may have secrets and must not
      // leave.
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
        // The caller decides about retries. The plugin alone would repeat requests that got 503.
        retryDelay: () => null,
        onError: (_reply, { error }) => {
          request.log.error({ err: error }, 'the upstream server could not be reached');
          sendError(new ApiError('bad_gateway', error.message), request, reply);
        },
      };
      try {
        // The plugin appends the query of the request.
        return reply.from(prefix + path, options);
      } catch (error) {
        throw notForwarded(path, (error as Error).message);
      }
    };
    plugin.route<Forwarded>({ method, url: '/*', handler: forward });
  });
}

/**
 * Refuses a path that a URL parser changes, such as `/x/../y` or `/%2e/y`: the router and the upstream server
 * might read it as different paths.
 * @throws ApiError 400
 */
function refuseAmbiguous(path: string): void {
  const { pathname } = new URL(`http://localhost${path}`);
  if (pathname === path) return;
  throw notForwarded(path, `it may be read as ${pathname}; send it in that form`);
}

const notForwarded = (path: string, reason: string): ApiError =>
  new ApiError('invalid_request', `path ${path} is not forwarded: ${reason}.`);

/** RFC 9110, 7.6.1: headers that belong to one connection. A proxy must not forward them. */
const hopByHop = new Set([
  ...['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection'],
  ...['te', 'trailer', 'transfer-encoding', 'upgrade'],
]);

/** The headers without those that belong to the connection. */
function endToEnd<Value>(headers: Readonly<Record<string, Value>>): Record<string, Value> {
  const named = String(headers['connection'] ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim());
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !hopByHop.has(name) && !named.includes(name)),
  );
}

/** Also without the emulator's own headers, and without `Expect`, which Node has answered already. */
const forwardedHeaders = (headers: IncomingHttpHeaders): IncomingHttpHeaders =>
  Object.fromEntries(
    Object.entries(endToEnd(headers)).filter(
      ([name]) => name !== 'expect' && !name.startsWith('x-emulator-'),
    ),
  );
