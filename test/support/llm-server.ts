import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';

/** A frame that the emulator sent, as far as servers look at it. */
export interface EmulatorFrame {
  readonly interaction_type: string;
  readonly response_id: number;
  readonly transcript: readonly { readonly role: string; readonly content: string }[];
  readonly transcript_with_tool_calls?: readonly object[];
  readonly timestamp: number;
  readonly turntaking?: string;
  readonly call?: Record<string, unknown>;
}

/** What a server does over one connection. */
export interface ServedConnection {
  readonly socket: WebSocket;
  readonly url: string;
  /** Counts the connections of the server, from 1. */
  readonly number: number;
  readonly say: (frame: object) => void;
  readonly respond: (id: number, content: string, rest?: object) => void;
}

export interface LlmServerOptions {
  readonly onOpen?: (connection: ServedConnection, request: IncomingMessage) => void;
  readonly onFrame?: (frame: EmulatorFrame, connection: ServedConnection) => void;
}

const beginsPolitely = ({ respond }: ServedConnection): void => {
  respond(0, 'Hello, this is the front desk.');
};

const answersEverything = (frame: EmulatorFrame, { respond }: ServedConnection): void => {
  if (!frame.interaction_type.endsWith('_required')) return;
  const last = frame.transcript.at(-1)?.content ?? 'nothing';
  respond(frame.response_id, `You said: ${last}`);
};

/** The server of a custom LLM on a free port of this machine. Closes by itself. */
export async function startLlmServer(options: LlmServerOptions = {}) {
  const { onOpen = beginsPolitely, onFrame = answersEverything } = options;
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  const frames: EmulatorFrame[] = [];
  /** Frames that were no JSON. */
  const garbage: string[] = [];
  const urls: string[] = [];
  const closes: number[] = [];
  server.on('connection', (socket, request) => {
    const url = request.url ?? '';
    const say = (frame: object): void => {
      socket.send(JSON.stringify(frame));
    };
    const respond = (id: number, content: string, rest: object = {}): void => {
      const parts = { response_id: id, content, content_complete: true, ...rest };
      say({ response_type: 'response', ...parts });
    };
    const connection = { socket, url, number: urls.push(url), say, respond };
    socket.on('error', () => undefined);
    socket.on('close', (code) => closes.push(code));
    socket.on('message', (data: Buffer) => {
      const frame = parse(data.toString());
      if (frame === undefined) {
        garbage.push(data.toString());
        return;
      }
      frames.push(frame);
      onFrame(frame, connection);
    });
    onOpen(connection, request);
  });
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const url = `ws://127.0.0.1:${String(port)}/llm`;
  const sent = (type: string) => frames.filter((frame) => frame.interaction_type === type);
  return { url, port, frames, garbage, urls, closes, sent };
}

function parse(text: string): EmulatorFrame | undefined {
  try {
    return JSON.parse(text) as EmulatorFrame;
  } catch {
    return undefined;
  }
}
