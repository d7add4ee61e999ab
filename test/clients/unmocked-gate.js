// A CI gate: refuses to run the tests of an agent as long as one of its tools would really be
// called. Usage: node unmocked-gate.js AGENT_ID
import Retell from 'retell-sdk';

const client = new Retell();
const agent = await client.agent.retrieve(process.argv[2]);
const { llm_id, version } = agent.response_engine;
const llm = await client.llm.retrieve(llm_id, { version });
const tools = (llm.general_tools ?? []).filter((tool) => tool.type !== 'end_call');

const { items } = await client.tests.listTestCaseDefinitions({ type: 'retell-llm', llm_id });
let refused = false;
for (const definition of items) {
  const mocked = new Set(definition.tool_mocks.map((mock) => mock.tool_name));
  for (const { name } of tools) {
    if (mocked.has(name)) continue;
    console.log(`${definition.name}: ${name} is not mocked`);
    refused = true;
  }
}
if (refused) process.exit(3);

let batch = await client.tests.createBatchTest({
  response_engine: { type: 'retell-llm', llm_id, version },
  test_case_definition_ids: items.map((definition) => definition.test_case_definition_id),
});
while (batch.status === 'in_progress') {
  await new Promise((resolve) => setTimeout(resolve, 50));
  batch = await client.tests.getBatchTest(batch.test_case_batch_job_id);
}
console.log(`${batch.pass_count}/${batch.total_count} passed`);
process.exit(batch.pass_count === batch.total_count ? 0 : 1);
