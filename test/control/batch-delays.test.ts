import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { advance, plainSettings, buildStoppedApp } from '../support/control.js';
import { buildEmulator, buildTestApp, TestClient } from '../support/emulator.js';
import { temporaryFolder } from '../support/files.js';
import { newYear } from '../support/manual-clock.js';
import { buildApp } from '../../src/http/app.js';

const ids = ['a', 'b', 'c'];

// facts.md 17, 63, Batch and runs: "the batch's `user_modified_timestamp` lay 25 to 41 s after the end of its
// last run"; 506 recorded runs: "12 to 58 s after its last run".
describe('batchCompletionDelay', () => {
  const settings = { ...plainSettings, batchCompletionDelay: '12s..58s' };

  it('keeps a batch in progress after all its runs have ended, and is then its last change', async () => {
    const { client } = buildStoppedApp({ settings });
    const { test_case_batch_job_id: id } = await client.createBatchTest(ids);
    await advance(client, '1s');
    expect(await client.getBatchTest(id)).toMatchObject({
      ...{ status: 'in_progress', pass_count: 3, user_modified_timestamp: newYear + 1000 },
    });
    expect(await advance(client, { until: 'idle' })).toMatchObject({
      ...{ runsEnded: 0, batchTestsCompleted: 1 },
    });
    const { status, user_modified_timestamp: end } = await client.getBatchTest(id);
    expect(status).toBe('complete');
    expect(end - newYear).toBeGreaterThanOrEqual(13_000);
    expect(end - newYear).toBeLessThanOrEqual(59_000);
    expect(await client.call('GET', '/_emulator/clock')).toMatchObject({ now: end });
  });

  it('does not depend on how time passes, and differs between batches', async () => {
    const endsOf = async (steps: readonly string[]) => {
      const { client } = buildStoppedApp({ settings: { ...settings, concurrency: 2 } });
      const batches = [await client.createBatchTest(ids), await client.createBatchTest(ids)];
      for (const step of steps) await advance(client, step);
      await advance(client, { until: 'idle' });
      return Promise.all(
        batches.map(async (batch) => {
          const read = await client.getBatchTest(batch.test_case_batch_job_id);
          return read.user_modified_timestamp;
        }),
      );
    };
    const once = await endsOf([]);
    expect(new Set(once).size).toBe(2);
    expect(await endsOf(['1500ms', '10s', '7s', '1h'])).toEqual(once);
  });

  it('does not delay the start of runs', async () => {
    const { client } = buildStoppedApp({ settings: { ...settings, concurrency: 1 } });
    await client.createBatchTest(['a']);
    const { test_case_batch_job_id: id } = await client.createBatchTest(ids);
    await advance(client, '1h');
    const { items } = await client.listRuns(id);
    expect(items.map((run) => run.user_modified_timestamp - newYear)).toEqual([2000, 3000, 4000]);
  });

  it.each(['immediate', 'polls=1', 'manual'])(
    'does not apply to batches with the progression %s',
    async (progression) => {
      const { client } = buildStoppedApp({ settings: { ...settings, progression } });
      const { test_case_batch_job_id: id } = await client.createBatchTest(ids);
      if (progression === 'manual') {
        await client.call('POST', `/_emulator/batch-tests/${id}/complete`);
      }
      expect(await client.getBatchTest(id)).toMatchObject({ status: 'complete' });
    },
  );

  it('is kept by a snapshot, and by an export', async () => {
    const { client } = buildStoppedApp({ settings });
    const { test_case_batch_job_id: id } = await client.createBatchTest(ids);
    await advance(client, '1s');
    await client.call('POST', '/_emulator/snapshots/waiting');
    const state = await client.call('GET', '/_emulator/export');
    await advance(client, { until: 'idle' });
    const completed = await client.getBatchTest(id);
    const ended = await client.call('GET', '/_emulator/export');
    await client.call('POST', '/_emulator/snapshots/waiting/restore');
    expect(await client.getBatchTest(id)).toMatchObject({ status: 'in_progress' });
    await advance(client, { until: 'idle' });
    expect(await client.getBatchTest(id)).toEqual(completed);
    for (const exported of [state, ended]) {
      await client.call('POST', '/_emulator/fixtures?replace=true', exported);
      expect(await client.call('GET', '/_emulator/export')).toEqual(exported);
      await advance(client, { until: 'idle' });
      expect(await client.getBatchTest(id)).toEqual(completed);
    }
  });

  it('continues after a restart', async () => {
    const database = join(temporaryFolder(), 'emulator.sqlite');
    const first = buildEmulator({ database, settings });
    const app = buildApp({
      emulator: first.emulator,
      apiKeys: [],
      validateResponses: true,
      controlAccess: undefined,
    });
    const client = new TestClient(app, 'key_a', first.emulator);
    const { test_case_batch_job_id: id } = await client.createBatchTest(ids);
    await first.clock.advance(1000);
    expect(await client.getBatchTest(id)).toMatchObject({ status: 'in_progress', pass_count: 3 });
    await app.close();
    first.emulator.close();
    // Without the setting: what was to happen is settled.
    const again = buildTestApp({ database, clock: first.clock });
    expect(await again.client().getBatchTest(id)).toMatchObject({ status: 'in_progress' });
    await first.clock.advance(58_000);
    expect(await again.client().getBatchTest(id)).toMatchObject({ status: 'complete' });
  });
});

// facts.md 63, 506 recorded runs: "first entry 10 s after the batch".
describe('batchStartDelay', () => {
  it("delays the start of a batch's runs", async () => {
    const settings = { ...plainSettings, concurrency: 2, batchStartDelay: '10s' };
    const { client } = buildStoppedApp({ settings });
    const { test_case_batch_job_id: id } = await client.createBatchTest(ids);
    await advance(client, '9999ms');
    const waiting = await client.listRuns(id);
    expect(waiting.items.map(({ status }) => status)).toEqual(['pending', 'pending', 'pending']);
    await advance(client, { until: 'idle' });
    const { items } = await client.listRuns(id);
    expect(items.map((run) => run.user_modified_timestamp - newYear)).toEqual([
      11_000, 11_000, 12_000,
    ]);
  });
});
