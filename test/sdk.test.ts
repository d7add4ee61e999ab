import type { AddressInfo } from 'node:net';
import Retell, { AuthenticationError, BadRequestError, NotFoundError } from 'retell-sdk';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { OperationRequest, OperationResult } from '../src/contract/operation.js';
import type { components, operations } from '../src/contract/retell.gen.js';
import { buildTestApp } from './support/emulator.js';

async function connectSdk(options: ConstructorParameters<typeof Retell>[0] = {}) {
  const { app, clock } = buildTestApp();
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const baseURL = `http://127.0.0.1:${String(port)}`;
  const client = new Retell({ apiKey: 'key_sdk', baseURL, maxRetries: 0, ...options });
  return { client, clock, baseURL };
}

describe('retell-sdk over a socket', () => {
  it('runs the sample of the documentation and sees the batch complete', async () => {
    const { client, clock } = await connectSdk();
    const created = await client.tests.createBatchTest({
      response_engine: { llm_id: 'llm_id', type: 'retell-llm' },
      test_case_definition_ids: ['string'],
    });
    expect(created).toMatchObject({
      status: 'in_progress',
      response_engine: { llm_id: 'llm_id', type: 'retell-llm' },
      pass_count: 0,
      fail_count: 0,
      error_count: 0,
      total_count: 1,
    });
    expect(created.creation_timestamp).toBe(clock.now());

    let batch = created;
    while (batch.status === 'in_progress') {
      await clock.advance(100);
      batch = await client.tests.getBatchTest(created.test_case_batch_job_id);
    }
    expect(batch.status).toBe('complete');
    expect(batch.pass_count + batch.fail_count + batch.error_count).toBe(batch.total_count);
    for (const value of Object.values(batch)) {
      if (typeof value === 'number') expect(Number.isInteger(value)).toBe(true);
    }
    expect(batch.creation_timestamp).toBe(created.creation_timestamp);
    expect(batch.user_modified_timestamp - batch.creation_timestamp).toBeGreaterThanOrEqual(500);
    expect(batch.user_modified_timestamp - batch.creation_timestamp).toBeLessThanOrEqual(2500);
  });

  it('defines, runs, lists, reads, changes and deletes', async () => {
    const { client, clock } = await connectSdk();
    const engines = [
      { type: 'retell-llm', llm_id: 'llm_a' },
      { type: 'conversation-flow', conversation_flow_id: 'flow_b', version: 1 },
    ] as const;
    const definitions = [];
    for (const [index, response_engine] of [...engines, ...engines, ...engines].entries()) {
      for (const part of ['x', 'y']) {
        const definition = await client.tests.createTestCaseDefinition({
          name: `Case ${String(index)}${part}`,
          response_engine,
          user_prompt: 'You are {{name}}. You want to book a table for {{guests}}.',
          metrics: ['The agent books a table', 'The agent never asks for money'],
          dynamic_variables: { name: 'Ann', guests: '4' },
          tool_mocks: [
            {
              tool_name: 'book_table',
              input_match_rule: { type: 'partial_match', args: { guests: 4 } },
              output: '{"booked":true}',
            },
            {
              tool_name: 'transfer_call',
              input_match_rule: { type: 'any' },
              output: '',
              result: false,
            },
          ],
        });
        definitions.push(definition);
      }
    }
    expect(definitions).toHaveLength(12);
    const byFlow = await client.tests.listTestCaseDefinitions({
      type: 'conversation-flow',
      conversation_flow_id: 'flow_b',
    });
    const madeForFlow = definitions.filter(
      ({ response_engine: { type } }) => type !== 'retell-llm',
    );
    expect(byFlow.items).toEqual(madeForFlow.reverse());

    const batch = await client.tests.createBatchTest({
      response_engine: engines[1],
      test_case_definition_ids: definitions.map((one) => one.test_case_definition_id),
    });
    const [first, second] = definitions;
    if (first === undefined || second === undefined) throw new Error('no definitions');
    const updated = await client.tests.updateTestCaseDefinition(first.test_case_definition_id, {
      metrics: ['Another one'],
    });
    expect(updated).toMatchObject({ name: first.name, metrics: ['Another one'] });

    const id = batch.test_case_batch_job_id;
    while ((await client.tests.getBatchTest(id)).status !== 'complete') await clock.advance(500);
    await client.tests.deleteTestCaseDefinition(second.test_case_definition_id);
    const gone = client.tests.getTestCaseDefinition(second.test_case_definition_id);
    await expect(gone).rejects.toBeInstanceOf(NotFoundError);

    const runs = [];
    for (let key: string | undefined, more = true; more;) {
      const page: Awaited<ReturnType<typeof client.tests.listTestRuns>> =
        await client.tests.listTestRuns(id, { limit: 5, ...(key && { pagination_key: key }) });
      runs.push(...page.items);
      ({ has_more: more, pagination_key: key } = page);
    }
    expect(runs.map((run) => run.test_case_definition_snapshot)).toEqual(definitions);
    for (const run of runs) {
      expect(await client.tests.getTestRun(run.test_case_job_id)).toEqual(run);
      expect(run.result_explanation).toEqual(expect.any(String));
      // A run may fail because the table is not booked, and end in error before it is.
      if (run.status !== 'pass') continue;
      const { transcript, dynamicVariables } = run.transcript_snapshot as {
        transcript: { role: string; name?: string; content?: string; created_timestamp: number }[];
        dynamicVariables: object;
      };
      // facts.md 29, 60, transcript_snapshot: besides the definition's, those that the vendor sets.
      expect(dynamicVariables).toEqual({
        ...{ name: 'Ann', guests: '4', session_type: 'voice', call_type: 'web_call' },
        ...{ call_id: 'playground', system_timezone: 'America/Los_Angeles' },
      });
      expect(transcript.filter(({ name }) => name !== undefined).map(({ name }) => name)).toEqual([
        'book_table',
      ]);
      expect(transcript.some(({ content }) => content === '{"booked":true}')).toBe(true);
      for (const { created_timestamp: time } of transcript) {
        expect(time).toBeGreaterThanOrEqual(run.creation_timestamp);
        expect(time).toBeLessThanOrEqual(run.user_modified_timestamp);
      }
    }
    const listed = await client.tests.listBatchTests({
      type: 'conversation-flow',
      conversation_flow_id: 'flow_b',
      version: 1,
    });
    expect(listed.items.map((one) => one.test_case_batch_job_id)).toEqual([id]);
  });

  // facts.md 47, 49
  it('throws its own error classes with our messages', async () => {
    const { client, baseURL } = await connectSdk();
    const bad = client.tests.createBatchTest({
      response_engine: { llm_id: 'llm_id', type: 'retell-llm' },
      test_case_definition_ids: [],
    });
    await expect(bad).rejects.toBeInstanceOf(BadRequestError);
    await expect(bad).rejects.toThrow(/must NOT have fewer than 1 items/);

    const unknown = client.tests.getBatchTest('test_batch_000000000000');
    await expect(unknown).rejects.toBeInstanceOf(NotFoundError);
    await expect(unknown).rejects.toThrow(/Item test_batch_000000000000 not found from batch-test/);

    const keyless = new Retell({ apiKey: '', baseURL, maxRetries: 0 });
    const refused = keyless.tests.getBatchTest('test_batch_000000000000');
    await expect(refused).rejects.toBeInstanceOf(AuthenticationError);
    await expect(refused).rejects.toThrow(/API key is missing or invalid\./);
  });
});

/** The SDK's method for each operation, as a type only. */
type Tests = Retell['tests'];
type Sent<Method extends keyof Tests> = Tests[Method] extends (
  first: infer First,
  ...rest: never[]
) => unknown
  ? First
  : never;
type Second<Method extends keyof Tests> = Tests[Method] extends (
  first: never,
  second: infer Argument,
  ...rest: never[]
) => unknown
  ? Argument
  : never;
/** The SDK leaves a mock's `args` unknown; the contract says that it is an object. */
type Known<Definition extends { tool_mocks?: unknown }> = Omit<Definition, 'tool_mocks'> & {
  tool_mocks: components['schemas']['ToolMock'][];
};
type Received<Method extends keyof Tests> = Tests[Method] extends (
  ...args: never[]
) => PromiseLike<infer Result>
  ? Result
  : never;

/** The reference lists a model that the SDK does not. */
type OfSdk<Value> = Value extends 'gemini-2.5-flash-lite'
  ? never
  : Value extends object
    ? { [Name in keyof Value]: OfSdk<Value[Name]> }
    : Value;

describe('our types and those of retell-sdk', () => {
  type Body<Id extends keyof operations> = OperationRequest<operations, Id>['body'];
  type Query<Id extends keyof operations> = OperationRequest<operations, Id>['query'];
  type Answer<Id extends keyof operations> = OperationResult<operations, Id>;

  it('agree on requests', () => {
    expectTypeOf<Sent<'createBatchTest'>>().toExtend<Body<'createBatchTest'>>();
    expectTypeOf<Body<'createBatchTest'>>().toExtend<Sent<'createBatchTest'>>();
    expectTypeOf<OfSdk<Body<'createTestCaseDefinition'>>>().toExtend<
      Sent<'createTestCaseDefinition'>
    >();
    expectTypeOf<Known<Sent<'createTestCaseDefinition'>>>().toExtend<
      Body<'createTestCaseDefinition'>
    >();
    expectTypeOf<OfSdk<Body<'updateTestCaseDefinition'>>>().toExtend<
      Second<'updateTestCaseDefinition'>
    >();
    expectTypeOf<Known<Second<'updateTestCaseDefinition'>>>().toExtend<
      Body<'updateTestCaseDefinition'>
    >();
    expectTypeOf<Sent<'listBatchTests'>>().toEqualTypeOf<Query<'listBatchTestsV2'>>();
    expectTypeOf<Sent<'listTestCaseDefinitions'>>().toEqualTypeOf<
      Query<'listTestCaseDefinitionsV2'>
    >();
    expectTypeOf<NonNullable<Second<'listTestRuns'>>>().toEqualTypeOf<Query<'listTestRunsV2'>>();
  });

  it('agree on answers', () => {
    expectTypeOf<Answer<'createBatchTest'>>().toExtend<Received<'createBatchTest'>>();
    expectTypeOf<Received<'createBatchTest'>>().toExtend<Answer<'createBatchTest'>>();
    expectTypeOf<Answer<'getBatchTest'>>().toExtend<Received<'getBatchTest'>>();
    expectTypeOf<OfSdk<Answer<'createTestCaseDefinition'>>>().toExtend<
      Received<'createTestCaseDefinition'>
    >();
    expectTypeOf<Known<Received<'createTestCaseDefinition'>>>().toExtend<
      Answer<'createTestCaseDefinition'>
    >();
    expectTypeOf<OfSdk<Answer<'getTestCaseDefinition'>>>().toExtend<
      Received<'getTestCaseDefinition'>
    >();
    expectTypeOf<OfSdk<Answer<'updateTestCaseDefinition'>>>().toExtend<
      Received<'updateTestCaseDefinition'>
    >();
    // In the documented spelling, which is the default.
    type Documented<Run> = Omit<Run, 'test_case_definition_snapshot'> & {
      test_case_definition_snapshot: Answer<'getTestCaseDefinition'>;
    };
    expectTypeOf<OfSdk<Documented<Answer<'getTestRun'>>>>().toExtend<Received<'getTestRun'>>();
    expectTypeOf<Received<'getTestRun'>['status']>().toEqualTypeOf<
      Answer<'getTestRun'>['status']
    >();
    expectTypeOf<keyof Received<'getTestRun'>>().toEqualTypeOf<keyof Answer<'getTestRun'>>();
    expectTypeOf<Answer<'listBatchTestsV2'>>().toExtend<Received<'listBatchTests'>>();
    expectTypeOf<Received<'listBatchTests'>>().toExtend<Answer<'listBatchTestsV2'>>();
    expectTypeOf<OfSdk<Answer<'listTestCaseDefinitionsV2'>>>().toExtend<
      Received<'listTestCaseDefinitions'>
    >();
    type Listed = Answer<'listTestRunsV2'>;
    expectTypeOf<
      OfSdk<Omit<Listed, 'items'> & { items: Documented<Listed['items'][number]>[] }>
    >().toExtend<Received<'listTestRuns'>>();
    expectTypeOf<keyof Received<'listTestRuns'>>().toEqualTypeOf<keyof Answer<'listTestRunsV2'>>();
  });
});
