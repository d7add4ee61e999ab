import { once } from 'node:events';
import { request, type IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadContract } from '../../src/contract/document.js';
import { buildTestApp, type TestClient } from '../support/emulator.js';
import { listenLocally, openSocket, readToEnd } from '../support/raw.js';

let app: FastifyInstance;
let client: (key?: string) => TestClient;
let turn: () => Promise<void>;
let port = 0;
beforeAll(async () => {
  const built = buildTestApp({ atEnd: afterAll });
  ({ app, client } = built);
  turn = () => built.clock.turn();
  port = await listenLocally(app);
});

const head = (method: string, path: string, ...more: string[]): string =>
  [
    `${method} ${path} HTTP/1.1`,
    'host: localhost',
    'authorization: Bearer key_a',
    ...more,
    '',
    '',
  ].join('\r\n');
const jsonOf = (length: number): string[] => [
  'content-type: application/json',
  `content-length: ${String(length)}`,
];

/** The number of connections that the server has. */
const connections = (): Promise<number> =>
  new Promise((resolve) => {
    app.server.getConnections((_error, count) => {
      resolve(count);
    });
  });

async function untilClosed(count: number): Promise<void> {
  while ((await connections()) > count) await turn();
}

const isHealthy = async (): Promise<boolean> =>
  (await app.inject('/_emulator/health')).statusCode === 200;

/** Every operation that takes a body. */
const withBodies = (['retell', 'control'] as const).flatMap((name) =>
  loadContract(name).operations.filter(({ hasBody }) => hasBody),
);

describe('a client that leaves in the middle of its request', () => {
  it.each(['destroy', 'end', 'resetAndDestroy'] as const)(
    'changes nothing, whatever it was about: %s',
    async (leave) => {
      const before = await client().call('GET', '/_emulator/export');
      const sockets: Socket[] = [];
      for (const { method, path } of withBodies) {
        for (const [length, sent] of [
          [100, '{"name":'],
          [5_000_000, '{"name":"'.padEnd(100_000, 'x')],
        ] as const) {
          const socket = await openSocket(port);
          const url = path.replaceAll(/\{\w+\}/g, 'x');
          const arrived = once(app.server, 'request');
          socket.write(head(method.toUpperCase(), url, ...jsonOf(length)) + sent);
          await arrived;
          sockets.push(socket);
        }
      }
      for (const socket of sockets) socket[leave]();
      for (const socket of sockets) socket.resume();
      await untilClosed(0);
      expect(await isHealthy()).toBe(true);
      expect(await client().call('GET', '/_emulator/export')).toEqual(before);
      // What was counted of bodies that never came is free again.
      const payload = { definitions: [], padding: 'x' };
      const { status } = await client().send({
        method: 'POST',
        url: '/_emulator/fixtures',
        payload,
      });
      expect(status).toBe(400);
    },
  );

  it('leaves no waiting request behind', async () => {
    const url = '/_emulator/requests/wait?count=1000&timeout=1m';
    for (let round = 0; round < 2; round += 1) {
      const sockets: Socket[] = [];
      let received = '';
      for (let count = 0; count < 100; count += 1) {
        const socket = await openSocket(port);
        socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
        const arrived = once(app.server, 'request');
        socket.write(head('GET', url));
        await arrived;
        sockets.push(socket);
      }
      // Those before it wait, and are all that may.
      expect((await client().send({ method: 'GET', url })).status).toBe(429);
      expect(received).toBe('');
      for (const socket of sockets) socket.destroy();
      await untilClosed(0);
    }
  });
});

describe('a client that is slow', () => {
  it('is bounded in time, and holds up no other', async () => {
    const { server } = app;
    expect([server.headersTimeout, server.requestTimeout]).toEqual([60_000, 60_000]);
    // A connection that sends nothing at all, and one whose answer nobody takes.
    expect([server.timeout, server.keepAliveTimeout]).toEqual([900_000, expect.any(Number)]);
    const slow: Socket[] = [];
    for (let count = 0; count < 300; count += 1) {
      const socket = await openSocket(port);
      socket.write(head('POST', '/create-batch-test').slice(0, 60));
      slow.push(socket);
    }
    await client().createBatchTest();
    for (const socket of slow) socket.destroy();
    await untilClosed(0);
  });

  it('is answered even if its bytes come one by one', async () => {
    const socket = await openSocket(port);
    socket.setNoDelay(true);
    const answer = readToEnd(socket);
    for (const byte of head('GET', '/get-batch-test/x', 'connection: close')) {
      socket.write(byte);
      await turn();
    }
    expect((await answer).head).toMatch(/^HTTP\/1\.1 404 /);
  });
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

function send(method: string, path: string, headers: Record<string, string>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = { authorization: 'Bearer key_a', connection: 'close', ...headers };
    request({ port, host: '127.0.0.1', method, path, headers: sent }, (answer) => {
      let body = '';
      answer.on('data', (chunk: Buffer) => (body += chunk.toString()));
      answer.on('end', () => {
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body });
      });
    })
      .on('error', reject)
      .end();
  });
}

const reads = (['retell', 'control'] as const).flatMap((name) =>
  loadContract(name).operations.filter(({ method, id }) => method === 'get' && !/wait/i.test(id)),
);
const pages = ['/', '/docs', '/llms.txt', '/openapi.json', '/openapi.yaml', '/docs/limits.md'];
const paths = [
  ...reads.map(({ path }) => path.replaceAll(/\{\w+\}/g, 'x')),
  ...pages,
  ...['/no-such-path', '/docs/x', '/docs/static/index.html', '/_emulator/metrics'],
];

describe('every path', () => {
  it.each(paths)('answers HEAD as GET, without a body: %s', async (path) => {
    const [get, without] = [await send('GET', path, {}), await send('HEAD', path, {})];
    expect(without.body).toBe('');
    // A path without GET has no HEAD either, and 404 says the method.
    expect(without.status).toBe(get.status);
    expect(without.headers['content-type']).toBe(get.headers['content-type']);
  });

  it.each(paths)('answers OPTIONS and ranges as what they are: %s', async (path) => {
    const options = await send('OPTIONS', path, {});
    expect([404, 405, 501]).toContain(options.status);
    expect(JSON.parse(options.body)).toMatchObject({ status: 'error' });
    if (options.status === 405) expect(options.headers.allow).toMatch(/GET, HEAD/);
    const whole = await send('GET', path, {});
    for (const range of ['bytes=0-3', 'bytes=-1', 'bytes=5-1', 'bytes=0-0,1-1', 'lines=1', 'x']) {
      const part = await send('GET', path, { range, 'if-range': '"x"' });
      expect(part.status).toBe(whole.status);
    }
  });
});

describe('headers of an error that a fault orders', () => {
  const headersOf = (headers: unknown, more = {}) =>
    client('key_f').send({
      ...{ method: 'POST', url: '/_emulator/faults' },
      payload: { match: {}, error: { status: 500, headers, ...more } },
    });

  it.each([
    { 'x-a': 'b\r\nset-cookie: c=d' },
    { 'x-a': 'b\nx: y' },
    { 'x-a': 'b\u0000' },
    { 'x-a': '\u0100' },
    { 'x-a\r\nx-b': 'c' },
    { 'x a': 'b' },
    { 'x:a': 'b' },
    { '': 'b' },
    { é: 'b' },
    { 'content-length': '1' },
    { 'Transfer-Encoding': 'chunked' },
    { 'x-a': ['b'] },
    { 'x-a': 7 },
    { 'x-a': null },
  ])('are refused if they would break the answer: %j', async (headers) => {
    const { status, body } = await headersOf(headers);
    expect([status, body]).toEqual([
      400,
      expect.objectContaining({ status: 'error', message: expect.any(String) as string }),
    ]);
  });

  it.each([
    { connection: 'close' },
    { upgrade: 'h2c' },
    { 'content-type': 'text/html' },
    { 'content-encoding': 'gzip' },
    { date: 'x' },
    { 'x-request-id': 'x' },
    { 'set-cookie': 'a=b' },
    { 'x-a': 'x'.repeat(20_000) },
    { 'x-a': '' },
    { 'x-a': 'é' },
    { __proto__x: 'a', constructor: 'b' },
  ] as Record<string, string>[])('are sent as they are, or refused: %j', async (headers) => {
    const { status, body } = await headersOf(headers);
    expect([201, 400]).toContain(status);
    if (status === 400) return;
    const socket = await openSocket(port);
    socket.write(head('GET', '/get-batch-test/x', 'connection: close').replace('key_a', 'key_f'));
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
    await once(socket, 'close');
    expect(answer).toMatch(/^HTTP\/1\.1 500 /);
    expect(answer.split('HTTP/1.1').length).toBe(2);
    const [name = '', value] = Object.entries(headers)[0] ?? [];
    expect(answer.toLowerCase()).toContain(`${name}: ${String(value)}`.toLowerCase());
    await client('key_f').call('DELETE', `/_emulator/faults/${String(body['id'])}`);
  });
});
