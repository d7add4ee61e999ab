import { describe, expect, it } from 'vitest';
import { keyedChance } from '../../src/random.js';
import { workspaceNameOf } from '../../src/workspace/name.js';
import type { Fault } from '../../src/library/workspace.js';
import { advance, plainSettings, buildStoppedApp } from '../support/control.js';
import { buildTestApp, someDefinition, type TestClient } from '../support/emulator.js';

const url = '/_emulator/faults';
const error = { status: 503 };
const refusal = '{"status":"error","message":"Service Unavailable."}';
const add = (client: TestClient, fault: object) => client.call<Fault>('POST', url, fault);

const get = async (client: TestClient, path = '/get-batch-test/x') =>
  (await client.send({ method: 'GET', url: path })).status;
const gets = async (client: TestClient, count: number) => {
  const statuses = [];
  for (let index = 0; index < count; index += 1) statuses.push(await get(client));
  return statuses;
};

describe('a fault rule', () => {
  it('answers with its status, body and headers', async () => {
    const { client } = buildStoppedApp();
    const headers = { 'Retry-After': '2', 'x-should-retry': 'false' };
    await add(client, { times: 1, error: { status: 429, headers } });
    await add(client, { times: 1, error: { status: 502 } });
    await add(client, { times: 1, error: { status: 500, message: 'Ordered' } });
    const send = () => client.send({ method: 'GET', url: '/get-batch-test/x' });
    const limited = await send();
    expect(limited).toMatchObject({
      status: 429,
      headers: { 'retry-after': '2', 'x-should-retry': 'false' },
      body: { message: 'Account rate limited, please throttle your requests.' },
    });
    expect(await send()).toMatchObject({ status: 502, body: { message: 'Bad Gateway.' } });
    expect(await send()).toMatchObject({ status: 500, body: { message: 'Ordered' } });
    expect((await send()).status).toBe(404);
  });

  it.each<[string, object, string, string]>([
    ['its own type', { headers: { 'Content-Type': 'text/html' } }, 'text/html', refusal],
    ['a text', { body: '<h1>Bad</h1>' }, 'text/plain; charset=utf-8', '<h1>Bad</h1>'],
    [
      ...(['a page', { body: '<h1>Ü', headers: { 'content-type': 'text/html' } }] as const),
      ...(['text/html', '<h1>Ü'] as const),
    ],
    ['JSON', { body: { error: [1] } }, 'application/json; charset=utf-8', '{"error":[1]}'],
    ['null', { body: null }, 'application/json; charset=utf-8', 'null'],
    [
      ...([
        'a text as JSON',
        { body: '"a"', headers: { 'content-type': 'application/json' } },
      ] as const),
      ...(['application/json; charset=utf-8', '"a"'] as const),
    ],
  ])('answers %s', async (_what, content, type, body) => {
    const { client, app } = buildStoppedApp();
    await add(client, { error: { status: 503, ...content } });
    const answer = await app.inject({
      ...{ method: 'GET', url: '/get-batch-test/x' },
      headers: { authorization: 'Bearer key_a' },
    });
    expect([answer.statusCode, answer.headers['content-type'], answer.body]).toEqual([
      503,
      type,
      body,
    ]);
    expect(answer.headers['content-length']).toBe(String(Buffer.byteLength(body)));
  });

  it('applies before the operation, or after it', async () => {
    const { client } = buildStoppedApp({ settings: plainSettings });
    const listed = async () =>
      (
        await client.call<{ items: unknown[] }>(
          'GET',
          '/v2/list-test-case-definitions?type=retell-llm&llm_id=llm_1',
        )
      ).items.length;
    const create = { method: 'POST' as const, url: '/create-test-case-definition' };
    const match = { operation: 'createTestCaseDefinition' };
    await add(client, { match, times: 1, error });
    expect((await client.send({ ...create, payload: { invalid: true } })).status).toBe(503);
    expect(await listed()).toBe(0);
    await add(client, { match, times: 1, error, phase: 'after' });
    expect((await client.send({ ...create, payload: { invalid: true } })).status).toBe(503);
    expect(await listed()).toBe(0);
    await add(client, { match, times: 1, error, phase: 'after' });
    expect((await client.send({ ...create, payload: someDefinition })).status).toBe(503);
    expect(await listed()).toBe(1);
  });

  it('matches by operation, path, definition and batch, all that is given', async () => {
    const { client } = buildStoppedApp({ settings: plainSettings });
    const { test_case_batch_job_id: batch } = await client.createBatchTest();
    const hits = async (match: object, path: string) => {
      const { id } = await add(client, { match, error });
      const status = await get(client, path);
      await client.call('DELETE', `${url}/${id}`);
      return status === 503;
    };
    const read = `/get-batch-test/${batch}`;
    expect(await hits({}, read)).toBe(true);
    expect(await hits({ operation: 'getBatchTest' }, read)).toBe(true);
    expect(await hits({ operation: 'getTestRun' }, read)).toBe(false);
    expect(await hits({ path: '/get-*' }, read)).toBe(true);
    expect(await hits({ path: '/get-batch-test' }, read)).toBe(false);
    expect(await hits({ batchTestId: batch }, read)).toBe(true);
    expect(await hits({ batchTestId: batch }, `/v2/list-test-runs/${batch}`)).toBe(true);
    expect(await hits({ batchTestId: 'other' }, read)).toBe(false);
    expect(await hits({ testCaseDefinitionId: 'x' }, '/get-test-case-definition/x')).toBe(true);
    expect(await hits({ testCaseDefinitionId: 'x' }, read)).toBe(false);
    expect(await hits({ operation: 'getBatchTest', batchTestId: 'other' }, read)).toBe(false);
    await add(client, { match: { testCaseDefinitionId: 'poison' }, error });
    const create = (ids: string[]) =>
      client.send({
        ...{ method: 'POST', url: '/create-batch-test' },
        payload: {
          test_case_definition_ids: ids,
          response_engine: { type: 'retell-llm', llm_id: 'l' },
        },
      });
    expect((await create(['a', 'poison'])).status).toBe(503);
    expect((await create(['a'])).status).toBe(201);
  });

  it('hits `times` requests, after `after` others, and every n-th', async () => {
    const { client } = buildStoppedApp();
    const tell = async (fault: object) => {
      await client.call('DELETE', url);
      await add(client, { ...fault, error });
      return (await gets(client, 8)).map((status) => (status === 503 ? 1 : 0)).join('');
    };
    expect(await tell({})).toBe('11111111');
    expect(await tell({ times: 2 })).toBe('11000000');
    expect(await tell({ after: 3 })).toBe('00011111');
    expect(await tell({ every: 3 })).toBe('00100100');
    expect(await tell({ after: 1, every: 2, times: 2 })).toBe('00101000');
    const [fault] = await client.call<Fault[]>('GET', url);
    expect(fault).toMatchObject({ seen: 8, hits: 2 });
  });

  it('hits by chance as the seed has it', async () => {
    const { client } = buildStoppedApp({ settings: { seed: 'luck' } });
    const { id } = await add(client, { probability: 0.4, error });
    const chance = keyedChance('luck');
    const name = workspaceNameOf('key_a');
    const expected = Array.from({ length: 30 }, (_, seen) =>
      chance.within(name, 'fault', id, seen)('hit') < 0.4 ? 503 : 404,
    );
    expect(await gets(client, 30)).toEqual(expected);
    expect(new Set(expected).size).toBe(2);
  });

  it('exists for a time of the workspace’s clock', async () => {
    const { client } = buildStoppedApp();
    await add(client, { for: '10s', error });
    expect(await get(client)).toBe(503);
    await advance(client, '9999ms');
    expect(await get(client)).toBe(503);
    await advance(client, '1ms');
    expect(await get(client)).toBe(404);
  });

  it('comes after an older rule that is due', async () => {
    const { client } = buildStoppedApp();
    await add(client, { every: 2, error: { status: 500 } });
    await add(client, { error: { status: 503 } });
    expect(await gets(client, 4)).toEqual([503, 500, 503, 500]);
    const faults = await client.call<Fault[]>('GET', url);
    expect(faults.map(({ seen, hits }) => [seen, hits])).toEqual([
      [4, 2],
      [2, 2],
    ]);
  });

  it('delays an answer by the machine’s clock', async () => {
    const { client, clock } = buildStoppedApp();
    await add(client, { latency: '300ms' });
    let status = 0;
    const answer = get(client).then((got) => (status = got));
    for (let turn = 0; clock.alarmCount === 0 && turn < 100; turn += 1) await clock.turn();
    await clock.advance(299);
    expect(status).toBe(0);
    await clock.advance(1);
    expect(await answer).toBe(404);
  });

  it('is the workspace’s own, deleted by reset, and brought back by a snapshot', async () => {
    const { client } = buildTestApp();
    const [a, b] = [client('key_a'), client('key_b')];
    await add(a, { after: 1, error });
    expect([await get(a), await get(b)]).toEqual([404, 404]);
    await a.call('POST', '/_emulator/snapshots/s');
    expect([await get(a), await get(b)]).toEqual([503, 404]);
    await a.call('POST', '/_emulator/reset', { only: ['journal'] });
    expect(await get(a)).toBe(503);
    await a.call('POST', '/_emulator/reset', { only: ['faults'] });
    expect(await get(a)).toBe(404);
    await a.call('POST', '/_emulator/snapshots/s/restore');
    expect(await a.call('GET', url)).toMatchObject([{ seen: 1, hits: 0 }]);
    expect(await get(a)).toBe(503);
    await a.call('POST', '/_emulator/reset', {});
    expect(await a.call('GET', url)).toEqual([]);
  });

  it('is exported with its counts, and loaded with fixtures', async () => {
    const { client } = buildStoppedApp();
    await add(client, { match: { path: '/get-*' }, times: 3, error, for: '1h' });
    await gets(client, 2);
    const state = await client.call('GET', '/_emulator/export');
    expect(state).toMatchObject({ faults: [{ times: 3, seen: 2, hits: 2 }] });
    const { client: copy } = buildStoppedApp();
    await copy.call('POST', '/_emulator/fixtures', state);
    expect(await copy.call('GET', '/_emulator/export')).toEqual(state);
    expect(await gets(copy, 2)).toEqual([503, 404]);
  });

  it('does not touch the control API', async () => {
    const { client } = buildStoppedApp();
    await add(client, { error });
    expect(await client.call('GET', url)).toHaveLength(1);
    expect((await client.send({ method: 'DELETE', url: `${url}/none` })).status).toBe(404);
  });

  it.each<[object, RegExp]>([
    [{}, /body must have "error", "latency", "connection", "drip" or "webhook"/],
    [{ error, connection: 'reset' }, /must not have both "error" and "connection"/],
    [{ connection: 'hang', drip: { chunks: 2, over: '1s' } }, /both "connection" and "drip"/],
    [{ connection: 'truncate', phase: 'before' }, /must have the phase "after"/],
    [{ match: { operation: 'getBatch' }, error }, /there is no "getBatch" among createTestCase/],
    [{ match: { path: '/'.repeat(501) }, error }, /match\/path must NOT have more than 500 char/],
    [{ error: { status: 200 } }, /body\/error\/status must be >= 400/],
    [{ error: { status: 500, headers: { 'a b': '' } } }, /body\/error\/headers .*property name/],
    [{ error: { status: 500, headers: { a: 'x\r\ny' } } }, /body\/error\/headers\/a must match/],
    [
      { error: { status: 500, headers: { 'Transfer-Encoding': 'chunked' } } },
      /must not set Transfer-Encoding, by which HTTP says/,
    ],
    [{ error: { status: 500, headers: { 'content-length': '1' } } }, /must not set content-length/],
    [{ error: { status: 500, headers: { trailer: 'x' } } }, /must not set trailer/],
    [{ error: { status: 500, message: 'a', body: 'b' } }, /not have both "message" and "body"/],
    [{ latency: 'slow' }, /body\/latency must be a duration such as 2s, a range/],
    [{ connection: 'drop' }, /body\/connection must be "reset" or/],
    [{ error, probability: 2 }, /body\/probability must be <= 1/],
    [{ error, every: 0 }, /body\/every must be >= 1/],
    [{ error, tiems: 1 }, /unknown property "tiems"/],
  ])('%j is refused', async (payload, message) => {
    const { client } = buildStoppedApp();
    const { status, body } = await client.send({ method: 'POST', url, payload });
    expect(status).toBe(400);
    expect(body['message']).toMatch(message);
    const fixtures = { method: 'POST' as const, url: '/_emulator/fixtures' };
    const loaded = await client.send({ ...fixtures, payload: { faults: [payload] } });
    expect(loaded.status).toBe(400);
    expect(await client.call('GET', url)).toEqual([]);
  });
});
