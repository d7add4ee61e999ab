import { createServer, type IncomingHttpHeaders } from 'node:http';
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

/** Stands for the real service: notes what it is asked, and answers 418. */
async function startUpstream() {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, url, headers } = request;
      seen.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
      response.writeHead(418, { 'content-type': 'text/plain', 'x-own': 'yes' }).end('short');
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
  it('answers 501 and says so, and what would help', async () => {
    const { url } = await start();
    const answer = await fetch(`${url}/create-chat`, { method: 'POST', headers });
    expect(answer.status).toBe(501);
    expect(await answer.json()).toEqual({
      status: 'error',
      message:
        'This operation is not emulated. POST /create-chat is none of its operations; --upstream URL forwards such requests.',
    });
    expect((await fetch(`${url}/v2/get-call/call_1`, { headers })).status).toBe(501);
    expect((await fetch(`${url}/creat-chat`, { method: 'POST', headers })).status).toBe(404);
  });

  it('is forwarded as it came, with the caller’s key, and marked', async () => {
    const upstream = await startUpstream();
    const { url, workspace } = await start({ upstream: `${upstream.url}/base/` });
    const body = new FormData();
    body.set('name', 'Knowledge');
    const answer = await fetch(`${url}/create-knowledge-base?x=1%202`, {
      ...{ method: 'POST', headers, body },
    });
    expect([answer.status, await answer.text()]).toEqual([418, 'short']);
    expect(answer.headers.get('x-own')).toBe('yes');
    expect(answer.headers.get('x-emulator')).toBe('upstream');
    expect(upstream.seen).toMatchObject([
      { method: 'POST', url: '/base/create-knowledge-base?x=1%202', headers },
    ]);
    expect(upstream.seen[0]?.body).toContain('Knowledge');
    await fetch(`${url}/v3/list-calls`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: '{"limit":1}',
    });
    expect(upstream.seen[1]).toMatchObject({ url: '/base/v3/list-calls', body: '{"limit":1}' });
    const { items } = await workspace('key_a').requests.list();
    expect(items).toMatchObject([
      { path: '/create-knowledge-base', status: 418, forwarded: true, operation: null },
      { path: '/v3/list-calls', status: 418, forwarded: true },
    ]);
    for (const item of items) expect(item).not.toHaveProperty('body');
  });

  it('is not forwarded without a key, nor is anything that is emulated', async () => {
    const upstream = await startUpstream();
    const { url } = await start({ upstream: upstream.url });
    expect((await fetch(`${url}/create-chat`, { method: 'POST' })).status).toBe(401);
    expect((await fetch(`${url}/get-batch-test/x`, { headers })).status).toBe(404);
    expect((await fetch(`${url}/_emulator/clock`, { headers })).status).toBe(200);
    expect((await fetch(`${url}/openapi.json`)).status).toBe(200);
    expect(upstream.seen).toEqual([]);
  });

  it.each<[string, StartOptions]>([
    ['off', { control: 'off' }],
    ['on', { controlToken: 'secret' }],
  ])('is not taken for one when it is ours, with control %s', async (control, options) => {
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

  it('is forwarded without what is said to the emulator alone', async () => {
    const upstream = await startUpstream();
    const { url } = await start({ upstream: upstream.url });
    const said = { 'x-emulator-api-key': 'key_b', 'x-emulator-progression': 'manual' };
    const others = { prefer: 'code=429', 'x-mine': 'yes' };
    await fetch(`${url}/list-voices`, { headers: { ...headers, ...said, ...others } });
    expect(upstream.seen).toMatchObject([{ headers: { ...headers, ...others } }]);
    expect(Object.keys(upstream.seen[0]?.headers ?? {}).join()).not.toContain('x-emulator');
  });

  it('answers 502 while the upstream server cannot be reached', async () => {
    const { url } = await start({ upstream: 'http://127.0.0.1:1' });
    const answer = await fetch(`${url}/list-voices`, { headers });
    expect(answer.status).toBe(502);
    expect(await answer.json()).toMatchObject({
      status: 'error',
      message: expect.stringContaining('The upstream server could not be reached.') as string,
    });
  });
});
