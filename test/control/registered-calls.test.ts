import { describe, expect, it } from 'vitest';
import { callsOn, listCalls, readCall, type Call } from '../support/calls.js';
import { advance } from '../support/control.js';
import { eventsOf } from '../support/deliveries.js';
import { TestClient } from '../support/emulator.js';
import { placeLlmCall } from '../support/llm-calls.js';
import { startLlmServer } from '../support/llm-server.js';
import { newYear } from '../support/manual-clock.js';
import { startReceiver } from '../support/receiver.js';

const register = async (client: TestClient, body: object = {}): Promise<string> =>
  (await client.call<Call>('POST', '/v2/register-phone-call', { agent_id: 'agent_1', ...body }))
    .call_id;

const answer = (client: TestClient, id: string) =>
  client.call<{ decidedBy: object; plan: object }>('POST', `/_emulator/calls/${id}/answer`);

describe('a registered call that is answered by hand', () => {
  it('is connected, and goes on by itself as a call that was dialled', async () => {
    const { client } = callsOn();
    const id = await register(client);
    await advance(client, '1m');
    expect(await answer(client, id)).toMatchObject({
      decidedBy: { source: 'draw', draw: expect.any(Number) as number },
      ...{ status: 'ongoing', next: { moment: 'end', at: newYear + 70_000 } },
      plan: { disconnectionReason: 'user_hangup', connectsAt: newYear + 60_000 },
    });
    await advance(client, { until: 'idle' });
    expect(await readCall(client, id)).toMatchObject({
      ...{ call_status: 'ended', disconnection_reason: 'user_hangup', duration_ms: 10_000 },
      ...{ start_timestamp: newYear + 60_000, call_analysis: expect.anything() as object },
      transcript: expect.stringMatching(/^Agent: /) as string,
    });
  });

  it('goes on after a snapshot, and in another workspace, as it was planned', async () => {
    const { client, app, emulator } = callsOn();
    const id = await register(client);
    await answer(client, id);
    await client.call('POST', '/_emulator/snapshots/a');
    const state = await client.call('GET', '/_emulator/export');
    await advance(client, { until: 'idle' });
    const over = await readCall(client, id);
    expect(over.duration_ms).toBe(10_000);
    await client.call('POST', '/_emulator/snapshots/a/restore');
    await advance(client, { until: 'idle' });
    expect(await readCall(client, id)).toEqual(over);
    const copy = new TestClient(app, 'key_copy', emulator);
    await copy.call('POST', '/_emulator/fixtures', state);
    await advance(copy, { until: 'idle' });
    expect(await readCall(copy, id)).toEqual(over);
  });

  it('is moved on by reads where these move calls', async () => {
    const { client } = callsOn({ progression: { polls: 2 } });
    const id = await register(client);
    await answer(client, id);
    await readCall(client, id);
    expect(await readCall(client, id)).toMatchObject({
      ...{ call_status: 'ended', disconnection_reason: 'user_hangup' },
    });
  });

  it('tells of each turn, if the agent wants that', async () => {
    const receiver = await startReceiver();
    const { client } = callsOn({ webhookUrl: receiver.url });
    const webhook_events = ['call_started', 'transcript_updated', 'call_ended'];
    const id = await register(client, { agent_override: { agent: { webhook_events } } });
    await answer(client, id);
    await advance(client, { until: 'idle' });
    const turns = (await readCall(client, id)).transcript_object?.length ?? 0;
    expect(turns).toBeGreaterThan(1);
    expect(eventsOf(receiver)).toEqual([
      ...['call_started', ...Array.from({ length: turns + 1 }, () => 'transcript_updated')],
      'call_ended',
    ]);
  });

  it('is held by the server of a custom LLM', async () => {
    const server = await startLlmServer();
    const { client } = await placeLlmCall(server.url);
    await advance(client, { until: 'idle' });
    const { agent_id } = (await listCalls(client)).items[0] ?? {};
    const ruled = await register(client, { agent_id });
    expect(await answer(client, ruled)).toMatchObject({ status: 'ongoing' });
    await client.call('DELETE', '/_emulator/call-rules');
    const id = await register(client, { agent_id });
    await answer(client, id);
    await advance(client, { until: 'idle' });
    expect(server.urls).toContain(`/llm/${id}`);
    const { transcript } = await readCall(client, id);
    expect(transcript).toMatch(/^Agent: Hello, this is the front desk\.\nUser: /);
  });

  it('cannot be answered after it has timed out, nor twice', async () => {
    const { client } = callsOn();
    const [late, twice] = [await register(client), await register(client)];
    await answer(client, twice);
    await advance(client, '5m');
    for (const id of [late, twice]) {
      const url = `/_emulator/calls/${id}/answer`;
      expect((await client.send({ method: 'POST', url })).status).toBe(409);
    }
  });
});
