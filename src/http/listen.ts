import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { StartupError } from '../errors.js';

const reasons: Partial<Record<string, string>> = {
  EADDRINUSE: 'the port is in use; set the option port to another, or to 0 for any free one',
  EACCES: 'this user may not use the port; set the option port to another',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'there is no such host',
};

/**
 * Listens, and answers the URL under which this machine reaches the app.
 * @throws StartupError
 */
export async function listen(
  app: FastifyInstance,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<string> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = reasons[code ?? ''] ?? message;
    throw new StartupError('environment', `cannot listen on ${host}:${String(port)}: ${reason}`, {
      cause: error,
    });
  }
  return urlOf(app.server.address() as AddressInfo);
}

function urlOf({ address, family, port }: AddressInfo): string {
  const reachable = { '0.0.0.0': '127.0.0.1', '::': '::1' }[address] ?? address;
  const host = family === 'IPv6' ? `[${reachable}]` : reachable;
  return `http://${host}:${String(port)}`;
}
