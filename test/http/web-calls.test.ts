import { describe, expect, it } from 'vitest';
import { callsOn, place } from '../support/calls.js';
import { advance } from '../support/control.js';
import type { TestClient } from '../support/emulator.js';
import { newYear } from '../support/manual-clock.js';

interface Created {
  call_id: string;
  access_token: string;
  expires_at: number;
}

const create = (client: TestClient, body: object = {}): Promise<Created> =>
  client.call('POST', '/v3/create-web-call', { agent_id: 'agent_1', ...body });

const read = (client: TestClient, { call_id: id }: { call_id: string }) =>
  client.call('GET', `/v2/get-call/${id}`);

const send = (client: TestClient, { call_id: id }: { call_id: string }, act: string) =>
  client.send({ method: 'POST', url: `/_emulator/calls/${id}/${act}` });

const phoneOnly = ['direction', 'from_number', 'to_number', 'telephony_identifier'];

describe('a web call', () => {
  it('is created with what a browser joins it with, and is no call object', async () => {
    const { client } = callsOn();
    const created = await create(client);
    expect(created).toEqual({
      call_id: expect.stringMatching(/^call_[0-9a-f]{27}$/) as string,
      access_token: expect.stringMatching(/^call_[0-9a-f]{27}\.[0-9a-f]{32}$/) as string,
      expires_at: newYear + 30_000,
      ice_servers: [{ urls: 'stun:stun.retell-emulator.invalid:3478' }],
      transport: 'gateway',
    });
    const again = await create(client);
    expect(again.access_token).not.toBe(created.access_token);
  });

  it('is created by the older operation as a call object, with a warning by policy', async () => {
    const { client } = callsOn();
    const payload = { agent_id: 'agent_1', metadata: { a: 1 } };
    const request = { method: 'POST', url: '/v2/create-web-call', payload } as const;
    const { status, body } = await client.send(request);
    expect(status).toBe(201);
    expect(body).toMatchObject({
      ...{ call_type: 'web_call', call_status: 'registered', agent_id: 'agent_1' },
      ...{ metadata: { a: 1 }, access_token: expect.any(String) as string },
    });
    for (const name of phoneOnly) expect(body).not.toHaveProperty(name);
    const warned = async () => {
      const { items } = await client.call<{ items: { warnings?: string[] }[] }>(
        'GET',
        '/_emulator/requests?operation=createWebCallV2',
      );
      return items.at(-1)?.warnings;
    };
    expect(await warned()).toContain(
      'createWebCallV2 is deprecated; its successor is /v3/create-web-call',
    );
    await client.call('PATCH', '/_emulator/settings', { deprecated: 'reject' });
    expect(await client.send(request)).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining('Its successor is /v3/create-web-call.') as string },
    });
    await client.call('PATCH', '/_emulator/settings', { deprecated: 'serve' });
    expect((await client.send(request)).status).toBe(201);
  });

  it('is joined by itself, is talked, and is analysed', async () => {
    const { client } = callsOn();
    const call = await create(client, { retell_llm_dynamic_variables: { name: 'Ann' } });
    await advance(client, '199ms');
    expect(await read(client, call)).toMatchObject({ call_status: 'registered' });
    await advance(client, '1ms');
    expect(await read(client, call)).toMatchObject({
      ...{ call_status: 'ongoing', start_timestamp: newYear + 200 },
      ...{ access_token: call.access_token, retell_llm_dynamic_variables: { name: 'Ann' } },
    });
    await advance(client, '1m');
    const over = await read(client, call);
    expect(over).toMatchObject({
      ...{ call_type: 'web_call', call_status: 'ended', disconnection_reason: 'user_hangup' },
      ...{ duration_ms: 10_000, access_token: call.access_token },
      transcript: expect.stringMatching(/^(Agent|User): /) as string,
      call_analysis: { in_voicemail: false },
    });
    for (const name of phoneOnly) expect(over).not.toHaveProperty(name);
  });

  it.each(['manual', '30s', '1h'])('ends if nobody joins it in time: %s', async (webCallJoin) => {
    const { client } = callsOn({ webCallJoin });
    const call = await create(client);
    await advance(client, '29999ms');
    expect(await read(client, call)).toMatchObject({ call_status: 'registered' });
    await advance(client, '1ms');
    const over = await read(client, call);
    expect(over).toMatchObject({
      ...{ call_status: 'error', disconnection_reason: 'error_user_not_joined' },
      end_timestamp: newYear + 30_000,
    });
    expect(over).not.toHaveProperty('start_timestamp');
    expect(over).not.toHaveProperty('transcript');
    for (const act of ['join', 'leave']) {
      expect(await send(client, call, act)).toMatchObject({ status: 409 });
    }
  });

  it('goes on as planned once it is joined by hand', async () => {
    const { client } = callsOn({ webCallJoin: 'manual' });
    const call = await create(client);
    await advance(client, '20s');
    expect((await send(client, call, 'leave')).status).toBe(409);
    expect((await send(client, call, 'answer')).status).toBe(409);
    expect(await send(client, call, 'join')).toMatchObject({
      status: 200,
      body: { status: 'ongoing', plan: { connectsAt: newYear + 20_000, endsAt: newYear + 30_000 } },
    });
    expect(await send(client, call, 'join')).toMatchObject({ status: 409 });
    await advance(client, '1h');
    expect(await read(client, call)).toMatchObject({
      ...{ start_timestamp: newYear + 20_000, duration_ms: 10_000 },
      ...{ disconnection_reason: 'user_hangup', transcript: expect.any(String) as string },
    });
  });

  it('tells a webhook of each turn, also when it is joined by hand', async () => {
    const { client } = callsOn({ webCallJoin: 'manual', webhookUrl: 'http://127.0.0.1:9/hook' });
    const { agent_id } = await client.call('POST', '/create-agent', {
      ...{ voice_id: 'v', response_engine: { type: 'retell-llm', llm_id: 'llm_1' } },
      webhook_events: ['call_started', 'transcript_updated', 'call_ended'],
    });
    const call = await create(client, { agent_id });
    await advance(client, '10s');
    await send(client, call, 'join');
    await advance(client, '20s');
    const { events } = await client.call<{ events: { event: string }[] }>(
      ...(['GET', `/_emulator/calls/${call.call_id}`] as const),
    );
    const names = events.map(({ event }) => event);
    expect(names[0]).toBe('call_started');
    expect(names.filter((name) => name === 'transcript_updated').length).toBeGreaterThan(2);
    expect(names).toContain('call_ended');
  });

  it('shows what was said until now, with what is being said', async () => {
    const { client } = callsOn();
    await client.call('POST', '/_emulator/call-rules', {
      outcome: {
        duration: '20s',
        transcript: [
          { role: 'agent', content: 'Hello, how can I help you?' },
          { role: 'tool', name: 'look_up', result: '{}' },
          { role: 'user', content: 'A table for two, please.' },
        ],
      },
    });
    const call = await create(client);
    interface Conversation {
      status: string;
      now: number;
      entries: { startedAt: number; endedAt: number | null; entry: { content?: string } }[];
    }
    const look = () =>
      client.call<Conversation>('GET', `/_emulator/calls/${call.call_id}/conversation`);
    expect(await look()).toMatchObject({ status: 'registered', entries: [] });
    let last = await look();
    const words: string[] = [];
    while (last.status !== 'ended') {
      await advance(client, '500ms');
      last = await look();
      const { entries, now } = last;
      for (const { startedAt, endedAt } of entries) {
        expect(startedAt).toBeLessThanOrEqual(endedAt ?? now);
        expect(endedAt ?? now).toBeLessThanOrEqual(now);
      }
      const speaking = entries.filter(({ endedAt }) => endedAt === null);
      expect(speaking.length).toBeLessThanOrEqual(1);
      words.push(...speaking.map(({ entry }) => entry.content ?? ''));
    }
    expect(words.some((text) => text !== '' && 'Hello, how can I help you?'.startsWith(text))).toBe(
      true,
    );
    expect(last.entries.map(({ entry }) => entry)).toEqual(
      (await read(client, call))['transcript_with_tool_calls'],
    );
  });

  it('is left by hand', async () => {
    const { client } = callsOn({ callOutcomes: 'agent_hangup=1' });
    const call = await create(client);
    await advance(client, '5s');
    expect(await send(client, call, 'leave')).toMatchObject({
      ...{ status: 200, body: { status: 'ended', decidedBy: { source: 'hand' } } },
    });
    expect(await read(client, call)).toMatchObject({
      ...{ disconnection_reason: 'user_hangup', duration_ms: 4800 },
    });
  });

  it('is moved by hand altogether under that progression', async () => {
    const { client } = callsOn({ progression: 'manual' });
    const call = await create(client);
    await advance(client, '1h');
    expect((await send(client, call, 'join')).status).toBe(200);
    await client.call('POST', `/_emulator/calls/${call.call_id}/say`, {
      ...{ role: 'user', content: 'Hello?' },
    });
    await advance(client, '1s');
    expect((await send(client, call, 'leave')).status).toBe(200);
    expect(await read(client, call)).toMatchObject({ transcript: 'User: Hello?' });
  });

  it.each(['immediate', 'polls=2'])('is over by the progression %s', async (progression) => {
    const { client } = callsOn({ progression });
    const call = await create(client);
    await read(client, call);
    expect(await read(client, call)).toMatchObject({
      ...{ call_status: 'ended', disconnection_reason: 'user_hangup' },
    });
  });

  it('goes as a rule says that matches its type', async () => {
    const { client } = callsOn();
    await client.call('POST', '/_emulator/call-rules', {
      match: { callType: 'web_call' },
      outcome: { disconnectionReason: 'error_user_not_joined' },
    });
    const match = { direction: 'inbound' };
    const outcome = { disconnectionReason: 'inactivity' };
    await client.call('POST', '/_emulator/call-rules', { match, outcome });
    const web = await create(client);
    const phone = await place(client);
    await advance(client, '1h');
    expect(await read(client, web)).toMatchObject({
      disconnection_reason: 'error_user_not_joined',
    });
    expect(await read(client, phone)).toMatchObject({ disconnection_reason: 'user_hangup' });
  });

  it('refuses what is for web calls only to a phone call', async () => {
    const { client } = callsOn();
    const phone = await place(client);
    for (const act of ['join', 'leave']) {
      expect(await send(client, phone, act)).toMatchObject({
        ...{ status: 409, body: { message: expect.stringContaining('phone call') as string } },
      });
    }
  });

  it('does not count as a call under way until it is joined', async () => {
    const { client } = callsOn({ webCallJoin: '10s', concurrencyLimit: 1 });
    await create(client);
    const current = async () =>
      (await client.call('GET', '/get-concurrency'))['current_concurrency'];
    expect(await current()).toBe(0);
    await advance(client, '10s');
    expect(await current()).toBe(1);
    const payload = { agent_id: 'agent_1' };
    const request = { method: 'POST', url: '/v3/create-web-call', payload } as const;
    expect((await client.send(request)).status).toBe(429);
  });

  it('begins at the node or in the state that it names', async () => {
    const { client } = callsOn();
    const say = (id: string, text: string) => ({
      ...{ id, type: 'conversation', edges: [] },
      instruction: { type: 'static_text', text },
    });
    const flow = await client.call('POST', '/create-conversation-flow', {
      ...{ start_speaker: 'agent', model_choice: { type: 'cascading', model: 'gpt-4.1' } },
      nodes: [say('first', 'This is the first.'), say('second', 'This is the second.')],
      start_node_id: 'first',
    });
    const agent = await client.call('POST', '/create-agent', {
      voice_id: 'v',
      response_engine: {
        ...{ type: 'conversation-flow', conversation_flow_id: flow['conversation_flow_id'] },
      },
    });
    const agent_id = String(agent['agent_id']);
    const plain = await create(client, { agent_id });
    const moved = await create(client, { agent_id, current_node_id: 'second', current_state: 'x' });
    const wrong = await create(client, { agent_id, current_node_id: 'third' });
    await advance(client, '1h');
    expect((await read(client, plain))['transcript']).toContain('This is the first.');
    expect((await read(client, moved))['transcript']).toContain('This is the second.');
    expect((await read(client, moved))['transcript']).not.toContain('This is the first.');
    expect((await read(client, wrong))['transcript']).toContain('This is the first.');
    const { items } = await client.call<{ items: { warnings?: string[] }[] }>(
      'GET',
      '/_emulator/requests?operation=createWebCall',
    );
    expect(items.flatMap(({ warnings = [] }) => warnings)).toEqual([
      expect.stringContaining('body/current_node_id "third"') as string,
    ]);
  });
});
