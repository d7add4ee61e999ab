import { describe, expect, it } from 'vitest';
import { callsOn, listCalls, place, readCall } from '../support/calls.js';
import { advance } from '../support/control.js';
import { createNumber, from_number, inboundUrl, receive, to_number } from '../support/inbound.js';
import { newYear } from '../support/manual-clock.js';

describe('a call that comes in', () => {
  it('is taken by an agent of the number, and goes its way', async () => {
    const { client } = callsOn();
    await createNumber(client);
    const received = await receive(client);
    const { callId, call } = received;
    expect(received).toMatchObject({ outcome: 'taken', decidedBy: 'number', webhook: null });
    expect(call).toMatchObject({
      ...{ call_id: callId, call_type: 'phone_call', direction: 'inbound', from_number, to_number },
      ...{ agent_id: 'agent_1', call_status: 'registered' },
    });
    await advance(client, { until: 'idle' });
    expect(await readCall(client, callId)).toMatchObject({
      ...{ call_status: 'ended', disconnection_reason: 'user_hangup', duration_ms: 10_000 },
      call_analysis: expect.anything() as object,
    });
    const { items } = await listCalls(client, {
      filter_criteria: { direction: { type: 'enum', op: 'in', value: ['inbound'] } },
    });
    expect(items.map(({ call_id }) => call_id)).toEqual([callId]);
  });

  it('draws the agent by weight, the same each time', async () => {
    const { client } = callsOn();
    const inbound_agents = [
      { agent_id: 'agent_1', weight: 0.5 },
      { agent_id: 'agent_2', weight: 0.5 },
    ];
    await createNumber(client, { inbound_agents });
    const agents = async () => {
      const taken: (string | undefined)[] = [];
      for (let index = 0; index < 8; index += 1) {
        taken.push((await receive(client)).call?.agent_id);
        await advance(client, { until: 'idle' });
      }
      return taken;
    };
    await client.call('POST', '/_emulator/snapshots/before');
    const first = await agents();
    expect(new Set(first)).toEqual(new Set(['agent_1', 'agent_2']));
    await client.call('POST', '/_emulator/snapshots/before/restore');
    expect(await agents()).toEqual(first);
  });

  it('is disconnected where there is no agent for it, and leaves no call', async () => {
    const { client } = callsOn();
    const unknown = await receive(client);
    expect(unknown).toMatchObject({ outcome: 'disconnected', decidedBy: null, call: null });
    expect(unknown.warnings.join()).toContain(`${to_number} has no inbound_agents`);
    await createNumber(client, { inbound_agents: null });
    expect(await receive(client)).toMatchObject({ outcome: 'disconnected' });
    expect((await listCalls(client)).items).toEqual([]);
  });

  it('needs a number that was created, if the setting says so', async () => {
    const { client } = callsOn({ unknownNumbers: 'reject' });
    const payload = { from_number, to_number };
    const { status, body } = await client.send({ method: 'POST', url: inboundUrl, payload });
    expect(status).toBe(404);
    expect(body['message']).toContain('There is no phone number +14157774444.');
  });

  it('is what call rules can match by direction', async () => {
    const { client } = callsOn();
    await createNumber(client);
    await client.call('POST', '/_emulator/call-rules', {
      match: { direction: 'inbound', fromNumber: '+44*' },
      outcome: { disconnectionReason: 'agent_hangup', duration: '3s' },
    });
    const outbound = await place(client);
    const { callId } = await receive(client);
    await advance(client, { until: 'idle' });
    expect(await readCall(client, callId)).toMatchObject({ disconnection_reason: 'agent_hangup' });
    expect(await readCall(client, outbound.call_id)).toMatchObject({
      disconnection_reason: 'user_hangup',
    });
  });

  it('has the SIP headers that the vendor tells, and those with x- as variables', async () => {
    const { client } = callsOn();
    await createNumber(client);
    const { call, warnings } = await receive(client, {
      custom_sip_headers: { 'X-Customer': '7', Diversion: '<sip:1>', Via: 'proxy' },
    });
    expect(call).toMatchObject({
      custom_sip_headers: { 'x-customer': '7', diversion: '<sip:1>' },
      retell_llm_dynamic_variables: { 'x-customer': '7' },
    });
    expect(warnings).toContain('custom_sip_headers/via is not told by the vendor');
  });

  it('is moved by hand under the progression manual', async () => {
    const { client } = callsOn({ progression: 'manual' });
    await createNumber(client);
    const { callId } = await receive(client);
    await client.call('POST', `/_emulator/calls/${callId}/answer`);
    expect(await readCall(client, callId)).toMatchObject({ call_status: 'ongoing' });
  });

  it.each([
    [{ from_number: '12' }, /body\/from_number must be in E\.164 form/],
    [{ to_number: 'anonymous' }, /body\/to_number must be in E\.164 form/],
    [{ sip: {} }, /body must NOT have the unknown property "sip"/],
    [{ custom_sip_headers: { a: 1 } }, /body\/custom_sip_headers\/a must be string/],
  ])('is refused with %j', async (more, message) => {
    const { client } = callsOn();
    const payload = { from_number, to_number, ...more };
    const { status, body } = await client.send({ method: 'POST', url: inboundUrl, payload });
    expect(status).toBe(400);
    expect(body['message']).toMatch(message);
  });

  it('costs credit', async () => {
    const { client } = callsOn({}, { credit: 1 });
    await createNumber(client);
    await receive(client);
    const payload = { from_number, to_number };
    expect((await client.send({ method: 'POST', url: inboundUrl, payload })).status).toBe(402);
  });
});

describe('a call that comes in where there is no room', () => {
  const limited = { concurrencyLimit: 1, callDuration: '2m' };

  it('waits for 40 seconds, and ends as concurrency_limit_reached', async () => {
    const { client } = callsOn(limited);
    await createNumber(client);
    await place(client);
    const { callId, outcome } = await receive(client);
    expect(outcome).toBe('taken');
    expect(await client.call('GET', `/_emulator/calls/${callId}`)).toMatchObject({
      ...{ decidedBy: { source: 'concurrency' }, status: 'registered' },
      next: { moment: 'end', at: newYear + 40_000 },
    });
    await advance(client, '40s');
    const call = await readCall(client, callId);
    expect(call).toMatchObject({
      ...{ call_status: 'error', disconnection_reason: 'concurrency_limit_reached' },
    });
    expect(call).not.toHaveProperty('start_timestamp');
  });

  it('goes to the number’s fallback number after that', async () => {
    const { client } = callsOn(limited);
    await createNumber(client, { fallback_number: '+14155550177' });
    await place(client);
    const { callId } = await receive(client);
    await advance(client, '40s');
    expect(await readCall(client, callId)).toMatchObject({
      ...{ call_status: 'ended', disconnection_reason: 'no_concurrency_fallback' },
    });
  });

  it('begins as soon as another call ends', async () => {
    const { client } = callsOn({ ...limited, callDuration: '30s' });
    await createNumber(client);
    await place(client);
    const first = await receive(client);
    const second = await receive(client);
    expect(await client.call('GET', '/get-concurrency')).toMatchObject({ current_concurrency: 1 });
    await advance(client, '39s');
    expect(await readCall(client, first.callId)).toMatchObject({
      ...{ call_status: 'ongoing', start_timestamp: newYear + 31_500 },
    });
    expect(await client.call('GET', '/get-concurrency')).toMatchObject({ current_concurrency: 1 });
    await advance(client, { until: 'idle' });
    expect(await readCall(client, first.callId)).toMatchObject({
      ...{ disconnection_reason: 'user_hangup', duration_ms: 30_000 },
    });
    expect(await readCall(client, second.callId)).toMatchObject({
      ...{ disconnection_reason: 'concurrency_limit_reached', end_timestamp: newYear + 40_000 },
    });
  });

  it.each([
    ['is stopped', 'POST', '/v2/stop-call/'],
    ['is deleted', 'DELETE', '/v2/delete-call/'],
  ] as const)('begins when another call %s', async (_what, method, path) => {
    const { client } = callsOn(limited);
    await createNumber(client);
    const { call_id: id } = await place(client);
    const { callId } = await receive(client);
    await advance(client, '20s');
    await client.call(method, path + id);
    await advance(client, '500ms');
    expect(await readCall(client, callId)).toMatchObject({ call_status: 'ongoing' });
  });

  it('does not wait longer because another one that waited begins', async () => {
    const { client } = callsOn({ concurrencyLimit: 1, callDuration: '15s' });
    await createNumber(client);
    const ids: string[] = [];
    for (let count = 0; count < 3; count += 1) ids.push((await receive(client)).callId);
    await advance(client, { until: 'idle' });
    const calls = await Promise.all(ids.map((id) => readCall(client, id)));
    expect(calls.map(({ duration_ms }) => duration_ms)).toEqual([15_000, 15_000, 15_000]);
  });

  it('begins at once when the limit is raised', async () => {
    const { client } = callsOn(limited);
    await createNumber(client);
    await place(client);
    const [first, second] = [await receive(client), await receive(client)];
    await advance(client, '5s');
    await client.call('PATCH', '/_emulator/settings', { concurrencyLimit: 2 });
    await advance(client, '500ms');
    expect(await readCall(client, first.callId)).toMatchObject({ call_status: 'ongoing' });
    expect(await readCall(client, second.callId)).toMatchObject({ call_status: 'registered' });
  });

  it('waits by hand, too', async () => {
    const { client } = callsOn({ ...limited, progression: 'manual' });
    await createNumber(client);
    const { call_id: id } = await place(client);
    const { callId } = await receive(client);
    const answer = () => client.send({ method: 'POST', url: `/_emulator/calls/${callId}/answer` });
    expect((await answer()).status).toBe(409);
    await client.call('POST', `/_emulator/calls/${id}/end`, { disconnectionReason: 'dial_busy' });
    expect((await answer()).status).toBe(200);
  });
});
