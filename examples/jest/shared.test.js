// Uses the emulator of the global set-up. A key of its own for each test keeps tests apart.
const { connectEmulator } = require('retell-emulator');
const { default: Retell } = require('retell-sdk');

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
  expect(await client.tests.getBatchTest(id)).toMatchObject({ status: 'complete', fail_count: 2 });
});
