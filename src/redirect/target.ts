import type * as Http from 'node:http';

/** The host that the vendor's clients have written into them. */
export const vendorHost = 'api.retellai.com';

/** Where the documents say that the emulator is. */
export const defaultTarget = 'http://127.0.0.1:4010';

/** The emulator to which requests are sent. */
export interface Target {
  readonly url: URL;
  /** Keeps connections to the emulator for `node:http` and `node:https`; created at the first request. */
  agent?: Http.Agent;
}

/** Returns where requests go now; undefined if they go to the vendor. */
export type CurrentTarget = () => Target | undefined;

/** @throws TypeError that says what is wrong with the URL. */
export function parseTarget(to: string | URL): URL {
  const url = URL.canParse(String(to)) ? new URL(to) : undefined;
  if (url === undefined || !isOrigin(url) || isVendor(url.hostname)) {
    throw new TypeError(
      `retell-emulator/redirect: the URL of the emulator must be like ${defaultTarget}, without a path, and not the vendor's; it is ${JSON.stringify(to)}`,
    );
  }
  return url;
}

const isOrigin = ({ protocol, pathname, search, hash, username, password }: URL): boolean =>
  /^https?:$/.test(protocol) && `${pathname}${search}${hash}${username}${password}` === '/';

export const isVendor = (hostname: string): boolean =>
  hostname.toLowerCase().replace(/\.$/, '') === vendorHost;

/** Says in the error of a failed connection what failed. */
export function describeUnreachable(error: Error & { code?: string }, { url }: Target): void {
  const reason = error.code ?? error.message;
  setMessage(
    error,
    `retell-emulator/redirect: no emulator answers at ${url.origin} (${reason}). Start it, or set RETELL_EMULATOR_URL to its address.`,
  );
}

/** Changes what an error says. It stays the same object, with its class and its code, on which clients decide. */
export function setMessage(error: Error, message: string): void {
  const { message: before, stack } = error;
  error.message = message;
  // What is printed of an error is its stack, which has the message.
  if (stack !== undefined) error.stack = stack.replace(before, () => message);
}
