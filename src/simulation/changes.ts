import { EventEmitter } from 'node:events';

/** Tells those who wait that something has happened in a workspace. */
export interface Changes {
  announce(workspaceId: number): void;
  /** Calls back at each change until the function that it answers is called. */
  subscribe(workspaceId: number, listener: () => void): () => void;
  /** Says that nothing will happen any more. */
  close(): void;
  onClose(listener: () => void): () => void;
  readonly closed: boolean;
}

const closing = 'closing';

export function createChanges(): Changes {
  const emitter = new EventEmitter();
  // As many as there are requests that wait.
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
