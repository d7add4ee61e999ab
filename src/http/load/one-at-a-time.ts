import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** The most requests of one connection that may wait. A client with more is disconnected. */
const maxWaiting = 1000;

/** The number of waiting requests of each connection. */
const waiting = new WeakMap<Socket, number>();

/**
 * Works on one request of a connection at a time. HTTP/1.1 answers them in order anyway. A client that sends
 * many requests and reads no answer then has one answer in memory, and not all of them.
 */
export function registerOneAtATime(app: FastifyInstance): void {
  app.addHook('onRequest', ({ raw: { socket } }, { raw: answer }, done) => {
    // Node gives an answer its socket after all earlier answers are finished.
    if (answer.socket !== null) {
      done();
      return;
    }
    const count = (waiting.get(socket) ?? 0) + 1;
    waiting.set(socket, count);
    if (count > maxWaiting) {
      socket.destroy();
      return;
    }
    answer.once('socket', () => {
      waiting.set(socket, (waiting.get(socket) ?? 1) - 1);
      done();
    });
  });
}
