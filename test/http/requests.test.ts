import { describe, expect, it, vi } from 'vitest';
import { buildTestApp, retellLlm } from '../support/emulator.js';

const url = '/create-batch-test';
const invalid = 'Invalid request format, please check API reference.';
const valid = { test_case_definition_ids: ['test_case_1'], response_engine: retellLlm };

describe('POST /create-batch-test', () => {
  it('answers 201 with the complete batch', async () => {
    const { client, clock } = buildTestApp();
    const payload = { ...valid, test_case_definition_ids: ['a', 'b', 'a'] };
    const { status, body, headers } = await client().send({ method: 'POST', url, payload });
    expect(status).toBe(201);
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
    expect(body).toEqual({
      test_case_batch_job_id: expect.stringMatching(/^test_batch_[0-9a-f]{12}$/) as string,
      status: 'in_progress',
      response_engine: retellLlm,
      pass_count: 0,
      fail_count: 0,
      error_count: 0,
      total_count: 3,
      creation_timestamp: clock.now(),
      user_modified_timestamp: clock.now(),
    });
  });

  it.each([
    [{ type: 'retell-llm', llm_id: 'llm_1', version: 2 }],
    // facts.md 14
    [{ type: 'retell-llm', llm_id: 'llm_1', version: null }],
    [{ type: 'conversation-flow', conversation_flow_id: 'conversation_flow_1' }],
    [{ type: 'conversation-flow', conversation_flow_id: '', version: 0 }],
  ])('accepts the engine %j and returns it', async (engine) => {
    const { client } = buildTestApp();
    const created = await client().createBatchTest(['a'], engine);
    expect(created.response_engine).toEqual(engine);
    const read = await client().getBatchTest(created.test_case_batch_job_id);
    expect(read.response_engine).toEqual(engine);
  });

  // facts.md 12
  it('ignores unknown properties with any name', async () => {
    const { client } = buildTestApp();
    const payload = `{
      "name": "nightly", "__proto__": { "polluted": true }, "constructor": { "prototype": {} },
      "test_case_definition_ids": ["a"],
      "response_engine": { "type": "retell-llm", "llm_id": "llm_1", "region": "eu" }
    }`;
    const headers = { 'content-type': 'application/json' };
    const { status, body } = await client().send({ method: 'POST', url, payload, headers });
    expect(status).toBe(201);
    expect(body['response_engine']).toEqual(retellLlm);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  // facts.md 13
  it.each([[1], [1000]])('accepts %i ids', async (count) => {
    const { client } = buildTestApp();
    const created = await client().createBatchTest(Array.from({ length: count }, () => 'a'));
    expect(created.total_count).toBe(count);
  });

  const engineIs = (engine: unknown) => ({ ...valid, response_engine: engine });
  const idsAre = (ids: unknown) => ({ ...valid, test_case_definition_ids: ids });
  it.each([
    [[], 'body must be object'],
    ['null', 'body must be object'],
    ['"text"', 'body must be object'],
    [{}, "body must have required property 'test_case_definition_ids'"],
    [{ test_case_definition_ids: ['a'] }, "body must have required property 'response_engine'"],
    [idsAre('a'), 'body/test_case_definition_ids must be array'],
    [idsAre([]), 'body/test_case_definition_ids must NOT have fewer than 1 items'],
    [
      idsAre(Array(1001).fill('a')),
      'body/test_case_definition_ids must NOT have more than 1000 items',
    ],
    [idsAre(['a', 7]), 'body/test_case_definition_ids/1 must be string'],
    [idsAre([null]), 'body/test_case_definition_ids/0 must be string'],
    [engineIs('retell-llm'), 'body/response_engine must be object'],
    [engineIs(null), 'body/response_engine must be object'],
    [engineIs({}), "body/response_engine must have required property 'type'"],
    [engineIs({ type: 'retell-llm' }), "body/response_engine must have required property 'llm_id'"],
    [
      engineIs({ type: 'conversation-flow', llm_id: 'llm_1' }),
      "body/response_engine must have required property 'conversation_flow_id'",
    ],
    [
      engineIs({ ...retellLlm, version: '1' }),
      'body/response_engine/version must be number or null',
    ],
    [engineIs({ ...retellLlm, llm_id: 1 }), 'body/response_engine/llm_id must be string'],
    [
      engineIs({ type: 'custom-llm', llm_websocket_url: 'wss://localhost' }),
      'body/response_engine/type must be "retell-llm" or "conversation-flow"; "custom-llm" is not supported',
    ],
    [
      engineIs({ type: 7 }),
      'body/response_engine/type must be "retell-llm" or "conversation-flow"; 7 is not supported',
    ],
  ])('refuses %j', async (payload, fault) => {
    const { client } = buildTestApp();
    const headers = { 'content-type': 'application/json' };
    const { status, body } = await client().send({ method: 'POST', url, payload, headers });
    expect(body).toEqual({
      ...{ status: 'error', message: `${invalid} ${fault}` },
      error_message: expect.stringMatching(/^request\/body/) as string,
    });
    expect(status).toBe(400);
  });

  it('refuses a number that is not finite', async () => {
    const { client } = buildTestApp();
    const engine = '{"type":"retell-llm","llm_id":"llm_1","version":1e400}';
    const payload = `{"test_case_definition_ids":["a"],"response_engine":${engine}}`;
    const headers = { 'content-type': 'application/json' };
    const { status, body } = await client().send({ method: 'POST', url, payload, headers });
    expect(body['message']).toContain(
      'body/response_engine/version must be a number below 1.8e308',
    );
    expect(status).toBe(400);
  });

  it('does not repeat a long value of the client', async () => {
    const { client } = buildTestApp();
    const payload = engineIs({ type: 'x'.repeat(100_000) });
    const { status, body } = await client().send({ method: 'POST', url, payload });
    expect(status).toBe(400);
    expect(String(body['message']).length).toBeLessThan(400);
  });

  const json = 'application/json';
  it.each([
    ['broken JSON', 400, json, '{"a":', /^Invalid request format.* body is not valid JSON: /],
    ['invalid UTF-8', 400, json, Buffer.from([0x22, 0xff, 0x22]), /body is not valid UTF-8$/],
    ['an empty body', 400, json, '', /body must not be empty$/],
    ['no body', 400, undefined, undefined, /body must not be empty$/],
    [
      'a form',
      415,
      'application/x-www-form-urlencoded',
      'a=1',
      /application\/json.*form-urlencoded/,
    ],
    ['plain text', 415, 'text/plain', JSON.stringify(valid), /must be sent as application\/json/],
    ['JSON without its type', 415, '', JSON.stringify(valid), /must be sent as application\/json/],
    ['a body over 5 MiB', 413, json, 'x'.repeat(5 * 1024 * 1024 + 1), /too large.*5242880 bytes/],
  ])('refuses %s', async (_what, expected, type, payload, message) => {
    const { client } = buildTestApp();
    const headers = type === undefined ? {} : { 'content-type': type };
    const request = {
      method: 'POST',
      url,
      headers,
      ...(payload !== undefined && { payload }),
    } as const;
    const { status, body } = await client().send(request);
    expect(body).toMatchObject({
      status: 'error',
      message: expect.stringMatching(message) as string,
    });
    expect(status).toBe(expected);
  });

  it('accepts a body just under the limit', async () => {
    const { client } = buildTestApp();
    const payload = { ...valid, padding: 'x'.repeat(5 * 1024 * 1024 - 200) };
    expect((await client().send({ method: 'POST', url, payload })).status).toBe(201);
  });

  it('writes nothing of a batch that it refuses', async () => {
    const { client, emulator } = buildTestApp();
    await client().send({ method: 'POST', url, payload: idsAre(['a', 7]) });
    expect(emulator.store.workspaces.listUnfinished()).toEqual([]);
  });
});

describe('GET /get-batch-test/{test_case_batch_job_id}', () => {
  it.each(['test_batch_000000000000', 'x'.repeat(5000), '%00', "'; DROP TABLE batch_tests; --"])(
    'answers 404 for the unknown id %s',
    async (id) => {
      const { client } = buildTestApp();
      await client().createBatchTest();
      const path = `/get-batch-test/${id.replaceAll(' ', '%20')}`;
      const { status, body } = await client().send({ method: 'GET', url: path });
      expect(body['message']).toMatch(/^Item .* not found from batch-test$/);
      expect(status).toBe(404);
    },
  );

  it('answers 404 to a key that has created nothing', async () => {
    const { client } = buildTestApp();
    const { status } = await client().send({ method: 'GET', url: '/get-batch-test/test_batch_1' });
    expect(status).toBe(404);
  });

  it('accepts a content type without a body', async () => {
    const { client } = buildTestApp();
    const { test_case_batch_job_id: id } = await client().createBatchTest();
    const headers = { 'content-type': 'application/json' };
    const { status } = await client().send({
      method: 'GET',
      url: `/get-batch-test/${id}`,
      headers,
    });
    expect(status).toBe(200);
  });
});

// facts.md 47
describe('authentication', () => {
  const unauthorized = { status: 'error', message: 'API key is missing or invalid.' };

  it.each([
    ['no header', undefined],
    ['an empty header', ''],
    ['no key', 'Bearer'],
    ['an empty key', 'Bearer '],
    ['two keys', 'Bearer a b'],
    ['another scheme', 'Basic a2V5'],
    ['a bare key', 'key_a'],
  ])('refuses %s in every operation', async (_what, authorization) => {
    const { app } = buildTestApp();
    const headers = authorization === undefined ? {} : { authorization };
    const requests = [
      { method: 'POST', url, payload: valid },
      { method: 'POST', url, payload: { wrong: true } },
      { method: 'POST', url, payload: '{', headers: { 'content-type': 'application/json' } },
      { method: 'POST', url, payload: 'a=1', headers: { 'content-type': 'text/plain' } },
      { method: 'GET', url: '/get-batch-test/test_batch_000000000000' },
    ] as const;
    for (const request of requests) {
      const all = { ...('headers' in request ? request.headers : {}), ...headers };
      const response = await app.inject({ ...request, headers: all });
      expect(response.json()).toEqual(unauthorized);
      expect(response.statusCode).toBe(401);
    }
  });

  it.each(['bearer', 'BEARER', 'Bearer'])('accepts the scheme %s', async (scheme) => {
    const { app } = buildTestApp();
    const headers = { authorization: `${scheme} key_a` };
    const response = await app.inject({ method: 'POST', url, payload: valid, headers });
    expect(response.statusCode).toBe(201);
  });

  it('hides the objects of one key from every other', async () => {
    const { client, clock } = buildTestApp();
    const { test_case_batch_job_id: id } = await client('key_a').createBatchTest();
    await client('key_b').createBatchTest();
    const foreign = await client('key_b').send({ method: 'GET', url: `/get-batch-test/${id}` });
    const unknown = await client('key_b').send({ method: 'GET', url: '/get-batch-test/none' });
    expect(foreign.status).toBe(404);
    const { message } = unknown.body as { message: string };
    expect(foreign.body).toEqual({ ...unknown.body, message: message.replace('none', id) });
    await clock.advance(3000);
    expect((await client('key_a').getBatchTest(id)).status).toBe('complete');
  });

  it('accepts only the listed keys, if there are any', async () => {
    const { client } = buildTestApp({ apiKeys: ['key_one', 'key_two'] });
    for (const key of ['key_one', 'key_two']) await client(key).createBatchTest();
    for (const key of ['key_three', 'key_on', 'key_one1', 'KEY_ONE']) {
      const { status, body } = await client(key).send({ method: 'POST', url, payload: valid });
      expect([status, body]).toEqual([401, unauthorized]);
    }
  });
});

describe('a request that no route takes', () => {
  it.each([
    ['GET', '/create-batch-tests', 404],
    ['POST', '/v2/create-batch-test', 404],
    ['GET', '/get-batch-test/', 404],
    ['GET', '/get-batch-test/a/b', 404],
    ['GET', '/_emulator/nothing', 404],
    ['GET', '/create-batch-test', 405],
    ['PUT', '/create-batch-test?x=1', 405],
    ['OPTIONS', '/create-batch-test', 405],
    ['DELETE', '/get-batch-test/test_batch_1', 405],
    ['POST', '/_emulator/health', 405],
    ['POST', '/openapi.json', 405],
  ] as const)('%s %s gets %i in the shape of the contract', async (method, url, expected) => {
    const { client } = buildTestApp();
    const { status, body } = await client().send({ method, url });
    expect(body).toEqual({ status: 'error', message: expect.any(String) as string });
    expect(status).toBe(expected);
  });

  it('says which methods are allowed', async () => {
    const { client } = buildTestApp();
    const { headers, body } = await client().send({ method: 'PATCH', url: '/get-batch-test/x' });
    expect(headers['allow']).toBe('GET, HEAD');
    expect(body['message']).toContain('/get-batch-test/x takes GET, HEAD.');
  });

  it('answers a path that cannot be decoded with 400', async () => {
    const { client } = buildTestApp();
    const { status, body } = await client().send({ method: 'GET', url: '/get-batch-test/%zz' });
    expect(body).toEqual({ status: 'error', message: expect.stringContaining(invalid) as string });
    expect(status).toBe(400);
  });
});

describe('a bug of the emulator', () => {
  it('causes a 500 that hides its cause', async () => {
    const { emulator, client } = buildTestApp();
    vi.spyOn(emulator.store.workspaces, 'find').mockImplementationOnce(() => {
      throw new Error('secret detail');
    });
    const { status, body } = await client().send({
      method: 'GET',
      url: '/get-batch-test/x',
    });
    expect(body).toEqual({ status: 'error', message: 'An unexpected server error occurred.' });
    expect(status).toBe(500);
    await client().createBatchTest();
  });
});
