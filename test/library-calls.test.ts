import Retell from 'retell-sdk';
import { beforeAll, afterAll, describe, expect, it } from 'vitest';
import { startEmulator, type RetellEmulator, type Workspace } from '../src/index.js';

let emulator: RetellEmulator;
beforeAll(async () => {
  emulator = await startEmulator({
    ...{ ringDuration: '1s', callDuration: '10s', validateResponses: true },
    callRules: [
      { match: { toNumber: '*0199' }, outcome: { disconnectionReason: 'user_declined' } },
    ],
  });
});
afterAll(() => emulator.close());

const open = (key: string) => {
  const workspace = emulator.workspace(key);
  const client = new Retell({ apiKey: workspace.apiKey, baseURL: workspace.url, maxRetries: 0 });
  return { workspace, client };
};

const place = (client: Retell, to_number = '+14155550100') =>
  client.call.createPhoneCall({ from_number: '+14155550101', override_agent_id: 'a', to_number });

async function reasonOf(workspace: Workspace, client: Retell, to?: string) {
  const { call_id } = await place(client, to);
  await workspace.settle();
  return (await client.call.retrieve(call_id)).disconnection_reason;
}

describe('call rules of the library', () => {
  it('are those of the options at first, and can be added, listed and deleted', async () => {
    const { workspace, client } = open('key_rules');
    const [first] = await workspace.callRules.list();
    expect(await reasonOf(workspace, client, '+14155550199')).toBe('user_declined');
    await workspace.callRules.delete(first?.id ?? '');
    const rule = await workspace.callRules.add({
      outcome: { disconnectionReason: 'dial_busy' },
      times: 1,
    });
    expect(await workspace.callRules.list()).toEqual([{ ...rule, hits: 0 }]);
    expect(await reasonOf(workspace, client, '+14155550199')).toBe('dial_busy');
    expect(await reasonOf(workspace, client)).toBe('user_hangup');
    await workspace.callRules.clear();
    expect(await workspace.callRules.list()).toEqual([]);
    await workspace.reset();
    expect(await workspace.callRules.list()).toEqual([first]);
  });

  it('say what the vendor’s SDK reads of a call', async () => {
    const { workspace, client } = open('key_sdk');
    await workspace.callRules.add({
      outcome: {
        transcript: [
          { role: 'agent', content: 'Hello.' },
          { role: 'tool', name: 'look_up', result: '{}' },
        ],
        analysis: { successful: true, custom: { seats: 3 } },
      },
    });
    const { call_id } = await place(client);
    await workspace.settle();
    const call = await client.call.retrieve(call_id);
    expect(call.transcript).toBe('Agent: Hello.');
    expect(call.transcript_with_tool_calls?.map(({ role }) => role)).toEqual([
      ...['agent', 'tool_call_invocation', 'tool_call_result'],
    ]);
    expect(call.call_analysis).toMatchObject({
      ...{ call_successful: true, custom_analysis_data: { seats: 3 } },
    });
  });
});

describe('calls of the library', () => {
  it('are moved by hand and explained', async () => {
    const { workspace, client } = open('key_by_hand');
    await workspace.settings.change({ progression: 'manual' });
    const { call_id: id } = await place(client);
    await workspace.calls.answer(id);
    await workspace.clock.advance('3s');
    await workspace.calls.say(id, { role: 'user', content: 'Wrong number.' });
    await workspace.clock.advance('2s');
    expect(await workspace.calls.hangUp(id)).toMatchObject({ status: 'ended' });
    await workspace.settle();
    const call = await client.call.retrieve(id);
    expect(call).toMatchObject({
      ...{ call_status: 'ended', disconnection_reason: 'user_hangup', duration_ms: 5000 },
      transcript: 'User: Wrong number.',
    });
    const why = await workspace.calls.explain(id);
    expect(why).toMatchObject({ decidedBy: { source: 'hand' }, next: null });
    expect(why.events.map(({ event }) => event)).toEqual([
      ...['call_started', 'call_ended', 'call_analyzed'],
    ]);
    const { call_id: other } = await place(client);
    await workspace.calls.end(other, { disconnectionReason: 'scam_detected' }).then(
      () => expect.unreachable(),
      (error: unknown) => {
        expect(error).toMatchObject({ statusCode: 409 });
      },
    );
    await workspace.calls.answer(other);
    await workspace.calls.hangUp(other, 'agent');
    const { plan } = await workspace.calls.explain(other);
    expect(plan.disconnectionReason).toBe('agent_hangup');
  });

  it('come in, as the vendor’s SDK reads them', async () => {
    const { workspace, client } = open('key_inbound');
    const to_number = '+14155550150';
    const inbound_agents = [{ agent_id: 'agent_1', weight: 1 }];
    await client.phoneNumber.create({ phone_number: to_number, inbound_agents });
    const received = await workspace.calls.inbound({ from_number: '+14155550151', to_number });
    expect(received).toMatchObject({ outcome: 'taken', decidedBy: 'number' });
    await workspace.settle();
    expect(await client.call.retrieve(received.callId)).toMatchObject({
      ...{ direction: 'inbound', to_number, call_status: 'ended', agent_id: 'agent_1' },
    });
    await workspace.settings.change({ unknownNumbers: 'reject' });
    const unknown = { from_number: to_number, to_number: '+14155550152' };
    await expect(workspace.calls.inbound(unknown)).rejects.toMatchObject({ statusCode: 404 });
  });
});
