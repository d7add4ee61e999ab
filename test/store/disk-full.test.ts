import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { LazyDatabase } from '../../src/store/database/database.js';
import { openEmulator } from '../../src/emulator.js';
import { buildApp } from '../../src/http/app.js';
import { defaultSettings, TestClient, thisMachine, type Batch } from '../support/emulator.js';
import { temporaryFolder } from '../support/files.js';
import { ManualClock } from '../support/manual-clock.js';

/** An emulator on a file that can be made as full as the disk. */
function arrange() {
  const prepare = vi.spyOn(LazyDatabase.prototype, 'prepare');
  const clock = new ManualClock();
  const errors: unknown[] = [];
  const emulator = openEmulator({
    ...{ database: join(temporaryFolder(), 'full.sqlite'), clock },
    settings: { ...defaultSettings, runDuration: '1s', concurrency: 1000 },
    onError: (error) => errors.push(error),
  });
  const [db] = prepare.mock.contexts as unknown as Database.Database[];
  const place = prepare.mock.calls.findIndex(([sql]) => sql === 'COMMIT');
  const commit = prepare.mock.results[place]?.value as unknown as Database.Statement;
  prepare.mockRestore();
  const app = buildApp({
    ...{ emulator, apiKeys: [], validateResponses: true, controlAccess: thisMachine },
  });
  onTestFinished(async () => {
    await app.close();
    emulator.close();
  });
  const client = new TestClient(app, 'key_a', emulator);
  return {
    ...{ client, clock, errors, emulator, commit },
    fill: () => db?.pragma('max_page_count = 1'),
    empty: () => db?.pragma('max_page_count = 1000000'),
  };
}

const ids = Array.from({ length: 1000 }, (_, index) => `case ${String(index)}`);
const payload = {
  test_case_definition_ids: ids,
  response_engine: { type: 'retell-llm', llm_id: 'l' },
};
const create = { method: 'POST' as const, url: '/create-batch-test', payload };

describe('a disk that is full', () => {
  it('refuses new work, loses no acknowledged work, and continues when there is room', async () => {
    const { client, fill, empty } = arrange();
    const before = await client.createBatchTest(['a']);
    fill();
    const answers = await Promise.all(Array.from({ length: 5 }, () => client.send(create)));
    for (const { status, body } of answers) {
      expect([status, body['message']]).toEqual([
        500,
        'The emulator cannot use its database: the disk is full.',
      ]);
    }
    const read = () => client.getBatchTest(before.test_case_batch_job_id);
    expect(await read()).toMatchObject({ total_count: 1 });
    empty();
    const after = await client.createBatchTest(ids);
    expect((await client.listRuns(after.test_case_batch_job_id)).items).toHaveLength(1000);
    const { items } = await client.call<{ items: { total_count: number }[] }>(
      ...(['GET', '/v2/list-batch-tests?type=retell-llm&llm_id=l'] as const),
    );
    // Nothing is left of what was refused.
    expect(items).toEqual([]);
    expect(await read()).toMatchObject({ total_count: 1 });
  });

  it('fails an advance that could not be stored completely, and repeats its work later', async () => {
    const { client, fill, empty } = arrange();
    const batches = [];
    for (let index = 0; index < 3; index += 1) batches.push(await client.createBatchTest(ids));
    const advance = () =>
      client.send({
        ...{ method: 'POST', url: '/_emulator/clock/advance', payload: { until: 'idle' } },
      });
    fill();
    expect(await advance()).toMatchObject({ status: 500, body: { status: 'error' } });
    empty();
    expect(await advance()).toMatchObject({ status: 200 });
    for (const { test_case_batch_job_id: id } of batches) {
      const { status, pass_count, fail_count, error_count } = await client.getBatchTest(id);
      expect([status, pass_count + fail_count + error_count]).toEqual(['complete', 1000]);
    }
  });

  it('answers reads of ended runs, and refuses reads of runs that are due', async () => {
    const { client, clock, commit } = arrange();
    const ended = await client.createBatchTest(['a']);
    const { test_case_definition_id: definition } = await client.createDefinition();
    await clock.advance(1000);
    const moving = await client.createBatchTest(['b']);
    const run = async ({ test_case_batch_job_id: id }: Batch) =>
      (await client.listRuns(id)).items[0]?.test_case_job_id ?? '';
    const runs = { ended: await run(ended), moving: await run(moving) };
    clock.jump(1000);
    const full = new Database.SqliteError('database or disk is full', 'SQLITE_FULL');
    const failing = vi.spyOn(commit, 'run').mockImplementation(() => {
      throw full;
    });
    const statuses = async () => {
      const urls = [
        `/get-batch-test/${ended.test_case_batch_job_id}`,
        `/v2/list-test-runs/${ended.test_case_batch_job_id}`,
        `/get-test-run/${runs.ended}`,
        `/get-test-case-definition/${definition}`,
        '/v2/list-batch-tests?type=retell-llm&llm_id=other',
        '/list-agents',
        '/get-batch-test/unknown',
        `/get-batch-test/${moving.test_case_batch_job_id}`,
        `/v2/list-test-runs/${moving.test_case_batch_job_id}`,
        `/get-test-run/${runs.moving}`,
        '/v2/list-batch-tests?type=retell-llm&llm_id=llm_1',
      ];
      const answers = [];
      for (const url of urls) answers.push(await client.send({ method: 'GET', url }));
      return answers.map(({ status }) => status);
    };
    expect(await statuses()).toEqual([
      ...[200, 200, 200, 200, 200, 200, 404],
      ...[500, 500, 500, 500],
    ]);
    failing.mockRestore();
    expect(await statuses()).toEqual([
      ...[200, 200, 200, 200, 200, 200, 404],
      ...[200, 200, 200, 200],
    ]);
    expect(await client.getBatchTest(moving.test_case_batch_job_id)).toMatchObject({
      status: 'complete',
      user_modified_timestamp: moving.creation_timestamp + 1000,
    });
  });

  it('lets the worker try again until there is room', async () => {
    const { client, clock, errors, fill, empty } = arrange();
    const batches = [];
    for (let index = 0; index < 3; index += 1) batches.push(await client.createBatchTest(ids));
    fill();
    await clock.advance(1500);
    empty();
    await clock.advance(5000);
    for (const { test_case_batch_job_id: id } of batches) {
      expect(await client.getBatchTest(id)).toMatchObject({ status: 'complete' });
    }
    for (const error of errors) expect(error).toMatchObject({ code: 'SQLITE_FULL' });
  });
});

describe('a disk that fails', () => {
  it('is reported to every request that wrote, even if its lost work cannot be read', async () => {
    const { client, clock, errors, emulator, commit } = arrange();
    const { test_case_batch_job_id: id } = await client.createBatchTest(ids);
    const broken = new Database.SqliteError('disk I/O error', 'SQLITE_IOERR');
    vi.spyOn(emulator.store.workspaces, 'listUnfinished').mockImplementationOnce(() => {
      throw broken;
    });
    vi.spyOn(commit, 'run').mockImplementationOnce(() => {
      throw broken;
    });
    expect(await client.send(create)).toMatchObject({ status: 500, body: { status: 'error' } });
    await clock.advance(1);
    expect(errors).toEqual([broken]);
    await clock.advance(5000);
    expect(await client.getBatchTest(id)).toMatchObject({ status: 'complete' });
  });
});
