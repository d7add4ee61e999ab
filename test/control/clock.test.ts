import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openEmulator } from '../../src/emulator.js';
import { workspaceNameOf } from '../../src/workspace/name.js';
import { advance, plainSettings, progress, buildStoppedApp } from '../support/control.js';
import { buildTestApp, defaultSettings } from '../support/emulator.js';
import { temporaryFolder } from '../support/files.js';
import { ManualClock, newYear } from '../support/manual-clock.js';

const clockUrl = '/_emulator/clock';

describe('a manual clock', () => {
  it('stands still while the machine goes on', async () => {
    const { client, clock } = buildStoppedApp({ settings: plainSettings });
    const { test_case_batch_job_id: id } = await client.createBatchTest();
    await clock.advance(60_000);
    expect(progress(await client.getBatchTest(id))).toEqual({ ended: 0, status: 'in_progress' });
    expect(await client.call('GET', clockUrl)).toEqual({ mode: 'manual', now: newYear });
  });

  it('advances from due moment to due moment and returns what happened', async () => {
    const noCalls = { callsStarted: 0, callsEnded: 0, webhooksDelivered: 0, webhooksFailed: 0 };
    const { client } = buildStoppedApp({ settings: { ...plainSettings, concurrency: 2 } });
    const batch = await client.createBatchTest(['a', 'b', 'c']);
    expect(await advance(client, '500ms')).toEqual({
      now: newYear + 500,
      ...{ runsStarted: 2, runsEnded: 0, batchTestsCompleted: 0 },
      ...noCalls,
    });
    expect(await advance(client, { to: newYear + 1000 })).toEqual({
      now: newYear + 1000,
      ...{ runsStarted: 1, runsEnded: 2, batchTestsCompleted: 0 },
      ...noCalls,
    });
    expect(await advance(client, { until: 'idle' })).toEqual({
      now: newYear + 2000,
      ...{ runsStarted: 0, runsEnded: 1, batchTestsCompleted: 1 },
      ...noCalls,
    });
    expect(await advance(client, { until: 'idle' })).toMatchObject({ now: newYear + 2000 });
    const { user_modified_timestamp } = await client.getBatchTest(batch.test_case_batch_job_id);
    expect(user_modified_timestamp).toBe(newYear + 2000);
    const { items } = await client.listRuns(batch.test_case_batch_job_id);
    expect(items.map((run) => run.user_modified_timestamp - newYear)).toEqual([1000, 1000, 2000]);
  });

  it('changes to real time and back without a jump', async () => {
    const { client, clock } = buildTestApp({ settings: plainSettings });
    const a = client();
    clock.jump(300);
    expect(await a.call('PUT', clockUrl, { mode: 'manual' })).toEqual({
      ...{ mode: 'manual', now: newYear + 300 },
    });
    clock.jump(5000);
    const { test_case_batch_job_id: id } = await a.createBatchTest();
    expect(await a.call('PUT', clockUrl, { mode: 'real', speed: 10 })).toEqual({
      ...{ mode: 'real', now: newYear + 300, speed: 10 },
    });
    await clock.advance(99);
    expect(progress(await a.getBatchTest(id)).ended).toBe(0);
    await clock.advance(1);
    const batch = await a.getBatchTest(id);
    expect(progress(batch)).toEqual({ ended: 1, status: 'complete' });
    expect(batch.user_modified_timestamp).toBe(newYear + 1300);
    expect(await a.call('GET', clockUrl)).toMatchObject({ now: newYear + 1300 });
  });

  it('does not go back when a shorter advance finishes after a longer one', async () => {
    const { client } = buildStoppedApp({ settings: { ...plainSettings, concurrency: 1000 } });
    await client.createBatchTest(
      Array.from({ length: 1000 }, (_, index) => `case ${String(index)}`),
    );
    await Promise.all(['10s', '1s', '9s', '2s'].map((by) => advance(client, by)));
    expect(await client.call('GET', clockUrl)).toMatchObject({ now: newYear + 10_000 });
  });

  it('can be set to a time, and everything happens until then', async () => {
    const { client } = buildStoppedApp({ settings: plainSettings });
    const { test_case_batch_job_id: id } = await client.createBatchTest();
    const now = '2026-01-01T01:00:00+01:00';
    await client.call('PUT', clockUrl, { mode: 'manual', now });
    expect(await client.call('GET', clockUrl)).toMatchObject({ now: newYear });
    await client.call('PUT', clockUrl, { mode: 'manual', now: '2026-01-01T00:00:09.5Z' });
    const batch = await client.getBatchTest(id);
    expect(batch.user_modified_timestamp).toBe(newYear + 1000);
    expect(await client.call('GET', clockUrl)).toMatchObject({ now: newYear + 9500 });
  });
});

describe('a real clock', () => {
  it('can be advanced, and continues from there', async () => {
    const { client, clock } = buildTestApp({ settings: plainSettings });
    const a = client();
    const { test_case_batch_job_id: id } = await a.createBatchTest();
    expect(await advance(a, '10s')).toMatchObject({ now: newYear + 10_000, runsEnded: 1 });
    expect(progress(await a.getBatchTest(id)).status).toBe('complete');
    clock.jump(1);
    expect(await a.call('GET', clockUrl)).toMatchObject({ now: newYear + 10_001 });
  });
});

describe('a clock', () => {
  it('is the workspace’s own', async () => {
    const { client } = buildTestApp();
    await advance(client('key_a'), '1h');
    expect(await client('key_b').call('GET', clockUrl)).toMatchObject({ now: newYear });
  });

  it('can be set for every workspace', async () => {
    const { client, clock } = buildTestApp({ settings: plainSettings });
    const clients = ['key_a', 'key_b'].map(client);
    for (const each of clients) await each.createBatchTest();
    expect(await client('key_c').call('PUT', clockUrl, { mode: 'manual', workspace: '*' })).toEqual(
      { workspaces: 2 },
    );
    clock.jump(100);
    await advance(client('key_c'), { by: '1s', workspace: '*' });
    for (const each of clients) {
      expect(await each.call('GET', clockUrl)).toEqual({ mode: 'manual', now: newYear + 1000 });
    }
  });

  it('says how many workspaces were advanced before one refused', async () => {
    const { client, emulator } = buildTestApp();
    const keys = ['key_a', 'key_b', 'key_c'];
    for (const key of keys) await client(key).createBatchTest();
    const [, , last] = emulator.workspaces.listNames();
    const ahead = keys.find((key) => workspaceNameOf(key) === last);
    await advance(client(ahead), '1h');
    const { status, body } = await client().send({
      ...{ method: 'POST', url: '/_emulator/clock/advance' },
      payload: { to: newYear + 1000, workspace: '*' },
    });
    expect(status).toBe(400);
    expect(body['message']).toMatch(
      /must not be before .*; it was done in 2 of 3 workspaces before$/,
    );
  });

  it('continues after a restart', () => {
    const database = join(temporaryFolder(), 'emulator.sqlite');
    const clock = new ManualClock();
    const settings = { ...defaultSettings, ...plainSettings };
    const open = () => openEmulator({ database, clock, settings, onError: () => undefined });
    const before = open();
    const standing = { mode: 'manual', time: newYear + 400 } as const;
    const racing = { mode: 'real', time: newYear + 5, anchor: newYear, speed: 2 } as const;
    for (const [name, clock] of Object.entries({ standing, racing })) {
      const { id } = before.workspaces.open(name);
      before.store.now((writer) => {
        writer.workspaces.setClock(id, clock);
      });
    }
    before.close();
    clock.jump(1000);
    const after = open();
    expect(after.workspaces.open('standing')).toMatchObject({
      clock: standing,
      now: newYear + 400,
    });
    expect(after.workspaces.open('racing')).toMatchObject({
      clock: racing,
      now: newYear + 5 + 2 * 1000,
    });
    clock.jump(newYear);
    expect(after.workspaces.open('racing').now).toBe(newYear + 5 + 2 * (1000 + newYear));
    after.close();
  });

  it.each([
    ['reset', ['/_emulator/reset', {}]],
    ['put back to a snapshot', ['/_emulator/snapshots/s/restore']],
  ] as const)('is not changed by an advance while it is %s', async (_how, [url, body]) => {
    const { client, clock, emulator } = buildStoppedApp({ settings: plainSettings });
    await client.call('POST', '/_emulator/snapshots/s');
    await advance(client, '1d');
    const ids = Array.from({ length: 1000 }, (_, index) => String(index));
    for (let batch = 0; batch < 4; batch += 1) await client.createBatchTest(ids);
    const late = client.send({
      ...{ method: 'POST', url: `${clockUrl}/advance`, payload: { until: 'idle' } },
    });
    const hasBegun = () => emulator.store.countRuns().pass > 0;
    for (let turn = 0; !hasBegun() && turn < 1000; turn += 1) await clock.turn();
    const back = await client.send({
      ...{ method: 'POST', url, ...(body !== undefined && { payload: body }) },
    });
    expect(back.status).toBe(200);
    expect(await late).toMatchObject({ status: 409, body: { status: 'error' } });
    expect(await client.call('GET', clockUrl)).toEqual({ mode: 'manual', now: newYear });
  });

  it.each([
    [
      'PUT',
      '',
      { mode: 'manual', now: newYear - 1 },
      /body\/now must not be before .* 1767225600000/,
    ],
    [
      'PUT',
      '',
      { mode: 'manual', now: 'now' },
      /body\/now must be milliseconds since the epoch, or/,
    ],
    ['PUT', '', { mode: 'manual', now: -1 }, /body\/now must be >= 0/],
    ['PUT', '', { mode: 'manual', speed: 2 }, /body\/speed goes with the mode "real"/],
    ['PUT', '', { mode: 'real', now: newYear }, /body\/now goes with the mode "manual"/],
    ['PUT', '', { mode: 'real', speed: 0 }, /body\/speed must be > 0/],
    ['PUT', '', { mode: 'stopped' }, /body\/mode must be "real" or "manual"/],
    ['PUT', '', {}, /body must have required property 'mode'/],
    ['POST', '/advance', {}, /body must NOT have fewer than 1 properties/],
    ['POST', '/advance', { by: '1s', until: 'idle' }, /body must have just one of/],
    ['POST', '/advance', { by: '-1s' }, /body\/by must be a duration such as 2s/],
    ['POST', '/advance', { by: 5 }, /body\/by must be string/],
    ['POST', '/advance', { to: newYear - 1 }, /body\/to must not be before/],
    ['POST', '/advance', { until: 'noon' }, /body\/until must be "idle"/],
    ['POST', '/advance', { for: '1s' }, /body must NOT have the unknown property "for"/],
    ['POST', '/advance', { by: '1s', workspace: 'a' }, /body\/workspace must be "\*"/],
  ] as const)('answers 400 to %s %s %j', async (method, path, payload, message) => {
    const { client } = buildStoppedApp();
    const answer = await client.send({ method, url: clockUrl + path, payload });
    expect(answer).toMatchObject({ status: 400, body: { status: 'error' } });
    expect(answer.body['message']).toMatch(message);
    expect(await client.call('GET', clockUrl)).toEqual({ mode: 'manual', now: newYear });
  });
});
