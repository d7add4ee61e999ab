import type { FastifyInstance } from 'fastify';
import type { ServerResponse } from 'node:http';

/** Answers from this size on, in characters, count as large. Smaller ones fit the socket's own buffers. */
const largeSize = 64 * 1024;

/** The most characters of large answers that clients have not taken yet, of all connections together. */
const mostUnread = 256 * 1024 * 1024;

/**
 * Bounds what is kept for clients that do not read their answers. Beyond the bound, the connection
 * whose large answer has waited longest is cut off, and then the next one; never that of the newest
 * answer, which may be larger than the bound by itself.
 */
export function registerUnreadAnswers(app: FastifyInstance, most = mostUnread): void {
  /** By age, the oldest first. */
  const unread = new Map<ServerResponse, number>();
  let total = 0;

  const forget = (answer: ServerResponse): void => {
    total -= unread.get(answer) ?? 0;
    unread.delete(answer);
  };
  app.addHook('onSend', (_request, { raw: answer }, payload, done) => {
    if (typeof payload === 'string' && payload.length >= largeSize) {
      for (const oldest of unread.keys()) {
        if (total + payload.length <= most) break;
        forget(oldest);
        oldest.socket?.destroy();
      }
      unread.set(answer, payload.length);
      total += payload.length;
      answer.once('close', () => {
        forget(answer);
      });
    }
    done();
  });
}
