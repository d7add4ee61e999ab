// Compares models: patches the LLM's model, runs all its tests, and restores it, whatever happens.
// Usage: node compare-models.js LLM_ID MODEL…
import Retell from 'retell-sdk';

const client = new Retell();
const [llmId, ...models] = process.argv.slice(2);
const { model: before } = await client.llm.retrieve(llmId);
const listed = await client.tests.listTestCaseDefinitions({ type: 'retell-llm', llm_id: llmId });
const ids = (listed.items ?? listed.data ?? listed).map((item) => item.test_case_definition_id);
try {
  for (const model of models) {
    const patched = await client.llm.update(llmId, { model });
    if (patched.model !== model) throw new Error(`the model is ${patched.model}, not ${model}`);
    const { test_case_batch_job_id: id } = await client.tests.createBatchTest({
      response_engine: { type: 'retell-llm', llm_id: llmId },
      test_case_definition_ids: ids,
    });
    for (;;) {
      const { items: runs } = await client.tests.listTestRuns(id);
      const ended = runs.filter((run) => ['pass', 'fail', 'error'].includes(run.status));
      if (runs.length === ids.length && ended.length === runs.length) {
        const passed = runs.filter((run) => run.status === 'pass').length;
        console.log(`${model}\t${passed}/${runs.length}`);
        break;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
} finally {
  await client.llm.update(llmId, { model: before });
}
