import { describe, expect, it } from 'vitest';
import { callsOn, place, readCall, someCall, type Call } from '../support/calls.js';
import { advance } from '../support/control.js';
import type { TestClient } from '../support/emulator.js';
import { newYear } from '../support/manual-clock.js';

const agentBody = {
  response_engine: { type: 'retell-llm', llm_id: 'llm_1' },
  voice_id: '11labs-Adrian',
  agent_name: 'Shop',
};

const createAgent = async (client: TestClient, body: object = {}): Promise<string> => {
  const { agent_id: id } = await client.call<{ agent_id: string }>(
    ...(['POST', '/create-agent', { ...agentBody, ...body }] as const),
  );
  return id;
};

const createLlm = async (client: TestClient, body: object) => {
  const { llm_id } = await client.call<{ llm_id: string }>('POST', '/create-retell-llm', body);
  return { type: 'retell-llm', llm_id };
};

const send = async (
  client: TestClient,
  method: 'POST' | 'PUT' | 'PATCH',
  url: string,
  payload?: object,
) => {
  const { status, body } = await client.send({ method, url, ...(payload && { payload }) });
  return { status, message: (body as { message?: string }).message };
};

describe('a phone call', () => {
  it('is registered, then ongoing, then ended, then analysed, each with its fields', async () => {
    const { client } = callsOn();
    const said = {
      metadata: { customer: 7 },
      retell_llm_dynamic_variables: { name: 'Ann' },
      custom_sip_headers: { 'X-Id': '1' },
    };
    const created = await place(client, said);
    expect(created).toEqual({
      call_id: expect.stringMatching(/^call_[0-9a-f]{27}$/) as string,
      ...{ call_type: 'phone_call', call_status: 'registered', direction: 'outbound' },
      ...{ agent_id: 'agent_1', agent_version: 0 },
      ...{ from_number: someCall.from_number, to_number: someCall.to_number },
      ...said,
      ...{ data_storage_setting: 'everything', opt_in_signed_url: false },
    });
    const id = created.call_id;
    expect(await readCall(client, id)).toEqual(created);

    await advance(client, '1s');
    const ongoing = await readCall(client, id);
    expect(ongoing).toEqual({
      ...created,
      ...{ call_status: 'ongoing', start_timestamp: newYear + 1000 },
      telephony_identifier: {
        twilio_call_sid: expect.stringMatching(/^CA[0-9a-f]{32}$/) as string,
      },
    });

    await advance(client, '10s');
    const ended = await readCall(client, id);
    expect(ended).toMatchObject({
      ...{ ...ongoing, call_status: 'ended', disconnection_reason: 'user_hangup' },
      ...{ end_timestamp: newYear + 11_000, duration_ms: 10_000, collected_dynamic_variables: {} },
    });
    for (const name of ['transcript', 'transcript_object', 'transcript_with_tool_calls'] as const) {
      expect(ended[name]?.length).toBeGreaterThan(0);
    }
    for (const name of ['recording_url', 'public_log_url', 'latency', 'call_cost'] as const) {
      expect(ended).toHaveProperty(name);
    }
    expect(ended).not.toHaveProperty('call_analysis');

    await advance(client, '2s');
    const analysed = await readCall(client, id);
    expect(analysed).toEqual({ ...ended, call_analysis: expect.any(Object) as object });
    expect(await readCall(client, id)).toEqual(analysed);
    await advance(client, '1d');
    expect(await readCall(client, id)).toEqual(analysed);
  });

  it('is the same for the same seed, whatever else is asked in between', async () => {
    const read = async (polls: number): Promise<Call[]> => {
      const { client } = callsOn({ callOutcomes: 'user_hangup=1,dial_busy=1,agent_hangup=1' });
      const calls = [];
      for (let count = 0; count < 5; count += 1) calls.push(await place(client));
      for (let count = 0; count < polls; count += 1) {
        await advance(client, '700ms');
        await readCall(client, calls[0]?.call_id ?? '');
      }
      await advance(client, { until: 'idle' });
      return Promise.all(calls.map(({ call_id }) => readCall(client, call_id)));
    };
    expect(await read(13)).toEqual(await read(0));
  });

  it('begins with the message of its engine, with variables, and calls its tools', async () => {
    const { client } = callsOn({ callDuration: '60s' });
    const engine = await createLlm(client, {
      begin_message: 'Hello {{name}}, this is the shop.',
      general_tools: [
        { type: 'end_call', name: 'end_call' },
        { type: 'custom', name: 'book_table', description: 'Book', url: 'https://x.example' },
      ],
    });
    const agent = await createAgent(client, { response_engine: engine });
    const { call_id: id } = await place(client, {
      override_agent_id: agent,
      retell_llm_dynamic_variables: { name: 'Ann' },
    });
    await advance(client, { until: 'idle' });
    const call = await readCall(client, id);
    expect(call).toMatchObject({ agent_name: 'Shop', agent_id: agent });
    expect(call.transcript).toMatch(/^Agent: Hello Ann, this is the shop\.\nUser: /);
    expect(call.transcript_with_tool_calls).toContainEqual(
      expect.objectContaining({ role: 'tool_call_invocation', name: 'book_table' }),
    );
  });

  it('obeys settings of its agent, and those that override them for one call', async () => {
    const { client } = callsOn({ callDuration: '5m' });
    const agent = await createAgent(client, { max_call_duration_ms: 120_000 });
    const short = await place(client, { override_agent_id: agent });
    const shorter = await place(client, {
      override_agent_id: agent,
      agent_override: {
        agent: { max_call_duration_ms: 60_000, agent_name: 'Other' },
        retell_llm: { begin_message: 'Hi there.' },
      },
    });
    await client.call('PATCH', '/_emulator/settings', { ringDuration: '40s' });
    const unanswered = await place(client, { override_agent_id: agent });
    await advance(client, { until: 'idle' });
    expect(await readCall(client, short.call_id)).toMatchObject({
      ...{ duration_ms: 120_000, disconnection_reason: 'max_duration_reached' },
    });
    expect(await readCall(client, shorter.call_id)).toMatchObject({
      ...{ duration_ms: 60_000, agent_name: 'Other' },
    });
    const call = await readCall(client, unanswered.call_id);
    expect(call).toMatchObject({
      disconnection_reason: 'dial_no_answer',
      end_timestamp: newYear + 30_000,
    });
    expect(call).not.toHaveProperty('start_timestamp');
    expect(call).not.toHaveProperty('duration_ms');
  });

  it('is asked what its agent wants to know, in the right types', async () => {
    const { client } = callsOn();
    const agent = await createAgent(client, {
      post_call_analysis_data: [
        { type: 'enum', name: 'mood', description: 'Mood', choices: ['good', 'bad'] },
        { type: 'boolean', name: 'booked', description: 'Booked' },
        { type: 'number', name: 'guests', description: 'How many' },
        { type: 'string', name: 'topic', description: 'What about' },
      ],
    });
    const { call_id: id } = await place(client, { override_agent_id: agent });
    await advance(client, { until: 'idle' });
    const { call_analysis: analysis } = await readCall(client, id);
    expect(analysis?.custom_analysis_data).toEqual({
      mood: expect.stringMatching(/^(good|bad)$/) as string,
      booked: expect.any(Boolean) as boolean,
      guests: expect.any(Number) as number,
      topic: expect.any(String) as string,
    });
  });

  it.each([
    ['9001', 'dial_busy', 'not_connected'],
    ['9002', 'dial_no_answer', 'not_connected'],
    ['9003', 'user_declined', 'not_connected'],
    ['9004', 'voicemail_reached', 'ended'],
    ['9005', 'invalid_destination', 'not_connected'],
    ['9006', 'marked_as_spam', 'not_connected'],
    ['9007', 'telephony_provider_unavailable', 'not_connected'],
    ['9008', 'user_hangup', 'ended'],
    ['9009', 'call_transfer', 'ended'],
  ])('to a number that ends with %s ends as %s', async (digits, reason, status) => {
    const { client } = callsOn();
    const { call_id: id } = await place(client, { to_number: `+1213777${digits}` });
    await advance(client, { until: 'idle' });
    const call = await readCall(client, id);
    expect(call).toMatchObject({ disconnection_reason: reason, call_status: status });
    expect('transfer_destination' in call).toBe(reason === 'call_transfer');
    expect('transfer_end_timestamp' in call).toBe(reason === 'call_transfer');
    expect(call.call_analysis?.in_voicemail).toBe(reason === 'voicemail_reached');
  });

  it('goes through an agent of its number, drawn by weight', async () => {
    const { client } = callsOn({ concurrencyLimit: 1000 });
    const outbound_agents = [
      { agent_id: 'agent_a', weight: 0.75 },
      { agent_id: 'agent_b', weight: 0.25 },
    ];
    const phone_number = someCall.from_number;
    await client.call('POST', '/create-phone-number', { phone_number, outbound_agents });
    const counts = { agent_a: 0, agent_b: 0 };
    for (let count = 0; count < 200; count += 1) {
      const body = { from_number: phone_number, to_number: someCall.to_number };
      const call = await client.call<Call>('POST', '/v2/create-phone-call', body);
      counts[call.agent_id as keyof typeof counts] += 1;
    }
    expect(counts.agent_a).toBeGreaterThan(120);
    expect(counts.agent_b).toBeGreaterThan(25);
    expect((await place(client)).agent_id).toBe('agent_1');
  });

  it('takes a version of its agent by number or by name', async () => {
    const { client } = callsOn();
    const agent = await createAgent(client);
    await client.call('POST', `/publish-agent-version/${agent}`, { version: 0 });
    await client.call('POST', `/create-agent-version/${agent}`, { base_version: 0 });
    const versionOf = async (version?: number | string) => {
      const asked = version === undefined ? {} : { override_agent_version: version };
      return (await place(client, { override_agent_id: agent, ...asked })).agent_version;
    };
    expect(await versionOf()).toBe(1);
    expect(await versionOf(0)).toBe(0);
    expect(await versionOf('latest')).toBe(1);
    expect(await versionOf('latest_published')).toBe(0);
    const missing = { ...someCall, override_agent_id: agent, override_agent_version: 7 };
    expect(await send(client, 'POST', '/v2/create-phone-call', missing)).toEqual({
      ...{ status: 404, message: `Item ${agent} not found from agent` },
    });
  });

  it.each<[string, object, number, string]>([
    [
      'a variable that is no text',
      { retell_llm_dynamic_variables: { a: 1 } },
      400,
      'body/retell_llm_dynamic_variables/a must be string',
    ],
    ['a number that is none', { to_number: '213' }, 400, 'body/to_number must be in E.164 form'],
    [
      'an empty number',
      { from_number: '' },
      400,
      'body/from_number must NOT have fewer than 1 characters',
    ],
    [
      'too much metadata',
      { metadata: { a: 'x'.repeat(60_000) } },
      400,
      'body/metadata must NOT have more than 50 kB',
    ],
    [
      'an override of a bad value',
      { agent_override: { agent: { max_call_duration_ms: 1 } } },
      400,
      'max_call_duration_ms must be >= 60000',
    ],
  ])('is refused with %s', async (_, body, status, message) => {
    const { client } = callsOn();
    const answer = await send(client, 'POST', '/v2/create-phone-call', { ...someCall, ...body });
    expect(answer.status).toBe(status);
    expect(answer.message).toContain(message);
  });

  it('is refused in the words of the real service where no agent or number is known', async () => {
    const { client } = callsOn({ unknownNumbers: 'reject', unknownEngines: 'reject' });
    const url = '/v2/create-phone-call';
    expect(await send(client, 'POST', url, someCall)).toEqual({
      ...{ status: 404, message: `Item ${someCall.from_number} not found from phone-number` },
    });
    await client.call('POST', '/create-phone-number', { phone_number: someCall.from_number });
    expect(await send(client, 'POST', url, someCall)).toEqual({
      ...{ status: 404, message: 'Item agent_1 not found from agent' },
    });
    const { from_number, to_number } = someCall;
    expect(await send(client, 'POST', url, { from_number, to_number })).toEqual({
      ...{ status: 400, message: 'No outbound agent id set up for phone number.' },
    });
  });

  it('takes credit, as a run does, and is refused without', async () => {
    const { client } = callsOn({}, { credit: 1 });
    await place(client);
    expect(await send(client, 'POST', '/v2/create-phone-call', someCall)).toMatchObject({
      status: 402,
    });
  });
});
