import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { ApiError } from '../errors.js';
import { workspaceOf } from './auth.js';
import { sendError } from './errors.js';
import { isOurs } from './routes.js';

/**
 * Forwards what no route takes, and is not ours, to another server that speaks the vendor's API, with the caller's
 * own key. Nothing else of the emulator ever calls outside.
 * @param upstream its URL, as the user gave it.
 */
export function registerUpstream(app: FastifyInstance, upstream: string): void {
  const { origin, pathname } = new URL(upstream);
  const prefix = pathname.replace(/\/$/, '');
  // In a room of its own: bodies of any kind pass through as they come.
  void app.register(async (room) => {
    const { default: replyFrom } = await import('@fastify/reply-from');
    room.removeAllContentTypeParsers();
    room.addContentTypeParser('*', (_request, payload, done) => {
      done(null, payload);
    });
    await room.register(replyFrom, { base: origin });
    room.all<{ Params: { '*': string } }>('/*', (request, reply) => {
      // As the router reads it. What was meant for us may hold our secrets.
      if (isOurs(`/${request.params['*']}`)) {
        reply.callNotFound();
        return reply;
      }
      request.workspace = workspaceOf(request.identity);
      if (request.record) request.record.forwarded = true;
      return reply.from(prefix + request.url, {
        rewriteRequestHeaders: (_request, headers) => withoutOurs(headers),
        rewriteHeaders: (headers) => ({ ...headers, 'x-emulator': 'upstream' }),
        onError: (_reply, { error }) => {
          request.log.error({ err: error }, 'the upstream server could not be reached');
          sendError(new ApiError('bad_gateway', error.message), request, reply);
        },
      });
    });
  });
}

/** Without what is said to the emulator alone. */
const withoutOurs = (headers: IncomingHttpHeaders): IncomingHttpHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith('x-emulator-')));
