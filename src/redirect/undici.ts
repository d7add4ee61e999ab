import type { Socket } from 'node:net';
import {
  describeUnreachable,
  isVendor,
  setMessage,
  vendorHost,
  type CurrentTarget,
  type Target,
} from './target.js';

/** The part of undici's `Dispatcher` that is used here, which is the same in undici 6, 7 and 8. */
interface Dispatcher {
  compose: (interceptor: (dispatch: Dispatch) => Dispatch) => Dispatcher;
}
type Dispatch = (options: { readonly origin?: string | URL }, handler: unknown) => boolean;

/** Documented: where every copy of undici, and Node's own, has the global dispatcher. */
const dispatcherKeys = [1, 2].map((version) =>
  Symbol.for(`undici.globalDispatcher.${String(version)}`),
);

/** What undici's channels for `node:diagnostics_channel` tell of a connection. */
interface Connection {
  readonly connectParams: { readonly protocol: string; readonly host: string; hostname: string };
  readonly socket?: Socket;
  readonly error?: Error;
}

/**
 * Adds an interceptor to undici's global dispatcher. Requests for the vendor that do not go through it fail, so that
 * none of them reaches the vendor.
 * @returns a function that ends it.
 */
export function redirectUndici(
  mainGlobal: Record<symbol, unknown>,
  currentTarget: CurrentTarget,
): () => void {
  const composed = new Map<symbol, { readonly before: Dispatcher; readonly after: Dispatcher }>();
  const compose = (): void => {
    for (const key of dispatcherKeys) {
      const before = mainGlobal[key] as Partial<Dispatcher> | undefined;
      if (before?.compose === undefined || before === composed.get(key)?.after) continue;
      const after = before.compose((dispatch) => (options, handler) => {
        const target = currentTarget();
        return dispatch(
          target !== undefined && isForVendor(options.origin)
            ? { ...options, origin: target.url.origin }
            : options,
          handler,
        );
      });
      composed.set(key, { before: before as Dispatcher, after });
      mainGlobal[key] = after;
    }
  };

  // Node loads its undici, which creates the dispatcher, when one of its classes is read.
  Reflect.get(mainGlobal, 'Headers');
  compose();
  const unwatch = watch(currentTarget, compose);
  return () => {
    unwatch();
    for (const [key, { before, after }] of composed) {
      if (mainGlobal[key] === after) mainGlobal[key] = before;
    }
  };
}

/** Watches the connections of all copies of undici in the process. */
function watch(currentTarget: CurrentTarget, composeAgain: () => void): () => void {
  const onRequest = ({ request }: { readonly request: { readonly origin?: string | URL } }) => {
    // The program replaced the dispatcher. Later requests go to the emulator; this one is stopped below.
    if (isForVendor(request.origin)) composeAgain();
  };
  const onConnected = ({ connectParams, socket }: Connection) => {
    if (isVendor(connectParams.hostname)) socket?.destroy(passedBy());
  };
  const onConnectError = ({ connectParams: { protocol, host, hostname }, error }: Connection) => {
    const target = currentTarget();
    if (error === undefined || target === undefined) return;
    if (isVendor(hostname)) setMessage(error, passedBy().message);
    else if (isAt(target, protocol, host)) describeUnreachable(error, target);
  };
  const listeners = {
    'undici:request:create': onRequest,
    'undici:client:connected': onConnected,
    'undici:client:connectError': onConnectError,
  };
  const channels = process.getBuiltinModule('node:diagnostics_channel');
  for (const [name, listener] of Object.entries(listeners)) {
    channels.subscribe(name, listener as Parameters<typeof channels.subscribe>[1]);
  }
  return () => {
    for (const [name, listener] of Object.entries(listeners)) {
      channels.unsubscribe(name, listener as Parameters<typeof channels.subscribe>[1]);
    }
  };
}

const isForVendor = (origin: string | URL | undefined): boolean =>
  origin !== undefined && isVendor(new URL(origin).hostname);

const isAt = ({ url }: Target, protocol: string, host: string): boolean =>
  url.protocol === protocol && url.host === host;

const passedBy = (): Error =>
  Object.assign(
    new Error(
      `retell-emulator/redirect: stopped a request that would have gone to ${vendorHost}, because it was sent with an undici dispatcher of its own, or because the program replaced the global one. If it did, try again.`,
    ),
    // undici tries again after errors with its own code.
    { code: 'ERR_RETELL_REDIRECT' },
  );
