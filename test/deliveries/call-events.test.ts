import { describe, expect, it } from 'vitest';
import { sign } from '../../src/outbound/signature.js';
import { createAgent, createLlm } from '../support/agents.js';
import { callsOn, place, readCall } from '../support/calls.js';
import { advance } from '../support/control.js';
import { brief, eventsOf, listDeliveries, webhookOf } from '../support/deliveries.js';
import type { TestClient } from '../support/emulator.js';
import { newYear } from '../support/manual-clock.js';
import { startReceiver } from '../support/receiver.js';

/** An agent with these settings. */
async function agentWith(client: TestClient, settings: object): Promise<string> {
  const id = await createAgent(client, {
    ...{ type: 'retell-llm', llm_id: await createLlm(client) },
  });
  await client.call('PATCH', `/update-agent/${id}`, settings);
  return id;
}

describe('the webhooks of a call', () => {
  it('tell what happens, when it happens, as the call is then', async () => {
    const receiver = await startReceiver();
    const { client, clock } = callsOn({ webhookUrl: receiver.url });
    clock.jump(5000);
    const { call_id } = await place(client, { metadata: { order: 7 } });
    await advance(client, { until: 'idle' });
    expect(eventsOf(receiver)).toEqual(['call_started', 'call_ended', 'call_analyzed']);
    const [started, ended, analyzed] = receiver.received.map(webhookOf);
    expect(started).toMatchObject({
      event_timestamp: newYear + 1000,
      call: {
        ...{ call_id, call_status: 'ongoing', metadata: { order: 7 } },
        start_timestamp: newYear + 1000,
      },
    });
    expect(started?.call).not.toHaveProperty('end_timestamp');
    const { call_analysis: analysis, ...rest } = await readCall(client, call_id);
    expect(ended).toEqual({
      ...{ event: 'call_ended', event_timestamp: newYear + 11_000, call: rest },
    });
    expect(analyzed).toEqual({
      ...{ event: 'call_analyzed', event_timestamp: newYear + 13_000 },
      call: { ...rest, call_analysis: analysis },
    });
    for (const { body, headers } of receiver.received) {
      expect(headers['x-retell-signature']).toBe(sign(body, 'key_a', newYear + 5000));
      expect(JSON.stringify(JSON.parse(body))).toBe(body);
    }
    const deliveries = await listDeliveries(client);
    expect(deliveries.map(brief)).toEqual(
      ['call_started', 'call_ended', 'call_analyzed'].map((event) => ({
        ...{ event, state: 'delivered', statuses: [204] },
      })),
    );
    expect(deliveries.map(({ time }) => time - newYear)).toEqual([1000, 11_000, 13_000]);
    expect(deliveries.map(({ attempts }) => attempts[0]?.time)).toEqual(
      deliveries.map(({ time }) => time),
    );
  });

  it('have the conversation of the call as it is then, if it was changed since its end', async () => {
    const receiver = await startReceiver();
    const { client } = callsOn({ webhookUrl: receiver.url, analysisDelay: '1h' });
    const greeting = 'Hello {{name}}, this is {{company}}.';
    const { call_id } = await place(client, {
      override_agent_id: await createAgent(client, {
        ...{ type: 'retell-llm', llm_id: await createLlm(client, greeting) },
      }),
      retell_llm_dynamic_variables: { name: 'Ann', company: 'Acme' },
    });
    await advance(client, '1m');
    const variables = { override_dynamic_variables: { name: 'Bea' } };
    await client.call('PATCH', `/v2/update-call/${call_id}`, variables);
    await advance(client, { until: 'idle' });
    const [, ended, analyzed] = receiver.received.map(webhookOf);
    expect(ended?.call).toHaveProperty('transcript', expect.stringContaining('Hello Ann, this'));
    expect(analyzed?.call).toHaveProperty('transcript', expect.stringContaining('Hello Bea, this'));
    expect(analyzed?.call).toEqual(await readCall(client, call_id));
  });

  it('do not tell of a start where nobody answered', async () => {
    const receiver = await startReceiver();
    const { client } = callsOn({ webhookUrl: receiver.url });
    await place(client, { to_number: '+12137779001' });
    await advance(client, { until: 'idle' });
    expect(eventsOf(receiver)).toEqual(['call_ended', 'call_analyzed']);
  });

  it('are none without a URL', async () => {
    const { client, emulator } = callsOn();
    await place(client);
    await advance(client, { until: 'idle' });
    expect(await listDeliveries(client)).toEqual([]);
    expect(emulator.store.deliveries.listWorkspaces()).toEqual([]);
  });

  it('go to the URL of the agent in the place of the account’s, and to that of the call in the place of both', async () => {
    const receiver = await startReceiver();
    const { client } = callsOn({ webhookUrl: `${receiver.url}/account` });
    const agent = await agentWith(client, { webhook_url: `${receiver.url}/agent` });
    const placeWith = (override: object) =>
      place(client, { override_agent_id: agent, agent_override: { agent: override } });
    await placeWith({});
    await advance(client, '1s');
    await placeWith({ webhook_url: `${receiver.url}/call` });
    await advance(client, '1s');
    await place(client);
    await advance(client, '1s');
    expect(receiver.received.map(({ path }) => path)).toEqual(['/agent', '/call', '/account']);
  });

  it('have the dynamic variables of the call in their URL', async () => {
    const receiver = await startReceiver();
    const { client } = callsOn({
      webhookUrl: `${receiver.url}/{{tenant}}/{{call_id}}/{{user_number}}?x={{unknown}}`,
    });
    const { call_id } = await place(client, { retell_llm_dynamic_variables: { tenant: 'a' } });
    await advance(client, '1s');
    expect(receiver.received.map(({ path }) => path)).toEqual([
      `/a/${call_id}/+12137774445?x={{unknown}}`,
    ]);
  });

  it('are those that the agent wants, and the usual ones if it says null', async () => {
    const receiver = await startReceiver();
    const { client } = callsOn({ webhookUrl: receiver.url });
    const picky = await agentWith(client, { webhook_events: ['call_analyzed'] });
    const usual = await agentWith(client, { webhook_events: null });
    await place(client, { override_agent_id: picky });
    await advance(client, { until: 'idle' });
    expect(eventsOf(receiver)).toEqual(['call_analyzed']);
    await place(client, { override_agent_id: usual });
    await advance(client, { until: 'idle' });
    expect(eventsOf(receiver).slice(1)).toEqual(['call_started', 'call_ended', 'call_analyzed']);
  });

  it('tell of each turn, with what was said by then, and once more at the end', async () => {
    const receiver = await startReceiver();
    const { client } = callsOn({ webhookUrl: receiver.url });
    const agent = await agentWith(client, { webhook_events: ['transcript_updated', 'call_ended'] });
    const { call_id } = await place(client, { override_agent_id: agent });
    await advance(client, { until: 'idle' });
    const call = await readCall(client, call_id);
    const turns = receiver.received.map(webhookOf).slice(0, -2);
    expect(turns.length).toBe(call.transcript_object?.length);
    for (const [index, turn] of turns.entries()) {
      expect(turn.event).toBe('transcript_updated');
      expect(turn.call.call_status).toBe('ongoing');
      expect(turn.call.transcript_object).toEqual(call.transcript_object?.slice(0, index + 1));
    }
    const last = receiver.received.map(webhookOf).slice(-2);
    expect(last.map(({ event }) => event)).toEqual(['transcript_updated', 'call_ended']);
    expect(last[0]?.call.transcript_with_tool_calls).toEqual(call.transcript_with_tool_calls);
    expect(last[0]?.call.call_status).toBe('ended');
  });

  it('tell of no turn of a call that nobody answered', async () => {
    const receiver = await startReceiver();
    const { client } = callsOn({ webhookUrl: receiver.url });
    const agent = await agentWith(client, { webhook_events: ['transcript_updated', 'call_ended'] });
    await place(client, { override_agent_id: agent, to_number: '+12137779002' });
    await advance(client, { until: 'idle' });
    expect(eventsOf(receiver)).toEqual(['call_ended']);
  });

  it('tell of a transfer, with where it goes beside the call', async () => {
    const receiver = await startReceiver();
    const { client } = callsOn({ webhookUrl: receiver.url });
    const llm = await client.call('POST', '/create-retell-llm', {
      general_tools: [
        {
          ...{ type: 'transfer_call', name: 'transfer' },
          transfer_destination: { type: 'predefined', number: '+14155550123' },
          transfer_option: { type: 'cold_transfer', show_transferee_as_caller: true },
        },
      ],
    });
    const id = await createAgent(client, { type: 'retell-llm', llm_id: llm['llm_id'] });
    const events = ['transfer_started', 'transfer_ended', 'call_ended'];
    await client.call('PATCH', `/update-agent/${id}`, { webhook_events: events });
    await place(client, { override_agent_id: id, to_number: '+12137779009' });
    await advance(client, { until: 'idle' });
    expect(eventsOf(receiver)).toEqual(['transfer_started', 'call_ended', 'transfer_ended']);
    const [started, , over] = receiver.received.map(webhookOf);
    expect(started).toMatchObject({
      transfer_destination: { number: '+14155550123' },
      transfer_option: { type: 'cold_transfer', showTransfereeAsCaller: true },
      call: { call_status: 'ongoing' },
    });
    expect(over?.call).toHaveProperty('transfer_end_timestamp');
    expect(over).not.toHaveProperty('transfer_destination');
  });

  it('are sent at once where a call is over when it is created', async () => {
    const receiver = await startReceiver();
    const { client } = callsOn({ progression: 'immediate', webhookUrl: receiver.url });
    await place(client);
    await client.call('GET', '/_emulator/webhooks/wait?count=3');
    expect(eventsOf(receiver).sort()).toEqual(['call_analyzed', 'call_ended', 'call_started']);
    const times = (await listDeliveries(client)).map(({ time }) => time - newYear);
    expect(times.sort((a, b) => a - b)).toEqual([-12_000, -2000, 0]);
  });

  it('follow the reads that move a call', async () => {
    const receiver = await startReceiver();
    const { client } = callsOn({ progression: { polls: 2 }, webhookUrl: receiver.url });
    const { call_id } = await place(client);
    await readCall(client, call_id);
    await client.call('GET', '/_emulator/webhooks/wait?count=1');
    expect(eventsOf(receiver)).toEqual(['call_started']);
    await readCall(client, call_id);
    await client.call('GET', '/_emulator/webhooks/wait?count=3');
    expect(eventsOf(receiver).slice(1).sort()).toEqual(['call_analyzed', 'call_ended']);
  });

  it('tell of a call that was stopped', async () => {
    const receiver = await startReceiver();
    const { client } = callsOn({ webhookUrl: receiver.url });
    const { call_id } = await place(client);
    await advance(client, '4s');
    await client.call('POST', `/v2/stop-call/${call_id}`);
    await advance(client, { until: 'idle' });
    const bodies = receiver.received.map(webhookOf);
    expect(bodies.map(({ event, event_timestamp }) => [event, event_timestamp - newYear])).toEqual([
      ['call_started', 1000],
      ['call_ended', 4000],
      ['call_analyzed', 6000],
    ]);
    expect(bodies[1]?.call).toMatchObject({ disconnection_reason: 'manual_stopped' });
  });

  it('tell what was true when it happened, also after the call was changed or deleted', async () => {
    let isUp = false;
    const receiver = await startReceiver((_request, response) => {
      response.writeHead(isUp ? 200 : 503).end();
    });
    const { client } = callsOn({ webhookUrl: receiver.url });
    const { call_id } = await place(client, { metadata: { order: 7 } });
    await advance(client, '12s');
    await client.call('PATCH', `/v2/update-call/${call_id}`, { metadata: { order: 8 } });
    await client.call('DELETE', `/v2/delete-call/${call_id}`);
    isUp = true;
    await advance(client, { until: 'idle' });
    const last = receiver.received.map(webhookOf).at(-1);
    expect(last).toMatchObject({ event: 'call_ended', call: { metadata: { order: 7 } } });
    const bodies = receiver.received.filter(({ body }) => body.includes('"call_ended"'));
    expect(new Set(bodies.map(({ body }) => body)).size).toBe(1);
  });
});
