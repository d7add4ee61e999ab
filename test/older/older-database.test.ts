import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startEmulator } from '../../src/index.js';
import { temporaryFolder, type AtEnd } from '../support/files.js';
import { clientOf } from '../support/library.js';

const stored = (name: string) => readFileSync(new URL(name, import.meta.url));

/** What the emulator whose schema was that of a migration answered, by path, before it ended. */
const answersOf = (migration: number) =>
  JSON.parse(stored(`${String(migration)}.answers.json`).toString()) as Record<string, unknown>;

/**
 * What is stored of runs. How a run went is told of that by each emulator in its own words; that
 * takes some milliseconds, and where a run has fewer it is told to have taken longer.
 */
const storedOf = (answer: unknown): unknown =>
  JSON.parse(JSON.stringify(answer), (name, value: unknown) => {
    if (name === 'transcript_snapshot' || name === 'result_explanation') return undefined;
    return name.endsWith('_timestamp') ? Math.floor(Number(value) / 1000) : value;
  });

/** Starts on a file that it left behind. */
async function startOnOlder(migration: number, atEnd: AtEnd = onTestFinished) {
  const database = join(temporaryFolder(atEnd), 'emulator.sqlite');
  writeFileSync(database, gunzipSync(stored(`${String(migration)}.sqlite.gz`)));
  const emulator = await startEmulator({
    ...{ database, seed: 'older', concurrency: 2, runDuration: '10s..20s' },
    validateResponses: true,
  });
  atEnd(() => emulator.close());
  const workspace = emulator.workspace('key_older');
  const get = async (path = '') => {
    const headers = { authorization: `Bearer ${workspace.apiKey}` };
    const answer = await fetch(emulator.url + path, { headers });
    return { status: answer.status, body: await answer.json() };
  };
  return { emulator, workspace, get };
}

describe.each([5, 6, 7, 8, 9])(
  'a database that an emulator of migration %i left behind',
  (migration) => {
    const answers = answersOf(migration);
    const [done, half, waiting] = Object.keys(answers).filter((path) =>
      path.startsWith('/get-batch'),
    );

    /** One for all answers, which were read from one emulator, in this order. */
    let reading: Awaited<ReturnType<typeof startOnOlder>>;
    beforeAll(async () => {
      reading = await startOnOlder(migration, afterAll);
    });

    it.each(Object.keys(answers))('gives the same answer to GET %s', async (path) => {
      const answer = await reading.get(path);
      const before = { status: 200, body: answers[path] };
      // It did not have all settings of today.
      if (path.endsWith('/settings')) expect(answer).toMatchObject(before);
      else expect(storedOf(answer)).toEqual(storedOf(before));
    });

    it('continues runs in progress and pending runs', async () => {
      const { workspace, get } = await startOnOlder(migration);
      await workspace.settle();
      expect((await get(half)).body).toMatchObject({ status: 'complete', total_count: 6 });
      expect((await get(waiting)).body).toMatchObject({ status: 'complete', total_count: 1 });
    });

    it('restores its snapshots', async () => {
      const { workspace, get } = await startOnOlder(migration);
      await workspace.restore('before');
      expect(await get(done)).toEqual({ status: 200, body: answers[done ?? ''] });
      expect(await get(half)).toMatchObject({ status: 404 });
    });
  },
);

describe('a database that an emulator of migration 6 left behind', () => {
  const answers = answersOf(6);

  it('continues batches that steps and reads move', async () => {
    const { workspace, get } = await startOnOlder(6);
    const [manual, polls] = ['test_batch_0601a64bdbc7', 'test_batch_0101a64bdbc7'];
    expect(await workspace.batchTests.step(manual)).toMatchObject({ passCount: 1, failCount: 1 });
    expect((await get(`/get-batch-test/${polls}`)).body).toMatchObject({ status: 'in_progress' });
    expect((await get(`/get-batch-test/${polls}`)).body).toMatchObject({ status: 'complete' });
  });

  // It opened a draft whenever it published; this one publishes in place.
  it('continues with a draft that was created by publishing', async () => {
    const { workspace, get } = await startOnOlder(6);
    const client = clientOf(workspace);
    const id = 'agent_a5dcca2b71242f31daebcbfea45b';
    const llmId = 'llm_2aa852e74bf42d95e24558fb811e';
    expect((await get(`/get-agent/${id}?version=latest_published`)).body).toMatchObject({
      version: 0,
    });
    await client.llm.update(llmId, { begin_message: 'Edited.' });
    await client.agent.publish(id, { version: 1 });
    expect(await client.agent.retrieve(id)).toMatchObject({ version: 1, is_published: true });
    const engine = { type: 'retell-llm', llm_id: llmId, version: 2 };
    expect(await client.agent.createVersion(id, { base_version: 1 })).toMatchObject({
      ...{ version: 2, is_published: false, response_engine: engine },
    });
    const copy = { version: 2, is_published: false, begin_message: 'Edited.' };
    expect(await client.llm.retrieve(llmId)).toMatchObject(copy);
  });

  it('restores a snapshot with unfinished runs', async () => {
    const { workspace, get } = await startOnOlder(6);
    await workspace.settle();
    await workspace.restore('middle');
    const half = '/v2/list-test-runs/test_batch_0401a64bdbc7';
    expect(storedOf((await get(half)).body)).toEqual(storedOf(answers[half]));
    await workspace.settle();
    const batch = '/get-batch-test/test_batch_0401a64bdbc7';
    expect((await get(batch)).body).toMatchObject({ status: 'complete', total_count: 6 });
  });
});
