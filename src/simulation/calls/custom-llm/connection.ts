/** Told of what happens to a connection; of nothing more once it was closed or dropped from here. */
export interface ConnectionListener {
  opened(): void;
  /** It could not be opened. */
  failed(problem: string): void;
  /** The server closed it, or it broke: that is code 1006. */
  closed(code: number, problem: string): void;
  text(text: string): void;
  binary(size: number): void;
}

/** A websocket to the server of a custom LLM. */
export interface Connection {
  send(text: string): void;
  /** Closes it in order. */
  close(code: number): void;
  /** Breaks it off, without a close frame. */
  drop(): void;
}

/** Opens connections to servers that were allowed, and to no others. */
export interface Connector {
  /** Why there is no connection to a URL; undefined if there may be one. */
  refuse(url: string): string | undefined;
  open(url: string, listener: ConnectionListener): Connection;
  /** Breaks off all connections, and opens no more. */
  close(): void;
}
