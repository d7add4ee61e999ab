import { describe, expect, it, vi } from 'vitest';
import { parseRewrite } from '../../src/outbound/destination.js';
import type { Delivery, DeliveryPage, ForgeryReport } from '../../src/library/workspace.js';
import { sign } from '../../src/outbound/signature.js';
import { plainSettings, buildStoppedApp } from '../support/control.js';
import { buildTestApp, type TestClient } from '../support/emulator.js';
import { newYear } from '../support/manual-clock.js';
import { startReceiver } from '../support/receiver.js';

const api = '/_emulator/webhooks';
const send = (client: TestClient, payload: object) =>
  client.call<Delivery>('POST', `${api}/send`, payload);
const list = async (client: TestClient, query = '') =>
  (await client.call<DeliveryPage>('GET', `${api}?${query}`)).items;

describe('a webhook that is sent', () => {
  it('has the headers, the signature and the body of a real one', async () => {
    const receiver = await startReceiver((_request, response) => {
      response.writeHead(201).end('taken');
    });
    const { client, clock } = buildStoppedApp({ settings: plainSettings });
    clock.jump(7000);
    const delivery = await send(client, {
      ...{ event: 'call_ended', url: `${receiver.url}/hook` },
      call: { call_id: 'call_1', metadata: { order: 7 } },
    });
    const [request] = receiver.received;
    const { event, event_timestamp, call } = JSON.parse(request?.body ?? '') as {
      event: string;
      event_timestamp: number;
      call: object;
    };
    expect({ event, event_timestamp }).toEqual({ event: 'call_ended', event_timestamp: newYear });
    expect(call).toMatchObject({ call_id: 'call_1', metadata: { order: 7 }, call_status: 'ended' });
    expect(request?.headers['content-type']).toBe('application/json');
    const signature = sign(request?.body ?? '', 'key_a', newYear + 7000);
    expect(request?.headers['x-retell-signature']).toBe(signature);
    expect(delivery).toMatchObject({
      ...{ event: 'call_ended', callId: 'call_1', url: `${receiver.url}/hook` },
      ...{ state: 'delivered', time: newYear, error: null, forgery: null },
      body: { event: 'call_ended', call: { call_id: 'call_1' } },
      attempts: [
        {
          ...{ attempt: 1, time: newYear, realTime: newYear + 7000, status: 201, answer: 'taken' },
          headers: { 'x-retell-signature': signature },
        },
      ],
    });
    expect(JSON.stringify(delivery.body)).toBe(request?.body);
  });

  it('goes to the setting webhookUrl if it does not say where', async () => {
    const receiver = await startReceiver();
    const { client } = buildStoppedApp({
      settings: { ...plainSettings, webhookUrl: receiver.url },
    });
    expect(await send(client, { event: 'call_started' })).toMatchObject({ state: 'delivered' });
    expect(receiver.received).toHaveLength(1);
  });

  it('is refused where nothing says where to send it', async () => {
    const { client } = buildStoppedApp({ settings: plainSettings });
    const { status, body } = await client.send({
      ...{ method: 'POST', url: `${api}/send`, payload: { event: 'call_started' } },
    });
    expect(status).toBe(400);
    expect(body).toMatchObject({ message: expect.stringContaining('webhookUrl') as string });
  });

  it('is signed with the time of the workspace, or with another key, if settings say so', async () => {
    const receiver = await startReceiver();
    const { client, clock } = buildStoppedApp({
      settings: { ...plainSettings, signatureClock: 'virtual', webhookSigningKey: 'other' },
    });
    clock.jump(3_600_000);
    await send(client, { event: 'call_started', url: receiver.url });
    const [request] = receiver.received;
    expect(request?.headers['x-retell-signature']).toBe(
      sign(request?.body ?? '', 'other', newYear),
    );
  });

  it('can have the body of older versions', async () => {
    const receiver = await startReceiver();
    const form = { webhookEventTimestamp: 'omit', webhookCallKey: 'data' } as const;
    const { client } = buildStoppedApp({ settings: { ...plainSettings, ...form } });
    const { body } = await send(client, { event: 'chat_ended', url: receiver.url });
    expect(Object.keys(body as object)).toEqual(['event', 'data']);
  });

  it('is told apart from other workspaces by its key', async () => {
    const receiver = await startReceiver();
    const { client } = buildTestApp({ settings: plainSettings });
    for (const key of ['key_a', 'key_b']) {
      await send(client(key), { event: 'call_started', url: receiver.url });
    }
    const keys = receiver.received.map(({ body, headers }) =>
      ['key_a', 'key_b'].find((key) => sign(body, key, newYear) === headers['x-retell-signature']),
    );
    expect(keys).toEqual(['key_a', 'key_b']);
    expect(await list(client('key_a'))).toHaveLength(1);
  });

  it('is not sent to another machine, but kept as suppressed', async () => {
    const { client } = buildStoppedApp({ settings: plainSettings });
    const url = 'https://user:secret@app.example.com/hook?token=secret&x=1';
    const delivery = await send(client, { event: 'call_ended', url });
    expect(delivery).toMatchObject({
      ...{ state: 'suppressed', attempts: [] },
      error: 'app.example.com is not this machine, and was not allowed by webhookAllow',
      body: { event: 'call_ended' },
    });
    expect(JSON.stringify(delivery)).not.toContain('secret');
  });

  it('goes where a rewrite says, and keeps the URL that it was for', async () => {
    const receiver = await startReceiver();
    const rewrites = [parseRewrite(`https://app.example.com=${receiver.url}`)].flatMap(
      (rewrite) => rewrite ?? [],
    );
    const { client } = buildStoppedApp({
      settings: plainSettings,
      outbound: { allow: [], rewrites },
    });
    const url = 'https://app.example.com/hook';
    expect(await send(client, { event: 'call_ended', url })).toMatchObject({
      ...{ url, state: 'delivered', attempts: [{ target: `${receiver.url}/hook` }] },
    });
  });

  it('fails with what the receiver answered, or why there was no answer', async () => {
    const receiver = await startReceiver((_request, response) => {
      response.writeHead(500).end('database is down');
    });
    const { client } = buildStoppedApp({ settings: plainSettings });
    expect(await send(client, { event: 'call_ended', url: receiver.url })).toMatchObject({
      ...{ state: 'failed', error: 'it was answered with 500' },
      attempts: [{ status: 500, answer: 'database is down', error: null }],
    });
    const failed = await send(client, { event: 'call_ended', url: 'http://127.0.0.1:1/' });
    expect(failed).toMatchObject({ state: 'failed', attempts: [{ status: null }] });
    expect(failed.error).toContain('ECONNREFUSED');
  });

  it('can be sent again, with the same body and a new signature', async () => {
    const receiver = await startReceiver();
    const { client, clock } = buildStoppedApp({ settings: plainSettings });
    const first = await send(client, { event: 'call_ended', url: receiver.url });
    clock.jump(60_000);
    const second = await client.call<Delivery>('POST', `${api}/${first.id}/redeliver`);
    expect(second).toMatchObject({ body: first.body, callId: first.callId, state: 'delivered' });
    expect(second.id).not.toBe(first.id);
    const [one, two] = receiver.received;
    expect(two?.body).toBe(one?.body);
    expect(two?.headers['x-retell-signature']).toBe(
      sign(two?.body ?? '', 'key_a', newYear + 60_000),
    );
    const unknown = await client.send({ method: 'POST', url: `${api}/delivery_0/redeliver` });
    expect(unknown.status).toBe(404);
  });

  it('does not steer the emulator itself', async () => {
    const { app, client } = buildTestApp({ settings: plainSettings });
    await app.listen({ port: 0, host: '127.0.0.1' });
    const { port } = app.server.address() as { port: number };
    const url = `http://127.0.0.1:${String(port)}/_emulator/reset`;
    expect(await send(client(), { event: 'call_ended', url })).toMatchObject({
      ...{ state: 'failed', attempts: [{ status: 403 }] },
    });
  });
});

describe('forged webhooks', () => {
  it('are sent one of each kind, or those that are asked for', async () => {
    const receiver = await startReceiver(({ headers }, response) => {
      response.writeHead(headers['x-retell-signature'] === undefined ? 401 : 200).end();
    });
    const { client } = buildStoppedApp({ settings: plainSettings });
    const forge = (payload: object) =>
      client.call<ForgeryReport>('POST', `${api}/forge`, { url: receiver.url, ...payload });
    const report = await forge({});
    expect(report.rejected).toEqual(['no-signature']);
    expect(report.accepted).toEqual(['wrong-key', 'stale', 'changed-body', 'cut-body']);
    expect(report.deliveries.map(({ forgery }) => forgery)).toEqual([
      ...['wrong-key', 'no-signature', 'stale', 'changed-body', 'cut-body'],
    ]);
    expect(typeof report.deliveries.at(-1)?.body).toBe('string');
    const one = await forge({ forgeries: ['stale'], event: 'chat_analyzed' });
    expect(one).toMatchObject({ accepted: ['stale'], deliveries: [{ event: 'chat_analyzed' }] });
    const away = await forge({ forgeries: ['stale'], url: 'http://127.0.0.1:1' });
    expect(away).toMatchObject({ accepted: [], rejected: [], unanswered: ['stale'] });
  });

  it('are not sent again as if they were genuine', async () => {
    const { client } = buildStoppedApp({ settings: plainSettings });
    const { deliveries } = await client.call<ForgeryReport>('POST', `${api}/forge`, {
      url: 'http://127.0.0.1:1',
    });
    const url = `${api}/${deliveries[0]?.id ?? ''}/redeliver`;
    expect((await client.send({ method: 'POST', url })).status).toBe(409);
  });
});

describe('the journal of deliveries', () => {
  async function withDeliveries(journalSize = 1000) {
    const receiver = await startReceiver(({ body }, response) => {
      response.writeHead(body.includes('call_ended') ? 500 : 200).end();
    });
    const { client } = buildStoppedApp({ settings: plainSettings, journalSize });
    for (const event of ['call_started', 'call_ended', 'call_analyzed']) {
      await send(client, { event, url: `${receiver.url}/${event}`, call: { call_id: 'call_1' } });
    }
    await send(client, {
      event: 'call_started',
      url: 'https://a.example/',
      call: { call_id: '2' },
    });
    return { client, receiver };
  }

  it('lists those that pass, the newest last, a page at a time', async () => {
    const { client } = await withDeliveries();
    const events = async (query: string) => (await list(client, query)).map(({ event }) => event);
    expect(await events('')).toEqual([
      'call_started',
      'call_ended',
      'call_analyzed',
      'call_started',
    ]);
    expect(await events('state=delivered')).toEqual(['call_started', 'call_analyzed']);
    expect(await events('status=500')).toEqual(['call_ended']);
    expect(await events('callId=2')).toEqual(['call_started']);
    expect(await events('event=call_started&url=http://*/call_*')).toEqual(['call_started']);
    const first = await client.call<DeliveryPage>('GET', `${api}?limit=2`);
    expect(first.hasMore).toBe(true);
    const after = String(first.items.at(-1)?.number);
    expect(await events(`after=${after}`)).toEqual(['call_analyzed', 'call_started']);
  });

  it('finds and counts those that match in every part', async () => {
    const { client } = await withDeliveries();
    const matcher = { body: { call: { call_id: 'call_1' } }, attempts: 1, state: 'delivered' };
    const found = await client.call<Delivery[]>('POST', `${api}/find`, matcher);
    expect(found.map(({ event }) => event)).toEqual(['call_started', 'call_analyzed']);
    expect(await client.call('POST', `${api}/count`, { attempts: 0 })).toEqual({ count: 1 });
  });

  it('tells what came nearest', async () => {
    const { client } = await withDeliveries();
    const matcher = { event: 'call_ended', status: 200, url: '*/call_ended' };
    expect(await client.call('POST', `${api}/near-misses?limit=1`, matcher)).toMatchObject({
      matching: 0,
      nearMisses: [
        {
          delivery: { event: 'call_ended', callId: 'call_1' },
          differences: [{ part: 'status', expected: 200, actual: 500 }],
        },
      ],
    });
  });

  it('keeps so many of a workspace, and none after a reset', async () => {
    const { client } = await withDeliveries(2);
    expect(await list(client)).toMatchObject([{ event: 'call_analyzed' }, { callId: '2' }]);
    await client.call('POST', '/_emulator/reset', { only: ['journal'] });
    expect(await list(client)).toEqual([]);
  });

  it('is empty if none is kept', async () => {
    const { client } = await withDeliveries(0);
    expect(await list(client)).toEqual([]);
  });

  it('is waited for', async () => {
    const { client, receiver } = await withDeliveries();
    expect(await client.call('GET', `${api}/wait?callId=call_1&count=3`)).toEqual({ count: 3 });
    const waiting = client.call('GET', `${api}/wait?event=transfer_ended&state=delivered`);
    await send(client, { event: 'transfer_ended', url: receiver.url });
    expect(await waiting).toEqual({ count: 1 });
  });

  it('says how many there were when a wait is over', async () => {
    const { client, clock } = buildStoppedApp({ settings: plainSettings });
    const waiting = client.send({ method: 'GET', url: `${api}/wait?count=2&timeout=5s` });
    await vi.waitUntil(() => clock.alarmCount > 0);
    await clock.advance(5000);
    const { status, body } = await waiting;
    expect(status).toBe(408);
    expect(body).toMatchObject({ message: expect.stringContaining('0 of 2') as string });
  });
});
