import { timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { ApiError } from '../errors.js';
import { isLoopback } from '../loopback.js';
import { digestOf } from '../workspace/name.js';
import { workspaceOf, type Identify } from './auth.js';

export interface ControlAccess {
  /** `open` takes requests that name any host; both refuse those of foreign web pages. */
  readonly mode: 'on' | 'open';
  /** The address that the emulator was told to listen on. */
  readonly host: string;
  /** Demanded as bearer token, where there is one. */
  readonly token: string | undefined;
  /** Whose workspace is meant where a request names no key. */
  readonly defaultApiKey: string;
}

/** Finds the workspace that a control request is about. @throws ApiError 401, 403 */
export type Admit = (request: FastifyRequest) => string;

/**
 * Decides who may steer. A web page that the developer happens to visit must not: browsers say
 * in `Origin` where a page comes from, and a page that has its own name point to this machine
 * gives itself away by `Host`.
 */
export function controlGuard(access: ControlAccess, identify: Identify): Admit {
  const token = access.token === undefined ? undefined : digestOf(access.token);
  return ({ headers }) => {
    refuseForeign(headers.host ?? '', headers.origin, access);
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

function refuseForeign(host: string, origin: string | undefined, access: ControlAccess): void {
  const { mode, host: own } = access;
  const name = hostName(`http://${host}`);
  if (mode === 'on' && !isLoopback(name) && name !== own.toLowerCase()) {
    throw new ApiError('forbidden', `The control API is not served under the host name ${name}.`);
  }
  if (origin !== undefined && origin.toLowerCase() !== `http://${host.toLowerCase()}`) {
    throw new ApiError('forbidden', 'Web pages of another origin may not use the control API.');
  }
}

function hostName(url: string): string {
  try {
    return new URL(url).hostname;
  } catch {
    return '';
  }
}
