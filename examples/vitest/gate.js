// Lets a change to an agent pass only if all of its test cases pass:
//
//     RETELL_API_KEY=… node gate.js llm_123
//
// Exit codes: 0 all passed, 1 some did not, 2 the gate itself could not do its work.
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Retell from 'retell-sdk';

/** Runs every test case of an LLM, and answers the runs that did not pass. */
export async function runGate({ client, llmId, timeoutMs = 600_000, sleep = setTimeout }) {
  const engine = { type: 'retell-llm', llm_id: llmId };
  const cases = await listAll((page) =>
    client.tests.listTestCaseDefinitions({ ...engine, ...page }),
  );
  if (cases.length === 0) throw new Error(`there are no test cases for ${llmId}`);

  let batch = await client.tests.createBatchTest({
    response_engine: engine,
    test_case_definition_ids: cases.map((testCase) => testCase.test_case_definition_id),
  });
  const id = batch.test_case_batch_job_id;
  for (let waited = 0, pause = 1000; ; waited += pause, pause = Math.min(pause * 2, 10_000)) {
    batch = await client.tests.getBatchTest(id);
    if (batch.status === 'complete') break;
    if (waited >= timeoutMs) throw new Error(`${id} took longer than ${timeoutMs} ms`);
    await sleep(pause);
  }
  const runs = await listAll((page) => client.tests.listTestRuns(id, page));
  return runs.filter((run) => run.status !== 'pass');
}

async function listAll(listPage) {
  const items = [];
  let pagination_key;
  do {
    const page = await listPage({ limit: 100, ...(pagination_key && { pagination_key }) });
    items.push(...page.items);
    pagination_key = page.has_more ? page.pagination_key : undefined;
  } while (pagination_key !== undefined);
  return items;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const client = new Retell({ baseURL: process.env.RETELL_BASE_URL });
    const failed = await runGate({ client, llmId: process.argv[2] });
    for (const run of failed) {
      const { name } = run.test_case_definition_snapshot;
      console.log(`${run.status}: ${name}: ${run.result_explanation}`);
    }
    process.exitCode = failed.length === 0 ? 0 : 1;
  } catch (error) {
    console.error(`gate: ${error.message}`);
    process.exitCode = 2;
  }
}
