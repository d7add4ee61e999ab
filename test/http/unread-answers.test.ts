import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import fastify, { type FastifyInstance } from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import { registerOneAtATime } from '../../src/http/load/one-at-a-time.js';
import { registerUnreadAnswers } from '../../src/http/load/unread-answers.js';

async function open(app: FastifyInstance): Promise<Socket> {
  if (!app.server.listening) await app.listen({ host: '127.0.0.1', port: 0 });
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`;

/** Reads until so many answers were read, and returns their bodies, which are one line each. */
async function readLines(socket: Socket, count: number): Promise<string[]> {
  let text = '';
  const lines = (): string[] => [...text.matchAll(/^body \w+$/gm)].map(([line]) => line);
  while (lines().length < count) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    text += chunk.toString();
  }
  return lines();
}

function build(): { app: FastifyInstance; started: string[]; release: () => void } {
  const app = fastify();
  onTestFinished(() => app.close());
  registerOneAtATime(app);
  const started: string[] = [];
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  app.get<{ Params: { name: string } }>('/:name', async ({ params: { name } }) => {
    started.push(name);
    if (name === 'slow') await released;
    return `body ${name}\n`;
  });
  return { app, started, release };
}

describe('several requests on one connection', () => {
  it('are performed one at a time, in order, and all answered', async () => {
    const { app, started, release } = build();
    const [socket, other] = [await open(app), await open(app)];
    socket.write(get('/a') + get('/slow') + get('/b') + get('/c'));
    expect(await readLines(socket, 1)).toEqual(['body a']);
    other.write(get('/d'));
    expect(await readLines(other, 1)).toEqual(['body d']);
    expect(started).toEqual(['a', 'slow', 'd']);
    release();
    expect(await readLines(socket, 3)).toEqual(['body slow', 'body b', 'body c']);
    socket.write(get('/e'));
    expect(await readLines(socket, 1)).toEqual(['body e']);
    expect(started).toEqual(['a', 'slow', 'd', 'b', 'c', 'e']);
  });

  it('end the connection when more than a thousand wait', async () => {
    const { app, started } = build();
    const socket = await open(app);
    socket.write(get('/slow') + get('/b').repeat(1001));
    await once(socket, 'close');
    expect(started).toEqual(['slow']);
    const other = await open(app);
    other.write(get('/c'));
    expect(await readLines(other, 1)).toEqual(['body c']);
  });
});

describe('large answers that nobody reads', () => {
  const size = 8 * 1024 * 1024;

  function buildLarge() {
    const app = fastify();
    onTestFinished(() => app.close());
    registerUnreadAnswers(app, 3 * size);
    app.get('/large', () => 'x'.repeat(size));
    app.get('/larger', () => 'x'.repeat(4 * size));
    app.get('/small', () => 'body small\n');
    return app;
  }

  /** A client that asks, and has not read more than the beginning of the answer. */
  async function openDeaf(app: FastifyInstance, path: string): Promise<Socket> {
    const socket = await open(app);
    socket.write(get(path));
    await once(socket, 'data');
    socket.pause();
    return socket;
  }

  const isCutOff = (socket: Socket): Promise<boolean> =>
    new Promise((resolve) => {
      let received = 0;
      socket.on('data', (chunk: Buffer) => {
        received += chunk.length;
        if (received > size) resolve(false);
      });
      socket.on('close', () => {
        resolve(true);
      });
      socket.resume();
    });

  it('above the limit end the connection with the oldest unread answer', async () => {
    const app = buildLarge();
    const deaf = [];
    for (let count = 0; count < 5; count += 1) deaf.push(await openDeaf(app, '/large'));
    const small = await open(app);
    small.write(get('/small'));
    expect(await readLines(small, 1)).toEqual(['body small']);
    expect(await Promise.all(deaf.slice(0, 2).map(isCutOff))).toEqual([true, true]);
    // What was kept of the others can still be read: all but the first chunk.
    let kept = 0;
    for (const socket of deaf.slice(2)) {
      let received = 0;
      socket.on('data', (chunk: Buffer) => (received += chunk.length)).resume();
      while (received < size - 1024 * 1024) await once(socket, 'data');
      kept += 1;
    }
    expect(kept).toBe(3);
  });

  it('do not end the newest connection, even with a very large answer', async () => {
    const app = buildLarge();
    const [first, second] = [await openDeaf(app, '/large'), await openDeaf(app, '/larger')];
    expect(await isCutOff(first)).toBe(true);
    expect(await isCutOff(second)).toBe(false);
  });
});
