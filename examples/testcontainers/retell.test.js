// npm install --save-dev testcontainers vitest retell-sdk
import Retell from 'retell-sdk';
import { GenericContainer, Wait } from 'testcontainers';
import { afterAll, beforeAll, expect, test } from 'vitest';

let container;
let client;

beforeAll(async () => {
  container = await new GenericContainer('ghcr.io/your-org/retell-emulator')
    .withExposedPorts(4010)
    .withCommand(['--database', ':memory:', '--progression', 'polls=2'])
    .withWaitStrategy(Wait.forHttp('/_emulator/ready', 4010))
    .start();
  const baseURL = `http://${container.getHost()}:${container.getMappedPort(4010)}`;
  client = new Retell({ apiKey: 'key_test', baseURL });
}, 120_000);

afterAll(() => container?.stop());

test('a batch completes at the second read', async () => {
  const { test_case_batch_job_id: id } = await client.tests.createBatchTest({
    response_engine: { type: 'retell-llm', llm_id: 'llm_1' },
    test_case_definition_ids: ['test_case_pass_1', 'test_case_fail_1'],
  });
  expect(await client.tests.getBatchTest(id)).toMatchObject({ status: 'in_progress' });
  expect(await client.tests.getBatchTest(id)).toMatchObject({ pass_count: 1, fail_count: 1 });
});
