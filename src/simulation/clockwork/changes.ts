import { EventEmitter } from 'node:events';

/** Notifies waiting requests that something happened in a workspace. */
export interface Changes {
  readonly announce: (workspaceId: number) => void;
  /** Calls back at each change, until the returned function is called. */
  subscribe(workspaceId: number, listener: () => void): () => void;
  /** Notifies all listeners that the emulator closes. */
  close(): void;
  onClose(listener: () => void): () => void;
  readonly closed: boolean;
}

const closing = 'closing';

export function createChanges(): Changes {
  const emitter = new EventEmitter();
  // There is one listener for each waiting request.
  emitter.setMaxListeners(0);
  let closed = false;
  const on = (name: string, listener: () => void) => {
    emitter.on(name, listener);
    return () => {
      emitter.off(name, listener);
    };
  };
  return {
    announce: (workspaceId) => {
      emitter.emit(String(workspaceId));
    },
    subscribe: (workspaceId, listener) => on(String(workspaceId), listener),
    close() {
      closed = true;
      emitter.emit(closing);
    },
    onClose: (listener) => on(closing, listener),
    get closed() {
      return closed;
    },
  };
}
