import { describe, expect, it } from 'vitest';
import type { Fixtures } from '../../src/library/workspace.js';
import { advance, plainSettings, buildStoppedApp } from '../support/control.js';
import { buildTestApp, retellLlm, someDefinition, type TestClient } from '../support/emulator.js';
import { newYear } from '../support/manual-clock.js';

const url = '/_emulator/fixtures';
const exported = (client: TestClient) => client.call<Fixtures>('GET', '/_emulator/export');

/** A workspace in which a bit of everything has happened, and is happening. */
async function livelyWorkspace(settings: object = {}) {
  const parts = buildStoppedApp({
    settings: { concurrency: 2, runDuration: '1s..9s', ...settings },
  });
  const { client } = parts;
  const names = ['Refund', 'Booking', 'Gone'];
  const ids: string[] = [];
  for (const name of names) {
    const { test_case_definition_id: id } = await client.createDefinition({ name });
    ids.push(id);
  }
  const [changed = '', , gone = ''] = ids;
  await client.call('POST', '/_emulator/outcome-rules', {
    match: { name: 'B*' },
    sequence: [
      { status: 'error', explanation: 'Ordered' },
      { status: 'fail', ending: 'silence', duration: '3s' },
    ],
  });
  await client.createBatchTest([...ids, ...ids, 'unknown']);
  await advance(client, '4s');
  const update = { user_prompt: 'You are Ben. You want a refund.' };
  await client.call('PUT', `/update-test-case-definition/${changed}`, update);
  await client.call('DELETE', `/delete-test-case-definition/${gone}`);
  await client.createBatchTest(ids);
  await client.call('PATCH', '/_emulator/settings', { seed: 'later', progression: 'polls=3' });
  const { test_case_batch_job_id: polled } = await client.createBatchTest(ids);
  await client.getBatchTest(polled);
  await advance(client, '1s');
  return parts;
}

/** What a client can see, in two steps of time. */
async function everything(client: TestClient, state: Fixtures) {
  const seen: unknown[] = [];
  for (let look = 0; look < 2; look += 1) {
    for (const type of ['type=retell-llm&llm_id=llm_1']) {
      seen.push(await client.call('GET', `/v2/list-test-case-definitions?${type}`));
      seen.push(await client.call('GET', `/v2/list-batch-tests?${type}`));
    }
    for (const { test_case_batch_job_id: id = '' } of state.batchTests ?? []) {
      seen.push(await client.getBatchTest(id), await client.listRuns(id));
    }
    await client.createBatchTest(['more']);
    seen.push(await advance(client, { until: 'idle' }));
  }
  return seen;
}

describe('an exported workspace', () => {
  it('restores the same state, and continues in the same way', async () => {
    const { client } = await livelyWorkspace();
    const state = await exported(client);
    const { client: copy } = buildStoppedApp({ settings: { seed: 'other' } });
    await copy.call('POST', url, state);
    expect(await exported(copy)).toEqual(state);
    expect(await everything(copy, state)).toEqual(await everything(client, state));
    expect(await exported(copy)).toEqual(await exported(client));
  });

  it('restores the state after a reset', async () => {
    const { client } = await livelyWorkspace();
    const state = await exported(client);
    await client.call('POST', '/_emulator/reset');
    await client.call('POST', url, state);
    expect(await exported(client)).toEqual(state);
  });

  it('replaces the present content and the fixtures of the start, with replace', async () => {
    const definition = { ...someDefinition, test_case_definition_id: 'mine' };
    const fixtures = [{ name: 'a.yaml', content: { definitions: [definition], credit: 9 } }];
    const { client } = buildStoppedApp({ fixtures, settings: plainSettings });
    await client.createBatchTest(['mine']);
    await advance(client, '500ms');
    const state = await exported(client);
    await client.createBatchTest();
    await client.call('POST', '/_emulator/faults', { error: { status: 500 }, times: 1 });
    await client.call('POST', '/_emulator/reset');
    expect((await client.send({ method: 'POST', url, payload: state })).status).toBe(409);

    await client.call('POST', `${url}?replace=true`, state);
    expect(await exported(client)).toEqual(state);
    expect(await advance(client, '500ms')).toMatchObject({ runsEnded: 1 });
  });

  it('replaces nothing if it has a mistake', async () => {
    const { client } = buildStoppedApp({ settings: plainSettings });
    await client.createBatchTest();
    const state = await exported(client);
    const payload = { outcomeRules: [{}] };
    const wrong = { method: 'POST', url: `${url}?replace=true`, payload } as const;
    expect((await client.send(wrong)).status).toBe(400);
    expect(await exported(client)).toEqual(state);
  });

  it('can be loaded although other bodies may not be so long', async () => {
    const { client } = buildStoppedApp();
    const runs = Array.from({ length: 7 }, () => ({
      ...{ test_case_definition_id: 'a', status: 'pass' },
      transcript: [{ role: 'user', content: 'x'.repeat(1024 * 1024) }],
    }));
    const loaded = await client.call('POST', url, {
      batchTests: [{ response_engine: retellLlm, runs }],
    });
    expect(loaded).toMatchObject({ testRuns: 7 });
  });

  it('keeps the state of the rate limit, and unlimited credit', async () => {
    const settings = { ...plainSettings, rateLimit: '2/10s' };
    const { client } = buildStoppedApp({ settings, credit: 25 });
    await client.createBatchTest();
    await client.createBatchTest();
    await client.call('PUT', '/_emulator/credit', { remaining: null });
    const state = await exported(client);
    await client.call('POST', '/_emulator/reset');
    await client.call('POST', url, state);
    expect(await exported(client)).toEqual(state);
    expect(await client.call('GET', '/_emulator/credit')).toEqual({ remaining: null });
    const get = async () => (await client.send({ method: 'GET', url: '/get-batch-test/x' })).status;
    expect(await get()).toBe(429);
    await advance(client, '5s');
    expect(await get()).toBe(404);
  });

  it('keeps a run without a definition, even if its id has one later', async () => {
    const { client } = buildStoppedApp({ settings: plainSettings });
    const { test_case_definition_id: id } = await client.createDefinition({ name: 'Named' });
    await client.call('POST', '/_emulator/reset');
    const { test_case_batch_job_id: batch } = await client.createBatchTest([id, 'other']);
    expect((await client.createDefinition({ name: 'Named' })).test_case_definition_id).toBe(id);
    const state = await exported(client);
    const runs = await client.listRuns(batch);

    const { client: copy } = buildStoppedApp();
    await copy.call('POST', url, state);
    expect(await copy.listRuns(batch)).toEqual(runs);
    expect(await exported(copy)).toEqual(state);
  });

  it.each([
    ['of no version', retellLlm],
    ['of a version that it has not', { ...retellLlm, version: 7 }],
  ])('keeps a batch on an engine %s that was created later', async (_, engine) => {
    const { client } = buildStoppedApp({ settings: plainSettings });
    await client.createBatchTest(['a'], engine);
    await client.call('POST', url, { retellLlms: [{ llm_id: retellLlm.llm_id }] });
    const state = await exported(client);
    const list = '/v2/list-batch-tests?type=retell-llm&llm_id=llm_1';
    const listed = await client.call('GET', list);

    const { client: copy } = buildStoppedApp();
    await copy.call('POST', url, state);
    expect(await copy.call('GET', list)).toEqual(listed);
    expect(await exported(copy)).toEqual(state);
  });

  it('keeps earlier and deleted contents of definitions only for their runs', async () => {
    const { client } = await livelyWorkspace();
    const { definitions = [] } = await exported(client);
    expect(definitions).toMatchObject([
      { name: 'Gone', deleted: true },
      { name: 'Refund', earlier: [{ user_prompt: someDefinition.user_prompt }] },
      { name: 'Booking' },
    ]);
  });

  it('has a clock that continues from its time if it was a real one', async () => {
    const { client, clock } = buildTestApp({ settings: plainSettings });
    const a = client();
    await advance(a, '1h');
    await a.createBatchTest();
    const state = await exported(a);
    expect(state.clock).toEqual({ mode: 'real', now: newYear + 3_600_000 });
    const copy = buildTestApp().client();
    await copy.call('POST', url, state);
    expect(await exported(copy)).toEqual(state);
    clock.jump(1);
  });
});
