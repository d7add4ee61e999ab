import { describe, expect, it, vi } from 'vitest';
import { listen } from '../../src/http/listen.js';
import { buildTestApp } from '../support/emulator.js';
import { exchange } from '../support/raw.js';

// All of 127.0.0.0/8 is this machine on Linux; others would leave the second address out.
const addresses = process.platform === 'linux' ? ['127.0.0.1', '127.0.0.2'] : ['127.0.0.1'];

vi.mock('node:dns/promises', () => ({
  lookup: () => Promise.resolve(addresses.map((address) => ({ address, family: 4 }))),
}));

describe('a host name', () => {
  it('works in the same way at each of its addresses', async () => {
    const { app } = buildTestApp();
    const { port } = new URL(await listen(app, { host: 'localhost', port: 0 }));
    for (const address of addresses) {
      const malformed = await exchange(Number(port), 'no request\r\n\r\n', address);
      const unmet = await exchange(
        Number(port),
        'GET / HTTP/1.1\r\nhost: x\r\nexpect: a miracle\r\n\r\n',
        address,
      );
      const tunnel = await exchange(
        Number(port),
        'CONNECT x:443 HTTP/1.1\r\nhost: x\r\n\r\n',
        address,
      );
      expect([malformed, unmet, tunnel].map(({ head }) => head.slice(0, 12))).toEqual([
        ...['HTTP/1.1 400', 'HTTP/1.1 417', 'HTTP/1.1 501'],
      ]);
      for (const { body } of [malformed, unmet, tunnel]) {
        expect(body).toMatchObject({ status: 'error' });
      }
    }
  });
});
