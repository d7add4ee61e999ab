import { describe, expect, it } from 'vitest';
import { loadContract } from '../../src/contract/document.js';
import { buildTestApp, retellLlm, someDefinition } from '../support/emulator.js';
import {
  createExampleObjects,
  exampleRequests,
  payloadOf,
  type Ids,
} from '../support/example-requests.js';
import { objectIds } from '../support/object-example-requests.js';

const { operations } = loadContract('retell');

const invalid = 'Invalid request format, please check API reference.';

const documented = { status: 'error', message: expect.stringContaining(invalid) as string };

/** All operations, each with what sends one request to it. */
const asked = operations.map((operation) => {
  const example = exampleRequests[operation.id];
  const method = operation.method.toUpperCase() as 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  const request = (ids: Ids, query = '') => {
    const url = example?.url(ids) ?? '';
    const payload = example?.body?.(ids);
    const end = query === '' ? '' : `${url.includes('?') ? '&' : '?'}${query}`;
    return { method, url: url + end, ...(payload && payloadOf(example, payload)) };
  };
  return { ...operation, example, request, malformed: example?.malformed };
});

const withSchema = asked.filter(
  ({ malformed }) =>
    malformed !== undefined && !('url' in malformed && malformed.url.includes('%zz')),
);

// facts.md 41, Errors: two shapes of 400; the documents have only the second.
describe('a request that its schema refuses', () => {
  it.each(withSchema)('has both shapes, or that of the setting: $id', async (operation) => {
    const { client } = buildTestApp();
    const ids = await createExampleObjects(client());
    const { malformed, request, example } = operation;
    const { method, url, ...rest } = request(ids);
    const bad =
      malformed === undefined || 'url' in malformed
        ? { ...rest, method, url: malformed?.url ?? '' }
        : { method, url, ...payloadOf(example, malformed.body as object) };
    const observed = { error_message: expect.stringMatching(/^request\/(body|query)/) as string };
    for (const [form, body] of [
      ['both', { ...documented, ...observed }],
      ['documented', documented],
      ['observed', observed],
    ] as const) {
      await client().call('PATCH', '/_emulator/settings', { validationErrors: form });
      const answer = await client().send(bad);
      expect(answer.status).toBe(400);
      // A query that lacks the id that goes with its type is refused past the schema.
      const isSchema = Object.hasOwn(answer.body, 'error_message') || form === 'documented';
      expect(answer.body).toEqual(isSchema ? body : documented);
    }
  });

  const batch = { test_case_definition_ids: ['a'], response_engine: retellLlm };
  it.each([
    ['/create-agent', { response_engine: retellLlm }, "must have required property 'voice_id'", ''],
    [
      '/create-batch-test',
      { ...batch, test_case_definition_ids: 'a' },
      'must be array',
      '/test_case_definition_ids',
    ],
    [
      '/create-batch-test',
      { ...batch, test_case_definition_ids: [] },
      'must NOT have fewer than 1 items',
      '/test_case_definition_ids',
    ],
    [
      '/create-batch-test',
      { ...batch, test_case_definition_ids: [7] },
      'must be string',
      '/test_case_definition_ids/0',
    ],
    [
      '/create-batch-test',
      { ...batch, response_engine: null },
      'must be object',
      '/response_engine',
    ],
    [
      '/create-batch-test',
      { ...batch, response_engine: {} },
      "must have required property 'type'",
      '/response_engine',
    ],
    [
      '/create-batch-test',
      { ...batch, response_engine: { type: 'x' } },
      'must be equal to one of the allowed values: retell-llm, conversation-flow',
      '/response_engine/type',
    ],
    [
      '/create-batch-test',
      { ...batch, response_engine: { ...retellLlm, version: 'x' } },
      'must be number',
      '/response_engine/version',
    ],
    // Observed: null among dynamic variables is the classic mistake.
    [
      '/create-test-case-definition',
      { ...someDefinition, dynamic_variables: { name: null } },
      'must be string',
      '/dynamic_variables/name',
    ],
    [
      '/create-test-case-definition',
      { ...someDefinition, metrics: 'x' },
      'must be array',
      '/metrics',
    ],
  ])('has the words of the real service: %s %j', async (url, payload, fault, place) => {
    const { client } = buildTestApp({ settings: { validationErrors: 'observed' } });
    const { status, body } = await client().send({ method: 'POST', url, payload });
    expect(body).toEqual({ error_message: `request/body${place} ${fault}` });
    expect(status).toBe(400);
  });

  it('names its path in the query', async () => {
    const { client } = buildTestApp();
    const url = '/v2/list-batch-tests?type=retell-llm&llm_id=a&limit=many';
    expect((await client().send({ method: 'GET', url })).body).toEqual({
      ...{ status: 'error', message: `${invalid} query/limit must be integer` },
      error_message: 'request/query/limit must be integer',
    });
  });

  it('applies to the vendor’s API only: the control API has one shape', async () => {
    const { client } = buildTestApp({ settings: { validationErrors: 'observed' } });
    const payload = { concurrency: 'x' };
    const answer = await client().send({ method: 'PATCH', url: '/_emulator/settings', payload });
    expect(answer.body).toEqual(documented);
  });
});

// facts.md 42, Errors: 404 "Item agent_x not found from agent"; 422 in the documents.
describe('an object that does not exist', () => {
  const tables: Record<string, string> = {
    agent_id: 'agent',
    llm_id: 'retell-llm',
    conversation_flow_id: 'conversation-flow',
    test_case_definition_id: 'test-case-definition',
    test_case_batch_job_id: 'batch-test',
    test_case_job_id: 'test-run',
    phone_number: 'phone-number',
    call_id: 'call',
    chat_id: 'chat',
    voice_id: 'voice',
    knowledge_base_id: 'knowledge-base',
    conversation_flow_component_id: 'conversation-flow-component',
    app_id: 'app',
    contact_id: 'contact',
  };

  it.each(asked.filter(({ path }) => path.includes('{')))(
    'is named, or gets the answer of the reference: $id',
    async ({ path, request }) => {
      const { client } = buildTestApp();
      const isContact = path.startsWith('/get-contact-by-phone/');
      const table = isContact ? 'contact' : tables[/\{(\w+)\}/.exec(path)?.[1] ?? ''];
      const none = { definition: 'x_1', batch: 'x_1', run: 'x_1' };
      const calls = {
        number: 'x_1',
        call: 'x_1',
        listener: 'x_1',
        pastCall: 'x_1',
        chat: 'x_1',
        pastChat: 'x_1',
      };
      const engines = { llm: 'x_1', flow: 'x_1', agent: 'x_1' };
      const missing = request({ ...none, ...calls, ...engines, ...objectIds('x_1') });
      const observed = await client().send(missing);
      expect(table).toBeDefined();
      expect(observed.body).toEqual({
        status: 'error',
        message: `Item x_1 not found from ${table ?? ''}`,
      });
      expect(observed.status).toBe(404);
      await client().call('PATCH', '/_emulator/settings', { missing: 'documented' });
      const { status, body } = await client().send(missing);
      expect([
        [404, 'The requested resource was not found.'],
        [422, 'Cannot find requested asset under given api key.'],
      ]).toContainEqual([status, body['message']]);
    },
  );

  it.each([
    ['/get-agent/x', 422],
    ['/get-retell-llm/x', 422],
    ['/get-conversation-flow/x', 404],
    ['/get-batch-test/x', 404],
  ])(
    'has the documented status of its operation if the setting asks for it: %s',
    async (url, status) => {
      const { client } = buildTestApp({ settings: { missing: 'documented' } });
      expect((await client().send({ method: 'GET', url })).status).toBe(status);
    },
  );
});

// facts.md 41, Errors: "Unknown query parameter 'x'"; seen on publish-agent-version, where three notes of
// one author say that `?version=` is refused.
describe('a query parameter that the contract does not have', () => {
  const refusal = {
    ...{ status: 'error', message: `${invalid} Unknown query parameter 'colour'` },
    error_message: "Unknown query parameter 'colour'",
  };

  it.each(asked)('is refused, or warned about, as the policy says: $id', async (operation) => {
    const { client } = buildTestApp();
    const ids = await createExampleObjects(client());
    const ask = () => client().send(operation.request(ids, 'colour=red'));
    await client().call('PATCH', '/_emulator/settings', { unknownQuery: 'reject' });
    expect(await ask()).toMatchObject({ status: 400, body: refusal });
    if (operation.id === 'publishAgentVersion') {
      await client().call('PATCH', '/_emulator/settings', { unknownQuery: 'observed' });
      expect(await ask()).toMatchObject({ status: 400, body: refusal });
    }
    const policy = operation.id === 'publishAgentVersion' ? 'warn' : 'observed';
    await client().call('PATCH', '/_emulator/settings', { unknownQuery: policy });
    expect(await ask()).toMatchObject({ status: operation.success });
    const url = `/_emulator/requests?operation=${operation.id}`;
    const { items } = await client().call<{ items: { warnings: string[] }[] }>('GET', url);
    expect(items.at(-1)?.warnings).toContain(
      `query/colour is no parameter of ${operation.id} in the contract`,
    );
  });
});

// facts.md 44, 45, Errors: other texts of 402 and 429 were seen.
describe('the message of a refusal', () => {
  it('is the documented one of a 402, unless the settings say another', async () => {
    const { client } = buildTestApp({ credit: 0 });
    const create = { method: 'POST', url: '/create-test-case-definition' } as const;
    const refused = async () => (await client().send({ ...create, payload: someDefinition })).body;
    const message = 'Trial has ended, please add payment method.';
    expect(await refused()).toEqual({ status: 'error', message });
    const creditMessage = 'Credit balance exhausted';
    await client().call('PATCH', '/_emulator/settings', { creditMessage });
    expect(await refused()).toEqual({ status: 'error', message: creditMessage });
  });

  it('is that of the settings for every cause of a 402 or 429', async () => {
    const settings = { creditMessage: 'No credit.', rateLimitMessage: 'Slower.' };
    const { client } = buildTestApp({ settings: { ...settings, rateLimit: '1/1s' } });
    const url = '/get-batch-test/x';
    for (const [key, headers, status, message] of [
      ['key_a', { prefer: 'code=429' }, 429, 'Slower.'],
      ['key_a', {}, 429, 'Slower.'],
      ['key_payment_required', {}, 402, 'No credit.'],
      ['key_rate_limited', {}, 429, 'Slower.'],
    ] as const) {
      const answer = await client(key).send({ method: 'GET', url, headers });
      expect(answer).toMatchObject({ status, body: { status: 'error', message } });
    }
  });
});

// facts.md 44, Errors: the playground costs credit, too.
describe('a playground completion', () => {
  it('costs as much credit as a run, and gets 402 without credit', async () => {
    const { client } = buildTestApp({ credit: 2 });
    const { agent_id: id } = await client().call<{ agent_id: string }>('POST', '/create-agent', {
      ...{ response_engine: retellLlm, voice_id: 'v' },
    });
    const complete = () =>
      client().send({
        ...{ method: 'POST', url: `/agent-playground-completion/${id}` },
        payload: { messages: [{ role: 'user', content: 'Hello' }] },
      });
    const credit = () => client().call('GET', '/_emulator/credit');
    expect(await complete()).toMatchObject({ status: 200, body: { call_ended: false } });
    expect(await credit()).toMatchObject({ remaining: 1 });
    expect(
      await client().send({ method: 'POST', url: '/agent-playground-completion/x' }),
    ).toMatchObject({ status: 400 });
    expect(await credit()).toMatchObject({ remaining: 1 });
    expect(await complete()).toMatchObject({ status: 200 });
    expect(await complete()).toMatchObject({ status: 402 });
  });
});
