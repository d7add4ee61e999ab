import type { FastifyInstance } from 'fastify';
import type { ServerResponse } from 'node:http';

/** Answers of at least this many characters are large. Smaller ones fit the buffers of the socket. */
const largeSize = 64 * 1024;

/** The most characters of large answers that clients have not read yet, of all connections together. */
const maxUnread = 256 * 1024 * 1024;

/**
 * Limits the memory for answers that clients do not read. Above the limit, the connection with the oldest
 * large answer is cut off, and then the next one. The newest answer is always kept; it may be larger than the
 * limit.
 */
export function registerUnreadAnswers(app: FastifyInstance, max = maxUnread): void {
  /** The oldest first. */
  const unread = new Map<ServerResponse, number>();
  let total = 0;

  const remove = (answer: ServerResponse): void => {
    total -= unread.get(answer) ?? 0;
    unread.delete(answer);
  };
  app.addHook('onSend', (_request, { raw: answer }, payload, done) => {
    if (typeof payload === 'string' && payload.length >= largeSize) {
      for (const oldest of unread.keys()) {
        if (total + payload.length <= max) break;
        remove(oldest);
        oldest.socket?.destroy();
      }
      unread.set(answer, payload.length);
      total += payload.length;
      answer.once('close', () => {
        remove(answer);
      });
    }
    done();
  });
}
