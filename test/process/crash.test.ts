import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { keyedChance } from '../../src/random.js';
import type { Batch, Page, Run } from '../support/emulator.js';
import { temporaryFolder } from '../support/files.js';
import { startCli } from '../support/process.js';

/** `CRASH_KILLS=30 npx vitest run test/process/crash.test.ts` is the long form. */
const kills = Number(process.env['CRASH_KILLS'] ?? 4);
const clients = 6;
const chance = keyedChance('crash');
const headers = { authorization: 'Bearer key_crash', 'content-type': 'application/json' };

async function create(url: string, count: number): Promise<Batch> {
  const answer = await fetch(`${url}/create-batch-test`, {
    ...{ method: 'POST', headers },
    body: JSON.stringify({
      test_case_definition_ids: Array.from(
        { length: count },
        (_, index) => `case ${String(index)}`,
      ),
      response_engine: { type: 'retell-llm', llm_id: 'llm_1' },
    }),
  });
  expect(answer.status).toBe(201);
  return (await answer.json()) as Batch;
}

async function read<Body>(url: string, path: string): Promise<Body> {
  const answer = await fetch(url + path, { headers });
  expect([path, answer.status]).toEqual([path, 200]);
  return (await answer.json()) as Body;
}

describe('a process that is killed', () => {
  it(`${String(kills)} times in a row loses nothing that it acknowledged, and does nothing twice`, async () => {
    const cwd = temporaryFolder();
    const args = [
      '--database',
      join(cwd, 'crash.sqlite'),
      '--run-duration',
      // Longer in milliseconds than a transcript has entries, whose times rise strictly.
      '60ms..100ms',
      '--concurrency',
      '50',
    ];
    const acknowledged: Batch[] = [];

    for (let kill = 0; kill < kills; kill += 1) {
      const { emulator, url } = await startCli({ cwd, args });
      // Not after a time, but after so many answers: a random moment of the load.
      let left = 5 + Math.floor(chance('answers', kill) * 120);
      const load = async (client: number): Promise<void> => {
        for (let round = 0; ; round += 1) {
          const count = 1 + Math.floor(chance('runs', kill, client, round) * 60);
          const batch = await create(url, count).catch(() => undefined);
          if (batch === undefined) return;
          acknowledged.push(batch);
          left -= 1;
          if (left === 0) emulator.signal('SIGKILL');
          // What nobody has asked for yet must not be lost either.
          if (chance('poll', kill, client, round) < 0.5) continue;
          const { test_case_batch_job_id: id } = batch;
          const polled = await read(url, `/get-batch-test/${id}`).catch(() => undefined);
          if (polled === undefined) return;
        }
      };
      await Promise.all(Array.from({ length: clients }, (_, client) => load(client)));
      expect(await emulator.end()).toMatchObject({ signal: 'SIGKILL' });
    }

    const { emulator, url } = await startCli({ cwd, args });
    const seen = new Set<string>();
    for (const { test_case_batch_job_id: id, total_count, creation_timestamp } of acknowledged) {
      await read(url, `/_emulator/batch-tests/${id}/wait?timeout=60s`);
      const batch = await read<Batch>(url, `/get-batch-test/${id}`);
      expect(batch).toMatchObject({ status: 'complete', total_count, creation_timestamp });
      const { items } = await read<Page<Run>>(url, `/v2/list-test-runs/${id}?limit=1000`);
      const count = (status: string) => items.filter((run) => run.status === status).length;
      expect([items.length, count('pass'), count('fail'), count('error')]).toEqual([
        ...[total_count, batch.pass_count, batch.fail_count, batch.error_count],
      ]);
      const ends = items.map((run) => run.user_modified_timestamp);
      expect(Math.max(...ends)).toBe(batch.user_modified_timestamp);
      expect(Math.min(...ends)).toBeGreaterThanOrEqual(creation_timestamp);
      expect(batch.user_modified_timestamp).toBeLessThanOrEqual(Date.now());
      for (const run of items) {
        expect(seen.has(run.test_case_job_id)).toBe(false);
        seen.add(run.test_case_job_id);
      }
    }
    expect(acknowledged.length).toBeGreaterThan(kills * 5);
    expect((await emulator.kill('SIGTERM')).code).toBe(0);
  });
});
