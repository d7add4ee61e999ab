import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildApp } from '../../src/http/app.js';
import { buildEmulator, buildTestApp, TestClient, thisMachine } from '../support/emulator.js';
import { temporaryFolder } from '../support/files.js';
import { ManualClock, newYear } from '../support/manual-clock.js';

const tenDays = 10 * 24 * 3_600_000;
const settings = { runDuration: '1s', concurrency: 1 };

/** A database of a process that had its time from a clock that was wrong. */
async function makeDatabase(work: (client: TestClient, clock: ManualClock) => Promise<unknown>) {
  const database = join(temporaryFolder(), 'ahead.sqlite');
  const clock = new ManualClock(newYear + tenDays);
  const { emulator } = buildEmulator({ database, clock, settings });
  const access = { apiKeys: [], validateResponses: true, controlAccess: thisMachine };
  const app = buildApp({ emulator, ...access });
  await work(new TestClient(app, 'key_a', emulator), clock);
  await app.close();
  emulator.close();
  return database;
}

describe('a start with a clock that is behind the stored events', () => {
  it('continues from the time of these events', async () => {
    let id = '';
    const database = await makeDatabase(async (client, clock) => {
      ({ test_case_batch_job_id: id } = await client.createBatchTest(['a', 'b', 'c']));
      await clock.advance(1500);
      expect((await client.getBatchTest(id)).status).toBe('in_progress');
    });
    const { client, clock, emulator } = buildTestApp({ database, settings });
    expect(emulator.clocksAhead).toBe(1);
    const before = await client().getBatchTest(id);
    expect(before).toMatchObject({ status: 'in_progress', creation_timestamp: newYear + tenDays });
    await clock.advance(5000);
    const after = await client().getBatchTest(id);
    expect(after).toMatchObject({
      status: 'complete',
      creation_timestamp: newYear + tenDays,
      user_modified_timestamp: newYear + tenDays + 3000,
    });
  });

  it.each([
    ['of a batch that has not begun', {}],
    ['of a clock that was set to go faster', { mode: 'real', speed: 2 }],
  ])('continues from the time %s', async (_what, newClock) => {
    let id = '';
    const database = await makeDatabase(async (client) => {
      if ('mode' in newClock) await client.call('PUT', '/_emulator/clock', newClock);
      ({ test_case_batch_job_id: id } = await client.createBatchTest(['a']));
    });
    const { client, clock } = buildTestApp({ database, settings });
    await clock.advance(2000);
    expect(await client().getBatchTest(id)).toMatchObject({
      status: 'complete',
      creation_timestamp: newYear + tenDays,
    });
    const later = await client().createBatchTest(['a']);
    expect(later.creation_timestamp).toBeGreaterThanOrEqual(newYear + tenDays);
  });

  it('changes nothing if the clock is right, or stands still', async () => {
    const database = await makeDatabase((client) =>
      client.call('PUT', '/_emulator/clock', { mode: 'manual' }),
    );
    const { client, emulator } = buildTestApp({ database, settings });
    expect(emulator.clocksAhead).toBe(0);
    const { now } = await client().call<{ now: number }>('GET', '/_emulator/clock');
    expect(now).toBe(newYear + tenDays);
  });
});
