import type { InjectOptions } from 'fastify';
import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../../src/configuration/config.js';
import { plainSettings } from '../support/control.js';
import { buildTestApp, type TestOptions } from '../support/emulator.js';

const page = 'http://localhost:5173';
const build = (options: TestOptions = {}) => buildTestApp({ cors: ['*'], ...options });
const preflightOf = (url: string, method = 'POST', origin = page): InjectOptions => ({
  ...{ method: 'OPTIONS', url },
  headers: {
    origin,
    'access-control-request-method': method,
    'access-control-request-headers':
      'authorization, content-type, x-emulator-progression, x-stainless-retry-count, prefer',
  },
});

describe('a web page of another origin', () => {
  it('may send a preflight without a key, and then a request', async () => {
    const { app } = build({ apiKeys: ['key_a'] });
    for (const url of ['/create-batch-test', '/get-batch-test/x', '/create-phone-call', '/none']) {
      const { statusCode, headers } = await app.inject(preflightOf(url));
      expect(statusCode).toBe(204);
      expect(headers['access-control-allow-origin']).toBe('*');
      expect(headers['access-control-allow-methods']).toMatch(/GET.*POST.*PUT.*PATCH.*DELETE/);
      expect(headers['access-control-allow-headers']).toBe(
        'authorization, content-type, x-emulator-progression, x-stainless-retry-count, prefer',
      );
    }
  });

  it('may read answers and refusals, and the headers that clients need', async () => {
    const { client, clock } = build({ settings: { rateLimit: '5/1s' } });
    const a = client();
    const statusOf = async (request: {
      method?: 'POST';
      url: string;
      headers?: Record<string, string>;
    }) => {
      const { status, headers } = await a.send({
        ...{ method: request.method ?? 'GET', url: request.url },
        headers: { origin: page, ...request.headers },
      });
      expect(headers['access-control-allow-origin'], request.url).toBe('*');
      expect(headers['access-control-expose-headers']).toMatch(
        /X-Request-Id.*Retry-After.*RateLimit-Limit.*Preference-Applied.*X-Emulator/,
      );
      return status;
    };
    const { test_case_batch_job_id: id } = await a.createBatchTest();
    const poll = { url: `/get-batch-test/${id}` };
    expect(await statusOf(poll)).toBe(200);
    expect(await statusOf({ ...poll, headers: { authorization: 'none' } })).toBe(401);
    expect(await statusOf({ url: '/get-batch-test/x' })).toBe(404);
    expect(await statusOf({ method: 'POST', url: '/create-batch-test' })).toBe(400);
    expect(await statusOf({ ...poll, headers: { prefer: 'code=500' } })).toBe(500);
    expect(await statusOf(poll)).toBe(429);
    clock.jump(5000);
    await a.call('POST', '/_emulator/faults', { error: { status: 503 } });
    expect(await statusOf(poll)).toBe(503);
    expect(await statusOf({ method: 'POST', url: '/v9/list-calls' })).toBe(501);
    expect(await statusOf({ url: '/none' })).toBe(404);
  });

  it('has preflights that use no limits, faults or polls, and are not in the journal', async () => {
    const settings = { ...plainSettings, rateLimit: '2/1s', progression: 'polls=1' };
    const { app, client } = build({ settings });
    const a = client();
    const { test_case_batch_job_id: id } = await a.createBatchTest();
    await a.call('POST', '/_emulator/faults', { times: 1, error: { status: 503 } });
    const url = `/get-batch-test/${id}`;
    for (let time = 0; time < 5; time += 1) await app.inject(preflightOf(url, 'GET'));
    const faults = await a.call<{ hits: number }[]>('GET', '/_emulator/faults');
    expect(faults).toMatchObject([{ hits: 0 }]);
    expect((await a.send({ method: 'GET', url })).status).toBe(503);
    const { items } = await a.call<{ items: { method: string }[] }>('GET', '/_emulator/requests');
    expect(items.map(({ method }) => method)).toEqual(['POST', 'GET']);
  });

  it('may not use the control API', async () => {
    const { app } = build();
    const { statusCode, headers } = await app.inject(preflightOf('/_emulator/reset'));
    expect(statusCode).toBe(405);
    expect(headers).not.toHaveProperty('access-control-allow-origin');
    const read = await app.inject({ url: '/_emulator/clock', headers: { origin: page } });
    expect(read.statusCode).toBe(403);
    expect(read.headers).not.toHaveProperty('access-control-allow-origin');
  });

  it('must be of a listed origin, if there is a list', async () => {
    const { app } = build({ cors: [page] });
    const ask = async (origin: string) =>
      (await app.inject(preflightOf('/x', 'GET', origin))).headers;
    expect(await ask(page)).toMatchObject({
      ...{ 'access-control-allow-origin': page },
      vary: expect.stringContaining('Origin') as string,
    });
    expect(await ask('http://evil.example')).not.toHaveProperty('access-control-allow-origin');
  });

  it('is refused if that is off', async () => {
    const { app } = build({ cors: [] });
    const { statusCode, headers } = await app.inject(preflightOf('/create-batch-test'));
    expect(statusCode).toBe(405);
    expect(headers).not.toHaveProperty('access-control-allow-origin');
  });

  it('does not change other requests by OPTIONS', async () => {
    const { app } = build();
    const ask = async (url: string) => (await app.inject({ method: 'OPTIONS', url })).statusCode;
    expect(await ask('/create-batch-test')).toBe(405);
    expect(await ask('/none')).toBe(404);
  });
});

describe('the option cors', () => {
  const read = (cors: unknown) =>
    resolveConfig({ flags: {}, environment: {}, file: { path: 'f', content: { cors } } }).cors;

  it('accepts origins, off, and any', () => {
    expect(read(undefined)).toEqual(['*']);
    expect(read('off')).toEqual([]);
    expect(read('http://A.example,https://b.example:8443')).toEqual([
      ...['http://a.example', 'https://b.example:8443'],
    ]);
    expect(read([page])).toEqual([page]);
  });

  it.each([['off,http://a.example'], ['a.example'], ['http://a.example/path'], ['']])(
    'refuses %j',
    (cors) => {
      expect(() => read(cors)).toThrow(
        'must be off, or origins such as http://localhost:5173, or *',
      );
    },
  );
});
