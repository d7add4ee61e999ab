import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openWorkspace } from '../../src/library/open-workspace.js';
import { advance } from '../support/control.js';
import { someDefinition, type TestClient } from '../support/emulator.js';
import { temporaryFolder } from '../support/files.js';
import { batch, exported, inPause, large, openTwo } from '../support/large-loads.js';
import { newYear } from '../support/manual-clock.js';

const url = '/_emulator/fixtures';

/** The same with a fault in the last batch. */
const broken = {
  ...large,
  batchTests: [...large.batchTests, { ...batch, progression: 'manual', polls: 1, ordinal: 0 }],
};

/** A workspace with something in it that a load could change. */
async function fill(client: TestClient): Promise<void> {
  await client.call('POST', url, {
    definitions: [{ ...someDefinition, test_case_definition_id: 'old' }],
    retellLlms: [{ llm_id: 'there' }],
    outcomeRules: [{ outcome: { status: 'fail' } }],
  });
  await client.createBatchTest(['old', 'x']);
}

describe('a large load', () => {
  it('has pauses, in which requests to other workspaces are answered', async () => {
    const { a, b, clock } = openTwo();
    let id = '';
    const pauses = inPause(clock, 5, async () => {
      ({ test_case_batch_job_id: id } = await b.createBatchTest());
      expect(await b.getBatchTest(id)).toMatchObject({ total_count: 1 });
    });
    expect(await a.call('POST', url, large)).toMatchObject({ batchTests: 5, testRuns: 5000 });
    expect(pauses.turns).toBeGreaterThanOrEqual(10);
    expect(await b.getBatchTest(id)).toMatchObject({ total_count: 1 });
    const { batchTests = [], ...rest } = await exported(a);
    expect(batchTests.map(({ runs }) => runs.length)).toEqual(Array(5).fill(1000));
    expect(rest).toMatchObject({ credit: 77_000, settings: { concurrency: 3 } });
  });

  it('is checked with pauses, and a problem is named by its place in the whole list', async () => {
    const { a, b, clock } = openTwo();
    const definitions = Array<object>(2000).fill(someDefinition);
    const pauses = inPause(clock, 2, () => b.createBatchTest());
    const wrong = { definitions: [...definitions, { ...someDefinition, name: 7 }] };
    const { status, body } = await a.send({ method: 'POST', url, payload: wrong });
    expect([status, body['message']]).toEqual([
      400,
      expect.stringContaining('body/definitions/2000/name must be string'),
    ]);
    expect(pauses.turns).toBeGreaterThan(2);

    const unknown = { ...someDefinition, llm_model: 'gpt-9' };
    const loaded = await a.call<{ warnings: string[] }>('POST', url, {
      definitions: [...definitions, unknown, ...definitions, unknown],
    });
    expect(loaded.warnings).toEqual([
      expect.stringMatching(
        /^body\/definitions\/2000\/llm_model is "gpt-9".*; 1 more of this kind/,
      ),
    ]);
  });

  it('makes requests to its own workspace wait until it is loaded', async () => {
    const { a, clock, emulator } = openTwo();
    let waiting: Promise<unknown>[] = [];
    inPause(clock, 5, () => {
      waiting = [
        a.createBatchTest(['mine', 'x']),
        a.call('GET', '/get-test-case-definition/mine'),
        openWorkspace(emulator, 'key_a', '').settings.change({ concurrency: 5 }),
        a.call('PATCH', '/_emulator/settings', { workspace: '*', runDuration: '2s' }),
        a.call('POST', '/_emulator/clock/advance', { by: '1s' }),
      ];
    });
    await a.call('POST', url, large);
    const [created, definition] = await Promise.all(waiting);
    expect(created).toMatchObject({ total_count: 2 });
    expect(definition).toMatchObject({ name: 'Reschedules' });
    const state = await exported(a);
    expect(state).toMatchObject({ settings: { concurrency: 5, runDuration: '2s' } });
    expect(state.batchTests).toHaveLength(6);
    expect(state.clock).toEqual({ mode: 'manual', now: newYear + 1000 });
  });

  it.each([
    ['that adds', '', {}],
    ['that replaces', '?replace=true', {}],
    ['that moves the clock', '', { clock: { mode: 'manual', now: '2026-02-01T00:00:00Z' } }],
  ] as const)('%s leaves nothing if it fails, and other content is kept', async (...args) => {
    const [, query, more] = args;
    const { a, b, clock } = openTwo();
    await fill(a);
    await advance(a, '500ms');
    const before = await exported(a);
    let waiting: Promise<unknown> | undefined;
    const pauses = inPause(clock, 12, async () => {
      waiting = a.createDefinition();
      await b.createBatchTest();
    });
    const { status, body } = await a.send({
      ...{ method: 'POST', url: `${url}${query}`, payload: { ...broken, ...more } },
    });
    expect([status, body['message']]).toEqual([
      400,
      expect.stringContaining('body/batchTests/5/ordinal must be >='),
    ]);
    expect(pauses.turns).toBeGreaterThanOrEqual(12);
    await waiting;
    const { definitions = [], ordinals, ...after } = await exported(a);
    const { definitions: definitionsBefore = [], ordinals: next, ...rest } = before;
    expect(definitions.slice(0, -1)).toEqual(definitionsBefore);
    expect(ordinals).toEqual({ ...next, definition: (next?.definition ?? 0) + 1 });
    expect(after).toEqual(rest);
    expect((await exported(b)).batchTests).toHaveLength(1);
    await advance(a, { until: 'idle' });
    const { test_case_batch_job_id: id = '' } = after.batchTests?.[0] ?? {};
    expect(await a.getBatchTest(id)).toMatchObject({ status: 'complete' });
  });

  it.each(['', '?replace=true'])('%s leaves nothing if the process is killed', async (query) => {
    const folder = temporaryFolder();
    const [database, copy] = [join(folder, 'a.sqlite'), join(folder, 'copy.sqlite')];
    const { a, b, clock } = openTwo({ database });
    await fill(a);
    const before = await exported(a);
    inPause(clock, 8, async () => {
      await b.createBatchTest();
      // What a process that is killed now would leave.
      for (const suffix of ['', '-wal']) copyFileSync(database + suffix, copy + suffix);
    });
    await a.call('POST', `${url}${query}`, large);

    const revived = openTwo({ database: copy });
    expect(await exported(revived.a)).toEqual(before);
    expect((await exported(revived.b)).batchTests).toHaveLength(1);
    expect(await revived.a.call('POST', url, large)).toMatchObject({ testRuns: 5000 });
  });

  it('does not appear as a snapshot', async () => {
    const { a, clock, emulator } = openTwo();
    let seen: unknown;
    inPause(clock, 5, () => {
      seen = emulator.store.snapshots.list(1);
    });
    await a.call('POST', `${url}?replace=true`, large);
    expect(seen).toEqual([]);
    expect(await a.call('GET', '/_emulator/snapshots')).toEqual([]);
    expect(emulator.store.unfinishedWork.list()).toEqual([]);
  });
});
