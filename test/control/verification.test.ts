import { describe, expect, it } from 'vitest';
import type { JournalEntry, NearMisses } from '../../src/library/workspace.js';
import { buildStoppedApp } from '../support/control.js';
import { buildTestApp, someDefinition, type TestClient } from '../support/emulator.js';

const url = '/_emulator/requests';
const get = (client: TestClient, path: string) => client.send({ method: 'GET', url: path });

describe('verification', () => {
  const verify = async (client: TestClient, matcher: object) => {
    const { count } = await client.call<{ count: number }>('POST', `${url}/count`, matcher);
    const found = await client.call<JournalEntry[]>('POST', `${url}/find`, matcher);
    expect(found).toHaveLength(count);
    return found.map(({ path }) => path);
  };

  it('counts and finds requests by operation, path, status, header, and a part of the body', async () => {
    const { client } = buildStoppedApp();
    await client.createBatchTest(['a', 'b']);
    await client.createDefinition({ dynamic_variables: { plan: 'gold' } });
    await client.send({ method: 'GET', url: '/get-batch-test/x', headers: { 'x-mine': 'yes' } });
    const [batch, definition, read] = [
      ...['/create-batch-test', '/create-test-case-definition', '/get-batch-test/x'],
    ];
    expect(await verify(client, {})).toEqual([batch, definition, read]);
    expect(await verify(client, { operation: 'createBatchTest' })).toEqual([batch]);
    expect(await verify(client, { path: '/create-*' })).toEqual([batch, definition]);
    expect(await verify(client, { status: 404 })).toEqual([read]);
    expect(await verify(client, { headers: { 'X-Mine': 'yes' } })).toEqual([read]);
    expect(await verify(client, { headers: { 'X-Mine': 'no' } })).toEqual([]);
    const body = { response_engine: { llm_id: 'llm_1' } };
    expect(await verify(client, { body })).toEqual([batch, definition]);
    const ids = (...test_case_definition_ids: string[]) => ({ body: { test_case_definition_ids } });
    expect(await verify(client, ids('a', 'b'))).toEqual([batch]);
    expect(await verify(client, ids('a'))).toEqual([]);
    expect(await verify(client, ids('b', 'a'))).toEqual([]);
    expect(await verify(client, { body: { dynamic_variables: { plan: 'gold' } } })).toEqual([
      definition,
    ]);
    expect(await verify(client, { body: { toString: 'x' } })).toEqual([]);
    expect(await verify(client, { body: { name: someDefinition.name } })).toEqual([definition]);
  });

  it.each([
    [{ operation: 'createBatch' }, /body\/operation must name an operation/],
    [{ path: '*'.repeat(501) }, /body\/path must NOT have more than 500 characters/],
    [{ opertion: 'x' }, /unknown property "opertion"/],
  ])('refuses %j', async (payload, message) => {
    const { client } = buildStoppedApp();
    for (const end of ['count', 'find', 'near-misses']) {
      const { status, body } = await client.send({ method: 'POST', url: `${url}/${end}`, payload });
      expect(status).toBe(400);
      expect(body['message']).toMatch(message);
    }
  });

  it('waits until `count` requests have been answered', async () => {
    const { client } = buildStoppedApp();
    const query = 'operation=getBatchTest&count=3';
    let answered = false;
    const waiting = client.call('GET', `${url}/wait?${query}`).finally(() => (answered = true));
    for (let index = 0; index < 3; index += 1) {
      expect(answered).toBe(false);
      await client.createBatchTest();
      await get(client, '/get-batch-test/x');
    }
    expect(await waiting).toEqual({ count: 3 });
    expect(await client.call('GET', `${url}/wait?operation=getBatchTest`)).toEqual({ count: 3 });
  });

  it('counts each request once, and begins again when the journal is emptied', async () => {
    const { client, emulator } = buildStoppedApp();
    const waiting = client.call('GET', `${url}/wait?operation=getBatchTest&count=2`);
    let answered = false;
    void waiting.then(() => (answered = true));
    for (let turn = 0; turn < 5; turn += 1) await emulator.clock.turn();
    await get(client, '/get-batch-test/x');
    await client.call('POST', '/_emulator/reset', { only: ['journal'] });
    await get(client, '/get-batch-test/x');
    await client.createBatchTest();
    expect(answered).toBe(false);
    await get(client, '/get-batch-test/x');
    expect(await waiting).toEqual({ count: 2 });
  });

  it('lets 100 requests of a workspace wait, and refuses more with 429', async () => {
    const { client, clock, app } = buildTestApp();
    const wait = (key: string) => client(key).send({ method: 'GET', url: `${url}/wait` });
    const waiting = Array.from({ length: 100 }, () => wait('key_a'));
    while (clock.alarmCount < 100) await clock.turn();
    const { status, body } = await wait('key_a');
    expect([status, body['message']]).toEqual([
      429,
      'Too many requests wait at once. 100 requests wait in this workspace already, which is the most.',
    ]);
    const other = wait('key_b');
    while (clock.alarmCount < 101) await clock.turn();
    for (const key of ['key_a', 'key_b']) await get(client(key), '/get-batch-test/x');
    const answers = await Promise.all([...waiting, other]);
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    const { test_case_batch_job_id: id } = await client('key_a').createBatchTest();
    expect((await app.inject(`/_emulator/batch-tests/${id}/wait?timeout=0s`)).statusCode).toBe(404);
    expect(clock.alarmCount).toBeLessThanOrEqual(1);
  });

  it('counts waits for a batch and waits for requests together', async () => {
    const { client, clock } = buildTestApp({ settings: { progression: 'manual' } });
    const a = client('key_a');
    const { test_case_batch_job_id: id } = await a.createBatchTest();
    const batch = `/_emulator/batch-tests/${id}`;
    const wait = (path: string) => a.send({ method: 'GET', url: path });
    const waiting = Array.from({ length: 100 }, () => wait(`${batch}/wait`));
    while (clock.alarmCount < 100) await clock.turn();
    for (const path of [`${batch}/wait`, `${url}/wait?path=/v2/list-test-runs/*`]) {
      expect(await wait(path)).toMatchObject({
        ...{ status: 429, body: { status: 'error' } },
      });
    }
    // What is so already needs no wait.
    expect(await wait(`${url}/wait`)).toMatchObject({ status: 200, body: { count: 1 } });
    await a.call('POST', `${batch}/complete`);
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual(Array(100).fill(200));
    const again = Array.from({ length: 100 }, () => wait(`${url}/wait?path=/v2/list-test-runs/*`));
    while (clock.alarmCount < 100) await clock.turn();
    await a.listRuns(id);
    for (const { status } of await Promise.all(again)) expect(status).toBe(200);
  });

  it('returns the closest requests, and the parts in which they differ', async () => {
    const { client } = buildStoppedApp();
    await client.createBatchTest(['a']);
    const headers = { 'x-mine': 'yes', 'x-api-key': 'hush' };
    await client.send({ method: 'GET', url: '/get-batch-test/x', headers });
    const ask = (matcher: object, query = '') =>
      client.call<NearMisses>('POST', `${url}/near-misses${query}`, matcher);
    const body = { test_case_definition_ids: ['b'], response_engine: { llm_id: 'llm_1' } };
    expect(await ask({ operation: 'createBatchTest', body })).toMatchObject({
      matching: 0,
      nearMisses: [
        {
          request: { operation: 'createBatchTest', status: 201 },
          differences: [{ part: 'body/test_case_definition_ids/0', expected: 'b', actual: 'a' }],
        },
        {
          request: { operation: 'getBatchTest' },
          differences: [
            { part: 'operation', expected: 'createBatchTest', actual: 'getBatchTest' },
            { part: 'body', expected: body },
          ],
        },
      ],
    });
    const secret = await ask({ headers: { 'X-Api-Key': 'other', 'X-Mine': 'no' } }, '?limit=1');
    expect(secret.nearMisses).toHaveLength(1);
    expect(secret.nearMisses[0]?.differences).toEqual([
      { part: 'header X-Api-Key', expected: 'other' },
      { part: 'header X-Mine', expected: 'no' },
    ]);
    expect(await ask({ operation: 'getBatchTest' })).toMatchObject({ matching: 1 });
    const shown = await ask({ operation: 'getBatchTest', headers: { 'X-Api-Key': 'other' } });
    expect(shown.nearMisses[0]).toMatchObject({
      request: { headers: { 'x-api-key': '[redacted]' } },
      differences: [{ part: 'header X-Api-Key', expected: 'other', actual: '[redacted]' }],
    });
  });

  it('answers 408 with the number of requests after the timeout', async () => {
    const { client, clock } = buildStoppedApp();
    await get(client, '/get-batch-test/x');
    const waiting = client.send({ method: 'GET', url: `${url}/wait?count=2&timeout=10s` });
    for (let turn = 0; clock.alarmCount === 0 && turn < 100; turn += 1) await clock.turn();
    await clock.advance(10_000);
    const { status, body } = await waiting;
    expect(status).toBe(408);
    expect(body['message']).toContain('After 10s there were 1 of 2 requests.');
  });
});
