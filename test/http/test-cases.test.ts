import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildTestApp, retellLlm, someDefinition, type Definition } from '../support/emulator.js';

const flow = { type: 'conversation-flow', conversation_flow_id: 'conversation_flow_1' } as const;

const anyMock = { tool_name: 'book', input_match_rule: { type: 'any' }, output: '{}' };
const partialMock = {
  tool_name: 'book',
  input_match_rule: { type: 'partial_match', args: { day: 'Friday', guests: { count: 2 } } },
  output: '{"ok":true}',
  result: null,
};

describe('POST /create-test-case-definition', () => {
  // facts.md 22
  it('answers 201 with the whole definition, defaults filled in', async () => {
    const { client, clock } = buildTestApp();
    const { status, body } = await client().send({
      method: 'POST',
      url: '/create-test-case-definition',
      payload: someDefinition,
    });
    expect(status).toBe(201);
    expect(body).toEqual({
      test_case_definition_id: expect.stringMatching(/^test_case_[0-9a-f]{12}$/) as string,
      type: 'simulation',
      ...someDefinition,
      dynamic_variables: {},
      tool_mocks: [],
      llm_model: 'gpt-4.1',
      creation_timestamp: clock.now(),
      user_modified_timestamp: clock.now(),
    });
  });

  it('keeps every field of the contract, and no others', async () => {
    const { client } = buildTestApp();
    const content = {
      name: '',
      response_engine: { ...flow, version: 3 },
      user_prompt: '',
      metrics: [],
      dynamic_variables: { constructor: 'x', 'a b': '' },
      tool_mocks: [anyMock, partialMock],
      llm_model: 'claude-5-sonnet',
    };
    const created = await client().createDefinition({
      ...content,
      owner: 'me',
      tool_mocks: [{ ...anyMock, note: 'x' }, partialMock],
      response_engine: { ...content.response_engine, region: 'eu' },
    });
    expect(created).toMatchObject(content);
    expect(created).not.toHaveProperty('owner');
    expect(created.tool_mocks[0]).toEqual(anyMock);
    const { test_case_definition_id: id } = created;
    expect(await client().call('GET', `/get-test-case-definition/${id}`)).toEqual(created);
  });

  // facts.md 24
  it('takes a mock output of 15,000 characters', async () => {
    const { client } = buildTestApp();
    const output = 'é'.repeat(15_000);
    const created = await client().createDefinition({ tool_mocks: [{ ...anyMock, output }] });
    expect(created.tool_mocks[0]?.output).toBe(output);
  });

  const mock = (change: object) => ({ tool_mocks: [{ ...anyMock, ...change }] });
  it.each([
    [{ name: undefined }, "body must have required property 'name'"],
    [{ metrics: undefined }, "body must have required property 'metrics'"],
    [{ name: 1 }, 'body/name must be string'],
    [{ metrics: 'x' }, 'body/metrics must be array'],
    [{ metrics: [1] }, 'body/metrics/0 must be string'],
    [{ dynamic_variables: { a: 1 } }, 'body/dynamic_variables/a must be string'],
    [{ llm_model: 7 }, 'body/llm_model must be string'],
    [{ response_engine: { type: 'custom-llm' } }, '"custom-llm" is not supported'],
    [
      mock({ output: 'x'.repeat(15_001) }),
      'body/tool_mocks/0/output must NOT have more than 15000',
    ],
    [mock({ tool_name: undefined }), "body/tool_mocks/0 must have required property 'tool_name'"],
    [mock({ result: 'yes' }), 'body/tool_mocks/0/result must be boolean or null'],
    [mock({ input_match_rule: 'any' }), 'body/tool_mocks/0/input_match_rule must be object'],
    [
      mock({ input_match_rule: { type: 'exact' } }),
      'body/tool_mocks/0/input_match_rule/type must be "any" or "partial_match"; "exact" is not',
    ],
    [
      mock({ input_match_rule: { type: 'partial_match' } }),
      "body/tool_mocks/0/input_match_rule must have required property 'args'",
    ],
  ])('refuses %j', async (change, fault) => {
    const { client } = buildTestApp();
    const payload = { ...someDefinition, ...change };
    const url = '/create-test-case-definition';
    const { status, body } = await client().send({ method: 'POST', url, payload });
    expect(body['message']).toContain(fault);
    expect(status).toBe(400);
  });
});

describe('PUT /update-test-case-definition/{test_case_definition_id}', () => {
  it('changes the given properties and the time', async () => {
    const { client, clock } = buildTestApp();
    const created = await client().createDefinition({ tool_mocks: [anyMock] });
    clock.jump(1000);
    const url = `/update-test-case-definition/${created.test_case_definition_id}`;
    const changed = await client().call('PUT', url, { name: 'New', tool_mocks: [] });
    expect(changed).toEqual({
      ...created,
      name: 'New',
      tool_mocks: [],
      user_modified_timestamp: clock.now(),
    });
  });

  it('does not change the definition and its time if nothing differs', async () => {
    const { client, clock } = buildTestApp();
    const created = await client().createDefinition();
    clock.jump(1000);
    const url = `/update-test-case-definition/${created.test_case_definition_id}`;
    for (const change of [{}, { name: created.name }, { unknown: 1 }]) {
      expect(await client().call('PUT', url, change)).toEqual(created);
    }
  });

  it('refuses the same bodies as creation, and changes nothing', async () => {
    const { client } = buildTestApp();
    const created = await client().createDefinition();
    const { test_case_definition_id: id } = created;
    const url = `/update-test-case-definition/${id}`;
    const payload = { name: 'New', llm_model: null };
    expect((await client().send({ method: 'PUT', url, payload })).status).toBe(400);
    expect(await client().call('GET', `/get-test-case-definition/${id}`)).toEqual(created);
  });

  // facts.md 23
  it('satisfies the laws of partial updates', async () => {
    const text = fc.string({ maxLength: 5 });
    const change = fc.record(
      {
        name: text,
        user_prompt: text,
        metrics: fc.array(text, { maxLength: 2 }),
        dynamic_variables: fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), text, { maxKeys: 2 }),
        response_engine: fc.constantFrom(retellLlm, flow),
        tool_mocks: fc.subarray([anyMock, partialMock]),
        llm_model: fc.constantFrom('gpt-4.1', 'gpt-5'),
      },
      { requiredKeys: [] },
    );
    const { client } = buildTestApp();
    await fc.assert(
      fc.asyncProperty(change, change, async (first, second) => {
        const put = (id: string, body: object) =>
          client().call<Definition>('PUT', `/update-test-case-definition/${id}`, body);
        const [one, other] = [await client().createDefinition(), await client().createDefinition()];
        const { test_case_definition_id: id } = one;
        // What is given is there afterwards, what isn't stays.
        expect(await put(id, first)).toEqual({ ...one, ...first });
        // Once more changes nothing.
        expect(await put(id, first)).toEqual({ ...one, ...first });
        // Two changes are as good as one that has both.
        const apart = await put(id, second);
        const together = await put(other.test_case_definition_id, { ...first, ...second });
        expect(apart).toEqual({ ...together, test_case_definition_id: id });
      }),
      { numRuns: 60 },
    );
  });
});

describe('DELETE /delete-test-case-definition/{test_case_definition_id}', () => {
  // facts.md 23
  it('answers 204 without a body, then 404', async () => {
    const { client } = buildTestApp();
    const { test_case_definition_id: id } = await client().createDefinition();
    const request = { method: 'DELETE', url: `/delete-test-case-definition/${id}` } as const;
    const first = await client().send(request);
    expect([first.status, first.body]).toEqual([204, {}]);
    expect(first.headers['content-type']).toBeUndefined();
    expect((await client().send(request)).status).toBe(404);
    const url = `/get-test-case-definition/${id}`;
    expect((await client().send({ method: 'GET', url })).status).toBe(404);
  });

  it('accepts a content type with an empty body', async () => {
    const { client } = buildTestApp();
    const { test_case_definition_id: id } = await client().createDefinition();
    const { status } = await client().send({
      method: 'DELETE',
      url: `/delete-test-case-definition/${id}`,
      headers: { 'content-type': 'application/json', 'content-length': '0' },
    });
    expect(status).toBe(204);
  });

  // facts.md 15
  it('keeps earlier runs readable', async () => {
    const { client, clock } = buildTestApp();
    const definition = await client().createDefinition();
    const { test_case_definition_id: id } = definition;
    const batch = await client().createBatchTest([id]);
    await client().call('DELETE', `/delete-test-case-definition/${id}`);
    await clock.advance(10_000);
    const { items } = await client().listRuns(batch.test_case_batch_job_id);
    expect(items[0]).toMatchObject({
      test_case_definition_id: id,
      test_case_definition_snapshot: definition,
      result_explanation: expect.any(String) as string,
    });
  });
});

describe('a definition above a bound', () => {
  const numbered = (count: number) => Array.from({ length: count }, (_, index) => String(index));
  const bounds = [
    ['metrics', numbered(1000), numbered(1001), 'must NOT have more than 1000 items'],
    [
      'tool_mocks',
      numbered(1000).map((tool_name) => ({ ...anyMock, tool_name })),
      numbered(1001).map((tool_name) => ({ ...anyMock, tool_name })),
      'must NOT have more than 1000 items',
    ],
    [
      'dynamic_variables',
      Object.fromEntries(numbered(1000).map((name) => [name, ''])),
      Object.fromEntries(numbered(1001).map((name) => [name, ''])),
      'must NOT have more than 1000 properties',
    ],
  ] as const;

  it.each(bounds)(
    'is refused for its %s, which may have a thousand',
    async (name, most, more, fault) => {
      const { client } = buildTestApp();
      const create = (value: unknown) =>
        client().send({
          method: 'POST',
          url: '/create-test-case-definition',
          payload: { ...someDefinition, [name]: value },
        });
      const created = await create(most);
      expect(created.status).toBe(201);
      const refused = await create(more);
      expect(refused.status).toBe(400);
      expect(refused.body).toMatchObject({
        message: expect.stringContaining(`body/${name} ${fault}`) as string,
      });
      const { test_case_definition_id: id } = created.body as Definition;
      const url = `/update-test-case-definition/${id}`;
      const updated = await client().send({ method: 'PUT', url, payload: { [name]: more } });
      expect(updated.status).toBe(400);
    },
  );

  it('is refused in fixtures, too', async () => {
    const { client } = buildTestApp();
    const definitions = [{ ...someDefinition, metrics: numbered(1001) }];
    const payload = { definitions };
    const { status, body } = await client().send({
      method: 'POST',
      url: '/_emulator/fixtures',
      payload,
    });
    expect(status).toBe(400);
    expect(body).toMatchObject({
      message: expect.stringContaining(
        'body/definitions/0/metrics must NOT have more than 1000 items',
      ) as string,
    });
  });

  it('is refused for a metric of more than 10,000 characters', async () => {
    const { client } = buildTestApp();
    const { status, body } = await client().send({
      method: 'POST',
      url: '/create-test-case-definition',
      payload: { ...someDefinition, metrics: ['x'.repeat(10_001)] },
    });
    expect(status).toBe(400);
    expect(body).toMatchObject({
      message: expect.stringContaining('must NOT have more than 10000 characters') as string,
    });
  });
});
