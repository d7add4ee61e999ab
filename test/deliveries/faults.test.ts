import { describe, expect, it } from 'vitest';
import type { Fault } from '../../src/library/workspace.js';
import { forge } from '../../src/outbound/forgery.js';
import { sign } from '../../src/outbound/signature.js';
import { callsOn, place } from '../support/calls.js';
import { advance } from '../support/control.js';
import { brief, eventsOf, listDeliveries } from '../support/deliveries.js';
import type { TestClient } from '../support/emulator.js';
import { newYear } from '../support/manual-clock.js';
import { startReceiver } from '../support/receiver.js';

const add = (client: TestClient, fault: object) =>
  client.call<Fault>('POST', '/_emulator/faults', fault);

/** Lets a call happen of whose webhooks something is wrong. */
async function happen(fault: object, settings: object = {}) {
  const receiver = await startReceiver();
  const { client } = callsOn({ webhookUrl: receiver.url, ...settings });
  const { id } = await add(client, fault);
  const call = await place(client);
  await advance(client, { until: 'idle' });
  return { client, receiver, id, call };
}

const times = async (client: TestClient) =>
  (await listDeliveries(client)).map(({ event, attempts }) => [
    event,
    (attempts[0]?.time ?? 0) - newYear,
  ]);

describe('a fault of webhooks', () => {
  it('drops them', async () => {
    const { client, receiver, id } = await happen({
      ...{ match: { event: 'call_ended' }, webhook: { drop: true } },
    });
    expect(eventsOf(receiver)).toEqual(['call_started', 'call_analyzed']);
    const [dropped] = await listDeliveries(client, 'state=dropped');
    expect(dropped).toMatchObject({ event: 'call_ended', fault: id, attempts: [] });
    expect(await client.call('GET', '/_emulator/faults')).toMatchObject([{ id, seen: 1, hits: 1 }]);
    const others = await listDeliveries(client, 'state=delivered');
    expect(others.map(({ fault }) => fault)).toEqual([null, null]);
  });

  it('delays them on the workspace’s clock', async () => {
    const { client } = await happen({
      ...{ match: { event: 'call_started' }, webhook: { delay: '1h' } },
    });
    expect(await times(client)).toEqual([
      ['call_ended', 11_000],
      ['call_analyzed', 13_000],
      ['call_started', 3_601_000],
    ]);
  });

  it('sends them more than once', async () => {
    const { client, receiver } = await happen({
      ...{ match: { event: 'call_ended' }, webhook: { duplicates: 2 } },
    });
    const events = ['call_started', 'call_ended', 'call_ended', 'call_ended', 'call_analyzed'];
    expect(eventsOf(receiver)).toEqual(events);
    expect(new Set((await listDeliveries(client)).map((delivery) => delivery.id)).size).toBe(5);
    expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(3);
  });

  it('holds them until another event of the call was delivered', async () => {
    const { client } = await happen({
      ...{ match: { event: 'call_ended' }, webhook: { holdUntil: 'call_analyzed' } },
    });
    expect(await times(client)).toEqual([
      ['call_started', 1000],
      ['call_analyzed', 13_000],
      ['call_ended', 13_000],
    ]);
  });

  it('holds them no longer than that event can come', async () => {
    const receiver = await startReceiver();
    const { client } = callsOn({ webhookUrl: receiver.url });
    await add(client, { webhook: { holdUntil: 'call_started' }, match: { event: 'call_ended' } });
    await place(client, { to_number: '+12137779001' });
    await advance(client, { until: 'idle' });
    expect(await times(client)).toEqual([
      ['call_ended', 3000],
      ['call_analyzed', 3000],
    ]);
    await add(client, {
      webhook: { holdUntil: 'call_analyzed' },
      match: { event: 'call_started' },
    });
    const { call_id } = await place(client);
    await advance(client, '5s');
    expect(receiver.received).toHaveLength(2);
    await client.call('DELETE', `/v2/delete-call/${call_id}`);
    await advance(client, '1ms');
    expect(eventsOf(receiver).slice(2)).toEqual(['call_started']);
  });

  it('holds them until one that is tried again has come', async () => {
    const receiver = await startReceiver((request, response) => {
      const isFirst = receiver.received.length === 1;
      response.writeHead(isFirst && request.body.includes('call_started') ? 500 : 200).end();
    });
    const { client } = callsOn({ webhookUrl: receiver.url, webhookRetryPause: '1m' });
    await add(client, { webhook: { holdUntil: 'call_started' }, match: { event: 'call_ended' } });
    await place(client);
    await advance(client, { until: 'idle' });
    expect(eventsOf(receiver)).toEqual([
      ...['call_started', 'call_analyzed', 'call_started', 'call_ended'],
    ]);
  });

  it.each(['wrong-key', 'no-signature', 'stale', 'changed-body', 'cut-body'] as const)(
    'makes them wrong: %s',
    async (forgery) => {
      const receiver = await startReceiver();
      const { client } = callsOn({ webhookUrl: receiver.url });
      await add(client, { match: { event: 'call_started' }, webhook: { forgery } });
      await place(client);
      await advance(client, '1s');
      const [request] = receiver.received;
      const [delivery] = await listDeliveries(client);
      expect(delivery).toMatchObject({ forgery, state: 'delivered' });
      const signature = request?.headers['x-retell-signature'];
      expect(signature).not.toBe(sign(request?.body ?? '', 'key_a', newYear));
      const { body: genuine } = await genuineStart();
      expect({ body: request?.body, signature }).toEqual(forge(forgery, genuine, 'key_a', newYear));
    },
  );

  it('hits as many, and those, that it says', async () => {
    const receiver = await startReceiver();
    const { client } = callsOn({ webhookUrl: receiver.url });
    const url = `${receiver.url.slice(0, -1)}*`;
    const agentId = 'agent_1';
    await add(client, { match: { url, agentId }, after: 1, times: 2, webhook: { drop: true } });
    await add(client, { match: { agentId: 'agent_2' }, webhook: { drop: true } });
    await place(client);
    await place(client, { override_agent_id: 'agent_2' });
    await advance(client, { until: 'idle' });
    const states = (await listDeliveries(client)).map(({ state }) => state).sort();
    expect(states).toEqual(
      [...Array<string>(1).fill('delivered'), ...Array<string>(5).fill('dropped')].sort(),
    );
  });

  it('concerns no request, and a fault of requests no webhook', async () => {
    const receiver = await startReceiver();
    const { client } = callsOn({ webhookUrl: receiver.url });
    await add(client, { webhook: { delay: '1s' } });
    await place(client);
    await add(client, { error: { status: 500 } });
    await advance(client, { until: 'idle' });
    expect((await listDeliveries(client)).map(brief).map(({ state }) => state)).toEqual(
      Array(3).fill('delivered'),
    );
    const [ofWebhooks, ofRequests] = await client.call<Fault[]>('GET', '/_emulator/faults');
    expect([ofWebhooks?.seen, ofRequests?.seen]).toEqual([3, 0]);
  });

  it.each([
    [{}, 'body must have "error", "latency", "connection", "drip" or "webhook"'],
    [{ webhook: {} }, 'webhook must NOT have fewer than 1 properties'],
    [{ webhook: { drop: true }, error: { status: 500 } }, 'not have both "webhook" and "error"'],
    [{ webhook: { drop: true, delay: '1s' } }, 'nothing beside "drop"'],
    [
      { webhook: { delay: '1s', holdUntil: 'call_ended' } },
      'not have both "delay" and "holdUntil"',
    ],
    [{ webhook: { drop: true }, match: { path: '/x' } }, 'must not match "path"'],
    [{ latency: '1s', match: { event: 'call_ended' } }, 'must not match "event"'],
    [{ webhook: { forgery: 'other' } }, 'forgery'],
  ])('is refused where it is %j', async (payload, message) => {
    const { client } = callsOn();
    const { status, body } = await client.send({
      ...{ method: 'POST', url: '/_emulator/faults', payload },
    });
    expect(status).toBe(400);
    expect(body).toMatchObject({ message: expect.stringContaining(message) as string });
  });

  it('is in an export, and works from fixtures', async () => {
    const { client } = callsOn();
    const fault = { match: { event: 'call_ended' }, webhook: { forgery: 'stale' } };
    await add(client, fault);
    const exported = await client.call<{ faults: object[] }>('GET', '/_emulator/export');
    expect(exported.faults).toMatchObject([fault]);
    await client.call('POST', '/_emulator/fixtures?replace=true', exported);
    expect(await client.call('GET', '/_emulator/faults')).toMatchObject([fault]);
    const { status } = await client.send({
      ...{ method: 'POST', url: '/_emulator/fixtures' },
      payload: { faults: [{ webhook: { drop: true }, match: { path: '/x' } }] },
    });
    expect(status).toBe(400);
  });
});

/** What the same call sends where nothing is wrong. */
async function genuineStart() {
  const receiver = await startReceiver();
  const { client } = callsOn({ webhookUrl: receiver.url });
  await place(client);
  await advance(client, '1s');
  return { body: receiver.received[0]?.body ?? '' };
}
