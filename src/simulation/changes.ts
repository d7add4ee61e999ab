import { EventEmitter } from 'node:events';

/** Tells those who wait that something has happened in a workspace. */
export interface Changes {
  announce(workspaceId: number): void;
  /** Calls back at each change until the function that it answers is called. */
  subscribe(workspaceId: number, listener: () => void): () => void;
  /** Ends all waiting. */
  close(): void;
  readonly closed: boolean;
}

export function createChanges(): Changes {
  const emitter = new EventEmitter();
  // As many as there are requests that wait.
  emitter.setMaxListeners(0);
  let closed = false;
  return {
    get closed() {
      return closed;
    },
    close() {
      closed = true;
      for (const name of emitter.eventNames()) emitter.emit(name);
    },
    announce: (workspaceId) => {
      emitter.emit(String(workspaceId));
    },
    subscribe(workspaceId, listener) {
      emitter.on(String(workspaceId), listener);
      return () => {
        emitter.off(String(workspaceId), listener);
      };
    },
  };
}
