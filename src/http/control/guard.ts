import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { ApiError } from '../../errors.js';
import { isLoopback } from '../../loopback.js';
import { signatureHeader } from '../../outbound/signature.js';
import { digestOf } from '../../workspace/name.js';
import { workspaceOf, type Identify } from '../auth.js';

export interface ControlAccess {
  /**
   * `on` accepts requests to a host name of this machine. `open` also accepts IP addresses and names without
   * a dot, as in a network of containers. Both refuse requests from web pages of other origins.
   */
  readonly mode: 'on' | 'open';
  /** The address that the emulator listens on. */
  readonly host: string;
  /** More host names that are accepted in both modes. */
  readonly otherHosts: readonly string[];
  /** The bearer token that requests must have; undefined if none is required. */
  readonly token: string | undefined;
  /** The workspace of a request without an API key is that of this key. */
  readonly defaultApiKey: string;
}

/** Returns the workspace that a control request acts on. @throws ApiError 401, 403 */
export type Admit = (request: FastifyRequest) => string;

/**
 * Decides who may use the control API. Any web page that the developer visits must not. `Origin` and
 * `Sec-Fetch-Site` say which page a request comes from. A page whose own host name resolves to this machine
 * (DNS rebinding) has that name in `Host`. IP addresses and names without a dot are safe, because nobody can
 * register them.
 */
export function controlGuard(access: ControlAccess, identify: Identify): Admit {
  const token = access.token === undefined ? undefined : digestOf(access.token);
  return ({ headers, protocol }) => {
    refuseOtherOrigins(headers, protocol, access);
    // The URL of a webhook may come from somebody who may not steer the emulator.
    if (headers[signatureHeader] !== undefined) {
      throw new ApiError('forbidden', 'The control API takes no webhooks.');
    }
    const key = headers['x-emulator-api-key'];
    const givenKey = typeof key === 'string' ? `Bearer ${key}` : undefined;
    if (token !== undefined) {
      const [, presented = ''] = /^bearer +(\S+) *$/i.exec(headers.authorization ?? '') ?? [];
      if (!timingSafeEqual(token, digestOf(presented))) throw new ApiError('unauthorized');
      return workspaceOf(identify(givenKey ?? `Bearer ${access.defaultApiKey}`));
    }
    return workspaceOf(
      identify(givenKey ?? headers.authorization ?? `Bearer ${access.defaultApiKey}`),
    );
  };
}

function refuseOtherOrigins(
  { host = '', origin, 'sec-fetch-site': site }: IncomingHttpHeaders,
  protocol: string,
  access: ControlAccess,
): void {
  const name = hostName(`http://${host}`);
  if (!isOwnName(name, access)) {
    const hint = name === '' ? '' : ` Start with --control-host ${name} to allow it.`;
    throw new ApiError(
      'forbidden',
      `The control API is not served under the host name "${name}".${hint}`,
    );
  }
  const isOtherOrigin =
    origin !== undefined && origin.toLowerCase() !== `${protocol}://${host}`.toLowerCase();
  // `none` is a request of the user, for example by typing an address.
  const isOtherSite = site !== undefined && site !== 'same-origin' && site !== 'none';
  if (isOtherOrigin || isOtherSite) {
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
