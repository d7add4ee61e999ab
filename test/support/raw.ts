import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { onTestFinished } from 'vitest';

/** Lets an app listen on a free port of this machine, once. Returns the port. */
export async function listenLocally(app: FastifyInstance): Promise<number> {
  if (!app.server.listening) await app.listen({ host: '127.0.0.1', port: 0 });
  return (app.server.address() as AddressInfo).port;
}

/** A connection on which a test sends what it wants. It ends with the test. */
export async function openSocket(port: number, host = '127.0.0.1'): Promise<Socket> {
  const socket = connect(port, host);
  socket.on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** Sends a text as it is, and reads until the server ends the connection. */
export async function exchange(port: number, text: string, host?: string) {
  const socket = await openSocket(port, host);
  socket.write(text);
  return readToEnd(socket);
}

/** Reads until the server ends the connection. */
export async function readToEnd(socket: Socket) {
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  await once(socket, 'close');
  const [head = '', text = ''] = answer.split('\r\n\r\n');
  return { head, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
}
