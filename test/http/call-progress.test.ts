import { describe, expect, it } from 'vitest';
import { callsOn, place, readCall, someCall, type Call } from '../support/calls.js';
import { advance } from '../support/control.js';
import type { TestClient } from '../support/emulator.js';
import { newYear } from '../support/manual-clock.js';

const send = async (
  client: TestClient,
  method: 'POST' | 'PUT' | 'PATCH',
  url: string,
  payload?: object,
) => {
  const { status, body } = await client.send({ method, url, ...(payload && { payload }) });
  return { status, message: (body as { message?: string }).message };
};

describe('the limit on calls at once', () => {
  it('answers 429, or ends the call, and lets others in when calls are over', async () => {
    const { client } = callsOn({ concurrencyLimit: 2 });
    await place(client);
    await place(client);
    expect(await client.call('GET', '/get-concurrency')).toMatchObject({
      ...{ current_concurrency: 2, concurrency_limit: 2 },
    });
    const refused = await send(client, 'POST', '/v2/create-phone-call', someCall);
    expect(refused.status).toBe(429);
    expect(refused.message).toMatch(/concurrency/i);
    await client.call('PATCH', '/_emulator/settings', { concurrencyExceeded: 'end' });
    const { call_id: id } = await place(client);
    await advance(client, '30s');
    expect(await readCall(client, id)).toMatchObject({
      ...{ call_status: 'error', disconnection_reason: 'concurrency_limit_reached' },
    });
    expect(await client.call('GET', '/get-concurrency')).toMatchObject({ current_concurrency: 0 });
    await place(client);
  });

  it('is told where there is nothing yet', async () => {
    const { client } = callsOn();
    expect(await client.call('GET', '/get-concurrency')).toEqual({
      ...{ current_concurrency: 0, concurrency_limit: 20, base_concurrency: 20 },
      ...{ purchased_concurrency: 0, concurrency_purchase_limit: 980 },
      ...{ remaining_purchase_limit: 980, concurrency_burst_enabled: false },
      ...{ concurrency_burst_limit: 0, reserved_inbound_concurrency: 0 },
    });
  });
});

describe('a registered call', () => {
  it('ends after five minutes if nobody dials it', async () => {
    const { client } = callsOn();
    const body = { agent_id: 'agent_1', direction: 'inbound', from_number: '+12137774445' };
    const call = await client.call<Call>('POST', '/v2/register-phone-call', body);
    expect(call).toMatchObject({ call_status: 'registered', direction: 'inbound', to_number: '' });
    await advance(client, '299s');
    expect(await readCall(client, call.call_id)).toMatchObject({ call_status: 'registered' });
    await advance(client, '1s');
    const over = await readCall(client, call.call_id);
    expect(over).toMatchObject({
      call_status: 'error',
      disconnection_reason: 'registered_call_timeout',
    });
    expect(over).not.toHaveProperty('telephony_identifier');
  });
});

describe('what moves a call', () => {
  it('is its creation: it is over at once, and was talked before', async () => {
    const { client } = callsOn({ progression: 'immediate' });
    const call = await place(client);
    expect(call).toMatchObject({
      ...{ call_status: 'ended', duration_ms: 10_000, end_timestamp: newYear - 2000 },
      call_analysis: expect.any(Object) as object,
    });
    expect(await readCall(client, call.call_id)).toEqual(call);
  });

  it('is how often it is read', async () => {
    const { client } = callsOn({ progression: { polls: 4 } });
    const { call_id: id } = await place(client);
    const statuses = [];
    for (let count = 0; count < 5; count += 1) {
      await advance(client, '3s');
      const { call_status: status, call_analysis: analysis } = await readCall(client, id);
      statuses.push([status, analysis !== undefined]);
    }
    expect(statuses).toEqual([
      ['registered', false],
      ['ongoing', false],
      ['ongoing', false],
      ['ended', true],
      ['ended', true],
    ]);
    expect(await readCall(client, id)).toMatchObject({ duration_ms: 6000 });
    const looks = { method: 'HEAD', url: `/v2/get-call/${id}` } as const;
    expect((await client.send(looks)).status).toBe(200);
  });
});
