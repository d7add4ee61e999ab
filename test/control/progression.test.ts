import { describe, expect, it } from 'vitest';
import { advance, plainSettings, progress, buildStoppedApp } from '../support/control.js';
import { retellLlm, type Batch } from '../support/emulator.js';
import { newYear } from '../support/manual-clock.js';

const ids = ['a', 'b', 'c', 'd', 'e'];
const stateOf = (ended: number, total = ids.length) => ({
  ended,
  status: ended === total ? 'complete' : 'in_progress',
});

describe('progression immediate', () => {
  it('completes a batch at the first read, although it was in progress when created', async () => {
    const { client } = buildStoppedApp({
      settings: { ...plainSettings, progression: 'immediate' },
    });
    const created = await client.createBatchTest(ids);
    expect(created).toMatchObject({ status: 'in_progress', pass_count: 0 });
    const read = await client.getBatchTest(created.test_case_batch_job_id);
    expect(read).toMatchObject({ status: 'complete', pass_count: 5 });
  });
});

// facts.md 17, 28, Batch and runs and transcript_snapshot: clients compute latencies from the entries' times.
describe.each(['time', 'immediate', 'polls=2', 'manual'])('runs moved by %s', (progression) => {
  it.each(['0s', '3ms', '2s'])(
    'that take %s have entries with rising times between creation and end, and the batch ends with them',
    async (duration) => {
      const settings = { ...plainSettings, runDuration: duration, progression };
      const { client } = buildStoppedApp({ settings });
      const { test_case_batch_job_id: id } = await client.createBatchTest(ids);
      if (progression === 'manual') {
        await client.call('POST', `/_emulator/batch-tests/${id}/complete`);
      }
      if (progression === 'polls=2') await client.getBatchTest(id);
      await advance(client, { until: 'idle' });
      const batch = await client.getBatchTest(id);
      expect(batch.status).toBe('complete');
      const { items } = await client.listRuns(id);
      for (const [index, run] of items.entries()) {
        const { creation_timestamp: createdAt, user_modified_timestamp: endedAt } = run;
        expect(createdAt).toBe(newYear + index);
        const { transcript } = run.transcript_snapshot as unknown as {
          transcript: { created_timestamp: number }[];
        };
        const times = transcript.map(({ created_timestamp: time }) => time);
        const bounds = [createdAt - 1, ...times, endedAt];
        for (const [place, time] of bounds.slice(1).entries()) {
          expect(time).toBeGreaterThan(bounds[place] ?? Infinity);
        }
        if (duration !== '3ms')
          expect(batch.user_modified_timestamp).toBeGreaterThanOrEqual(endedAt);
      }
    },
  );
});

describe('progression polls', () => {
  it('completes a batch at the given read, and spreads its runs evenly over the reads', async () => {
    const { client } = buildStoppedApp({
      settings: { ...plainSettings, progression: { polls: 3 } },
    });
    const { test_case_batch_job_id: id } = await client.createBatchTest(ids);
    await advance(client, '1h');
    await client.listRuns(id);
    const reads = [];
    for (let read = 0; read < 4; read += 1) reads.push(progress(await client.getBatchTest(id)));
    expect(reads).toEqual([stateOf(1), stateOf(3), stateOf(5), stateOf(5)]);
  });

  it('does not count HEAD as a read, because HEAD must change nothing', async () => {
    const { client } = buildStoppedApp({
      settings: { ...plainSettings, progression: { polls: 1 } },
    });
    const { test_case_batch_job_id: id } = await client.createBatchTest(ids);
    await client.send({ method: 'HEAD', url: `/get-batch-test/${id}` });
    const { items } = await client.listRuns(id);
    expect(items.map(({ status }) => status)).toEqual(Array<string>(5).fill('pending'));
  });

  it('ends runs in their order, at the moment of the read', async () => {
    const { client } = buildStoppedApp({ settings: { ...plainSettings, progression: 'polls=5' } });
    const { test_case_batch_job_id: id } = await client.createBatchTest(ids);
    await advance(client, '2s');
    await client.getBatchTest(id);
    const { items } = await client.listRuns(id);
    expect(items.map(({ status }) => status)).toEqual([
      'pass',
      ...Array<string>(4).fill('pending'),
    ]);
    expect(items[0]?.user_modified_timestamp).toBe(newYear + 2000);
  });
});

describe('progression manual', () => {
  it('moves a batch by its own requests only', async () => {
    const { client, clock } = buildStoppedApp({
      settings: { ...plainSettings, progression: 'manual' },
    });
    const { test_case_batch_job_id: id } = await client.createBatchTest(ids);
    const url = `/_emulator/batch-tests/${id}`;
    await clock.advance(60_000);
    await advance(client, { until: 'idle' });
    expect(progress(await client.getBatchTest(id))).toEqual(stateOf(0));
    expect(await client.call('POST', `${url}/step`)).toEqual({
      ...{ id, status: 'in_progress', totalCount: 5 },
      ...{ passCount: 1, failCount: 0, errorCount: 0 },
    });
    expect(progress(await client.getBatchTest(id))).toEqual(stateOf(1));
    expect(await client.call('POST', `${url}/complete`)).toMatchObject({ status: 'complete' });
    const before = await client.getBatchTest(id);
    expect(await client.call('POST', `${url}/step`)).toMatchObject({ status: 'complete' });
    expect(await client.getBatchTest(id)).toEqual(before);
  });

  it('answers 409 for a batch with another progression, and 404 for an unknown one', async () => {
    const { client } = buildStoppedApp({ settings: plainSettings });
    const { test_case_batch_job_id: id } = await client.createBatchTest();
    for (const end of ['step', 'complete']) {
      const answer = await client.send({
        method: 'POST',
        url: `/_emulator/batch-tests/${id}/${end}`,
      });
      expect(answer).toMatchObject({ status: 409, body: { status: 'error' } });
      expect(answer.body['message']).toContain('its progression, "time"');
      const none = await client.send({ method: 'POST', url: `/_emulator/batch-tests/x/${end}` });
      expect(none.status).toBe(404);
    }
    expect(progress(await client.getBatchTest(id)).ended).toBe(0);
  });
});

describe('the progression of one batch', () => {
  const payload = { test_case_definition_ids: ['a'], response_engine: retellLlm };
  const create = (progression: string) => ({
    ...{ method: 'POST' as const, url: '/create-batch-test', payload },
    headers: { 'x-emulator-progression': progression },
  });

  it('is set by a header, and does not change other batches', async () => {
    const { client } = buildStoppedApp({ settings: plainSettings });
    const { body } = await client.send(create('manual'));
    const other = await client.createBatchTest();
    await advance(client, '1s');
    const { test_case_batch_job_id: id } = body as unknown as Batch;
    expect(progress(await client.getBatchTest(id))).toEqual(stateOf(0, 1));
    expect(progress(await client.getBatchTest(other.test_case_batch_job_id))).toEqual(
      stateOf(1, 1),
    );
  });

  it('answers 400 to an unknown one', async () => {
    const { client } = buildStoppedApp();
    const { status, body } = await client.send(create('polls=x'));
    expect(status).toBe(400);
    expect(body['message']).toMatch(/header x-emulator-progression must be time, immediate/);
  });
});
