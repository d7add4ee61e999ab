// The calls of the vendor's suites, from the types of the installed SDK, on the suites' fixtures: each
// operation with as little and with as much as it takes.
import { fileURLToPath } from 'node:url';
import Retell from 'retell-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmulator, type RetellEmulator } from '../../src/index.js';
import { clientOf } from '../support/library.js';
import { agentCalls, engineCalls, type Call } from './calls.js';
import type { Complete } from './complete.js';
import { audioCalls, callCalls, numberCalls } from './telephony.js';

const fixtures = fileURLToPath(new URL('fixtures.yaml', import.meta.url));
const llm = { type: 'retell-llm', llm_id: 'llm_id' } as const;

const completeDefinition: Complete<Retell.TestCreateTestCaseDefinitionParams> = {
  name: 'Books a table',
  response_engine: { ...llm, version: 0 },
  user_prompt: 'You want a table.',
  metrics: ['A table was booked'],
  dynamic_variables: { name: 'Ann' },
  llm_model: 'gpt-4.1',
  tool_mocks: [
    { tool_name: 'tool_name', input_match_rule: { type: 'any' }, output: 'yes', result: true },
    {
      tool_name: 'tool_name',
      input_match_rule: { type: 'partial_match', args: { guests: 4 } },
      output: 'no',
      result: false,
    },
  ],
};

type Message = Retell.PlaygroundCompletionParams['messages'][number];
const when = { message_id: 'message_1', created_timestamp: 1_703_302_428_855 };
const multimedia = [{ url: 'https://example.com/a.png', summary: 'A table.' }];
const everyMessage: Complete<Message>[] = [
  { ...when, role: 'agent', content: 'Hello.', multimedia },
  { ...when, role: 'user', content: 'A table, please.', multimedia },
  {
    ...when,
    role: 'tool_call_invocation',
    tool_call_id: 'call_1',
    name: 'tool_name',
    arguments: '{}',
    thought_signature: 'x',
  },
  {
    ...when,
    role: 'tool_call_result',
    tool_call_id: 'call_1',
    content: 'yes',
    successful: true,
  },
  {
    ...when,
    role: 'node_transition',
    former_node_id: 'a',
    former_node_name: 'A',
    new_node_id: 'b',
    new_node_name: 'B',
    transition_type: 'normal',
  },
  { ...when, role: 'state_transition', former_state_name: 'a', new_state_name: 'greeting' },
  { ...when, role: 'injected', content: 'The caller waits.' },
  { ...when, role: 'sms', content: 'Hi.', multimedia },
  { ...when, role: 'user', content: 'For four.', multimedia },
];

const playgroundCalls: Call[] = [
  [
    'playground.completion, little',
    ({ playground }) =>
      playground.completion('agent_id', { messages: [{ role: 'user', content: 'Hi.' }] }),
  ],
  [
    'playground.completion, much',
    ({ playground }) =>
      playground.completion('agent_id', {
        version: 'latest_published',
        messages: everyMessage,
        component_id: 'component_xyz789',
        current_node_id: 'start-node-abc123',
        current_state: 'greeting',
        dynamic_variables: { customer_name: 'Ann' },
        tool_mocks: completeDefinition.tool_mocks,
      }),
  ],
];

const definitionId = 'test_case_definition_id';
const batchId = 'test_case_batch_job_id';
const testCalls: Call[] = [
  [
    'tests.createBatchTest, little',
    ({ tests }) =>
      tests.createBatchTest({ response_engine: llm, test_case_definition_ids: ['string'] }),
    { status: 'in_progress', total_count: 1 },
  ],
  [
    'tests.createBatchTest, much',
    ({ tests }) =>
      tests.createBatchTest({
        response_engine: { ...llm, version: 0 },
        test_case_definition_ids: ['string', definitionId],
      }),
    { response_engine: { ...llm, version: 0 }, total_count: 2 },
  ],
  [
    'tests.createTestCaseDefinition, little',
    ({ tests }) =>
      tests.createTestCaseDefinition({
        name: 'name',
        response_engine: llm,
        user_prompt: 'user_prompt',
        metrics: ['string'],
      }),
    { type: 'simulation', dynamic_variables: {}, tool_mocks: [], llm_model: 'gpt-4.1' },
  ],
  [
    'tests.createTestCaseDefinition, much',
    ({ tests }) => tests.createTestCaseDefinition(completeDefinition),
    completeDefinition,
  ],
  ['tests.deleteTestCaseDefinition', ({ tests }) => tests.deleteTestCaseDefinition(definitionId)],
  ['tests.getBatchTest', ({ tests }) => tests.getBatchTest(batchId), { pass_count: 1 }],
  [
    'tests.getTestCaseDefinition',
    ({ tests }) => tests.getTestCaseDefinition(definitionId),
    { name: 'name' },
  ],
  ['tests.getTestRun', ({ tests }) => tests.getTestRun('test_case_job_id'), { status: 'pass' }],
  [
    'tests.listBatchTests, little',
    ({ tests }) => tests.listBatchTests(llm),
    { items: [{ test_case_batch_job_id: batchId }], has_more: false },
  ],
  [
    'tests.listBatchTests, much',
    ({ tests }) => tests.listBatchTests({ ...llm, version: 0, limit: 1000 }),
    { items: [{ test_case_batch_job_id: batchId }], has_more: false },
  ],
  [
    'tests.listTestCaseDefinitions, little',
    ({ tests }) => tests.listTestCaseDefinitions(llm),
    { items: [{ test_case_definition_id: definitionId }], has_more: false },
  ],
  [
    'tests.listTestCaseDefinitions, much',
    ({ tests }) => tests.listTestCaseDefinitions({ ...llm, limit: 1000 }),
    { items: [{ test_case_definition_id: definitionId }], has_more: false },
  ],
  [
    'tests.listTestRuns, little',
    ({ tests }) => tests.listTestRuns(batchId),
    { items: [{ test_case_job_id: 'test_case_job_id' }], has_more: false },
  ],
  [
    'tests.listTestRuns, much',
    ({ tests }) => tests.listTestRuns(batchId, { limit: 1000 }),
    { items: [{ test_case_job_id: 'test_case_job_id' }], has_more: false },
  ],
  [
    'tests.updateTestCaseDefinition, little',
    ({ tests }) => tests.updateTestCaseDefinition(definitionId, {}),
    { name: 'name' },
  ],
  [
    'tests.updateTestCaseDefinition, much',
    ({ tests }) => tests.updateTestCaseDefinition(definitionId, completeDefinition),
    completeDefinition,
  ],
];

const calls = [
  ...[...agentCalls, ...engineCalls, ...playgroundCalls, ...testCalls],
  ...[...numberCalls, ...callCalls],
];
const resources = {
  agent: Retell.Agent,
  llm: Retell.Llm,
  conversationFlow: Retell.ConversationFlow,
  playground: Retell.Playground,
  tests: Retell.Tests,
  phoneNumber: Retell.PhoneNumber,
  call: Retell.Call,
  concurrency: Retell.Concurrency,
};
/** Not emulated; the vendor's suite of this SDK does not call it either. */
const notEmulated = ['agent.repair', ...audioCalls];

describe('retell-sdk on the fixtures of the vendor suites', () => {
  let emulator: RetellEmulator;
  beforeAll(async () => {
    emulator = await startEmulator({ fixtures, validateResponses: true });
  });
  afterAll(() => emulator.close());

  it.each(calls.map(([name, call, answer = {}]) => ({ name, call, answer })))(
    'accepts $name',
    async ({ name, call, answer }) => {
      // Each workspace begins with the fixtures.
      const client = clientOf(emulator.workspace(name.replaceAll(/\W/g, '_')));
      expect((await call(client)) ?? {}).toMatchObject(answer);
    },
  );

  it('is called by each of its methods', () => {
    const methods = Object.entries(resources).flatMap(([name, { prototype }]) =>
      Object.getOwnPropertyNames(prototype)
        .filter((method) => method !== 'constructor')
        .map((method) => `${name}.${method}`),
    );
    const called = new Set(calls.map(([name]) => name.split(',')[0]));
    expect([...called, ...notEmulated].toSorted()).toEqual(methods.toSorted());
  });
});
