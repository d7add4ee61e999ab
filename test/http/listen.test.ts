import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { listen } from '../../src/http/listen.js';
import { buildTestApp } from '../support/emulator.js';

// All of 127.0.0.0/8 is this machine on Linux; others would leave the second address out.
const addresses = process.platform === 'linux' ? ['127.0.0.1', '127.0.0.2'] : ['127.0.0.1'];

vi.mock('node:dns/promises', () => ({
  lookup: () => Promise.resolve(addresses.map((address) => ({ address, family: 4 }))),
}));

/** What is answered to a request. */
async function send(host: string, port: number, request: string): Promise<string> {
  const socket = connect(port, host);
  await once(socket, 'connect');
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  socket.end(request);
  await once(socket, 'close');
  return answer;
}

describe('a host name', () => {
  it('works in the same way at each of its addresses', async () => {
    const { app } = buildTestApp();
    const { port } = new URL(await listen(app, { host: 'localhost', port: 0 }));
    for (const address of addresses) {
      const malformed = await send(address, Number(port), 'no request\r\n\r\n');
      expect(malformed).toMatch(/^HTTP\/1.1 400 [^]*"status":"error"/);
      const head = 'GET / HTTP/1.1\r\nhost: x\r\nexpect: a miracle\r\n\r\n';
      const unmet = await send(address, Number(port), head);
      expect(unmet).toMatch(/^HTTP\/1.1 417 [^]*"status":"error"/);
    }
  });
});
