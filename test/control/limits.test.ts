import { describe, expect, it } from 'vitest';
import { advance, plainSettings, buildStoppedApp } from '../support/control.js';
import { buildTestApp, retellLlm, someDefinition, type TestClient } from '../support/emulator.js';

const get = async (client: TestClient, path = '/get-batch-test/x') =>
  (await client.send({ method: 'GET', url: path })).status;
const gets = async (client: TestClient, count: number) => {
  const statuses = [];
  for (let index = 0; index < count; index += 1) statuses.push(await get(client));
  return statuses;
};

describe('a preference', () => {
  const prefer = (client: TestClient, value: string, path = '/get-batch-test/x') =>
    client.send({ method: 'GET', url: path, headers: { prefer: value } });

  it.each([
    [400, 'Invalid request format, please check API reference.'],
    [401, 'API key is missing or invalid.'],
    [404, 'The requested resource was not found.'],
    [429, 'Account rate limited, please throttle your requests.'],
    [500, 'An unexpected server error occurred.'],
  ])("for %i gets the contract's answer", async (code, message) => {
    const { client } = buildStoppedApp();
    const answer = await prefer(client, `code=${String(code)}`);
    expect(answer).toMatchObject({
      status: code,
      headers: { 'preference-applied': `code=${String(code)}` },
      body: { status: 'error', message },
    });
  });

  it('for a delay delays the operation', async () => {
    const { client, clock } = buildStoppedApp();
    const { test_case_batch_job_id: id } = await client.createBatchTest();
    const answer = prefer(client, 'delay=1500, code=200', `/get-batch-test/${id}`);
    for (let turn = 0; clock.alarmCount === 0 && turn < 100; turn += 1) await clock.turn();
    await clock.advance(1500);
    expect(await answer).toMatchObject({
      ...{ status: 200, body: { test_case_batch_job_id: id } },
      headers: { 'preference-applied': 'code=200, delay=1500' },
    });
  });

  it.each([
    ['code=418', /code of getBatchTest must be one of 200, 400, 401, 404, 429, 500/],
    ['code=402', /code of getBatchTest must be one of/],
    ['code=x', /header prefer: code must be a whole number/],
    ['delay=-1', /header prefer: delay must be a whole number of at most 600000/],
    ['delay=600001', /header prefer: delay must be/],
  ])('for %s is refused', async (value, message) => {
    const { client } = buildStoppedApp();
    const { status, body } = await prefer(client, value);
    expect(status).toBe(400);
    expect(body['message']).toMatch(message);
  });

  it.each(['respond-async', 'wait=10', 'return=minimal; foo="bar"'])(
    'that is not ours is ignored: %s',
    async (value) => {
      const { client } = buildStoppedApp();
      const answer = await prefer(client, value);
      expect(answer.status).toBe(404);
      expect(answer.headers).not.toHaveProperty('preference-applied');
    },
  );

  it('has no effect if the answer is an error', async () => {
    const { client } = buildStoppedApp();
    const { test_case_definition_id: id } = await client.createDefinition();
    const path = `/delete-test-case-definition/${id}`;
    const headers = { prefer: 'code=500' };
    expect((await client.send({ method: 'DELETE', url: path, headers })).status).toBe(500);
    expect(await client.call('GET', `/get-test-case-definition/${id}`)).toMatchObject({});
  });
});

describe('a key with a special prefix', () => {
  it.each([
    ['key_unauthorized', 401],
    ['key_payment_required_2', 402],
    ['key_rate_limited', 429],
    ['key_server_error_in_ci', 500],
  ])('%s always gets %i', async (key, status) => {
    const { client } = buildTestApp();
    expect(await get(client(key))).toBe(status);
    const create = { method: 'POST' as const, url: '/create-batch-test', payload: {} };
    expect(await client(key).send(create)).toMatchObject({ status, body: { status: 'error' } });
    expect(await client(key).call('GET', '/_emulator/requests')).toMatchObject({
      items: [{ fault: { source: 'api-key' } }, { fault: { source: 'api-key' } }],
    });
  });
});

describe('the rate limit', () => {
  it('answers 429 beyond it, and says when to try again', async () => {
    const { client } = buildStoppedApp({ settings: { rateLimit: '2/10s' } });
    const send = () => client.send({ method: 'GET', url: '/get-batch-test/x' });
    expect(await send()).toMatchObject({
      status: 404,
      headers: { 'ratelimit-limit': '2', 'ratelimit-remaining': '1', 'ratelimit-reset': '0' },
    });
    await send();
    const refused = await send();
    expect(refused).toMatchObject({
      status: 429,
      body: { message: 'Account rate limited, please throttle your requests.' },
      headers: {
        ...{ 'retry-after': '5', 'retry-after-ms': '5000' },
        ...{ 'ratelimit-limit': '2', 'ratelimit-remaining': '0', 'ratelimit-reset': '5' },
      },
    });
    await advance(client, '4999ms');
    expect((await send()).headers).toMatchObject({ 'retry-after': '1', 'retry-after-ms': '1' });
    await advance(client, '1ms');
    expect((await send()).status).toBe(404);
    const journal = await client.call('GET', '/_emulator/requests?fault=rate-limit');
    expect(journal).toMatchObject({ items: [{ status: 429 }, { status: 429 }], hasMore: false });
  });

  it('is a setting, holds for one workspace, and is not spent by control requests', async () => {
    const { client } = buildTestApp();
    const [a, b] = [client('key_a'), client('key_b')];
    await a.call('PATCH', '/_emulator/settings', { rateLimit: '1/1h' });
    for (let index = 0; index < 3; index += 1) await a.call('GET', '/_emulator/clock');
    expect(await gets(a, 2)).toEqual([404, 429]);
    expect(await gets(b, 2)).toEqual([404, 404]);
    await a.call('POST', '/_emulator/snapshots/s');
    await a.call('PATCH', '/_emulator/settings', { rateLimit: 'off' });
    expect(await gets(a, 2)).toEqual([404, 404]);
    await a.call('POST', '/_emulator/snapshots/s/restore');
    expect(await get(a)).toBe(429);
  });

  it('starts again when the setting changes', async () => {
    const { client } = buildStoppedApp({ settings: { ...plainSettings, rateLimit: '2/1s' } });
    const change = (rateLimit: string) =>
      client.call('PATCH', '/_emulator/settings', { rateLimit });
    expect(await gets(client, 3)).toEqual([404, 404, 429]);
    await change('2/1s');
    expect(await gets(client, 1)).toEqual([429]);
    await change('3/1s');
    expect(await gets(client, 4)).toEqual([404, 404, 404, 429]);
    await change('off');
    await change('3/1s');
    expect(await gets(client, 1)).toEqual([404]);
  });
});

describe('credit', () => {
  const credit = '/_emulator/credit';

  it('costs one for each run of a batch, and answers 402 to creating when it is spent', async () => {
    const { client } = buildStoppedApp({
      settings: { ...plainSettings, concurrency: 2 },
      credit: 3,
    });
    const { test_case_batch_job_id: id } = await client.createBatchTest(['a', 'b', 'c']);
    expect(await client.call('GET', credit)).toEqual({ remaining: 0 });
    await advance(client, { until: 'idle' });
    expect(await client.getBatchTest(id)).toMatchObject({ status: 'complete' });
    const message = 'Trial has ended, please add payment method.';
    const refused = { status: 402, body: { status: 'error', message } };
    const engine = { type: 'retell-llm', llm_id: 'l' };
    for (const [url, payload] of [
      ['/create-batch-test', { test_case_definition_ids: ['a'], response_engine: engine }],
      ['/create-test-case-definition', someDefinition],
    ] as const) {
      expect(await client.send({ method: 'POST', url, payload })).toMatchObject(refused);
    }
    const journal = await client.call('GET', '/_emulator/requests?fault=credit');
    expect(journal).toMatchObject({ items: [{ status: 402 }, { status: 402 }] });
    await client.call('PUT', credit, { remaining: 1 });
    await client.createDefinition();
    await client.call('PUT', credit, { remaining: null });
    await client.createBatchTest();
    expect(await client.call('GET', credit)).toEqual({ remaining: null });
  });

  it.each([
    ['/create-batch-test', { test_case_definition_ids: ['a'], response_engine: retellLlm }],
    ['/create-test-case-definition', someDefinition],
  ])('is spent by a batch whose runs have not started, before %s', async (url, payload) => {
    const { client } = buildStoppedApp({ settings: plainSettings, credit: 1 });
    await client.createBatchTest();
    expect(await client.send({ method: 'POST', url, payload })).toMatchObject({ status: 402 });
  });

  it('refuses a batch that has more runs than are left, and creates nothing of it', async () => {
    const { client } = buildStoppedApp({ settings: plainSettings, credit: 5 });
    const ids = Array.from({ length: 1000 }, (_, index) => `case ${String(index)}`);
    const payload = { test_case_definition_ids: ids, response_engine: retellLlm };
    const refused = await client.send({ method: 'POST', url: '/create-batch-test', payload });
    expect(refused.status).toBe(402);
    expect(await client.call('GET', credit)).toEqual({ remaining: 5 });
    const { batchTests } = await client.call<{ batchTests: object[] }>('GET', '/_emulator/export');
    expect(batchTests).toEqual([]);
  });

  // facts.md 48
  it("ends in the middle of a client's work, at the same request each time", async () => {
    const { client } = buildStoppedApp({ settings: plainSettings, credit: 25 });
    const work = async () => {
      const statuses = [];
      for (let index = 0; index < 4; index += 1) {
        const ids = Array.from({ length: 10 }, (_, run) => `case ${String(run)}`);
        const payload = { test_case_definition_ids: ids, response_engine: retellLlm };
        statuses.push(
          (await client.send({ method: 'POST', url: '/create-batch-test', payload })).status,
        );
      }
      return statuses;
    };
    expect(await work()).toEqual([201, 201, 402, 402]);
    expect(await client.call('GET', credit)).toEqual({ remaining: 5 });
    await client.call('POST', '/_emulator/reset', {});
    expect(await work()).toEqual([201, 201, 402, 402]);
  });

  it.each(['immediate', 'manual', 'polls=1'])('is spent by runs that end %s, too', async (how) => {
    const { client } = buildStoppedApp({
      settings: { ...plainSettings, progression: how },
      credit: 5,
    });
    const { test_case_batch_job_id: id } = await client.createBatchTest(['a', 'b']);
    if (how === 'manual') await client.call('POST', `/_emulator/batch-tests/${id}/complete`);
    await client.getBatchTest(id);
    expect(await client.call('GET', credit)).toEqual({ remaining: 3 });
  });

  it('is restored by a reset and a snapshot, and is part of an export', async () => {
    const { client } = buildStoppedApp({ settings: plainSettings, credit: 5 });
    await client.createBatchTest();
    await client.call('POST', '/_emulator/snapshots/s');
    expect(await client.call('GET', '/_emulator/export')).toMatchObject({ credit: 4 });
    await client.call('POST', '/_emulator/reset', {});
    expect(await client.call('GET', credit)).toEqual({ remaining: 5 });
    await client.call('POST', '/_emulator/snapshots/s/restore');
    expect(await client.call('GET', credit)).toEqual({ remaining: 4 });
  });

  it.each([{ remaining: -1 }, { remaining: 1.5 }, { remaining: '1' }, {}])(
    '%j is refused',
    async (payload) => {
      const { client } = buildStoppedApp();
      expect((await client.send({ method: 'PUT', url: credit, payload })).status).toBe(400);
    },
  );
});
