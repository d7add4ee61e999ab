// Uses the emulator of run-tests.js. A key of its own for each test keeps tests apart.
import assert from 'node:assert/strict';
import test from 'node:test';
import { connectEmulator } from 'retell-emulator';
import Retell from 'retell-sdk';

const emulator = connectEmulator(process.env.RETELL_BASE_URL);
const batch = {
  response_engine: { type: 'retell-llm', llm_id: 'llm_1' },
  test_case_definition_ids: ['test_case_1', 'test_case_2'],
};

async function open(key) {
  const workspace = emulator.workspace(key);
  await workspace.reset();
  return { workspace, client: new Retell({ apiKey: key, maxRetries: 0 }) };
}

test('shares an emulator with other test files', async () => {
  const { workspace, client } = await open('key_shared');
  await workspace.outcomes.add({ outcome: { status: 'fail' } });
  const { test_case_batch_job_id: id } = await client.tests.createBatchTest(batch);
  await workspace.settle();
  const { status, fail_count } = await client.tests.getBatchTest(id);
  assert.deepEqual({ status, fail_count }, { status: 'complete', fail_count: 2 });
});

test('polls with fake timers, until the emulator’s time has passed', async (context) => {
  const { workspace, client } = await open('key_polling');
  const { test_case_batch_job_id: id } = await client.tests.createBatchTest(batch);
  const poll = async () => {
    if ((await client.tests.getBatchTest(id)).status === 'complete') return;
    await new Promise((resolve) => setTimeout(resolve, 10_000));
    await poll();
  };

  const { timers } = context.mock;
  timers.enable({ apis: ['setTimeout', 'Date'] });
  let isOver = false;
  const polling = poll().finally(() => (isOver = true));
  await workspace.requests.wait({ operation: 'getBatchTest' });
  await workspace.settle();
  while (!isOver) {
    timers.tick(100);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await polling;
  timers.reset();
  // The workspace answers after that, too.
  assert.equal(await workspace.requests.count({ operation: 'getBatchTest' }), 2);
});
