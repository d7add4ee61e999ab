import {
  createServer,
  request,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startEmulator, type StartOptions } from '../src/index.js';

async function start(options: StartOptions = {}) {
  const emulator = await startEmulator(options);
  onTestFinished(() => emulator.close());
  return emulator;
}

interface Seen {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingHttpHeaders;
  body: string;
}

/** Sends a request whose target goes out as it is given, which `fetch` would not do. */
function send(
  base: string,
  { target, method = 'GET', ...options }: { target: string; method?: string; headers?: object },
): Promise<{ status: number; headers: IncomingHttpHeaders; text: string }> {
  const { hostname, port } = new URL(base);
  const sent = { ...headers, ...options.headers } as OutgoingHttpHeaders;
  return new Promise((resolve, reject) => {
    request({ hostname, port, method, path: target, headers: sent }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text });
      });
    })
      .on('error', reject)
      .end();
  });
}

/** Stands for the real service: notes what it is asked, and answers 418, unless told otherwise. */
async function startUpstream(status = 418, more: OutgoingHttpHeaders = {}) {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, url, headers } = request;
      seen.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
      const own = { 'content-type': 'text/plain', 'x-own': 'yes', ...more };
      response.writeHead(status, own).end('short');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { seen, url: `http://127.0.0.1:${String(port)}` };
}

const headers = { authorization: 'Bearer key_a' };

describe('an operation that is not emulated', () => {
  it('answers 501 with a reason and a hint', async () => {
    const { url } = await start();
    const answer = await fetch(`${url}/v9/get-call/call_1`, {
      method: 'POST',
      headers,
    });
    expect(answer.status).toBe(501);
    expect(await answer.json()).toEqual({
      status: 'error',
      message: expect.stringMatching(
        /^This operation is not emulated\. POST \/v9\/get-call\/call_1 is newer than the contract, .* --upstream URL forwards such requests\.$/,
      ) as unknown,
    });
    expect((await fetch(`${url}/v4/get-call/x`, { headers })).status).toBe(501);
    expect((await fetch(`${url}/creat-chat`, { method: 'POST', headers })).status).toBe(404);
  });

  it('is forwarded unchanged with the caller’s key, and its answer is marked', async () => {
    const upstream = await startUpstream();
    const { url, workspace } = await start({ upstream: `${upstream.url}/base/` });
    const body = new FormData();
    body.set('name', 'Knowledge');
    const answer = await fetch(`${url}/v9/create-phone-call?x=1%202`, {
      ...{ method: 'POST', headers, body },
    });
    expect([answer.status, await answer.text()]).toEqual([418, 'short']);
    expect(answer.headers.get('x-own')).toBe('yes');
    expect(answer.headers.get('x-emulator')).toBe('upstream');
    expect(upstream.seen).toMatchObject([
      { method: 'POST', url: '/base/v9/create-phone-call?x=1%202', headers },
    ]);
    expect(upstream.seen[0]?.body).toContain('Knowledge');
    await fetch(`${url}/v9/get-call/call_1`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: '{"limit":1}',
    });
    expect(upstream.seen[1]).toMatchObject({
      url: '/base/v9/get-call/call_1',
      body: '{"limit":1}',
    });
    const { items } = await workspace('key_a').requests.list();
    expect(items).toMatchObject([
      { path: '/v9/create-phone-call', status: 418, forwarded: true, operation: null },
      { path: '/v9/get-call/call_1', status: 418, forwarded: true },
    ]);
    for (const item of items) expect(item).not.toHaveProperty('body');
  });

  it('is not forwarded without a key, and emulated operations are never forwarded', async () => {
    const upstream = await startUpstream();
    const { url } = await start({ upstream: upstream.url });
    expect((await fetch(`${url}/v9/get-call/x`, { method: 'POST' })).status).toBe(401);
    expect((await fetch(`${url}/get-batch-test/x`, { headers })).status).toBe(404);
    expect((await fetch(`${url}/_emulator/clock`, { headers })).status).toBe(200);
    expect((await fetch(`${url}/openapi.json`)).status).toBe(200);
    expect(upstream.seen).toEqual([]);
  });

  it.each<[string, StartOptions]>([
    ['off', { control: 'off' }],
    ['on', { controlToken: 'secret' }],
  ])("is none of the emulator's own, with control %s", async (control, options) => {
    const upstream = await startUpstream();
    const { url } = await start({ ...options, upstream: upstream.url });
    const secrets = { authorization: 'Bearer secret', 'x-emulator-api-key': 'key_a' };
    const statusOf = async (method: string, path: string) =>
      (await fetch(url + path, { method, headers: secrets })).status;
    expect(await statusOf('DELETE', '/_emulator/clock')).toBe(control === 'on' ? 405 : 404);
    expect(await statusOf('POST', '/_emulator/ready')).toBe(405);
    expect(await statusOf('POST', '/docs')).toBe(405);
    for (const path of ['/_emulator/nothing', '/%5Femulator/x', '//_emulator/x', '/openapi.xml']) {
      expect([path, await statusOf('POST', path)]).toEqual([path, 404]);
    }
    expect(upstream.seen).toEqual([]);
  });

  it('is forwarded without the headers for the emulator', async () => {
    const upstream = await startUpstream();
    const { url } = await start({ upstream: upstream.url });
    const said = { 'x-emulator-api-key': 'key_b', 'x-emulator-progression': 'manual' };
    const others = { prefer: 'code=429', 'x-mine': 'yes' };
    await fetch(`${url}/v9/list-calls`, { headers: { ...headers, ...said, ...others } });
    expect(upstream.seen).toMatchObject([{ headers: { ...headers, ...others } }]);
    expect(Object.keys(upstream.seen[0]?.headers ?? {}).join()).not.toContain('x-emulator');
  });

  it('answers 502 while the upstream server cannot be reached', async () => {
    const { url } = await start({ upstream: 'http://127.0.0.1:1' });
    const answer = await fetch(`${url}/v9/list-calls`, { headers });
    expect(answer.status).toBe(502);
    expect(await answer.json()).toMatchObject({
      status: 'error',
      message: expect.stringContaining('The upstream server could not be reached.') as string,
    });
  });

  it.each([
    '/v9/list-calls/../list-agents',
    '/./v9/list-calls',
    '/x/%2e%2e/v9/list-calls',
    '/x/%2E/v9/list-calls',
    '/./_emulator/clock',
    '/x/../_emulator/clock',
    '/x/..\\_emulator/clock',
    '/\\_emulator/clock',
    '/x/%2f../v9/list-calls',
  ])('is refused if another server may read its path differently: %s', async (target) => {
    const upstream = await startUpstream();
    const { url } = await start({ upstream: upstream.url });
    const { status, text } = await send(url, { target });
    expect(status).toBe(400);
    expect(JSON.parse(text)).toEqual({
      status: 'error',
      message: expect.stringContaining(`path ${target} is not forwarded`) as string,
    });
    expect(upstream.seen).toEqual([]);
  });

  it('is forwarded with all of its query, and with a path that is encoded', async () => {
    const upstream = await startUpstream();
    const { url } = await start({ upstream: upstream.url });
    const target = '/v9/get-call/%2B14155550100?a=/../b&c=%2e';
    expect((await send(url, { target })).status).toBe(418);
    expect(upstream.seen).toMatchObject([{ url: target }]);
  });

  it.each(['http://other.example', 'HTTP://127.0.0.1:4010'])(
    'is accepted with a whole URL as target and any host: %s',
    async (origin) => {
      const upstream = await startUpstream();
      const { url } = await start({ upstream: upstream.url });
      expect((await send(url, { target: `${origin}/v9/list-calls?x=1` })).status).toBe(418);
      expect(upstream.seen).toMatchObject([{ url: '/v9/list-calls?x=1' }]);
      expect((await send(url, { target: `${origin}/get-batch-test/b` })).status).toBe(404);
      expect((await send(url, { target: `${origin}/_emulator/health` })).status).toBe(200);
      expect((await send(url, { target: origin })).status).toBe(302);
      expect(upstream.seen).toHaveLength(1);
    },
  );

  it('is not mistaken for an emulated one with a wrong method', async () => {
    const upstream = await startUpstream();
    const { url } = await start({ upstream: upstream.url });
    const answer = await send(url, { target: '/create-batch-test', method: 'PUT' });
    expect([answer.status, answer.headers.allow]).toEqual([405, 'POST']);
    expect(upstream.seen).toEqual([]);
  });

  it('is forwarded without the headers of its connection, and answered without those', async () => {
    const upstream = await startUpstream(200, { connection: 'x-one, close', 'x-one': '1' });
    const { url } = await start({ upstream: upstream.url });
    const ofConnection = {
      connection: 'x-two, keep-alive',
      'x-two': '2',
      'keep-alive': 'timeout=99',
      'proxy-authorization': 'Basic c2VjcmV0',
      'proxy-connection': 'keep-alive',
      te: 'trailers',
      upgrade: 'h2c',
      expect: '100-continue',
    };
    const mine = { 'x-mine': 'yes' };
    const answer = await send(url, {
      target: '/v9/list-calls',
      headers: { ...ofConnection, ...mine },
    });
    expect([answer.status, answer.text]).toEqual([200, 'short']);
    expect(answer.headers).toMatchObject({ 'x-own': 'yes' });
    expect(answer.headers).not.toHaveProperty('x-one');
    expect(upstream.seen[0]?.headers).toMatchObject(mine);
    // The connection to the upstream server has a `connection` of its own.
    for (const name of Object.keys(ofConnection).filter((name) => name !== 'connection')) {
      expect(upstream.seen[0]?.headers).not.toHaveProperty(name);
    }
  });

  it('is sent once, even if the answer is an error', async () => {
    const upstream = await startUpstream(503, { 'retry-after': '0' });
    const { url } = await start({ upstream: upstream.url });
    expect((await send(url, { target: '/v9/list-calls' })).status).toBe(503);
    expect(upstream.seen).toHaveLength(1);
  });
});
