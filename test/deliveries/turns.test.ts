import { describe, expect, it } from 'vitest';
import { callsOn, place, readCall } from '../support/calls.js';
import { advance } from '../support/control.js';
import { eventsOf, webhookOf } from '../support/deliveries.js';
import { TestClient } from '../support/emulator.js';
import { createNumber, receive } from '../support/inbound.js';
import { newYear } from '../support/manual-clock.js';
import { startReceiver } from '../support/receiver.js';

const agent = {
  ...{ agent_id: 'agent_1', voice_id: 'v', webhook_events: ['transcript_updated', 'call_ended'] },
  response_engine: { type: 'retell-llm', llm_id: 'llm_1' },
};
const world = { retellLlms: [{ llm_id: 'llm_1', begin_message: 'Hello.' }], agents: [agent] };

async function start(settings: object = {}) {
  const receiver = await startReceiver();
  return { receiver, ...callsOn({ webhookUrl: receiver.url, ...settings }) };
}

const isTurn = (event: string): boolean => event === 'transcript_updated';

describe('the turns of a call', () => {
  it('are told of one in fixtures that is under way, from then on', async () => {
    const { client, receiver } = await start();
    const sides = { agent_id: 'agent_1', from_number: '+14157774444', to_number: '+12137774445' };
    await client.call('POST', '/_emulator/fixtures', {
      ...world,
      calls: [
        {
          ...{ ...sides, call_id: 'call_a', call_status: 'ongoing' },
          ...{ start_timestamp: newYear - 5000, end_timestamp: newYear + 5000 },
        },
        { ...sides, call_id: 'call_b', call_status: 'registered' },
      ],
    });
    expect(receiver.received).toEqual([]);
    await advance(client, { until: 'idle' });
    for (const id of ['call_a', 'call_b']) {
      const call = await readCall(client, id);
      const { start_timestamp: started = 0, transcript_object: said = [] } = call;
      const ends = said.map(({ words }) => started + Math.ceil((words.at(-1)?.end ?? 0) * 1000));
      const toCome = ends.filter((end) => end > newYear);
      expect(toCome.length).toBeGreaterThan(0);
      const told = receiver.received
        .map(webhookOf)
        .filter(({ event, call }) => isTurn(event) && call.call_id === id);
      // And once more at the end.
      expect(told.length).toBe(toCome.length + 1);
      expect(told.at(-1)?.call.transcript_object).toEqual(said);
    }
    const calls = receiver.received.map(webhookOf);
    expect(calls.filter(({ event }) => event === 'call_started')).toEqual([]);
    expect(calls.filter(({ event }) => event === 'call_ended')).toHaveLength(2);
  });

  it('survive an export of a call in fixtures', async () => {
    const { client, app, emulator } = await start();
    const sides = { agent_id: 'agent_1', from_number: '+14157774444', to_number: '+12137774445' };
    await client.call('POST', '/_emulator/fixtures', {
      ...world,
      calls: [{ ...sides, call_id: 'call_b', call_status: 'registered' }],
    });
    const state = await client.call<{ calls: object[] }>('GET', '/_emulator/export');
    expect(state.calls).toMatchObject([
      { turnsAt: expect.arrayContaining([expect.any(Number)]) as number[] },
    ]);
    const copy = new TestClient(app, 'key_copy', emulator);
    await copy.call('POST', '/_emulator/fixtures', state);
    expect((await copy.call<{ calls: object[] }>('GET', '/_emulator/export')).calls).toEqual(
      state.calls,
    );
  });

  it('are told of a call that waited for room', async () => {
    const { client, receiver } = await start({ concurrencyLimit: 1, callDuration: '30s' });
    await client.call('POST', '/_emulator/fixtures', world);
    await createNumber(client);
    await place(client, { override_agent_id: 'agent_2' });
    const { callId } = await receive(client);
    await advance(client, { until: 'idle' });
    const said = (await readCall(client, callId)).transcript_object ?? [];
    expect(said.length).toBeGreaterThan(1);
    const ofCall = receiver.received.filter(
      (request) => webhookOf(request).call.call_id === callId,
    );
    expect(eventsOf({ received: ofCall }).filter(isTurn)).toHaveLength(said.length + 1);
  });
});
