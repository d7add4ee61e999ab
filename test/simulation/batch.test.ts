import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildTestApp, retellLlm, type Batch, type TestOptions } from '../support/emulator.js';

const endedCount = ({ pass_count, fail_count, error_count }: Batch) =>
  pass_count + fail_count + error_count;

const counts = ({ pass_count, fail_count, error_count }: Batch) => ({
  pass_count,
  fail_count,
  error_count,
});

const ids = (count: number) =>
  Array.from({ length: count }, (_, index) => `test_case_${String(index)}`);

describe('a batch test', () => {
  // facts.md 9, 10
  it('goes from in_progress to complete while its counts rise', async () => {
    const { client, clock } = buildTestApp();
    const { createBatchTest, getBatchTest } = bind(client());
    const created = await createBatchTest(ids(25));
    expect(created).toMatchObject({ status: 'in_progress', total_count: 25 });
    expect(endedCount(created)).toBe(0);
    expect(created.creation_timestamp).toBe(clock.now());
    expect(created.user_modified_timestamp).toBe(clock.now());

    let before = created;
    for (let second = 0; second < 10; second += 1) {
      await clock.advance(1000);
      const now = await getBatchTest(created.test_case_batch_job_id);
      expect(endedCount(now)).toBeGreaterThanOrEqual(endedCount(before));
      expect(now.status).toBe(endedCount(now) === 25 ? 'complete' : 'in_progress');
      const moved = now.user_modified_timestamp > before.user_modified_timestamp;
      expect(moved).toBe(endedCount(now) > endedCount(before));
      before = now;
    }
    expect(before.status).toBe('complete');
  });

  // facts.md 9
  it('stays complete and unchanged', async () => {
    const { client, clock } = buildTestApp();
    const { createBatchTest, getBatchTest } = bind(client());
    const { test_case_batch_job_id: id } = await createBatchTest(ids(3));
    await clock.advance(60_000);
    const complete = await getBatchTest(id);
    expect(complete.status).toBe('complete');
    await clock.advance(1e9);
    expect(await getBatchTest(id)).toEqual(complete);
  });

  // facts.md 63
  it('never has more than `concurrency` runs in progress in a workspace, first in first out', async () => {
    const settings = { concurrency: 3, runDuration: '1000ms..1000ms' };
    const { client, clock } = buildTestApp({ settings });
    const { createBatchTest, getBatchTest } = bind(client());
    const first = await createBatchTest(ids(4));
    const second = await createBatchTest(ids(4));
    const seen: number[][] = [];
    for (let second_ = 0; second_ < 4; second_ += 1) {
      seen.push([
        endedCount(await getBatchTest(first.test_case_batch_job_id)),
        endedCount(await getBatchTest(second.test_case_batch_job_id)),
      ]);
      await clock.advance(1000);
    }
    expect(seen).toEqual([[0, 0], [3, 0], [4, 2], [4, 4]]); // prettier-ignore
  });

  it('shows everything due by the time of the read, even before the worker runs', async () => {
    const settings = { concurrency: 1, runDuration: '1000ms..1000ms' };
    const { client, clock } = buildTestApp({ settings });
    const { createBatchTest, getBatchTest } = bind(client());
    const created = await createBatchTest(ids(5));
    clock.jump(3500);
    const read = await getBatchTest(created.test_case_batch_job_id);
    expect(endedCount(read)).toBe(3);
    expect(read.user_modified_timestamp).toBe(created.creation_timestamp + 3000);
  });

  // facts.md 15
  it('runs the same id as often as it is listed', async () => {
    const { client, clock } = buildTestApp();
    const { createBatchTest, getBatchTest } = bind(client());
    const created = await createBatchTest(['same', 'same', 'same']);
    await clock.advance(60_000);
    const done = await getBatchTest(created.test_case_batch_job_id);
    expect([done.total_count, endedCount(done)]).toEqual([3, 3]);
  });

  it('catches up with thousands of runs in slices', async () => {
    const settings = { concurrency: 700, runDuration: '1000ms..1000ms' };
    const { client, clock } = buildTestApp({ settings });
    const { createBatchTest, getBatchTest } = bind(client());
    const batches = await Promise.all([1, 2, 3, 4].map(() => createBatchTest(ids(1000))));
    clock.jump(1e6);
    for (const batch of batches) {
      const done = await getBatchTest(batch.test_case_batch_job_id);
      expect(done.status).toBe('complete');
    }
    // 4,000 runs, 700 at a time, a second each: the sixth second ends the last.
    const last = await getBatchTest(batches.at(-1)?.test_case_batch_job_id ?? '');
    expect(last.user_modified_timestamp).toBe(last.creation_timestamp + 6000);
  });
});

describe('chance', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 4 });
  const engines = fc.constantFrom(
    retellLlm,
    { type: 'retell-llm', llm_id: 'llm_2', version: null },
    { type: 'conversation-flow', conversation_flow_id: 'conversation_flow_1', version: 3 },
  );
  const settings = fc.record({
    seed: fc.string({ minLength: 1, maxLength: 5 }),
    concurrency: fc.integer({ min: 1, max: 5 }),
  });

  it('leads to a complete batch whose counts add up, for any valid body', async () => {
    const body = fc.record({
      ids: fc.array(fc.string(), { minLength: 1, maxLength: 30 }),
      engine: engines,
    });
    await fc.assert(
      fc.asyncProperty(body, settings, async ({ ids, engine }, settings) => {
        const { client, clock } = buildTestApp({ settings });
        const { createBatchTest, getBatchTest } = bind(client());
        const created = await createBatchTest(ids, engine);
        await clock.advance(ids.length * 2500);
        const done = await getBatchTest(created.test_case_batch_job_id);
        expect(done).toMatchObject({ status: 'complete', total_count: ids.length });
        expect(done.response_engine).toEqual(engine);
        expect(endedCount(done)).toBe(ids.length);
      }),
      { numRuns: 30 },
    );
  });

  it('gives the same results under any interleaving', async () => {
    const pace = fc.infiniteStream(fc.nat({ max: 3000 }));
    await fc.assert(
      fc.asyncProperty(sizes, settings, pace, pace, async (sizes, settings, pace, otherPace) => {
        const alone = await playOut({ settings }, sizes, pace, false);
        const amongOthers = await playOut({ settings }, sizes, otherPace, true);
        expect(amongOthers).toEqual(alone);
      }),
      { numRuns: 30 },
    );
  });

  it('gives other results with another seed and in another workspace', async () => {
    const results = await Promise.all(
      [
        { seed: 'a', key: 'key_1' },
        { seed: 'b', key: 'key_1' },
        { seed: 'a', key: 'key_2' },
      ].map(async ({ seed, key }) => {
        const { client, clock } = buildTestApp({ settings: { seed, concurrency: 100 } });
        const { createBatchTest, getBatchTest } = bind(client(key));
        const { test_case_batch_job_id: id } = await createBatchTest(ids(100));
        await clock.advance(3000);
        const { user_modified_timestamp, ...done } = await getBatchTest(id);
        return JSON.stringify([
          counts({ ...done, user_modified_timestamp }),
          user_modified_timestamp,
        ]);
      }),
    );
    expect(new Set(results).size).toBe(3);
  });

  /** Creates batches, then polls at the given pace; with `others`, other keys are busy meanwhile. */
  async function playOut(
    options: TestOptions,
    sizes: readonly number[],
    pace: Iterator<number>,
    others: boolean,
  ) {
    const { client, clock } = buildTestApp(options);
    const { createBatchTest, getBatchTest } = bind(client('key_a'));
    const created: Batch[] = [];
    for (const size of sizes) {
      if (others) await client('key_b').createBatchTest(ids(size + 3));
      created.push(await createBatchTest(ids(size)));
    }
    for (let done = false; !done;) {
      const step = pace.next().value as number;
      if (others) clock.jump(step);
      else await clock.advance(step);
      if (others) await client('key_c').createBatchTest(ids(2));
      const batches = [];
      for (const batch of created) batches.push(await getBatchTest(batch.test_case_batch_job_id));
      done = batches.every(({ status }) => status === 'complete');
      if (step === 0) clock.jump(1);
    }
    return Promise.all(
      created.map(async ({ test_case_batch_job_id: id, creation_timestamp }) => {
        const batch = await getBatchTest(id);
        return [counts(batch), batch.user_modified_timestamp - creation_timestamp];
      }),
    );
  }
});

function bind(client: ReturnType<ReturnType<typeof buildTestApp>['client']>) {
  return {
    createBatchTest: client.createBatchTest.bind(client),
    getBatchTest: client.getBatchTest.bind(client),
  };
}
