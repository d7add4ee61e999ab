import { describe, expect, it } from 'vitest';
import { advance, plainSettings, buildStoppedApp } from '../support/control.js';
import { retellLlm } from '../support/emulator.js';
import { newYear } from '../support/manual-clock.js';

describe('fixtures that are added to a workspace in use', () => {
  it('with a later clock load after everything due by then has happened', async () => {
    const states = [];
    for (const how of ['advance', 'fixtures'] as const) {
      const { client } = buildStoppedApp({ settings: { ...plainSettings, concurrency: 1 } });
      const { test_case_batch_job_id: id } = await client.createBatchTest(['a', 'b', 'c']);
      const now = newYear + 3_600_000;
      if (how === 'advance') await advance(client, '1h');
      else await client.call('POST', '/_emulator/fixtures', { clock: { mode: 'manual', now } });
      const { items } = await client.listRuns(id);
      states.push(items.map((run) => [run.status, run.user_modified_timestamp]));
    }
    expect(states[1]).toEqual(states[0]);
  });

  it('with a later clock do not change the time if they are refused', async () => {
    const { client } = buildStoppedApp({ settings: plainSettings });
    const { test_case_batch_job_id: id } = await client.createBatchTest(['a']);
    const payload = {
      clock: { mode: 'manual', now: newYear + 3_600_000 },
      outcomeRules: [{}],
    };
    const url = '/_emulator/fixtures';
    expect((await client.send({ method: 'POST', url, payload })).status).toBe(400);
    expect(await client.getBatchTest(id)).toMatchObject({ status: 'in_progress' });
  });

  it('with a higher concurrency let runs start from now on', async () => {
    const { client } = buildStoppedApp({
      settings: { ...plainSettings, concurrency: 1, runDuration: '10s' },
    });
    const { test_case_batch_job_id: id } = await client.createBatchTest(['a', 'b']);
    await advance(client, '5s');
    await client.call('POST', '/_emulator/fixtures', { settings: { concurrency: 2 } });
    await advance(client, '10s');
    const { items } = await client.listRuns(id);
    expect(items.map((run) => run.user_modified_timestamp)).toEqual([
      newYear + 10_000,
      newYear + 15_000,
    ]);
  });

  it('let reads end the remaining runs of a batch', async () => {
    const { client } = buildStoppedApp({ settings: plainSettings });
    const runs = Array.from({ length: 3 }, () => ({ test_case_definition_id: 'a' }));
    const batch = { response_engine: retellLlm, progression: { polls: 3 }, runs };
    const load = (polls: number) =>
      client.send({
        ...{ method: 'POST', url: '/_emulator/fixtures' },
        payload: { batchTests: [{ ...batch, polls, test_case_batch_job_id: 'batch' }] },
      });
    const refused = await load(3);
    expect(refused.status).toBe(400);
    expect(refused.body['message']).toContain('body/batchTests/0/polls must be <= 2');
    expect((await load(2)).status).toBe(200);
    expect(await client.getBatchTest('batch')).toMatchObject({ status: 'complete' });
  });

  it('do not end an advance if they should replace the content, but are refused', async () => {
    const { client, clock, emulator } = buildStoppedApp({ settings: plainSettings });
    const ids = Array.from({ length: 1000 }, (_, index) => String(index));
    for (let batch = 0; batch < 4; batch += 1) await client.createBatchTest(ids);
    const late = client.send({
      ...{ method: 'POST', url: '/_emulator/clock/advance', payload: { until: 'idle' } },
    });
    const hasBegun = () => emulator.store.countRuns().pass > 0;
    for (let turn = 0; !hasBegun() && turn < 1000; turn += 1) await clock.turn();
    const refused = await client.send({
      ...{ method: 'POST', url: '/_emulator/fixtures?replace=true' },
      payload: { outcomeRules: [{}] },
    });
    expect(refused.status).toBe(400);
    expect(await late).toMatchObject({ status: 200, body: { runsEnded: 4000 } });
  });
});
