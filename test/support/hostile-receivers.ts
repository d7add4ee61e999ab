import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Sent } from '../../src/outbound/sender.js';

const head = 'HTTP/1.1 200 OK\r\n';
const chunked = `${head}transfer-encoding: chunked\r\n\r\n`;

/** Writes the same again and again, until the connection is closed. */
const endlessly =
  (begin: string, text: string) =>
  (socket: Socket): void => {
    socket.write(begin);
    const write = (): void => {
      while (socket.writable && socket.write(text.repeat(100)));
    };
    socket.on('drain', write);
    write();
  };

const says =
  (text: string, leave?: 'end' | 'destroy' | 'resetAndDestroy') =>
  (socket: Socket): void => {
    socket.write(text, () => {
      if (leave !== undefined) socket[leave]();
    });
  };

/** How each receiver answers, and what the sender reports: a status, if there was one, or an error. */
export const hostileReceivers: [
  what: string,
  answer: (socket: Socket) => void,
  told: Partial<Sent>,
][] = [
  ['never answers', () => undefined, {}],
  ['never reads', (socket) => socket.pause(), {}],
  ['closes at once', (socket) => socket.destroy(), {}],
  ['resets at once', (socket) => socket.resetAndDestroy(), {}],
  ['says half a status', says('HTTP/1.1 20', 'destroy'), {}],
  ['says half a status and waits', says('HTTP/1.1 20'), {}],
  ['says half its headers', says(`${head}x: y`, 'resetAndDestroy'), {}],
  ['is no HTTP server', says('220 mail.example ESMTP\r\n'), {}],
  ['has an odd status', says('HTTP/1.1 999 ?\r\ncontent-length: 0\r\n\r\n'), { status: 999 }],
  ['has no status', says('HTTP/1.1 abc\r\n\r\n'), {}],
  ['says 100 for ever', endlessly('', 'HTTP/1.1 100 Continue\r\n\r\n'), {}],
  ['says 103 for ever', endlessly('', 'HTTP/1.1 103 Early Hints\r\nlink: <x>\r\n\r\n'), {}],
  [
    'says 101',
    says('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'),
    {},
  ],
  ['has headers for ever', endlessly(head, 'x: y\r\n'), {}],
  ['has one long header', says(`${head}x: ${'y'.repeat(100_000)}\r\n\r\n`), {}],
  ['has a body for ever', endlessly(`${head}\r\n`, 'x'), { status: 200 }],
  ['has chunks for ever', endlessly(chunked, '1\r\nx\r\n'), { status: 200 }],
  [
    'has long extensions',
    says(`${chunked}1;${'x'.repeat(100_000)}\r\nx\r\n0\r\n\r\n`),
    { status: 200 },
  ],
  ['has trailers for ever', endlessly(`${chunked}0\r\n`, 'x: y\r\n'), { status: 200 }],
  ['stops in its body', says(`${head}content-length: 100\r\n\r\nx`, 'end'), { status: 200 }],
  ['waits in its body', says(`${head}content-length: 100\r\n\r\nx`), { status: 200 }],
  [
    'ends its body with the connection',
    says(`${head}\r\nx`, 'end'),
    { status: 200, body: 'x', error: undefined },
  ],
  ['has two lengths', says(`${head}content-length: 1\r\ncontent-length: 2\r\n\r\nxx`), {}],
  ['has a negative length', says(`${head}content-length: -1\r\n\r\nx`), {}],
  [
    'answers twice',
    says(`${head}content-length: 1\r\n\r\nx`.repeat(2)),
    { status: 200, body: 'x' },
  ],
  [
    'has a body with 204',
    says('HTTP/1.1 204 None\r\ncontent-length: 5\r\n\r\nhello'),
    { status: 204 },
  ],
  [
    'redirects',
    says('HTTP/1.1 307 Go\r\nlocation: http://example.com/\r\ncontent-length: 0\r\n\r\n'),
    { status: 307 },
  ],
  [
    'says that it is zipped',
    says(`${head}content-encoding: gzip\r\ncontent-length: 1\r\n\r\nx`),
    { status: 200, body: 'x' },
  ],
];

/** A server that does what it wants with each connection. */
export async function listenRaw(answer: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    socket.resume();
    answer(socket);
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/hook`;
}
