import { describe, expect, it } from 'vitest';
import { advance, plainSettings, buildStoppedApp } from '../support/control.js';
import { buildTestApp, type TestClient } from '../support/emulator.js';
import { newYear } from '../support/manual-clock.js';

const url = '/_emulator/snapshots';
const exported = (client: TestClient) => client.call('GET', '/_emulator/export');

/** Does a bit of everything, and answers all that came of it. */
async function goOn(client: TestClient) {
  const { test_case_definition_id: id } = await client.createDefinition({ name: 'Later' });
  const rule = await client.call('POST', '/_emulator/outcome-rules', {
    times: 1,
    outcome: { status: 'error' },
  });
  const batch = await client.createBatchTest([id, 'x', id]);
  const happened = await advance(client, { until: 'idle' });
  const runs = await client.listRuns(batch.test_case_batch_job_id);
  return { id, rule, batch, happened, runs, state: await exported(client) };
}

describe('a snapshot', () => {
  it('restores everything, and the same steps then give the same ids and results', async () => {
    const { client } = buildStoppedApp({ settings: { concurrency: 2 } });
    await client.call('POST', '/_emulator/outcome-rules', {
      match: { name: 'b' },
      sequence: [{ status: 'fail' }, { status: 'error' }],
    });
    await client.createBatchTest(['a', 'b', 'b', 'c', 'd']);
    await advance(client, '2s');
    const before = await exported(client);
    expect(await client.call('POST', `${url}/middle`)).toEqual({
      ...{ name: 'middle', takenAt: newYear + 2000 },
    });
    const first = await goOn(client);
    expect(first.state).not.toEqual(before);
    for (let time = 0; time < 2; time += 1) {
      expect(await client.call('POST', `${url}/middle/restore`)).toMatchObject({ name: 'middle' });
      expect(await exported(client)).toEqual(before);
      expect(await goOn(client)).toEqual(first);
    }
  });

  it('restores deleted objects, settings and progressions', async () => {
    const { client } = buildStoppedApp({ settings: plainSettings });
    const { test_case_definition_id: id } = await client.createDefinition();
    await client.call('PATCH', '/_emulator/settings', { progression: 'polls=2' });
    const { test_case_batch_job_id: batch } = await client.createBatchTest([id, id]);
    await client.getBatchTest(batch);
    await client.call('POST', `${url}/s`);
    await client.getBatchTest(batch);
    await client.call('DELETE', `/delete-test-case-definition/${id}`);
    await client.call('PATCH', '/_emulator/settings', { progression: 'manual' });
    await client.call('POST', `${url}/s/restore`);
    expect(await client.call('GET', `/get-test-case-definition/${id}`)).toMatchObject({});
    expect(await client.getBatchTest(batch)).toMatchObject({ pass_count: 2, status: 'complete' });
    expect(await client.call('GET', '/_emulator/settings')).toMatchObject({
      progression: 'polls=2',
    });
  });

  it('lets real time continue from the moment at which it was taken', async () => {
    const { client, clock } = buildTestApp({ settings: plainSettings });
    const a = client();
    const { test_case_batch_job_id: id } = await a.createBatchTest();
    await clock.advance(400);
    await a.call('POST', `${url}/s`);
    await clock.advance(60_000);
    expect(await a.getBatchTest(id)).toMatchObject({ status: 'complete' });
    await a.call('POST', `${url}/s/restore`);
    expect(await a.call('GET', '/_emulator/clock')).toMatchObject({ now: newYear + 400 });
    await clock.advance(599);
    expect(await a.getBatchTest(id)).toMatchObject({ status: 'in_progress' });
    await clock.advance(1);
    expect(await a.getBatchTest(id)).toMatchObject({
      ...{ status: 'complete', user_modified_timestamp: newYear + 1000 },
    });
  });

  it('is listed by name, replaced by one of the same name, and deleted', async () => {
    const { client } = buildStoppedApp({ settings: plainSettings });
    for (const name of ['b', 'a', 'b']) {
      await client.call('POST', `${url}/${name}`);
      await advance(client, '1s');
    }
    expect(await client.call('GET', url)).toEqual([
      { name: 'a', takenAt: newYear + 1000 },
      { name: 'b', takenAt: newYear + 2000 },
    ]);
    await client.call('DELETE', `${url}/a`);
    expect(await client.call('GET', url)).toEqual([{ name: 'b', takenAt: newYear + 2000 }]);
    for (const request of [
      { method: 'DELETE' as const, url: `${url}/a` },
      { method: 'POST' as const, url: `${url}/a/restore` },
    ]) {
      expect((await client.send(request)).status).toBe(404);
    }
  });

  it('survives a reset', async () => {
    const { client } = buildStoppedApp({ settings: plainSettings });
    await client.createBatchTest();
    const before = await exported(client);
    await client.call('POST', `${url}/s`);
    await client.call('POST', '/_emulator/reset', {});
    expect(await exported(client)).not.toEqual(before);
    await client.call('POST', `${url}/s/restore`);
    expect(await exported(client)).toEqual(before);
  });

  it('is the workspace’s own', async () => {
    const { client } = buildTestApp();
    await client('key_a').call('POST', `${url}/s`);
    expect(await client('key_b').call('GET', url)).toEqual([]);
    const answer = await client('key_b').send({ method: 'POST', url: `${url}/s/restore` });
    expect(answer.status).toBe(404);
  });
});

describe('a reset', () => {
  it('makes a workspace equal to a new one', async () => {
    const { client } = buildStoppedApp();
    const first = await goOn(client);
    await client.call('POST', '/_emulator/reset', {});
    expect(await client.call('GET', '/_emulator/clock')).toEqual({ mode: 'manual', now: newYear });
    expect(await goOn(client)).toEqual(first);
  });

  it('does not change other workspaces, unless it is for all', async () => {
    const { client } = buildTestApp();
    const [a, b] = ['key_a', 'key_b'].map(client);
    const batches = [await a?.createBatchTest(), await b?.createBatchTest()];
    await a?.call('POST', '/_emulator/reset', {});
    const look = (index: number) =>
      [a, b][index]?.send({
        method: 'GET',
        url: `/get-batch-test/${batches[index]?.test_case_batch_job_id ?? ''}`,
      });
    expect([(await look(0))?.status, (await look(1))?.status]).toEqual([404, 200]);
    expect(await a?.call('POST', '/_emulator/reset', { workspace: '*' })).toEqual({
      workspaces: 2,
    });
    expect((await look(1))?.status).toBe(404);
  });

  it('keeps no more rows than before, however often a test does the same', async () => {
    const { client, emulator } = buildStoppedApp();
    const count = () =>
      JSON.stringify(emulator.store.testCases.listKept(1).map(({ revisionKey }) => revisionKey));
    await goOn(client);
    const first = count();
    for (let time = 0; time < 3; time += 1) {
      await client.call('POST', '/_emulator/reset', {});
      await goOn(client);
    }
    expect(count()).toBe(first);
  });
});
