import { describe, expect, it } from 'vitest';
import { callsOn, place, readCall } from '../support/calls.js';
import { advance } from '../support/control.js';
import { eventsOf, webhookOf } from '../support/deliveries.js';
import { TestClient } from '../support/emulator.js';
import { createNumber, receive } from '../support/inbound.js';
import { createLlmAgent, explain, placeLlmCall, userSays } from '../support/llm-calls.js';
import { startLlmServer } from '../support/llm-server.js';
import { startReceiver } from '../support/receiver.js';
import { restarts } from '../support/restarts.js';

const lost = {
  call_status: 'error',
  disconnection_reason: 'error_llm_websocket_lost_connection',
};

describe('a call that a server holds', () => {
  it('is the same after an export and a load', async () => {
    const server = await startLlmServer({
      onFrame: ({ interaction_type: type, response_id }, { respond }) => {
        if (type === 'response_required') respond(response_id, 'Bye', { end_call: true });
      },
    });
    const { client, id, emulator, app } = await placeLlmCall(server.url, {
      outcome: { transcript: userSays('Hi') },
    });
    await advance(client, { until: 'idle' });
    const exported = await client.call('GET', '/_emulator/export');
    const other = new TestClient(app, 'key_b', emulator);
    await other.call('POST', '/_emulator/fixtures', exported);
    expect(await readCall(other, id)).toEqual(await readCall(client, id));
    expect(await explain(other, id)).toMatchObject({ decidedBy: { source: 'server' } });
    expect(await other.call('GET', '/_emulator/export')).toEqual(exported);
  });

  it('has lost its connection where it is loaded while it goes on', async () => {
    const server = await startLlmServer();
    const { client, id } = await placeLlmCall(server.url);
    await advance(client, '4s');
    const exported = await client.call('GET', '/_emulator/export');
    await client.call('POST', '/_emulator/fixtures?replace=true', exported);
    await advance(client, { until: 'idle' });
    expect(await readCall(client, id)).toMatchObject({
      ...{ ...lost, transcript: 'Agent: Hello, this is the front desk.' },
    });
    expect(server.urls).toHaveLength(1);
  });

  it('has lost its connection after a restart, with what was said before', async () => {
    const server = await startLlmServer();
    const receiver = await startReceiver();
    const { open } = restarts();
    const first = open({ webhookUrl: receiver.url });
    const override_agent_id = await createLlmAgent(first.client, server.url);
    const { call_id: id } = await place(first.client, { override_agent_id });
    await advance(first.client, '4s');
    await first.close();
    await expect.poll(() => server.closes).toEqual([1000]);
    const second = open({ webhookUrl: receiver.url });
    await advance(second.client, { until: 'idle' });
    expect(await readCall(second.client, id)).toMatchObject({
      ...{ ...lost, transcript: 'Agent: Hello, this is the front desk.', duration_ms: 3000 },
    });
    expect(eventsOf(receiver)).toEqual(['call_started', 'call_ended', 'call_analyzed']);
    await second.close();
  });

  it('is connected after a restart if it was not connected before', async () => {
    const server = await startLlmServer();
    const { open } = restarts();
    const first = open();
    const override_agent_id = await createLlmAgent(first.client, server.url);
    await first.client.call('POST', '/_emulator/call-rules', {
      outcome: { transcript: userSays('Hi') },
    });
    const { call_id: id } = await place(first.client, { override_agent_id });
    await first.close();
    const second = open();
    await advance(second.client, { until: 'idle' });
    expect(await readCall(second.client, id)).toMatchObject({
      disconnection_reason: 'user_hangup',
    });
    await second.close();
  });

  it('begins when there is room for it, and makes room at its end', async () => {
    const server = await startLlmServer();
    const { client } = callsOn({ concurrencyLimit: 1 });
    const agent_id = await createLlmAgent(client, server.url);
    await createNumber(client, { inbound_agents: [{ agent_id, weight: 1 }] });
    await client.call('POST', '/_emulator/call-rules', { outcome: { duration: '8s' } });
    const ids = [];
    for (let count = 0; count < 3; count += 1) ids.push((await receive(client)).callId);
    await advance(client, { until: 'idle' });
    const calls = await Promise.all(ids.map((id) => readCall(client, id)));
    const reasons = calls.map(({ disconnection_reason }) => disconnection_reason);
    expect(reasons).toEqual(['user_hangup', 'user_hangup', 'user_hangup']);
    const [first, second, third] = calls.map(
      ({ start_timestamp: start = 0, end_timestamp: end = 0 }) => {
        return { start, end };
      },
    );
    expect(second?.start).toBeGreaterThanOrEqual(first?.end ?? Infinity);
    expect(third?.start).toBeGreaterThanOrEqual(second?.end ?? Infinity);
    expect(server.urls).toHaveLength(3);
  });

  it('closes the connection when it is deleted', async () => {
    const server = await startLlmServer();
    const { client, id } = await placeLlmCall(server.url);
    await advance(client, '4s');
    await client.send({ method: 'DELETE', url: `/v2/delete-call/${id}` });
    await expect.poll(() => server.closes).toEqual([1000]);
    await advance(client, { until: 'idle' });
    expect((await client.send({ url: `/v2/get-call/${id}` })).status).toBe(404);
  });

  it('tells webhooks of each turn that is over', async () => {
    const receiver = await startReceiver();
    const server = await startLlmServer();
    const { client } = await placeLlmCall(server.url, {
      outcome: { transcript: userSays('One', 'Two') },
      agent: { webhook_url: receiver.url, webhook_events: ['transcript_updated'] },
    });
    await advance(client, { until: 'idle' });
    const told = receiver.received.map((request) => {
      const { transcript_with_tool_calls: all = [] } = webhookOf(request).call;
      return all.map((entry) => ('content' in entry ? entry.content : entry.role));
    });
    const turns = [
      ...['Hello, this is the front desk.', 'One', 'You said: One', 'Two', 'You said: Two'],
    ];
    // After each turn, and once finally.
    expect(told).toEqual([...turns.map((_, index) => turns.slice(0, index + 1)), turns]);
  });

  it('is told what the client puts in, and speaks when the client wants it to', async () => {
    const server = await startLlmServer({
      onOpen: ({ say, respond }) => {
        say({ response_type: 'config', config: { transcript_with_tool_calls: true } });
        respond(0, 'One two three four five six');
      },
    });
    const { client, id } = await placeLlmCall(server.url, { settings: { progression: 'manual' } });
    await client.call('POST', `/_emulator/calls/${id}/answer`);
    await advance(client, '1200ms');
    const control = (call_control: object) =>
      client.call('PATCH', `/v2/update-live-call/${id}`, { call_control });
    // What the agent says is broken off.
    await control({ additional_context: 'The customer is angry.', trigger_response: true });
    await expect.poll(() => server.sent('response_required')).toHaveLength(1);
    await advance(client, '9s');
    // The agent waits for the user.
    await control({ trigger_response: true });
    await expect.poll(() => server.sent('response_required')).toHaveLength(2);
    const [first] = server.sent('response_required');
    expect(first?.transcript_with_tool_calls).toMatchObject([
      { role: 'agent', content: 'One two three' },
      { role: 'injected', content: 'The customer is angry.' },
    ]);
    await client.call('POST', `/_emulator/calls/${id}/hang-up`, { by: 'user' });
    const { transcript_with_tool_calls: all } = await readCall(client, id);
    expect(all?.filter(({ role }) => role === 'injected')).toHaveLength(1);
  });
});

describe('an emulator that closes while a server is awaited', () => {
  it('answers the request that waits with 503', async () => {
    const server = await startLlmServer({ onOpen: () => undefined });
    const { open } = restarts();
    const { client, emulator } = open();
    const override_agent_id = await createLlmAgent(client, server.url);
    await place(client, { override_agent_id });
    const advancing = client.send({
      ...{ method: 'POST', url: '/_emulator/clock/advance', payload: { until: 'idle' } },
    });
    await expect.poll(() => server.urls).toHaveLength(1);
    emulator.close();
    const { status, body } = await advancing;
    expect({ status, body }).toMatchObject({ status: 503, body: { status: 'error' } });
  });
});
