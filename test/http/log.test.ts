import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { buildTestApp } from '../support/emulator.js';

/** An app that collects what it logs. */
function loggedApp() {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>);
  const logger = pino({ level: 'trace', base: null }, { write });
  return { lines, ...buildTestApp({ logger }) };
}

const [info, warn, error] = [30, 40, 50];

describe('the log', () => {
  it.each([
    ['an unknown batch', info, 404, '/get-batch-test/x', 'key_a', /not found/],
    ['a query that the contract refuses', info, 400, '/list-batch-tests', 'key_a', /query/],
    ['a key without credit', info, 402, '/get-batch-test/x', 'key_payment_required', /payment/],
    ['a key that is throttled', info, 429, '/get-batch-test/x', 'key_rate_limited', /throttle/],
    ['an operation that is not emulated', warn, 501, '/v9/get-call/x', 'key_a', /not emulated/],
    ['a key that gets 500', error, 500, '/get-batch-test/x', 'key_server_error', /server error/],
  ])('has one line without a stack for %s', async (...row) => {
    const [, level, status, url, key, reason] = row;
    const { lines, client } = loggedApp();
    const answer = await client(key).send({ method: 'GET', url });
    expect(answer.status).toBe(status);
    expect(lines).toMatchObject([
      { level, status, reason: expect.stringMatching(reason) as string },
    ]);
    expect(lines[0]).not.toHaveProperty('err');
  });

  it('has one line without a stack for a client that leaves before its request is complete', async () => {
    const { lines, app, clock } = loggedApp();
    await app.listen({ host: '127.0.0.1', port: 0 });
    const before = lines.length;
    const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('POST /create-batch-test HTTP/1.1\r\nhost: x\r\nauthorization: Bearer key_a\r\n');
    socket.write('content-type: application/json\r\ncontent-length: 99\r\n\r\n{');
    await once(app.server, 'request');
    await clock.turn();
    socket.destroy();
    while (lines.length === before) await clock.turn();
    await clock.turn();
    const reason = 'The connection closed before the request was complete.';
    expect(lines.slice(before)).toMatchObject([{ level: info, reason }]);
    expect(lines[before]).not.toHaveProperty('err');
  });
});
