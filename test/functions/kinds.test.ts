import { describe, expect, it } from 'vitest';
import { callsOn, readCall, type Call } from '../support/calls.js';
import { advance } from '../support/control.js';
import type { TestClient } from '../support/emulator.js';
import {
  agentWithTools,
  answering,
  bookTable,
  explain,
  placeFunctionCall,
  rolesOf,
  toolEntries,
} from '../support/functions.js';
import { startReceiver } from '../support/receiver.js';

describe('calls of every kind', () => {
  const afterwards = async (client: TestClient, id: string) => {
    await advance(client, { until: 'idle' });
    return toolEntries(await readCall(client, id))[1];
  };

  it('request their functions: web calls', async () => {
    const server = await answering('web');
    const { client } = callsOn();
    const agent_id = await agentWithTools(client, [bookTable(server.url)]);
    const { call_id } = await client.call<Call>('POST', '/v2/create-web-call', { agent_id });
    expect(await afterwards(client, call_id)).toMatchObject({ content: 'web' });
    const { call } = JSON.parse(server.received[0]?.body ?? '') as { call: object };
    expect(call).toMatchObject({ call_id, call_type: 'web_call' });
  });

  it('request their functions: calls that come in', async () => {
    const server = await answering('inbound');
    const { client } = callsOn();
    const agent_id = await agentWithTools(client, [bookTable(server.url)]);
    const number = { phone_number: '+14157770001', inbound_agents: [{ agent_id, weight: 1 }] };
    await client.call('POST', '/create-phone-number', number);
    const { callId } = await client.call<{ callId: string }>('POST', '/_emulator/calls/inbound', {
      ...{ from_number: '+14155550123', to_number: '+14157770001' },
    });
    expect(await afterwards(client, callId)).toMatchObject({ content: 'inbound' });
  });

  it('tell of their turns around functions, in their order', async () => {
    const told: string[] = [];
    const server = await startReceiver((request, response) => {
      const { event = 'function' } = JSON.parse(request.body) as { event?: string };
      told.push(event);
      response.end('{}');
    });
    const { finish } = await placeFunctionCall([bookTable(server.url)], {
      agent: { webhook_url: server.url, webhook_events: ['transcript_updated', 'call_ended'] },
    });
    const call = await finish();
    const turn = 'transcript_updated';
    const words = rolesOf(call).filter((role) => role === 'agent' || role === 'user').length;
    expect(told).toEqual([
      ...[turn, turn, 'function'],
      ...Array.from({ length: words - 2 }, () => turn),
      ...[turn, 'call_ended'],
    ]);
  });
});

describe('under a progression', () => {
  it('of its own, the rest of the call follows at once', async () => {
    const server = await answering('{}');
    const { client, id } = await placeFunctionCall([bookTable(server.url)], {
      settings: { progression: 'immediate' },
    });
    await advance(client, { until: 'idle' });
    const call = await readCall(client, id);
    expect(call).toMatchObject({ call_status: 'ended', duration_ms: 10_000 });
    expect(call).toHaveProperty('call_analysis');
    expect(toolEntries(call)[1]).toMatchObject({ content: '{}', successful: true });
  });

  it('by reads, no read ends a call that waits', async () => {
    let answer = (): void => undefined;
    const server = await startReceiver((_request, response) => {
      answer = () => response.end('done');
    });
    const { client, id } = await placeFunctionCall([bookTable(server.url)], {
      settings: { progression: { polls: 2 } },
    });
    expect(await readCall(client, id)).toMatchObject({ call_status: 'ongoing' });
    await expect.poll(() => server.received.length).toBe(1);
    for (let read = 0; read < 3; read += 1) {
      expect(await readCall(client, id)).toMatchObject({ call_status: 'ongoing' });
    }
    answer();
    await expect.poll(async () => (await explain(client, id)).awaits).toBeUndefined();
    const call = await readCall(client, id);
    expect(call.call_status).toBe('ended');
    expect(toolEntries(call)[1]).toMatchObject({ content: 'done', successful: true });
  });

  it('by hand, the agent calls what it is told to', async () => {
    const server = await answering('{"table":3}');
    const { client, id } = await placeFunctionCall(
      [bookTable(server.url, { response_variables: { table: 'table' } })],
      { settings: { progression: 'manual' } },
    );
    const by = (action: string, body: object = {}) =>
      client.call('POST', `/_emulator/calls/${id}/${action}`, body);
    await by('answer');
    const said = await by('say', { role: 'tool', name: 'book_table', arguments: { guests: 5 } });
    expect(said).toMatchObject({ awaits: { tool: 'book_table' } });
    await advance(client, { until: 'idle' });
    await by('say', { role: 'tool', name: 'unknown', arguments: {} });
    await by('hang-up', { by: 'user' });
    const call = await readCall(client, id);
    expect(toolEntries(call)).toMatchObject([
      { name: 'book_table', arguments: '{"guests":5}' },
      { content: '{"table":3}', successful: true },
      { name: 'unknown' },
    ]);
    expect(call.collected_dynamic_variables).toEqual({ table: '3' });
    expect(server.received).toHaveLength(1);
  });
});
