import { describe, expect, it } from 'vitest';
import { loadContract } from '../../src/contract/document.js';
import { buildTestApp, retellLlm, someDefinition, someFlow } from '../support/emulator.js';

const maxCounted = 1_000_000_000_000;
const edges = [
  'Infinity',
  '-Infinity',
  '1e400',
  '1e308',
  '99999999999999999999',
  '9007199254740992',
];
const taken = [
  '9007199254740991',
  '-9007199254740991',
  '1e15',
  '-0',
  '0.5',
  'NaN',
  '',
  '0x10',
  ' 1 ',
];

const names = (['retell', 'control'] as const).flatMap((contract) =>
  loadContract(contract).operations.flatMap((operation) =>
    operation.query.map(({ name, schema }) => ({
      operation,
      name,
      schema: schema,
    })),
  ),
);

describe('a number in a query', () => {
  it('never causes a 500, even if it is very large', async () => {
    const { client } = buildTestApp();
    const sender = client();
    const { llm_id } = await sender.call<{ llm_id: string }>('POST', '/create-retell-llm', {});
    const agent = { voice_id: '11labs-Adrian', response_engine: { type: 'retell-llm', llm_id } };
    const { agent_id } = await sender.call<{ agent_id: string }>('POST', '/create-agent', agent);
    const ids: Record<string, string> = { llm_id, agent_id };
    for (const { operation, name, schema } of names) {
      // Those wait.
      if (/wait/i.test(operation.id)) continue;
      const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, id: string) => ids[id] ?? 'x');
      for (const value of [...edges, ...taken]) {
        const query = new URLSearchParams({ type: 'retell-llm', llm_id, [name]: value });
        const url = `${path}?${String(query)}`;
        const method = operation.method.toUpperCase() as 'GET';
        const payload = operation.hasBody ? {} : undefined;
        const { status, body } = await sender.send({ method, url, ...(payload && { payload }) });
        expect(status, `${method} ${url}: ${JSON.stringify(body)}`).toBeLessThan(500);
        if ('type' in schema && schema.type === 'integer' && edges.includes(value))
          expect(status, url).not.toBe(200);
      }
    }
  });

  it.each(['Infinity', '1e400', '99999999999999999999'])(
    'is refused with its name: limit=%s',
    async (limit) => {
      const { client } = buildTestApp();
      for (const list of ['list-retell-llms', 'list-agents', 'v2/list-retell-llms']) {
        const { status, body } = await client().send({
          method: 'GET',
          url: `/${list}?limit=${limit}`,
        });
        expect(status).toBe(400);
        expect(body['message']).toMatch(/query\/limit must be/);
      }
    },
  );
});

describe('the number of a version', () => {
  it.each([-1, 0.5, 1e15, Number.MAX_SAFE_INTEGER, 2 ** 53, 2 ** 63, 2 ** 64, 1e300, -1e300])(
    '%d is taken or refused wherever a body names one',
    async (version) => {
      const { client } = buildTestApp();
      const sender = client();
      const { llm_id } = await sender.call<{ llm_id: string }>('POST', '/create-retell-llm', {});
      const engines = [
        { ...retellLlm, version },
        { type: 'retell-llm', llm_id, version },
      ];
      const statuses: number[] = [];
      const send = async (method: 'POST' | 'GET', url: string, payload?: object) => {
        const { status, body } = await sender.send({ method, url, ...(payload && { payload }) });
        expect(status, `${url}: ${JSON.stringify(body)}`).toBeLessThan(500);
        statuses.push(status);
        return body as Record<string, string>;
      };
      for (const response_engine of engines) {
        const ids = { test_case_definition_ids: ['a'], response_engine };
        const { test_case_batch_job_id: batch } = await send('POST', '/create-batch-test', ids);
        await send('GET', `/get-batch-test/${batch ?? 'x'}`);
        await send('GET', `/v2/list-test-runs/${batch ?? 'x'}`);
        const definition = { ...someDefinition, response_engine };
        await send('POST', '/create-test-case-definition', definition);
        const agent = { voice_id: '11labs-Adrian', response_engine };
        const { agent_id = 'x' } = await send('POST', '/create-agent', agent);
        await send('GET', `/get-agent/${agent_id}`);
        await send('POST', `/create-agent-version/${agent_id}`, { base_version: 0 });
        await send('POST', `/create-agent-version/${agent_id}`, { base_version: version });
        await send('POST', `/publish-agent-version/${agent_id}`, { version: 0 });
        await send('POST', `/publish-agent-version/${agent_id}`, { version });
      }
      expect(statuses.length).toBe(20);
      const exported = await sender.call<object>('GET', '/_emulator/export');
      await client('key_b').call('POST', '/_emulator/fixtures', exported);
    },
  );
});

describe('counters in fixtures', () => {
  const counters = (count: number) => ({
    ordinals: { batch: count, definition: count, rule: count, fault: count, asset: count },
    outcomeRules: [{ outcome: { status: 'fail' }, hits: count }],
    faults: [
      { error: { status: 500 }, match: { operation: 'getTestRun' }, seen: count, hits: count },
    ],
    retellLlms: [{ llm_id: 'llm_1', next_version: count }],
    agents: [
      {
        ...{ agent_id: 'agent_1', voice_id: '11labs-Adrian', version: count - 1 },
        response_engine: { type: 'retell-llm', llm_id: 'llm_1', version: 0 },
      },
    ],
    batchTests: [
      { response_engine: retellLlm, runs: [{ test_case_definition_id: 'a' }], ordinal: count - 1 },
    ],
  });

  it('may be the maximum: then no number is left, and an export loads', async () => {
    const { client } = buildTestApp();
    const sender = client();
    const { ordinals, ...others } = counters(maxCounted);
    await sender.call('POST', '/_emulator/fixtures', others);
    await sender.call('POST', '/_emulator/fixtures', { ordinals });
    const creations: [string, object][] = [
      ['/create-batch-test', { test_case_definition_ids: ['a'], response_engine: retellLlm }],
      ['/create-test-case-definition', someDefinition],
      ['/create-retell-llm', {}],
      ['/create-conversation-flow', someFlow],
      ['/create-agent-version/agent_1', { base_version: maxCounted - 1 }],
      ['/_emulator/outcome-rules', { outcome: { status: 'pass' } }],
      ['/_emulator/faults', { error: { status: 500 } }],
    ];
    for (const [url, payload] of creations) {
      const { status, body } = await sender.send({ method: 'POST', url, payload });
      expect({ url, status, body }).toMatchObject({ status: 409 });
      expect(body['message']).toMatch(/No (ordinal|version) of .* is left/);
    }
    await sender.send({
      method: 'POST',
      url: '/publish-agent-version/agent_1',
      payload: { version: maxCounted - 1 },
    });
    expect((await sender.send({ method: 'GET', url: '/get-test-run/x' })).status).toBe(500);
    const exported = await sender.call<object>('GET', '/_emulator/export');
    await client('key_b').call('POST', '/_emulator/fixtures', exported);
    expect(await client('key_b').call('GET', '/_emulator/export')).toEqual(exported);
  });

  it('above the maximum are refused with their name', async () => {
    const { client } = buildTestApp();
    for (const [name, value] of Object.entries(counters(2 ** 53 - 1))) {
      const request = {
        method: 'POST' as const,
        url: '/_emulator/fixtures',
        payload: { [name]: value },
      };
      const { status, body } = await client().send(request);
      expect(status, name).toBe(400);
      expect(body['message']).toMatch(
        new RegExp(`body/${name}/\\S+ must be <= (1000000000000|999999999999)$`),
      );
    }
  });
});
