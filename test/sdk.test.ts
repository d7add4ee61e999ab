import type { AddressInfo } from 'node:net';
import Retell, { AuthenticationError, BadRequestError, NotFoundError } from 'retell-sdk';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { OperationRequest, OperationResult } from '../src/contract/operation.js';
import type { operations } from '../src/contract/retell.gen.js';
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
    await expect(unknown).rejects.toThrow(/The requested resource was not found\./);

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
type Received<Method extends keyof Tests> = Tests[Method] extends (
  ...args: never[]
) => PromiseLike<infer Result>
  ? Result
  : never;

describe('our types and those of retell-sdk', () => {
  it('agree on createBatchTest', () => {
    type Request = OperationRequest<operations, 'createBatchTest'>['body'];
    type Result = OperationResult<operations, 'createBatchTest'>;
    expectTypeOf<Sent<'createBatchTest'>>().toExtend<Request>();
    expectTypeOf<Request>().toExtend<Sent<'createBatchTest'>>();
    expectTypeOf<Result>().toExtend<Received<'createBatchTest'>>();
    expectTypeOf<Received<'createBatchTest'>>().toExtend<Result>();
  });

  it('agree on getBatchTest', () => {
    type Id = OperationRequest<operations, 'getBatchTest'>['params']['test_case_batch_job_id'];
    type Result = OperationResult<operations, 'getBatchTest'>;
    expectTypeOf<Sent<'getBatchTest'>>().toEqualTypeOf<Id>();
    expectTypeOf<Result>().toExtend<Received<'getBatchTest'>>();
    expectTypeOf<Received<'getBatchTest'>>().toExtend<Result>();
  });
});
