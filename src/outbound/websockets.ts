import { createRequire } from 'node:module';
import type * as Ws from 'ws';
import type { RawData, WebSocket } from 'ws';
import type {
  Connection,
  ConnectionListener,
  Connector,
} from '../simulation/calls/custom-llm/connection.js';
import { version } from '../version.js';
import type { Clock, Timer } from '../workspace/clock.js';
import type { Destination, FindDestination, Refusal } from './destination.js';
import { fixedLookup } from './fixed-lookup.js';

/** The largest frame that is read; the connection is closed if there is a larger one. */
const maxFrameBytes = 1024 * 1024;

/** Frames that are read before other work of the event loop runs. */
const framesAtOnce = 100;

/** Milliseconds that a server has to answer a close frame. */
const closeTimeout = 2000;

/** Not loaded at the start: most emulators open no websocket. */
const loadWs = (): typeof Ws => createRequire(import.meta.url)('ws') as typeof Ws;

/** Websockets go where webhooks may go: to this machine, and to hosts that were allowed. */
export function createConnector(clock: Clock, findDestination: FindDestination): Connector {
  const sockets = new Set<OpenSocket>();
  let isClosed = false;
  return {
    refuse(url) {
      const destination = socketDestination(url, findDestination);
      return 'refused' in destination ? destination.refused : undefined;
    },
    open(url, listener) {
      const socket = new OpenSocket(clock, listener, () => sockets.delete(socket));
      const destination = socketDestination(url, findDestination);
      if ('refused' in destination) socket.fail(destination.refused);
      else if (!isClosed) {
        sockets.add(socket);
        socket.open(destination);
      }
      return socket;
    },
    close() {
      isClosed = true;
      for (const socket of sockets) socket.drop();
    },
  };
}

/** The same rules as for `http` and `https`. Documented: both of the two may stand for `ws` and `wss`. */
function socketDestination(url: string, find: FindDestination): Destination | Refusal {
  const found = find(url.replace(/^ws(s?):/i, 'http$1:'));
  if ('refused' in found) {
    return { refused: found.refused.replace('an http or https URL', 'a ws or wss URL') };
  }
  const target = new URL(found.url);
  target.protocol = target.protocol === 'https:' ? 'wss:' : 'ws:';
  // A fragment belongs to no websocket.
  target.hash = '';
  return { ...found, url: target };
}

class OpenSocket implements Connection {
  readonly #clock: Clock;
  readonly #forget: () => void;
  /** Undefined once nobody listens any more. */
  #listener: ConnectionListener | undefined;
  #socket: WebSocket | undefined;
  #closeTimer: Timer | undefined;
  #readNow = 0;

  constructor(clock: Clock, listener: ConnectionListener, forget: () => void) {
    this.#clock = clock;
    this.#listener = listener;
    this.#forget = forget;
  }

  fail(problem: string): void {
    void this.#clock.turn().then(() => {
      this.#end((listener) => {
        listener.failed(problem);
      });
    });
  }

  open({ url, addresses }: Destination): void {
    const socket = new (loadWs().WebSocket)(url, {
      maxPayload: maxFrameBytes,
      perMessageDeflate: false,
      headers: { 'user-agent': `retell-emulator/${version}` },
      ...(addresses !== undefined && { lookup: fixedLookup(addresses), autoSelectFamily: true }),
    });
    this.#socket = socket;
    let problem: string | undefined;
    let wasOpen = false;
    socket.on('open', () => {
      wasOpen = true;
      this.#listener?.opened();
    });
    socket.on('message', (data: RawData, isBinary) => {
      this.#read(socket, data as Buffer, isBinary);
    });
    socket.on('error', (error) => {
      problem = error.message;
      // The server broke the protocol: its answer to the close frame does not matter.
      if (isProtocolError(error)) this.#breakOff(1002, problem);
    });
    socket.on('close', (code) => {
      this.#closeTimer?.cancel();
      this.#forget();
      this.#end((listener) => {
        if (wasOpen) listener.closed(code, problem ?? '');
        else listener.failed(problem ?? 'it was closed');
      });
    });
  }

  #read(socket: WebSocket, data: Buffer, isBinary: boolean): void {
    if (isBinary) this.#listener?.binary(data.length);
    else this.#listener?.text(data.toString());
    this.#readNow += 1;
    if (this.#readNow !== framesAtOnce) return;
    socket.pause();
    void this.#clock.turn().then(() => {
      this.#readNow = 0;
      socket.resume();
    });
  }

  #end(notify: (listener: ConnectionListener) => void): void {
    const listener = this.#listener;
    this.#listener = undefined;
    if (listener !== undefined) notify(listener);
  }

  #breakOff(code: number, problem: string): void {
    this.#end((listener) => {
      listener.closed(code, problem);
    });
    this.#socket?.terminate();
  }

  send(text: string): void {
    this.#socket?.send(text, () => undefined);
  }

  close(code: number): void {
    this.#listener = undefined;
    const socket = this.#socket;
    if (socket === undefined) {
      this.#forget();
      return;
    }
    if (socket.readyState === socket.CLOSED) return;
    socket.close(code);
    this.#closeTimer = this.#clock.wakeAt(this.#clock.now() + closeTimeout, () => {
      socket.terminate();
    });
  }

  drop(): void {
    this.#listener = undefined;
    this.#closeTimer?.cancel();
    this.#forget();
    this.#socket?.terminate();
  }
}

/** Frames that are too large, are no UTF-8, or break the protocol otherwise. */
const isProtocolError = (error: Error & { readonly code?: unknown }): boolean =>
  typeof error.code === 'string' && error.code.startsWith('WS_ERR_');
