import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { JournalPage } from '../../src/library/workspace.js';
import { plainSettings, buildStoppedApp } from '../support/control.js';
import { buildTestApp, retellLlm, type TestClient } from '../support/emulator.js';
import { newYear } from '../support/manual-clock.js';

const url = '/_emulator/requests';
const list = (client: TestClient, query = '') => client.call<JournalPage>('GET', `${url}?${query}`);
const last = async (client: TestClient) => (await list(client)).items.at(-1);
const get = (client: TestClient, path: string) => client.send({ method: 'GET', url: path });

describe('the journal', () => {
  it('keeps requests and answers, the newest last', async () => {
    const { client, clock } = buildStoppedApp({ settings: plainSettings });
    const { test_case_batch_job_id: id } = await client.createBatchTest(['a']);
    clock.jump(50);
    await client.send({
      ...{ method: 'GET', url: `/get-batch-test/${id}?x=1&api_key=key_a` },
      headers: { 'x-stainless-retry-count': '2', cookie: 'secret', 'x-mine': 'yes' },
    });
    const { items, hasMore } = await list(client);
    expect(hasMore).toBe(false);
    expect(items).toMatchObject([
      {
        ...{ time: newYear, operation: 'createBatchTest', method: 'POST' },
        ...{ path: '/create-batch-test', query: {}, status: 201, attempt: 0 },
        body: { test_case_definition_ids: ['a'], response_engine: retellLlm },
        ...{ duration: expect.any(Number) as number, error: null, valid: true, fault: null },
        warnings: [],
      },
      {
        ...{ time: newYear + 50, operation: 'getBatchTest', path: `/get-batch-test/${id}` },
        ...{ query: { x: '1', api_key: '[redacted]' }, attempt: 2, status: 200 },
        headers: { authorization: '[redacted]', cookie: '[redacted]', 'x-mine': 'yes' },
      },
    ]);
    expect(items[1]).not.toHaveProperty('body');
    expect(items[1]?.id).toBeGreaterThan(items[0]?.id ?? Infinity);
    expect(JSON.stringify(items)).not.toMatch(/key_a|secret/);
  });

  it('says why a request was refused', async () => {
    const { client } = buildStoppedApp();
    await client.send({ method: 'POST', url: '/create-batch-test', payload: { a: 1 } });
    expect(await last(client)).toMatchObject({
      ...{ status: 400, valid: false, body: { a: 1 } },
      error: expect.stringContaining("body must have required property 'test_case_def") as string,
    });
    const headers = { 'content-type': 'application/json' };
    await client.send({ method: 'POST', url: '/create-batch-test', payload: '{', headers });
    expect(await last(client)).toMatchObject({ status: 400, valid: false });
    await get(client, '/get-batch-test/x');
    expect(await last(client)).toMatchObject({ status: 404, valid: true });
    await get(client, '/get-batch-tests/x');
    expect(await last(client)).toMatchObject({ status: 404, operation: null });
  });

  it('names the fault that hit a request', async () => {
    const { client } = buildStoppedApp();
    await client.send({ method: 'GET', url: '/get-batch-test/x', headers: { prefer: 'code=500' } });
    const { id } = await client.call<{ id: string }>('POST', '/_emulator/faults', {
      error: { status: 503 },
    });
    await get(client, '/get-batch-test/x');
    expect((await list(client)).items.map(({ fault, status }) => [fault, status])).toEqual([
      [{ source: 'prefer' }, 500],
      [{ source: 'rule', rule: id }, 503],
    ]);
    expect((await list(client, 'fault=prefer')).items).toHaveLength(1);
    expect((await list(client, `fault=${id}`)).items).toHaveLength(1);
    expect((await list(client, 'fault=rule')).items).toHaveLength(1);
  });

  it('warns of problems although the request succeeded', async () => {
    const { client } = buildStoppedApp();
    const mock = { output: '{}', tool_name: 'book' };
    await client.createDefinition({
      ...{ nmae: 'x', dynamic_variables: { anything: 'goes' } },
      response_engine: { ...retellLlm, extra: 1 },
      tool_mocks: [
        { ...mock, input_match_rule: { type: 'partial_match', args: { a: 1 } } },
        { ...mock, input_match_rule: { type: 'partial_match', args: { a: 1, b: 2 } }, delay: 5 },
        { ...mock, input_match_rule: { type: 'any' } },
        { ...mock, input_match_rule: { type: 'partial_match', args: { a: 2 } } },
        { ...mock, tool_name: 'other', input_match_rule: { type: 'any' } },
      ],
    });
    expect((await last(client))?.warnings).toEqual([
      'body/response_engine/extra is ignored: the contract has no such property',
      'body/nmae is ignored: the contract has no such property',
      'body/tool_mocks/1/delay is ignored: the contract has no such property',
      'body/tool_mocks/1 never answers: body/tool_mocks/0 takes every call of book that it would',
      'body/tool_mocks/3 never answers: body/tool_mocks/2 takes every call of book that it would',
    ]);
    await get(client, '/list-batch-tests?type=retell-llm&llm_id=llm_1');
    expect((await last(client))?.warnings).toEqual([
      'listBatchTests is deprecated; its successor is /v2/list-batch-tests',
    ]);
  });

  it.each([
    ['a number for mocks', { tool_mocks: 5 }],
    ['null', null],
    ['mocks without rules', { tool_mocks: [{ tool_name: 'a' }, { tool_name: 'a' }] }],
  ])('can be read if a request was refused before its body was read: %s', async (_, body) => {
    const { client } = buildStoppedApp();
    const headers = { prefer: 'code=429', 'content-type': 'application/json' };
    const create = { method: 'POST' as const, url: '/create-test-case-definition' };
    await client.send({ ...create, headers, payload: JSON.stringify(body) });
    expect(await last(client)).toMatchObject({ status: 429, body, warnings: [] });
  });

  it('is filtered by operation, path, status, time, validity, and paged', async () => {
    const { client, clock } = buildStoppedApp();
    await client.createBatchTest(['a']);
    clock.jump(1000);
    for (const id of ['x', 'y']) await get(client, `/get-batch-test/${id}`);
    await client.send({ method: 'POST', url: '/create-batch-test', payload: {} });
    const paths = async (query: string) =>
      (await list(client, query)).items.map(({ path, status }) => `${path} ${String(status)}`);
    const [created, x, y, bad] = [
      '/create-batch-test 201',
      '/get-batch-test/x 404',
      '/get-batch-test/y 404',
      '/create-batch-test 400',
    ];
    expect(await paths('operation=getBatchTest')).toEqual([x, y]);
    expect(await paths('path=/*/y')).toEqual([y]);
    expect(await paths('status=201')).toEqual([created]);
    expect(await paths(`since=${String(newYear + 1)}`)).toEqual([x, y, bad]);
    expect(await paths('since=2026-01-01T00:00:01Z')).toEqual([x, y, bad]);
    expect(await paths('valid=false')).toEqual([bad]);
    expect(await paths('valid=true')).toEqual([created, x, y]);
    expect(await paths('operation=getBatchTest&path=/*/y&status=404')).toEqual([y]);
    const first = await list(client, 'limit=3');
    expect(first).toMatchObject({ hasMore: true });
    expect(await paths(`limit=3&after=${String(first.items[2]?.id)}`)).toEqual([bad]);
  });

  it.each([
    ['operation=getBatch', /query\/operation must name an operation: there is no "getBatch"/],
    ['limit=0', /query\/limit must be >= 1/],
    ['valid=maybe', /query\/valid must be boolean/],
    ['since=noon', /query\/since must be milliseconds since the epoch, or a date and time/],
    [`path=${'*'.repeat(501)}`, /query\/path must NOT have more than 500 characters/],
    ['status=x', /query\/status must be integer/],
  ])('refuses the filter %s', async (query, message) => {
    const { client } = buildStoppedApp();
    const { status, body } = await get(client, `${url}?${query}`);
    expect(status).toBe(400);
    expect(body['message']).toMatch(message);
  });

  it('belongs to one workspace; requests without a key are in that of the default workspace', async () => {
    const { client, app } = buildTestApp();
    await get(client('key_a'), '/get-batch-test/x');
    await app.inject('/get-batch-test/x');
    expect((await list(client('key_a'))).items).toMatchObject([{ status: 404 }]);
    expect((await list(client('key_b'))).items).toEqual([]);
    expect((await list(client('key_local'))).items).toMatchObject([{ status: 401 }]);
  });

  it('keeps no more requests than its size, and none if that is 0', async () => {
    const { client } = buildTestApp({ journalSize: 3 });
    for (let index = 0; index < 5; index += 1) {
      await get(client(), `/get-batch-test/${String(index)}`);
    }
    expect((await list(client())).items.map(({ path }) => path.at(-1))).toEqual(['2', '3', '4']);
    const { client: none } = buildTestApp({ journalSize: 0 });
    await get(none(), '/get-batch-test/x');
    expect((await list(none())).items).toEqual([]);
  });

  it('leaves out bodies that are too long to keep', async () => {
    const { client } = buildStoppedApp();
    await client.createDefinition({ user_prompt: 'x'.repeat(100_000) });
    expect(await last(client)).not.toHaveProperty('body');
  });

  it('keeps within its 16 MiB when bodies come in chunks and do not say their length', async () => {
    const { client, clock } = buildTestApp();
    const payload = JSON.stringify({ x: 'y'.repeat(60_000) });
    const headers = { 'content-type': 'application/json', 'transfer-encoding': 'chunked' };
    const post = { method: 'POST' as const, url: '/create-batch-test', headers };
    for (let id = 1; id <= 300; id += 1) {
      await client().send({ ...post, payload: Readable.from([payload]) });
      // Otherwise nothing else would get its turn, and it would seem overloaded.
      await clock.turn();
    }
    const { count } = await client().call<{ count: number }>('POST', `${url}/count`, {});
    expect(count * payload.length).toBeLessThan(16 * 1024 * 1024);
    expect(count).toBeGreaterThan(200);
    const { items } = await list(client(), 'after=299');
    expect(items).toMatchObject([{ body: JSON.parse(payload) as object }]);
  });

  it('is emptied by a reset, also by one of the journal only', async () => {
    const { client } = buildStoppedApp({ settings: plainSettings });
    const { test_case_batch_job_id: id } = await client.createBatchTest();
    await client.call('POST', '/_emulator/reset', { only: ['journal'] });
    expect((await list(client)).items).toEqual([]);
    await client.getBatchTest(id);
    await client.call('POST', '/_emulator/reset', {});
    expect((await list(client)).items).toEqual([]);
  });

  it.each([{}, { only: ['journal'] }])('is emptied for all keys by a reset of %j', async (what) => {
    const { client, emulator } = buildTestApp();
    await client('key_a').createBatchTest();
    await get(client('key_b'), '/get-batch-test/x');
    await client('key_c').call('POST', '/_emulator/reset', { ...what, workspace: '*' });
    for (const key of ['key_a', 'key_b']) expect((await list(client(key))).items).toEqual([]);
    expect(emulator.workspaces.listNames()).toHaveLength(1);
  });
});
