import { describe, expect, it } from 'vitest';
import { callsOn, listCalls, place, readCall, type Call } from '../support/calls.js';
import { advance, buildStoppedApp } from '../support/control.js';
import type { TestClient } from '../support/emulator.js';
import { newYear } from '../support/manual-clock.js';

const url = '/_emulator/fixtures';
const load = (client: TestClient, fixtures: object) =>
  client.call<Record<string, number>>('POST', url, fixtures);

/** Loads fixtures that must be refused, and returns the message. */
async function refusal(client: TestClient, payload: object) {
  const { status, body } = await client.send({ method: 'POST', url, payload });
  return { status, message: String(body['message']) };
}

const agent = {
  agent_id: 'agent_1',
  agent_name: 'Ann',
  voice_id: '11labs-Adrian',
  response_engine: { type: 'retell-llm', llm_id: 'llm_1' },
  post_call_analysis_data: [
    { type: 'string', name: 'wish', description: 'What the caller wants' },
    { type: 'boolean', name: 'booked', description: 'Whether they booked' },
  ],
};
const llm = {
  llm_id: 'llm_1',
  begin_message: 'Hello, this is Ann.',
  general_tools: [{ type: 'end_call', name: 'end_call', description: 'Ends the call' }],
};
const world = { retellLlms: [llm], agents: [agent] };
const minimal = { agent_id: 'agent_1', from_number: '+14157774444', to_number: '+12137774445' };

/** The one call of a workspace. */
async function onlyCall(client: TestClient): Promise<Call> {
  const { items } = await listCalls(client);
  expect(items).toHaveLength(1);
  return readCall(client, items[0]?.call_id ?? '');
}

describe('a call in fixtures', () => {
  it('is over by now if only its agent and its numbers are given', async () => {
    const { client } = callsOn();
    expect(await load(client, { ...world, calls: [minimal] })).toMatchObject({ calls: 1 });
    const call = await onlyCall(client);
    expect(call).toMatchObject({
      ...{ call_status: 'ended', direction: 'outbound', agent_name: 'Ann', agent_version: 0 },
      ...{ disconnection_reason: 'user_hangup', duration_ms: 10_000 },
      ...{
        end_timestamp: newYear - 2000,
        call_analysis: { user_sentiment: expect.any(String) as string },
      },
    });
    expect(call.transcript).toContain('Agent: Hello, this is Ann.');
  });

  it('goes as its fields say', async () => {
    const { client } = callsOn();
    const start = newYear - 600_000;
    await load(client, {
      ...world,
      calls: [
        {
          ...minimal,
          ...{ call_id: 'call_mine', direction: 'inbound', metadata: { customer: 7 } },
          ...{ start_timestamp: '2025-12-31T23:50:00Z', duration_ms: 90_000 },
          disconnection_reason: 'agent_hangup',
          transcript: 'Agent: Hello.\nUser: Please cancel\nmy booking.\nAgent: Done.',
          call_analysis: { call_successful: false, custom_analysis_data: { booked: true } },
        },
      ],
    });
    const call = await readCall(client, 'call_mine');
    expect(call).toMatchObject({
      ...{ call_status: 'ended', direction: 'inbound', metadata: { customer: 7 } },
      ...{ start_timestamp: start, end_timestamp: start + 90_000, duration_ms: 90_000 },
      disconnection_reason: 'agent_hangup',
      transcript: 'Agent: Hello.\nUser: Please cancel\nmy booking.\nAgent: Done.',
      call_cost: { total_duration_seconds: 90 },
      call_analysis: {
        call_successful: false,
        call_summary: expect.stringContaining('ended the call') as string,
        custom_analysis_data: { booked: true, wish: expect.any(String) as string },
      },
    });
    expect(call.transcript_object?.map(({ content }) => content)).toEqual([
      ...['Hello.', 'Please cancel\nmy booking.', 'Done.'],
    ]);
    const unsuccessful = { call_successful: { type: 'boolean', op: 'eq', value: false } };
    expect((await listCalls(client, { filter_criteria: unsuccessful })).items).toHaveLength(1);
    const booked = [{ type: 'boolean', key: 'booked', op: 'eq', value: true }];
    const { items } = await listCalls(client, {
      filter_criteria: { custom_analysis_data: booked },
    });
    expect(items).toHaveLength(1);
  });

  it('goes on if it is under way, and says then what is given', async () => {
    const { client } = callsOn();
    await load(client, {
      ...world,
      calls: [
        { ...minimal, call_id: 'call_a', call_status: 'ongoing', transcript: 'Agent: Only this.' },
        { ...minimal, call_id: 'call_b', call_status: 'registered' },
        {
          ...minimal,
          call_id: 'call_c',
          end_timestamp: newYear + 60_000,
          call_cost: {
            combined_cost: 77,
            product_costs: [],
            total_duration_seconds: 1,
            total_duration_unit_price: 77,
          },
        },
      ],
    });
    expect((await client.call('GET', '/get-concurrency'))['current_concurrency']).toBe(3);
    expect(await readCall(client, 'call_a')).toMatchObject({ call_status: 'ongoing' });
    expect(await readCall(client, 'call_a')).not.toHaveProperty('transcript');
    expect(await readCall(client, 'call_c')).not.toHaveProperty('call_cost');
    await advance(client, { until: 'idle' });
    expect(await readCall(client, 'call_a')).toMatchObject({
      ...{ call_status: 'ended', transcript: 'Agent: Only this.', duration_ms: 10_000 },
      call_analysis: {},
    });
    expect(await readCall(client, 'call_b')).toMatchObject({
      ...{ call_status: 'ended', start_timestamp: newYear + 1000, duration_ms: 10_000 },
    });
    expect(await readCall(client, 'call_c')).toMatchObject({
      ...{ end_timestamp: newYear + 60_000, call_cost: { combined_cost: 77 } },
    });
    const costly = { combined_cost: { type: 'number', op: 'eq', value: 77 } };
    expect((await listCalls(client, { filter_criteria: costly })).items).toHaveLength(1);
  });

  it('is told as it came if it is an answer of the API', async () => {
    const { client } = callsOn();
    await load(client, world);
    const ids: string[] = [];
    for (const last of ['4445', '9001', '9004', '9009']) {
      ids.push((await place(client, { to_number: `+1213777${last}`, metadata: { last } })).call_id);
    }
    await advance(client, { until: 'idle' });
    const answers = await Promise.all(ids.map((id) => readCall(client, id)));
    // As another account tells it, with what nobody here would make up.
    const strange = {
      ...answers[0],
      ...{ call_id: 'call_strange', agent_tag: 'main', agent_name: 'Old name' },
      ...{ disconnection_reason: 'error_of_tomorrow', call_status: 'error' },
      telephony_identifier: { twilio_call_sid: 'CA1' },
      transcript_with_tool_calls: [
        { role: 'tool_call_invocation', tool_call_id: 't', name: 'book', arguments: '{}' },
        { role: 'tool_call_result', tool_call_id: 't', content: 'ok', successful: true },
      ],
    };
    const calls = [...answers, strange];
    const { client: copy } = buildStoppedApp({
      settings: { seed: 'other' },
    });
    await load(copy, { clock: { mode: 'manual', now: newYear + 3_600_000 }, calls });
    for (const call of calls) {
      const answer = await readCall(copy, call.call_id);
      expect(answer).toEqual(call);
    }
    const { items } = await listCalls(copy, { limit: 10 });
    const listed = items.find(({ call_id }) => call_id === 'call_strange');
    expect(
      Object.keys(strange)
        .filter((name) => !(name in (listed ?? {})))
        .sort(),
    ).toEqual([...['transcript', 'transcript_object', 'transcript_with_tool_calls']]);
    expect(strange).toMatchObject(listed ?? {});
    const booked = {
      tool_calls: [{ name: 'book', success: { type: 'boolean', op: 'eq', value: true } }],
    };
    const found = await listCalls(copy, { filter_criteria: booked });
    expect(found.items.map(({ call_id }) => call_id)).toEqual(['call_strange']);
    const legacy: Call[] = await copy.call('POST', '/v2/list-calls', {});
    expect(legacy).toContainEqual(strange);
  });

  it('gives up what it must not store', async () => {
    const { client } = callsOn();
    const cost = {
      combined_cost: 1,
      product_costs: [],
      total_duration_seconds: 1,
      total_duration_unit_price: 1,
    };
    const told = { transcript: 'Agent: Secret.', recording_url: 'https://x.example/a.wav' };
    const calls = [
      {
        ...minimal,
        ...told,
        call_id: 'call_a',
        call_status: 'ended',
        call_cost: cost,
        call_analysis: { call_summary: 'Secret.' },
      },
    ];
    await load(client, { calls });
    expect(await readCall(client, 'call_a')).toMatchObject(told);
    const change = { data_storage_setting: 'basic_attributes_only' };
    await client.call('PATCH', '/v2/update-call/call_a', change);
    await advance(client, '10m');
    const call = await readCall(client, 'call_a');
    expect(call.call_cost).toEqual(cost);
    expect(JSON.stringify(call)).not.toMatch(/Secret|a\.wav/);
  });

  it.each([
    ['agent_id', { from_number: '+1', to_number: '+1' }, /must have required property 'agent_id'/],
    ['call_id', { ...minimal, call_id: 'call_there' }, /body\/calls\/1\/call_id is taken/],
    [
      'a start after its end',
      { ...minimal, start_timestamp: 5, end_timestamp: 4 },
      /calls\/1\/end_timestamp must not be before the start/,
    ],
    [
      'a creation after its start',
      { ...minimal, start_timestamp: 5, createdAt: 6 },
      /calls\/1\/start_timestamp must not be before the creation/,
    ],
    [
      'an end that is to come',
      { ...minimal, call_status: 'ended', end_timestamp: newYear + 1 },
      /calls\/1\/call_status must be that of the times of the call: by now it is ongoing/,
    ],
    [
      'a creation that is to come',
      { ...minimal, createdAt: newYear + 1, call_status: 'registered' },
      /calls\/1\/createdAt must not be after the present/,
    ],
    [
      'contents of no call',
      { ...minimal, contentsOf: 'call_none' },
      /calls\/1\/contentsOf is no call/,
    ],
    ['an ordinal that was used', { ...minimal, ordinal: 0 }, /calls\/1\/ordinal must be >= 1/],
    ['an unknown field', { ...minimal, strange: 1 }, /calls\/1/],
  ])('is refused with a wrong %s', async (_, call, message) => {
    const { client } = callsOn();
    const answer = await refusal(client, { calls: [{ ...minimal, call_id: 'call_there' }, call] });
    expect(answer.status).toBeOneOf([400, 409]);
    expect(answer.message).toMatch(message);
    expect((await listCalls(client)).items).toEqual([]);
  });
});
