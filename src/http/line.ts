import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** When the last long answer on a connection is over. */
const lastAnswers = new WeakMap<Socket, Promise<void>>();

/**
 * Resolves when the long answers before this one on its connection were taken by the client. One
 * that asks for many in a row, and is slow to read them, so has one of them in memory at a time.
 */
export async function standInLine(answer: ServerResponse): Promise<void> {
  const { socket } = answer.req;
  const before = lastAnswers.get(socket);
  const over = new Promise<void>((resolve) => {
    answer.once('close', resolve);
  });
  lastAnswers.set(socket, over);
  await before;
}
