import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildTestApp, retellLlm, type TestClient } from '../support/emulator.js';
import { ManualClock, newYear } from '../support/manual-clock.js';

/** A machine so slow that time goes on whenever it is read. */
class SlowMachine extends ManualClock {
  stepMs: number;

  constructor(stepMs: number) {
    super();
    this.stepMs = stepMs;
  }

  override now(): number {
    const now = super.now();
    this.jump(this.stepMs);
    return now;
  }
}

const settings = { runDuration: '700ms..2300ms', concurrency: 3 };
const speed = 60;
const runs = Array.from({ length: 12 }, (_, index) => `case ${String(index)}`);

const disturbances = {
  step: async (client: TestClient, manual: string) => {
    await client.send({ method: 'POST', url: `/_emulator/batch-tests/${manual}/step` });
  },
  immediate: async (client: TestClient) => {
    await create(client, ['x'], 'immediate');
  },
  poll: async (client: TestClient, _: string, polled: string) => {
    await client.getBatchTest(polled);
  },
  settings: async (client: TestClient) => {
    await client.call('PATCH', '/_emulator/settings', { unknownTestCases: 'accept' });
  },
  fixtures: async (client: TestClient) => {
    await client.call('POST', '/_emulator/fixtures', { settings: { unknownEngines: 'accept' } });
  },
  rule: async (client: TestClient) => {
    await client.call('POST', '/_emulator/outcome-rules', {
      match: { testCaseDefinitionId: 'none' },
      outcome: { status: 'pass' },
    });
  },
};

async function create(client: TestClient, ids: readonly string[], progression: string) {
  const { status, body } = await client.send({
    method: 'POST',
    url: '/create-batch-test',
    headers: { 'x-emulator-progression': progression },
    payload: { test_case_definition_ids: ids, response_engine: retellLlm },
  });
  expect(status, JSON.stringify(body)).toBe(201);
  return (body as { test_case_batch_job_id: string }).test_case_batch_job_id;
}

/** When the runs of the batches start and end, whatever else is asked at some times of the clock. */
async function timesWith(
  stepMs: number,
  asked: readonly { after: number; what: keyof typeof disturbances }[],
) {
  const clock = new SlowMachine(stepMs);
  const { client: clientOf } = buildTestApp({
    clock,
    settings,
    initialClock: (wall) => ({ mode: 'real', time: newYear, anchor: wall, speed }),
  });
  const client = clientOf();
  const timed = [await create(client, runs, 'time'), await create(client, runs, 'time')];
  const manual = await create(client, runs, 'manual');
  const polled = await create(client, runs, 'polls=20');
  for (const { after, what } of asked) {
    clock.jump(after);
    await disturbances[what](client, manual, polled);
  }
  clock.stepMs = 0;
  await clock.advance(20_000);
  for (const id of timed) {
    expect(await client.getBatchTest(id)).toMatchObject({ status: 'complete' });
  }
  const { batchTests } = await client.call<{
    batchTests: { test_case_batch_job_id: string; runs: { startedAt: number; endsAt: number }[] }[];
  }>('GET', '/_emulator/export');
  const [first = 0] = batchTests.map(({ runs }) => runs[0]?.startedAt ?? 0);
  return batchTests
    .filter(({ test_case_batch_job_id: id }) => timed.includes(id))
    .map(({ runs }) => runs.map(({ startedAt, endsAt }) => [startedAt - first, endsAt - first]));
}

describe('requests that record the progress of a workspace with a real clock', () => {
  it('do not change the starts and ends of other batches', async () => {
    const expected = await timesWith(0, []);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.array(
          fc.record({
            after: fc.integer({ min: 0, max: 40 }),
            what: fc.constantFrom(...(Object.keys(disturbances) as (keyof typeof disturbances)[])),
          }),
          { minLength: 1, maxLength: 12 },
        ),
        async (stepMs, asked) => {
          expect(await timesWith(stepMs, asked)).toEqual(expected);
        },
      ),
      { numRuns: 30 },
    );
  });
});
