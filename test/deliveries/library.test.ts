import { describe, expect, it } from 'vitest';
import { webhookOf } from '../support/deliveries.js';
import { clientOf, start } from '../support/library.js';
import { startReceiver } from '../support/receiver.js';

describe('workspace.webhooks', () => {
  it('expects webhooks whose receiver asks for its call, and says what came nearest', async () => {
    const seen: string[] = [];
    const receiver = await startReceiver(async (request, response) => {
      const { event, call } = webhookOf(request);
      const { call_status } = await clientOf(workspace).call.retrieve(call.call_id);
      seen.push(`${event} ${call_status}`);
      response.writeHead(event === 'call_ended' ? 500 : 200).end();
    });
    const emulator = await start({
      ...{ webhookUrl: receiver.url, callOutcomes: 'user_hangup=1', webhookRetries: 0 },
    });
    const workspace = emulator.workspace('key_a');
    const { call_id: callId } = await clientOf(workspace).call.createPhoneCall({
      ...{ from_number: '+14157774444', to_number: '+12137774445', override_agent_id: 'agent_1' },
    });
    await workspace.settle();
    expect(seen).toEqual(['call_started ongoing', 'call_ended ended', 'call_analyzed ended']);
    const [analyzed, ...others] = await workspace.webhooks.expect({
      ...{ event: 'call_analyzed', callId, status: 200, count: 1 },
    });
    expect(others).toEqual([]);
    expect(analyzed).toMatchObject({ state: 'delivered', body: { call: { call_id: callId } } });
    expect(await workspace.webhooks.wait({ callId, count: 3 })).toBe(3);
    expect((await workspace.webhooks.list({ state: 'failed' })).items).toHaveLength(1);
    const expected = { event: 'call_ended', callId, status: 200 } as const;
    await expect(workspace.webhooks.expect(expected)).rejects.toThrow(/status is 500, not 200/);
  });
});
