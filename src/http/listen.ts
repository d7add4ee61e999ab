import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { StartupError } from '../errors.js';

const reasons: Partial<Record<string, string>> = {
  EADDRINUSE: 'the port is in use; set the option port to another, or to 0 for any free one',
  EACCES: 'this user may not use the port; set the option port to another',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'there is no such host',
};

interface ListenOptions {
  readonly host: string;
  readonly port: number;
  /** True if the app serves HTTPS. */
  readonly isTls?: boolean;
}

/**
 * Starts to listen, and returns the URL under which this machine reaches the app.
 * @throws StartupError
 */
export async function listen(
  app: FastifyInstance,
  { host, port, isTls = false }: ListenOptions,
): Promise<string> {
  const otherServers: Server[] = [];
  app.addHook('onClose', () => Promise.all(otherServers.map(close)));
  try {
    const [first, ...rest] = await lookup(host, { all: true });
    await app.listen({ host: first?.address ?? host, port });
    const address = app.server.address() as AddressInfo;
    for (const other of rest)
      otherServers.push(await listenOnOtherAddress(app, other.address, address.port));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = reasons[code ?? ''] ?? message;
    throw new StartupError('environment', `cannot listen on ${host}:${String(port)}: ${reason}`, {
      cause: error,
    });
  }
  return `${isTls ? 'https' : 'http'}://${authorityOf(app.server.address() as AddressInfo)}`;
}

/**
 * Also accepts connections at another address of the same host name. They go to the same server, because a
 * second server of Fastify's would have other limits and errors. If the address cannot be used, it is
 * skipped.
 */
async function listenOnOtherAddress(
  app: FastifyInstance,
  host: string,
  port: number,
): Promise<Server> {
  const server = createServer((socket) => {
    app.server.emit('connection', socket);
  });
  server.listen({ host, port });
  await once(server, 'listening').catch(() => undefined);
  return server;
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  await closed;
}

function authorityOf({ address, family, port }: AddressInfo): string {
  const reachable = { '0.0.0.0': '127.0.0.1', '::': '::1' }[address] ?? address;
  const host = family === 'IPv6' ? `[${reachable}]` : reachable;
  return `${host}:${String(port)}`;
}
