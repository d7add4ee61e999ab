import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { ApiError } from '../errors.js';
import { isLoopback } from '../loopback.js';
import { digestOf } from '../workspace/name.js';
import { workspaceOf, type Identify } from './auth.js';

export interface ControlAccess {
  /**
   * `on` takes requests that name this machine, `open` also those that name it by an IP address or by a name
   * without a dot, as in a network of containers. Both refuse those of foreign web pages.
   */
  readonly mode: 'on' | 'open';
  /** The address that the emulator was told to listen on. */
  readonly host: string;
  /** Further host names that are taken in both modes. */
  readonly otherHosts: readonly string[];
  /** Demanded as bearer token, where there is one. */
  readonly token: string | undefined;
  /** Whose workspace is meant where a request names no key. */
  readonly defaultApiKey: string;
}

/** Finds the workspace that a control request is about. @throws ApiError 401, 403 */
export type Admit = (request: FastifyRequest) => string;

/**
 * Decides who may steer. A web page that the developer happens to visit must not: browsers say in
 * `Origin` and `Sec-Fetch-Site` where a page comes from, and a page whose own name was made to point to
 * this machine (DNS rebinding) is recognised by `Host`. Nobody can register an IP address or a name
 * without a dot, so those are safe.
 */
export function controlGuard(access: ControlAccess, identify: Identify): Admit {
  const token = access.token === undefined ? undefined : digestOf(access.token);
  return ({ headers }) => {
    refuseForeign(headers, access);
    const key = headers['x-emulator-api-key'];
    const named = typeof key === 'string' ? `Bearer ${key}` : undefined;
    if (token !== undefined) {
      const [, presented = ''] = /^bearer +(\S+) *$/i.exec(headers.authorization ?? '') ?? [];
      if (!timingSafeEqual(token, digestOf(presented))) throw new ApiError('unauthorized');
      return workspaceOf(identify(named ?? `Bearer ${access.defaultApiKey}`));
    }
    return workspaceOf(
      identify(named ?? headers.authorization ?? `Bearer ${access.defaultApiKey}`),
    );
  };
}

function refuseForeign(
  { host = '', origin, 'sec-fetch-site': site }: IncomingHttpHeaders,
  access: ControlAccess,
): void {
  const name = hostName(`http://${host}`);
  if (!isOwnName(name, access)) {
    const way = name === '' ? '' : ` Start with --control-host ${name} to allow it.`;
    throw new ApiError(
      'forbidden',
      `The control API is not served under the host name "${name}".${way}`,
    );
  }
  const isForeign = origin !== undefined && origin.toLowerCase() !== `http://${host.toLowerCase()}`;
  // `none` is what a user does, such as typing an address.
  const isFromElsewhere = site !== undefined && site !== 'same-origin' && site !== 'none';
  if (isForeign || isFromElsewhere) {
    throw new ApiError('forbidden', 'Web pages of another origin may not use the control API.');
  }
}

const isOwnName = (name: string, { mode, host, otherHosts }: ControlAccess): boolean =>
  isLoopback(name) ||
  [host, ...otherHosts].some((own) => own.toLowerCase() === name) ||
  (mode === 'open' && (isIP(name.replace(/^\[(.*)\]$/, '$1')) > 0 || /^[^.]+$/.test(name)));

function hostName(url: string): string {
  try {
    return new URL(url).hostname;
  } catch {
    return '';
  }
}
