import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import dns from 'node:dns';
import type { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { isLoopback } from '../../src/loopback.js';
import {
  destinationFinder,
  parseHostPattern,
  parseRewrite,
} from '../../src/outbound/destination.js';
import { createSender, type Sent } from '../../src/outbound/sender.js';
import { ManualClock } from '../support/manual-clock.js';
import { startReceiver } from '../support/receiver.js';

/** Every address that this process connects to, by the names or addresses that were asked for. */
const connections: string[] = [];

const watch = (message: unknown): void => {
  const { socket } = message as { socket: Socket };
  socket.on('lookup', (_error, address: string) => connections.push(address));
  socket.on('connectionAttempt', (ip: string) => connections.push(ip));
};

beforeEach(() => {
  connections.length = 0;
  subscribe('net.client.socket', watch);
});

afterEach(() => {
  vi.restoreAllMocks();
  unsubscribe('net.client.socket', watch);
  expect(connections.filter((address) => !isLoopback(address))).toEqual([]);
});

function openSender(rules: { allow?: string[]; rewrite?: string[] } = {}) {
  const clock = new ManualClock();
  const sender = createSender(
    clock,
    destinationFinder({
      allow: (rules.allow ?? []).flatMap((text) => parseHostPattern(text) ?? []),
      rewrites: (rules.rewrite ?? []).flatMap((text) => parseRewrite(text) ?? []),
    }),
  );
  onTestFinished(() => {
    sender.close();
    expect(clock.alarmCount, 'timers left behind').toBe(0);
  });
  const send = (url: string, request: { body?: string; timeout?: number } = {}) =>
    sender.send({
      url,
      headers: { 'content-type': 'application/json' },
      body: '{}',
      timeout: 1000,
      ...request,
    });
  return { clock, sender, send };
}

function gate() {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return {
    open: () => {
      open();
    },
    opened,
  };
}

const sent = async (promise: Promise<object>): Promise<Sent> => (await promise) as Sent;

describe('the sender', () => {
  it('posts the body with its headers, and tells how it was answered', async () => {
    const receiver = await startReceiver((_request, response) => {
      response.writeHead(202).end('thanks');
    });
    const { send } = openSender();
    const result = await sent(send(`${receiver.url}/hook?a=1`, { body: '{"name":"Zoë"}' }));
    expect(result).toMatchObject({ status: 202, body: 'thanks', error: undefined });
    expect(result.target).toBe(`${receiver.url}/hook?a=1`);
    expect(result.latency).toBeGreaterThan(0);
    const [request] = receiver.received;
    expect(request).toMatchObject({ method: 'POST', path: '/hook?a=1', body: '{"name":"Zoë"}' });
    expect(request?.headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': '15',
    });
  });

  it.each(['127.0.0.1', '::1'])(
    'finds localhost where a server listens on %s only',
    async (host) => {
      const { port } = await startReceiver(undefined, host);
      const lookup = vi.spyOn(dns, 'lookup');
      const { send } = openSender();
      for (const name of ['localhost', 'app.localhost']) {
        expect((await sent(send(`http://${name}:${String(port)}/`))).status).toBe(204);
      }
      expect(lookup, 'questions to a name server').not.toHaveBeenCalled();
    },
  );

  it('connects to nothing else than this machine, whatever the URL', async () => {
    const lookup = vi.spyOn(dns, 'lookup');
    const { send } = openSender();
    const url = fc.webUrl({
      authoritySettings: { withIPv4: true, withIPv6: true, withPort: true },
    });
    await fc.assert(
      fc.asyncProperty(fc.oneof(url, fc.string()), async (text) => {
        const result = await send(text);
        if ('refused' in result) return;
        expect(isLoopback(new URL(result.target).hostname)).toBe(true);
      }),
    );
    expect(lookup, 'questions to a name server').not.toHaveBeenCalled();
  });

  it('connects to the address of an allowed name that it looked up, and looks it up once', async () => {
    const { port, received } = await startReceiver();
    const answers = ['127.0.0.1', '192.0.2.1'];
    const lookup = vi.spyOn(dns, 'lookup').mockImplementation(((
      _name: string,
      _options: object,
      callback: (error: null, addresses: { address: string; family: number }[]) => void,
    ) => {
      callback(null, [{ address: answers.shift() ?? '', family: 4 }]);
    }) as never);
    const { send } = openSender({ allow: ['app.test'] });
    expect((await sent(send(`http://app.test:${String(port)}/`))).status).toBe(204);
    expect(lookup).toHaveBeenCalledTimes(1);
    expect(received[0]?.headers.host).toBe(`app.test:${String(port)}`);
  });

  it('sends to where a rewrite says', async () => {
    const { url, received } = await startReceiver();
    const { send } = openSender({ rewrite: [`https://app.example=${url}`] });
    expect(await send('https://app.example/hook')).toMatchObject({
      status: 204,
      target: `${url}/hook`,
    });
    expect(received).toMatchObject([{ path: '/hook' }]);
  });

  it('does not follow a redirect', async () => {
    const elsewhere = await startReceiver();
    const { url } = await startReceiver((_request, response) => {
      response.writeHead(307, { location: elsewhere.url }).end();
    });
    const { send } = openSender();
    expect((await sent(send(url))).status).toBe(307);
    expect(elsewhere.received).toEqual([]);
  });

  it('uses no proxy', async () => {
    const proxy = await startReceiver();
    for (const name of ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'ALL_PROXY']) {
      vi.stubEnv(name, proxy.url);
    }
    vi.stubEnv('NODE_USE_ENV_PROXY', '1');
    onTestFinished(() => void vi.unstubAllEnvs());
    const { url } = await startReceiver();
    const { send } = openSender();
    expect((await sent(send(url))).status).toBe(204);
    expect(proxy.received).toEqual([]);
  });

  it('tells that nobody listens', async () => {
    const { send } = openSender();
    const result = await sent(send('http://localhost:1/'));
    expect(result).toMatchObject({ status: undefined });
    expect(result.error).toMatch(/ECONNREFUSED/);
  });

  it('tells that the connection was reset, and sends once only', async () => {
    const { url, received } = await startReceiver((_request, _response, socket) => {
      socket.resetAndDestroy();
    });
    const { send } = openSender();
    const result = await sent(send(url));
    expect(result.status).toBeUndefined();
    expect(result.error).toMatch(/ECONNRESET|hang up/);
    expect(received).toHaveLength(1);
  });

  it('gives up a receiver that does not answer in time', async () => {
    const asked = gate();
    const { url } = await startReceiver(() => {
      asked.open();
    });
    const { send, clock } = openSender();
    const result = sent(send(url, { timeout: 10_000 }));
    await asked.opened;
    await clock.advance(10_000);
    expect(await result).toMatchObject({
      status: undefined,
      error: 'the answer was not over after 10000 ms',
    });
  });

  it('tells the status of an answer that never ends as soon as it is there', async () => {
    const { url } = await startReceiver((_request, response) => {
      response.writeHead(200).write('still ');
    });
    const { sender, clock } = openSender();
    let status: number | undefined;
    const answered = gate();
    const result = sent(
      sender.send({
        url,
        headers: {},
        body: '',
        timeout: 5000,
        onStatus: (is) => {
          status = is;
          answered.open();
        },
      }),
    );
    await answered.opened;
    expect(status).toBe(200);
    await turn();
    await clock.advance(5000);
    expect(await result).toMatchObject({
      status: 200,
      error: 'the answer was not over after 5000 ms',
    });
  });

  it('cuts an answer that does not stop', async () => {
    const { url } = await startReceiver((_request, response) => {
      const write = (): void => {
        while (!response.destroyed && response.write('x'.repeat(4096)));
      };
      response.on('drain', write);
      write();
    });
    const { send } = openSender();
    const result = await sent(send(url));
    expect(result).toMatchObject({ status: 200, error: 'the answer was cut after 16384 bytes' });
    expect(result.body).toBe('x'.repeat(16_384));
  });

  it.each([
    ['no HTTP', 'hello\r\n\r\n'],
    ['headers without end', `HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(10_000)}`],
    ['half a body', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf'],
  ])('tells that the answer was %s', async (_what, text) => {
    const { url } = await startReceiver((_request, _response, socket) => {
      socket.end(text);
    });
    const { send } = openSender();
    const result = await sent(send(url));
    expect(result.error).toBeDefined();
    expect(result.body).toBe(text.endsWith('half') ? 'half' : '');
  });

  it('uses a connection again while others are under way, and keeps none afterwards', async () => {
    const sockets = new Set<Socket>();
    const { url } = await startReceiver((_request, response, socket) => {
      sockets.add(socket);
      response.end();
    });
    const { send } = openSender();
    const one = async () => {
      for (let round = 0; round < 20; round += 1) await send(url);
    };
    await Promise.all([one(), one(), one()]);
    expect(sockets.size).toBeLessThan(30);
    await vi.waitUntil(() => [...sockets].every((socket) => socket.destroyed));
  });

  it('breaks off what is under way when it is closed', async () => {
    const asked = gate();
    const { url } = await startReceiver(() => {
      asked.open();
    });
    const { sender, send } = openSender();
    const result = sent(send(url));
    await asked.opened;
    sender.close();
    expect((await result).error).toBe('the emulator was closed');
    expect(await send(url)).toMatchObject({ error: 'the emulator was closed' });
  });
});
