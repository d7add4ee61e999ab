import { describe, expect, it } from 'vitest';
import { callsOn, listCalls, place, readCall, type Call } from '../support/calls.js';
import { advance } from '../support/control.js';
import type { TestClient } from '../support/emulator.js';
import { newYear } from '../support/manual-clock.js';

/** Calls of two agents, a minute apart, of which some fail; all are over. */
async function someCalls(client: TestClient): Promise<Call[]> {
  const ids = [];
  for (let count = 0; count < 8; count += 1) {
    const digits = count % 4 === 3 ? '9001' : '4445';
    const { call_id: id } = await place(client, {
      override_agent_id: count % 2 === 0 ? 'agent_a' : 'agent_b',
      to_number: `+1213777${digits}`,
      metadata: { count, even: count % 2 === 0, name: `call ${String(count)}` },
      retell_llm_dynamic_variables: { size: String(count * 10) },
    });
    ids.push(id);
    await advance(client, '1m');
  }
  return Promise.all(ids.map((id) => readCall(client, id)));
}

const idsOf = (calls: readonly { call_id: string }[]) => calls.map(({ call_id: id }) => id);

const filtered = async (client: TestClient, filter_criteria: object) =>
  idsOf((await listCalls(client, { filter_criteria })).items);

const within = (from: number, to: number) => ({ type: 'range', op: 'bt', value: [from, to] });
const oneOf = (...value: string[]) => ({ type: 'enum', op: 'in', value });
const text = (op: string, value: string) => ({ type: 'string', op, value });
const number = (op: string, value: number) => ({ type: 'number', op, value });

describe('the list of calls', () => {
  it('has all but the transcripts, the latest start first, in pages', async () => {
    const { client } = callsOn();
    const calls = (await someCalls(client)).toReversed();
    const pages = [];
    let key: string | undefined;
    do {
      const page = await listCalls(client, { limit: 3, ...(key && { pagination_key: key }) });
      pages.push(page.items);
      expect(page.has_more).toBe(page.pagination_key !== undefined);
      key = page.pagination_key;
    } while (key !== undefined);
    expect(pages.map(({ length }) => length)).toEqual([3, 3, 2]);
    const listed = calls.map((call) =>
      Object.fromEntries(Object.entries(call).filter(([name]) => !name.startsWith('transcript'))),
    );
    expect(pages.flat()).toEqual(listed);
    const ascending = await listCalls(client, { sort_order: 'ascending', skip: 2, limit: 2 });
    expect(ascending.items).toEqual(listed.toReversed().slice(2, 4));
  });

  it('counts those that pass, if asked to', async () => {
    const { client } = callsOn();
    await someCalls(client);
    expect(await listCalls(client, { include_total: true, limit: 1 })).toMatchObject({ total: 8 });
    const filter_criteria = { agent: [{ agent_id: 'agent_a' }] };
    const some = await listCalls(client, { include_total: true, limit: 1, filter_criteria });
    expect(some).toMatchObject({ total: 4, has_more: true });
    expect(await listCalls(client)).not.toHaveProperty('total');
    expect(await callsOn().client.call('POST', '/v3/list-calls', { include_total: true })).toEqual({
      ...{ items: [], has_more: false, total: 0 },
    });
  });

  it.each<[string, (calls: readonly Call[]) => object, (call: Call, index: number) => boolean]>([
    [
      'its agent',
      () => ({ agent: [{ agent_id: 'agent_a' }] }),
      (call) => call.agent_id === 'agent_a',
    ],
    [
      'one of its agents',
      () => ({
        agent: [
          { agent_id: 'agent_a', version: [1] },
          { agent_id: 'agent_b', version: [0] },
        ],
      }),
      (call) => call.agent_id === 'agent_b',
    ],
    [
      'its id',
      (calls) => ({ call_id: text('eq', calls[2]?.call_id ?? '') }),
      (_, index) => index === 2,
    ],
    [
      'some ids',
      (calls) => ({ call_id: oneOf(calls[1]?.call_id ?? '', calls[5]?.call_id ?? '') }),
      (_, index) => index === 1 || index === 5,
    ],
    [
      'its start',
      () => ({ start_timestamp: within(newYear + 60_000, newYear + 125_000) }),
      (call) =>
        (call.start_timestamp ?? 0) >= newYear + 60_000 &&
        (call.start_timestamp ?? 0) <= newYear + 125_000,
    ],
    [
      'its agent and its start',
      () => ({
        agent: [{ agent_id: 'agent_a' }],
        start_timestamp: number('ge', newYear + 130_000),
      }),
      (call) => call.agent_id === 'agent_a' && (call.start_timestamp ?? 0) >= newYear + 130_000,
    ],
    [
      'its end',
      () => ({ end_timestamp: number('lt', newYear + 60_000) }),
      (call) => (call.end_timestamp ?? 0) < newYear + 60_000,
    ],
    [
      'its status',
      () => ({ call_status: oneOf('not_connected') }),
      (call) => call.call_status === 'not_connected',
    ],
    [
      'its reason',
      () => ({ disconnection_reason: oneOf('dial_busy', 'inactivity') }),
      (call) => call.disconnection_reason === 'dial_busy',
    ],
    [
      'its duration',
      () => ({ duration_ms: number('gt', 9000) }),
      (call) => call.duration_ms !== undefined,
    ],
    ['its type', () => ({ call_type: oneOf('web_call') }), () => false],
    ['its direction', () => ({ direction: oneOf('outbound') }), () => true],
    [
      'its number',
      () => ({ to_number: text('ew', '9001'), from_number: text('sw', '+1415') }),
      (call) => call.to_number.endsWith('9001'),
    ],
    [
      'its cost',
      () => ({ combined_cost: number('gt', 0) }),
      (call) => (call.call_cost?.combined_cost ?? 0) > 0,
    ],
    [
      'its latency',
      () => ({ e2e_latency_p50: number('gt', 850) }),
      (call) => (call.latency?.e2e?.p50 ?? 0) > 850,
    ],
    [
      'its success',
      () => ({ call_successful: { type: 'boolean', op: 'eq', value: true } }),
      (call) => call.call_analysis?.call_successful === true,
    ],
    [
      'its voicemail',
      () => ({ in_voicemail: { type: 'boolean', op: 'eq', value: true } }),
      () => false,
    ],
    [
      'its sentiment',
      () => ({ user_sentiment: oneOf('Positive', 'Unknown') }),
      (call) => ['Positive', 'Unknown'].includes(call.call_analysis?.user_sentiment ?? ''),
    ],
    ['its storage', () => ({ data_storage_setting: oneOf('everything') }), () => true],
    [
      'its metadata',
      () => ({
        metadata: [
          { ...number('ge', 3), key: 'count' },
          { type: 'boolean', op: 'eq', value: true, key: 'even' },
        ],
      }),
      (_, index) => index >= 3 && index % 2 === 0,
    ],
    [
      'what its metadata lack',
      () => ({
        metadata: [
          { type: 'present', op: 'np', key: 'other' },
          { type: 'present', op: 'pr', key: 'name' },
        ],
      }),
      () => true,
    ],
    [
      'its variables',
      () => ({ dynamic_variables: [{ ...within(20, 40), key: 'size' }] }),
      (_, index) => index >= 2 && index <= 4,
    ],
    [
      'a text in any of its metadata',
      () => ({ metadata: [text('co', 'call 7')] }),
      (_, index) => index === 7,
    ],
    [
      'attributes that none has',
      () => ({ custom_attributes: [{ type: 'present', op: 'pr', key: 'a' }] }),
      () => false,
    ],
    [
      'an analysis that none has',
      () => ({ custom_analysis_data: [{ ...text('eq', 'a'), key: 'a' }] }),
      () => false,
    ],
    ['a tag that none has', () => ({ agent_tag: oneOf('prod') }), () => false],
    ['no batch', () => ({ batch_call_id: text('eq', 'x') }), () => false],
    ['a tool that none called', () => ({ tool_calls: [{ name: 'book_table' }] }), () => false],
  ])('finds calls by %s', async (_, filterOf, passes) => {
    const { client } = callsOn();
    const calls = await someCalls(client);
    const expected = idsOf(calls.filter(passes)).toReversed();
    expect(await filtered(client, filterOf(calls))).toEqual(expected);
  });

  it('refuses the form of the older list, and keys of other lists', async () => {
    const { client } = callsOn();
    await someCalls(client);
    const refuse = async (payload: object) => {
      const { status, body } = await client.send({
        method: 'POST',
        url: '/v3/list-calls',
        payload,
      });
      expect(status).toBe(400);
      return (body as { message: string }).message;
    };
    expect(
      await refuse({ filter_criteria: { agent_id: ['a'], call_status: ['ended'] } }),
    ).toContain('body/filter_criteria/call_status must be object');
    const { pagination_key: key } = await listCalls(client, { limit: 1 });
    const other = { pagination_key: key, sort_order: 'ascending' };
    expect(await refuse(other)).toContain('body/pagination_key must be a key of this list');
    expect(await refuse({ pagination_key: key, skip: 1 })).toContain('must not have both');
    expect(await refuse({ limit: 1001 })).toContain('body/limit must be <= 1000');
  });

  it('finds what is analysed, and what was called, by name', async () => {
    const { client } = callsOn({ callDuration: '60s' });
    const general_tools = [
      { type: 'custom', name: 'book_table', description: 'Book', url: 'https://x.example' },
    ];
    const { llm_id } = await client.call<{ llm_id: string }>(
      ...(['POST', '/create-retell-llm', { general_tools }] as const),
    );
    const { agent_id: id } = await client.call<{ agent_id: string }>('POST', '/create-agent', {
      ...{ response_engine: { type: 'retell-llm', llm_id }, voice_id: 'v' },
      post_call_analysis_data: [
        { type: 'string', name: 'topic', description: 'x', examples: ['t'] },
      ],
    });
    // In the place of the answer of its URL, which is on another machine.
    const outcome = { tools: { book_table: { result: '{"status":"success"}' } } };
    await client.call('POST', '/_emulator/call-rules', { times: 1, outcome });
    const { call_id: call } = await place(client, { override_agent_id: id });
    await place(client);
    await advance(client, { until: 'idle' });
    const attributes = { custom_attributes: { tier: 'gold' } };
    await client.call('PATCH', `/v2/update-call/${call}`, attributes);
    const success = { type: 'boolean', op: 'eq', value: true };
    const tools = [{ name: 'book_table', type: 'custom', success, latency_ms: number('ge', 0) }];
    expect(await filtered(client, { tool_calls: tools })).toEqual([call]);
    const asked = { custom_analysis_data: [{ ...text('eq', 't'), key: 'topic' }] };
    expect(await filtered(client, asked)).toEqual([call]);
    const tier = { custom_attributes: [{ ...text('eq', 'gold'), key: 'tier' }] };
    expect(await filtered(client, tier)).toEqual([call]);
  });
});

describe('the older list of calls', () => {
  const list = (client: TestClient, body?: object) =>
    client.call<Call[]>('POST', '/v2/list-calls', body);

  it('is a bare array of whole calls, from behind the last one', async () => {
    const { client } = callsOn();
    const calls = (await someCalls(client)).toReversed();
    expect(await list(client)).toEqual(calls);
    const first = await list(client, { limit: 3 });
    const rest = await list(client, { limit: 10, pagination_key: first.at(-1)?.call_id });
    expect([...first, ...rest]).toEqual(calls);
    expect(await list(client, { sort_order: 'ascending' })).toEqual(calls.toReversed());
  });

  it.each<[object, (call: Call, index: number) => boolean]>([
    [{ agent_id: ['agent_a'], version: [0] }, (call) => call.agent_id === 'agent_a'],
    [{ version: [7] }, () => false],
    [
      { call_status: ['not_connected', 'registered'] },
      (call) => call.call_status === 'not_connected',
    ],
    [{ call_type: ['phone_call'], direction: ['outbound'] }, () => true],
    [{ disconnection_reason: ['dial_busy'] }, (call) => call.disconnection_reason === 'dial_busy'],
    [{ to_number: ['+12137779001'] }, (call) => call.to_number === '+12137779001'],
    [{ from_number: ['+1'] }, () => false],
    [{ in_voicemail: [false], call_successful: [true, false] }, () => true],
    [{ user_sentiment: ['Unknown'] }, (call) => call.call_status === 'not_connected'],
    [{ batch_call_id: ['x'] }, () => false],
    [
      { start_timestamp: { lower_threshold: newYear + 100_000 } },
      (call) => (call.start_timestamp ?? 0) >= newYear + 100_000,
    ],
    [{ duration_ms: { upper_threshold: 20_000 } }, (call) => call.duration_ms !== undefined],
    [{ e2e_latency_p50: { lower_threshold: 1, upper_threshold: 2 } }, () => false],
  ])('finds calls by %j', async (filter_criteria, passes) => {
    const { client } = callsOn();
    const calls = await someCalls(client);
    const expected = idsOf(calls.filter(passes)).toReversed();
    expect(idsOf(await list(client, { filter_criteria }))).toEqual(expected);
  });
});
