import { once } from 'node:events';
import http from 'node:http';
import https, { get as importedGet, request as importedRequest } from 'node:https';
import { createServer, type AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import axios from 'axios';
import got from 'got';
import Retell from 'retell-sdk';
import OlderRetell from 'retell-sdk-4';
import * as undici from 'undici';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import WebSocket from 'ws';
import { redirectRetell, startEmulator, type RetellEmulator } from '../../src/index.js';
import { isVendor } from '../../src/redirect/target.js';
import { createCertificate } from '../support/certificates.js';
import { temporaryFolder } from '../support/files.js';

const vendor = 'https://api.retellai.com';
const headers = { authorization: 'Bearer key_hard_coded' };

let emulator: RetellEmulator;
beforeAll(async () => {
  emulator = await startEmulator();
});
afterAll(() => emulator.close());

/** Redirects until the end of the test. */
function redirect(to: string = emulator.url) {
  const undo = redirectRetell({ to });
  onTestFinished(undo);
  return undo;
}

type Request = http.ClientRequest;
/** Resolves to the status of the answer. */
async function statusOf(request: Request): Promise<number | undefined> {
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  response.resume();
  return response.statusCode;
}

const options = { hostname: 'api.retellai.com', path: '/list-voices', headers };

/** A request for a URL, by each kind of client. Resolves to the status of its answer. */
const clients: Record<string, (url: string) => Promise<number | undefined>> = {
  fetch: async (url) => (await fetch(url, { headers })).status,
  'undici.fetch': async (url) => (await undici.fetch(url, { headers })).status,
  'undici.request': async (url) => (await undici.request(url, { headers })).statusCode,
  axios: async (url) => (await axios.get(url, { headers, validateStatus: () => true })).status,
  'axios with fetch': async (url) =>
    (await axios.get(url, { adapter: 'fetch', headers, validateStatus: () => true })).status,
  got: async (url) =>
    (await got(url, { headers, throwHttpErrors: false, retry: { limit: 0 } })).statusCode,
  'get of node:http(s)': (url) => statusOf(moduleOf(url).get(url, { headers })),
  'request of node:http(s)': (url) =>
    statusOf(moduleOf(url).request(new URL(url), { headers }).end()),
  'request of node:http(s) with options': (url) => {
    const { hostname: host, port, pathname: path } = new URL(url);
    return statusOf(moduleOf(url).request({ host, port, path, headers }).end());
  },
  'node:http(s) with an agent of its own': (url) => {
    const { Agent, request } = moduleOf(url);
    return statusOf(request(url, { headers, agent: new Agent({ maxSockets: 1 }) }).end());
  },
};
const moduleOf = (url: string) => (url.startsWith('https:') ? https : http);

describe('a redirected client', () => {
  it.each([
    ['the newest SDK', Retell],
    ['an older SDK', OlderRetell],
  ])('is %s without a base URL', async (name, Sdk) => {
    redirect();
    const apiKey = `key_of_${name.replaceAll(' ', '_')}`;
    const client = new Sdk({ apiKey, maxRetries: 0 });
    expect(client.baseURL).toBe(vendor);
    const { call_id: id } = await client.call.createPhoneCall({
      ...{ from_number: '+14157774444', to_number: '+12137774445', override_agent_id: 'agent_1' },
    });
    expect(await client.call.retrieve(id)).toMatchObject({ call_id: id });
    const requests = await emulator.workspace(apiKey).requests.list();
    expect(requests.items.map(({ operation }) => operation).sort()).toEqual([
      'createPhoneCall',
      'getCall',
    ]);
  });

  it.each(Object.entries(clients))('is %s', async (name, send) => {
    redirect();
    const path = `/get-agent/agent_of_${encodeURIComponent(name)}`;
    for (const url of [`${vendor}${path}`, `http://api.retellai.com${path}`]) {
      expect(await send(url), url).toBe(404);
    }
    const workspace = emulator.workspace('key_hard_coded');
    expect(await workspace.requests.count({ path })).toBe(2);
  });

  it.each([
    ['request', () => importedRequest(options).end()],
    ['get', () => importedGet(options)],
  ])('is one that imports %s by name, also before', async (_name, send) => {
    redirect();
    expect(await statusOf(send())).toBe(200);
  });

  it('is one with a proxy that takes whole URLs', async () => {
    redirect();
    const request = https.get({
      ...{ hostname: 'proxy.invalid', path: `${vendor}/list-voices?a=b`, headers },
    });
    expect(await statusOf(request)).toBe(200);
    expect(request.path).toBe('/list-voices?a=b');
  });

  it('sends bodies, and passes the answer to the callback', async () => {
    redirect();
    const chunks: Buffer[] = [];
    await new Promise<void>((resolve) => {
      const post = { ...headers, 'content-type': 'application/json' };
      const url = `${vendor}/create-retell-llm`;
      const request = https.request(url, { method: 'POST', headers: post }, (response) => {
        response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', resolve);
      });
      request.end('{"begin_message":"Grüß Gott"}');
    });
    expect(JSON.parse(Buffer.concat(chunks).toString())).toMatchObject({
      begin_message: 'Grüß Gott',
    });
  });

  it('reaches an emulator that serves HTTPS', async () => {
    const { cert, files } = await createCertificate(temporaryFolder());
    const secure = await startEmulator({ tlsCert: files.cert, tlsKey: files.key });
    onTestFinished(() => secure.close());
    redirect(secure.url);
    for (const send of [https.get, http.get]) {
      const protocol = send === https.get ? 'https' : 'http';
      const url = `${protocol}://api.retellai.com/get-agent/a`;
      expect(await statusOf(send(url, { headers, ca: cert } as https.RequestOptions))).toBe(404);
    }
  });

  it('is ws, whose upgrade the emulator answers', async () => {
    redirect();
    const socket = new WebSocket('wss://api.retellai.com/v2/monitor-call/call_1', { headers });
    const [error] = (await once(socket, 'error')) as [Error];
    expect(error.message).toBe('Unexpected server response: 404');
  });
});

/** A server for one kind of request that keeps the bytes which it receives. */
async function startRecorder() {
  const received: string[] = [];
  const server = createServer((socket) => {
    socket
      .on('error', () => undefined)
      .on('data', (chunk) => {
        received.push(chunk.toString());
        socket.end('HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n');
      });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${String(port)}/v2/create-phone-call`, received };
}

describe('a request for another host', () => {
  it.each(Object.entries(clients))('of %s is sent as it was', async (_name, send) => {
    const { url, received } = await startRecorder();
    await send(url);
    const undo = redirect();
    await send(url);
    undo();
    await send(url);
    const [before] = received;
    expect(before).toContain('\r\n\r\n');
    expect(received).toEqual([before, before, before]);
  });

  it.each([
    (url: string) => `${url}?url=${vendor}/`,
    (url: string) => url.replace('http://', 'http://api.retellai.com@'),
  ])('is not mistaken for one to the vendor if its URL names that: %s', async (nameVendor) => {
    redirect();
    const { url, received } = await startRecorder();
    for (const send of [clients['undici.request'], clients['axios'], clients['got']]) {
      expect(await send?.(nameVendor(url))).toBe(204);
    }
    expect(received).toHaveLength(3);
  });

  it.each([
    ['api.retellai.com', true],
    ['API.retellai.com.', true],
    ['api.retellai.com.example.com', false],
    ['eu.api.retellai.com', false],
    ['retellai.com', false],
    ['127.0.0.1', false],
  ])('is told by its host: %s', (hostname, expected) => {
    expect(isVendor(hostname)).toBe(expected);
  });
});

/** All messages of an error and its causes. */
const textOf = ({ message, cause }: Error): string =>
  cause instanceof Error ? `${message} ${textOf(cause)}` : message;

describe('the end of a redirection', () => {
  const key = Symbol.for('undici.globalDispatcher.1');
  const state = () => [
    ...[http, https].flatMap(({ get, request }) => [get, request]),
    ...[importedGet, importedRequest, (globalThis as Record<symbol, unknown>)[key]],
  ];

  it('restores what was there', async () => {
    await fetch(`${emulator.url}/_emulator/health`);
    const before = state();
    const undo = redirect();
    expect(state().filter((one, index) => one === before[index])).toEqual([]);
    undo();
    undo();
    expect(state().map((one, index) => one === before[index])).not.toContain(false);
  });

  it('comes with the block of `using`', async () => {
    const before = state();
    const undo = redirectRetell({ to: emulator.url });
    expect((await fetch(`${vendor}/get-agent/a`, { headers })).status).toBe(404);
    undo[Symbol.dispose]();
    expect(state()).toEqual(before);
  });

  it('leaves functions alone that replaced its own', async () => {
    const undo = redirect();
    const redirecting = https.get;
    const spy = redirecting.bind(https);
    https.get = spy;
    undo();
    expect(https.get).toBe(spy);
    const { url } = await startRecorder();
    expect(await statusOf(http.get(url))).toBe(204);
    https.get = redirecting;
  });

  it('gives way to the redirection before it', async () => {
    const other = await startEmulator();
    onTestFinished(() => other.close());
    const ask = async () => {
      const path = '/get-agent/agent_of_two';
      await fetch(`${vendor}${path}`, { headers });
      await statusOf(https.get(`${vendor}${path}`, { headers }));
      return Promise.all(
        [emulator, other].map((one) => one.workspace('key_hard_coded').requests.count({ path })),
      );
    };
    const first = redirect();
    const second = redirect(other.url);
    expect(await ask()).toEqual([0, 2]);
    second();
    expect(await ask()).toEqual([2, 2]);
    redirect(other.url);
    first();
    expect(await ask()).toEqual([2, 4]);
  });
});

describe('an error', () => {
  it.each(Object.entries(clients))('of %s says that no emulator answers', async (_name, send) => {
    const { url } = await startEmulator().then(async (stopped) => {
      await stopped.close();
      return stopped;
    });
    redirect(url);
    const error: unknown = await send(`${vendor}/get-agent/a`).catch((reason: unknown) => reason);
    expect(textOf(error as Error)).toContain(
      `retell-emulator/redirect: no emulator answers at ${url} (ECONNREFUSED). Start it, or set RETELL_EMULATOR_URL`,
    );
    expect(inspect(error)).toContain('retell-emulator/redirect: no emulator answers');
    const { code, cause } = error as { code?: string; cause?: { code?: string } };
    expect([code, cause?.code]).toContain('ECONNREFUSED');
  });

  it.each([
    'emulator',
    'ftp://127.0.0.1:4010',
    'http://127.0.0.1:4010/v2',
    'https://api.retellai.com',
    'http://user@127.0.0.1:4010',
  ])('says that the URL is none of an emulator: %s', (to) => {
    expect(() => redirectRetell({ to })).toThrow(
      `the URL of the emulator must be like http://127.0.0.1:4010, without a path, and not the vendor's; it is "${to}"`,
    );
  });
});
