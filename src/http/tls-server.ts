import type { FastifyServerFactory } from 'fastify';

/** A certificate with its chain, and its private key, as PEM. */
export interface TlsCredentials {
  readonly cert: string;
  readonly key: string;
}

/**
 * Returns what creates the server in place of Fastify, whose own code for HTTPS is not in the bundle: it would be
 * loaded at each start. The options have the same effect.
 */
export const tlsServerFactory =
  ({ cert, key }: TlsCredentials): FastifyServerFactory =>
  (handler, options) => {
    const { http, keepAliveTimeout, requestTimeout, connectionTimeout } = options as unknown as {
      readonly http: object;
      readonly keepAliveTimeout: number;
      readonly requestTimeout: number;
      readonly connectionTimeout: number;
    };
    const { createServer } = process.getBuiltinModule('node:https');
    const server = createServer({ ...http, cert, key }, handler);
    server.keepAliveTimeout = keepAliveTimeout;
    server.requestTimeout = requestTimeout;
    server.setTimeout(connectionTimeout);
    return server;
  };
