import { describe, expect, it } from 'vitest';
import { buildTestApp } from '../support/emulator.js';

const tool_mocks = [
  { tool_name: 'book', input_match_rule: { type: 'any' }, output: '{}', result: true },
];

// facts.md 30, 60, transcript_snapshot: "`test_case_definition_snapshot` is camelCase throughout … against the
// reference"; 506 recorded runs: "engine `version` always there".
describe('a run’s definition', () => {
  it('is spelled as in the reference, unless the setting asks for the raw spelling', async () => {
    const { client, clock } = buildTestApp();
    const definition = await client().createDefinition({ tool_mocks });
    const { test_case_definition_id: id } = definition;
    const engine = { type: 'conversation-flow', conversation_flow_id: 'f', version: 3 };
    const { test_case_batch_job_id: batchId } = await client().createBatchTest([id, 'x'], engine);
    await clock.advance(10_000);
    const documented = await client().listRuns(batchId);
    expect(documented.items[0]?.test_case_definition_snapshot).toEqual(definition);

    await client().call('PATCH', '/_emulator/settings', { definitionSnapshot: 'observed' });
    const { items } = await client().listRuns(batchId);
    expect(items[0]?.test_case_definition_snapshot).toEqual({
      testCaseDefinitionId: id,
      orgId: expect.stringMatching(/^org_[0-9a-f]{24}$/) as string,
      type: 'simulation',
      name: definition.name,
      responseEngine: { type: 'retell-llm', llmId: 'llm_1', version: 0 },
      userPrompt: definition.user_prompt,
      metrics: definition.metrics,
      dynamicVariables: definition.dynamic_variables,
      toolMocks: [
        { toolName: 'book', inputMatchRule: { type: 'any' }, output: '{}', result: true },
      ],
      llmModel: 'gpt-4.1',
      creationTimestamp: definition.creation_timestamp,
      userModifiedTimestamp: definition.user_modified_timestamp,
    });
    expect(items[1]?.test_case_definition_snapshot).toMatchObject({
      responseEngine: { type: 'conversation-flow', conversationFlowId: 'f', version: 3 },
    });
    for (const [index, run] of items.entries()) {
      const alone = await client().call('GET', `/get-test-run/${run.test_case_job_id}`);
      expect(alone).toEqual(run);
      expect(run).toEqual({
        ...documented.items[index],
        test_case_definition_snapshot: run.test_case_definition_snapshot,
      });
    }
  });
});
