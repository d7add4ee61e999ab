import type Retell from 'retell-sdk';
import { describe, expect, it } from 'vitest';
import { advance, buildStoppedApp } from '../support/control.js';
import { someCall } from '../support/calls.js';

type Listener = Retell.Call.CallListenLiveResponse;

/** A call on a clock that stands still. */
async function placeCall() {
  const { client } = buildStoppedApp({
    settings: { ringDuration: '1s', callDuration: '1m', callOutcomes: 'user_hangup=1' },
  });
  const { call_id: id } = await client.call<{ call_id: string }>(
    'POST',
    '/v2/create-phone-call',
    someCall,
  );
  return {
    ...{ id, client },
    listen: () => client.call<Listener>('POST', `/v2/listen-live-call/${id}`),
    takeOver: (participant_id: string) =>
      client.send({
        ...{ method: 'POST', url: `/v2/take-over-live-call/${id}`, payload: { participant_id } },
      }),
    read: () => client.call<Record<string, unknown>>('GET', `/v2/get-call/${id}`),
  };
}

describe('a call that is under way', () => {
  it('names each listener anew, and is taken over by one of them', async () => {
    const { client, listen, takeOver, read, id } = await placeCall();
    await advance(client, '11s');
    const [first, second] = [await listen(), await listen()];
    expect(first).toMatchObject({ room_name: id, transport: 'gateway' });
    expect(first.participant_id).toMatch(/^listener_[0-9a-z]{20}$/);
    expect(second.participant_id).not.toBe(first.participant_id);
    expect(second.access_token).not.toBe(first.access_token);
    expect(await takeOver('listener_none')).toMatchObject({
      status: 404,
      body: { message: expect.stringContaining('listener_none') as unknown },
    });
    expect(await read()).toMatchObject({ call_status: 'ongoing' });
    expect(await takeOver(first.participant_id)).toMatchObject({
      status: 200,
      body: { success: true },
    });
    expect(await read()).toMatchObject({
      ...{ call_status: 'ended', disconnection_reason: 'call_take_over', duration_ms: 10_000 },
    });
    expect(await takeOver(second.participant_id)).toMatchObject({ status: 422 });
  });

  it('has no listener before it is answered, nor after its end', async () => {
    const { client, id } = await placeCall();
    const listen = { method: 'POST', url: `/v2/listen-live-call/${id}` } as const;
    expect(await client.send(listen)).toMatchObject({ status: 422 });
    await advance(client, { until: 'idle' });
    expect(await client.send(listen)).toMatchObject({ status: 422 });
  });
});
