import { describe, expect, it } from 'vitest';
import { buildTestApp, type Definition, type Run } from '../support/emulator.js';

const fixed = { concurrency: 1, runDuration: '1000ms..1000ms' };

describe('a test run', () => {
  // facts.md 9, 34, 35
  it('is pending, in progress and ended, and has its content only then', async () => {
    const { client, clock } = buildTestApp({ settings: fixed });
    const batch = await client().createBatchTest(['a', 'b']);
    const start = clock.now();
    const read = async () => {
      const { items } = await client().listRuns(batch.test_case_batch_job_id);
      return items;
    };
    const [first, second] = await read();
    expect([first?.status, second?.status]).toEqual(['in_progress', 'pending']);
    expect(first?.test_case_job_id).toMatch(/^test_job_[0-9a-f]{12}$/);
    // facts.md 17, Batch and runs: creation_timestamps "rise in the order of the request".
    for (const [index, run] of [first, second].entries()) {
      expect(run).toMatchObject({
        creation_timestamp: start + index,
        user_modified_timestamp: start + index,
        transcript_snapshot: null,
        result_explanation: null,
      });
    }
    await clock.advance(1000);
    const [ended, started] = await read();
    expect(ended?.status).toMatch(/^(pass|fail|error)$/);
    expect(ended?.user_modified_timestamp).toBe(start + 1000);
    expect(ended?.result_explanation).toEqual(expect.any(String));
    expect(started).toMatchObject({
      status: 'in_progress',
      user_modified_timestamp: start + 1000,
      result_explanation: null,
    });
    await clock.advance(1000);
    const [still, over] = await read();
    expect(still).toEqual(ended);
    expect(over?.user_modified_timestamp).toBe(start + 2000);
  });

  it('is the same by itself as in each list', async () => {
    const { client, clock } = buildTestApp();
    const { test_case_definition_id: id } = await client().createDefinition();
    const batch = await client().createBatchTest([id, 'unknown', id]);
    await clock.advance(10_000);
    const batchId = batch.test_case_batch_job_id;
    const { items } = await client().listRuns(batchId);
    expect(await client().call('GET', `/list-test-runs/${batchId}`)).toEqual(items);
    for (const run of items) {
      expect(await client().call('GET', `/get-test-run/${run.test_case_job_id}`)).toEqual(run);
    }
    expect(new Set(items.map(({ test_case_job_id }) => test_case_job_id)).size).toBe(3);
  });

  // facts.md 10
  it('adds up with the counts of its batch', async () => {
    const { client, clock } = buildTestApp({
      settings: { outcomes: { pass: 1, fail: 1, error: 1 } },
    });
    const batch = await client().createBatchTest(Array.from({ length: 60 }, () => 'a'));
    for (let second = 0; second < 12; second += 1) {
      const { items } = await client().listRuns(batch.test_case_batch_job_id);
      const counts = await client().getBatchTest(batch.test_case_batch_job_id);
      const count = (status: string) => items.filter((run) => run.status === status).length;
      expect(counts).toMatchObject({
        pass_count: count('pass'),
        fail_count: count('fail'),
        error_count: count('error'),
      });
      expect(count('in_progress')).toBeLessThanOrEqual(10);
      await clock.advance(1000);
    }
  });

  // facts.md 15
  it('keeps the definition as it was when the batch was created', async () => {
    const { client, clock } = buildTestApp({ settings: fixed });
    const before = await client().createDefinition();
    const { test_case_definition_id: id } = before;
    const update = (name: string) =>
      client().call<Definition>('PUT', `/update-test-case-definition/${id}`, { name });
    const old = await client().createBatchTest([id, id]);
    const after = await update('Changed while the first is in progress');
    const young = await client().createBatchTest([id]);
    await update('Changed again');
    await clock.advance(10_000);
    const snapshots = async (batchId: string) => {
      const { items } = await client().listRuns(batchId);
      return items.map((run) => run.test_case_definition_snapshot);
    };
    expect(await snapshots(old.test_case_batch_job_id)).toEqual([before, before]);
    expect(await snapshots(young.test_case_batch_job_id)).toEqual([after]);
  });

  it('of an id that no definition has runs a placeholder named after it', async () => {
    const { client, clock } = buildTestApp();
    const engine = { type: 'conversation-flow', conversation_flow_id: 'f', version: 2 };
    const batch = await client().createBatchTest(['string'], engine);
    const { items } = await client().listRuns(batch.test_case_batch_job_id);
    expect(items[0]).toMatchObject({
      test_case_definition_id: 'string',
      test_case_definition_snapshot: {
        test_case_definition_id: 'string',
        name: 'string',
        response_engine: engine,
        creation_timestamp: clock.now(),
      },
    });
  });

  // facts.md 14
  it('accepts a definition for another engine or version', async () => {
    const { client } = buildTestApp();
    const { test_case_definition_id: id } = await client().createDefinition();
    const engine = { type: 'conversation-flow', conversation_flow_id: 'f' };
    const batch = await client().createBatchTest([id], engine);
    const { items } = await client().listRuns(batch.test_case_batch_job_id);
    expect(items[0]?.test_case_definition_snapshot.response_engine).toMatchObject({
      type: 'retell-llm',
    });
  });
});

describe('the same seed', () => {
  it('gives the same contents in another emulator, except for ids', async () => {
    const tell = async () => {
      const { client, clock } = buildTestApp({ settings: { seed: 'again' } });
      const { test_case_definition_id: id } = await client().createDefinition();
      const batch = await client().createBatchTest([id, id, id, id]);
      await clock.advance(10_000);
      const { items } = await client().listRuns(batch.test_case_batch_job_id);
      return items.map((run) => [run.status, run.result_explanation, spoken(run)]);
    };
    expect(await tell()).toEqual(await tell());
  });
});

describe('--unknown-test-cases reject', () => {
  const settings = { unknownTestCases: 'reject' } as const;

  it('refuses a batch with unknown ids, lists them, and writes nothing', async () => {
    const { client, emulator } = buildTestApp({ settings });
    const { test_case_definition_id: id } = await client().createDefinition();
    const { test_case_definition_id: foreign } = await client('key_b').createDefinition();
    const { status, body } = await client().send({
      method: 'POST',
      url: '/create-batch-test',
      payload: {
        test_case_definition_ids: [id, 'nope', foreign, 'nope'],
        response_engine: { type: 'retell-llm', llm_id: 'llm_1' },
      },
    });
    expect(status).toBe(400);
    expect(body['message']).toContain(`there is no "nope", "${foreign}"`);
    expect(body['message']).not.toContain(id);
    expect(emulator.store.workspaces.listUnfinished()).toEqual([]);
  });

  it('accepts a batch of known ids', async () => {
    const { client } = buildTestApp({ settings });
    const { test_case_definition_id: id } = await client().createDefinition();
    expect((await client().createBatchTest([id, id])).total_count).toBe(2);
  });

  it('gives a short answer even to a long list', async () => {
    const { client } = buildTestApp({ settings });
    const ids = Array.from({ length: 1000 }, (_, index) => `${String(index)}${'x'.repeat(3000)}`);
    const { status, body } = await client().send({
      method: 'POST',
      url: '/create-batch-test',
      payload: {
        test_case_definition_ids: ids,
        response_engine: { type: 'retell-llm', llm_id: 'llm_1' },
      },
    });
    expect(status).toBe(400);
    expect(body['message']).toMatch(/ and 900 more$/);
    expect(String(body['message']).length).toBeLessThan(15_000);
  });
});

function spoken({ transcript_snapshot: snapshot }: Run) {
  const { transcript } = (snapshot ?? { transcript: [] }) as unknown as {
    transcript: { role: string; content?: string }[];
  };
  return transcript.map(({ role, content }) => [role, content]);
}
