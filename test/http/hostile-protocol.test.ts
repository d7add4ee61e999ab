import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildTestApp } from '../support/emulator.js';
import { exchange, listenLocally, openSocket, readToEnd } from '../support/raw.js';

const invalid = 'Invalid request format, please check API reference.';
const key = 'authorization: Bearer key_a\r\n';
const host = 'host: localhost\r\n';
const end = 'connection: close\r\n\r\n';
const get = `GET /get-batch-test/x HTTP/1.1\r\n${key}`;
const posting = (version: string): string =>
  `POST /create-batch-test HTTP/${version}\r\n${key}${host}content-type: application/json\r\n`;
const post = posting('1.1');
const chunks = '\r\n2\r\n{}\r\n0\r\n\r\n';
const upgrade = (protocol: string): string =>
  `connection: Upgrade, close\r\nupgrade: ${protocol}\r\n`;

/** What each request gets. Node ends none of these connections by itself but for what is no HTTP. */
const requests: [what: string, text: string, status: number, message: string][] = [
  ['no request', 'NONSENSE\r\n\r\n', 400, invalid],
  ['an unknown method', `FOO / HTTP/1.1\r\n${host}${end}`, 400, invalid],
  ['the beginning of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, invalid],
  ['HTTP/2.0', `GET / HTTP/2.0\r\n${host}\r\n`, 505, 'The HTTP version must be 1.0 or 1.1.'],
  ['HTTP/0.9', 'GET /\r\n\r\n', 505, 'The HTTP version must be 1.0 or 1.1.'],

  ['CONNECT', `CONNECT a.example:443 HTTP/1.1\r\n${host}\r\n`, 501, 'It is CONNECT.'],
  ['CONNECT and data', `CONNECT a.example:443 HTTP/1.1\r\n${host}\r\nx`, 501, 'It is CONNECT.'],
  ['CONNECT without Host', 'CONNECT a.example:443 HTTP/1.1\r\n\r\n', 501, 'It is CONNECT.'],
  ['TRACE', `TRACE /get-batch-test/x HTTP/1.1\r\n${host}${key}${end}`, 405, 'takes GET, HEAD.'],
  ['OPTIONS *', `OPTIONS * HTTP/1.1\r\n${host}${key}${end}`, 404, 'There is no OPTIONS *'],
  // RFC 9110, 7.8: a server may ignore what a client would like to speak instead.
  ['a WebSocket', `${get}${host}${upgrade('websocket')}\r\n`, 404, 'Item x not found'],
  ['h2c', `${post}${upgrade('h2c')}content-length: 2\r\n\r\n{}`, 400, 'must have required'],

  ['no Host', `GET / HTTP/1.1\r\n${end}`, 400, 'There is no Host header.'],
  ['no Host for the vendor', `${get}${end}`, 400, 'There is no Host header.'],
  ['no Host for us', `GET /_emulator/health HTTP/1.1\r\n${end}`, 400, 'There is no Host header.'],
  ['no Host for pages', `GET /docs/a.css HTTP/1.1\r\n${end}`, 400, 'There is no Host header.'],
  ['two Hosts', `${get}${host}host: evil.example\r\n${end}`, 400, 'more than one Host'],
  ['two Hosts at none', `GET /none HTTP/1.1\r\n${host}${host}${end}`, 400, 'more than one Host'],
  ['a path as Host', `${get}host: localhost/x\r\n${end}`, 400, 'not the name of a host'],
  ['a user as Host', `${get}host: a@localhost\r\n${end}`, 400, 'not the name of a host'],
  ['a space in Host', `${get}host: local host\r\n${end}`, 400, 'not the name of a host'],
  ['a name as port', `${get}host: localhost:http\r\n${end}`, 400, 'not the name of a host'],
  ['an empty Host', `${get}host:\r\n${end}`, 404, 'Item x not found'],
  ['an address as Host', `${get}host: [::1]:4010\r\n${end}`, 404, 'Item x not found'],
  ['a whole URL', `GET http://a/get-batch-test/x HTTP/1.1\r\n${host}${key}${end}`, 404, 'Item x'],
  ['HTTP/1.0 without Host', `GET /get-batch-test/x HTTP/1.0\r\n${key}\r\n`, 404, 'Item x'],

  ['gzip, chunked', `${post}transfer-encoding: gzip, chunked\r\n${chunks}`, 501, 'gzip, chunked'],
  [
    'gzip, chunked in two headers',
    `${post}transfer-encoding: gzip\r\ntransfer-encoding: chunked\r\n${chunks}`,
    501,
    'gzip, chunked',
  ],
  ['only gzip', `${post}transfer-encoding: gzip\r\n${chunks}`, 501, 'It is gzip.'],
  ['chunked twice', `${post}transfer-encoding: chunked, chunked\r\n${chunks}`, 400, invalid],
  ['identity', `${post}transfer-encoding: identity\r\ncontent-length: 2\r\n\r\n{}`, 400, invalid],
  [
    'chunks and a length',
    `${post}transfer-encoding: chunked\r\ncontent-length: 2\r\n${chunks}`,
    400,
    invalid,
  ],
  [
    'chunks in HTTP/1.0',
    `${posting('1.0')}transfer-encoding: chunked\r\n${chunks}`,
    400,
    'HTTP/1.0 has no Transfer-Encoding.',
  ],
  [
    'chunks in capitals',
    `${post}connection: close\r\nTransfer-Encoding: Chunked\r\n${chunks}`,
    400,
    'must have required property',
  ],
  ['two lengths', `${post}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`, 400, invalid],
  ['a negative length', `${post}content-length: -2\r\n\r\n{}`, 400, invalid],
  ['a length of 23 digits', `${post}content-length: ${'9'.repeat(23)}\r\n\r\n{}`, 400, invalid],

  ['a long header', `${get}${host}x: ${'y'.repeat(20_000)}\r\n\r\n`, 431, 'too large'],
  ['a long path', `GET /${'y'.repeat(20_000)} HTTP/1.1\r\n${host}\r\n`, 431, 'too large'],
  [
    'long extensions of chunks',
    `${post}transfer-encoding: chunked\r\n\r\n2;${'x'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n`,
    413,
    'too large',
  ],
  ['a zero byte', `GET /\0 HTTP/1.1\r\n${host}\r\n`, 400, invalid],
  ['lines without CR', `GET / HTTP/1.1\n${host.trim()}\n\n`, 400, invalid],
];

let port = 0;
beforeAll(async () => {
  port = await listenLocally(buildTestApp({ atEnd: afterAll }).app);
});

describe('a request that is odd HTTP', () => {
  it.each(requests)('with %s is answered, and its connection ends', async (...row) => {
    const [, text, status, message] = row;
    const { head, body } = await exchange(port, text);
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${String(status)} `));
    expect(head.toLowerCase()).toContain('content-type: application/json; charset=utf-8');
    expect(head.toLowerCase()).toContain('connection: close');
    expect(head.includes('x-should-retry: false')).toBe(status > 500);
    // TRACE would return the key to a page that cannot read it otherwise.
    expect(JSON.stringify(body)).not.toContain('Bearer');
    expect(body).toMatchObject({
      status: 'error',
      message: expect.stringContaining(message) as string,
    });
  });

  it('does not end other connections', async () => {
    const answers = await Promise.all(
      requests.map(async ([, text]) => (await exchange(port, text)).head.slice(9, 12)),
    );
    expect(answers).toEqual(requests.map(([, , status]) => String(status)));
  });

  it('gets one answer, even if what follows the answer is no HTTP', async () => {
    const unauthorized = post.replace('Bearer key_a', 'Basic x');
    const { head, body } = await exchange(
      port,
      `${unauthorized}transfer-encoding: chunked\r\n\r\nz`,
    );
    expect(head).toMatch(/^HTTP\/1\.1 401 /);
    expect(body).toMatchObject({ message: 'API key is missing or invalid.' });
  });

  it('after another request is answered after it', async () => {
    const socket = await openSocket(port);
    socket.write(`${get}${host}\r\n`);
    await once(socket, 'data');
    socket.write('NONSENSE\r\n\r\n');
    const { head, body } = await readToEnd(socket);
    expect(head).toMatch(/^HTTP\/1\.1 400 /);
    expect(body).toEqual({ status: 'error', message: invalid });
  });
});
