import { describe, expect, it } from 'vitest';
import { loadContract } from '../src/contract/document.js';
import { vendorOperations } from '../src/contract/vendor-operations.gen.js';
import { buildTestApp } from './support/emulator.js';

const served = new Set(
  loadContract('retell').operations.map(
    ({ method, path }) => `${method.toUpperCase()} ${path.replaceAll(/\{\w+\}/g, '*')}`,
  ),
);

const notServed = vendorOperations.filter(([key]) => !served.has(key));

// facts.md 64: a 501 should carry x-should-retry: false; both SDKs repeat a 5xx.
describe('an operation of the vendor that is not emulated', () => {
  it.each(notServed.map(([key, name, , last, replacement]) => ({ key, name, last, replacement })))(
    'is 501, says what it is, and is not repeated: $key',
    async ({ key, name, last, replacement = '' }) => {
      const [method = '', path = ''] = key.split(' ');
      const { client } = buildTestApp();
      const answer = await client().send({
        method: method as 'GET',
        url: path.replaceAll('*', 'some_id'),
      });
      expect(answer.status).toBe(501);
      const message = String(answer.body['message']);
      expect(message).toContain(`It is ${name} (${key})`);
      expect(message).not.toContain('There is no');
      expect(message.includes(`retired (last in SDK ${last})`)).toBe(last !== '5.66.1');
      expect(message).toContain(replacement);
      expect(answer.headers['x-should-retry']).toBe('false');
    },
  );

  it.each(['/v4/list-calls', '/v3/create-phone-call'])(
    'is 501, too, if it is newer than the contract: %s',
    async (url) => {
      const { status, body } = await buildTestApp().client().send({ method: 'POST', url });
      expect([status, body['message']]).toEqual([
        501,
        expect.stringMatching(/newer than the contract, which is that of retell-sdk \d+\.\d+\.\d+/),
      ]);
    },
  );
});

describe('a path below one that is emulated', () => {
  it.each([
    ['GET', '/get-agent/x/y', 404],
    ['GET', '/list-voices-2', 404],
    ['POST', '/get-agent/x', 405],
  ] as const)('is not what %s %s is: %i', async (method, url, expected) => {
    const { status } = await buildTestApp().client().send({ method, url });
    expect(status).toBe(expected);
  });
});

// vendor-api.md, section 7: clients do call paths that never existed.
describe('a path that never existed', () => {
  it.each([
    ['GET', '/v2/agents/x', 'GET /get-agent/*'],
    ['GET', '/v2/agents', 'POST /v2/list-agents'],
    ['GET', '/v2/knowledge-base', 'GET /list-knowledge-bases'],
    ['DELETE', '/v2/knowledge-base/x', 'DELETE /delete-knowledge-base/*'],
    ['POST', '/v2/end-call/x', 'POST /v2/stop-call/*'],
    ['GET', '/get-call/call_1', 'GET /v2/get-call/*'],
    ['GET', '/v2/get-agent/x', 'GET /get-agent/*'],
    ['POST', '/create-batch-tst', 'POST /create-batch-test'],
    ['POST', '/create-phone-call', 'POST /v2/create-phone-call'],
    ['PATCH', '/agents/agent_1', 'PATCH /update-agent/*'],
  ] as const)('gets 404 with the nearest operation: %s %s', async (method, url, nearest) => {
    const { client } = buildTestApp();
    const { status, body } = await client().send({ method, url });
    expect(body['message']).toContain(`There is no ${method} ${url}; did you mean ${nearest}?`);
    expect(status).toBe(404);
    const { items } = await client().call<{ items: { warnings: string[] }[] }>(
      ...(['GET', '/_emulator/requests'] as const),
    );
    expect(items.at(-1)?.warnings).toEqual([
      `${method} ${url} was never an operation of the vendor's; the nearest is ${nearest}`,
    ]);
  });

  it.each(['/nothing', '/favicon.ico', '/_emulator/agents/x', `/${'x'.repeat(5000)}`])(
    'has no suggestion if no operation is similar: %s',
    async (url) => {
      const { status, body } = await buildTestApp().client().send({ method: 'GET', url });
      expect(status).toBe(404);
      expect(body['message']).toMatch(/; see \/docs\.$/);
    },
  );
});
