import { describe, expect, it, vi } from 'vitest';
import { callsOn, place, readCall } from '../support/calls.js';
import { advance } from '../support/control.js';
import { brief, eventsOf, listDeliveries, timesSince, webhookOf } from '../support/deliveries.js';
import type { TestClient } from '../support/emulator.js';
import { newYear } from '../support/manual-clock.js';
import { startReceiver } from '../support/receiver.js';

const clockOf = async (client: TestClient): Promise<number> =>
  Number((await client.call('GET', '/_emulator/clock'))['now']) - newYear;

describe('time that passes', () => {
  it('is answered with how many calls and webhooks there were in it', async () => {
    const receiver = await startReceiver(({ body }, response) => {
      response.writeHead(body.includes('"call_ended"') ? 500 : 204).end();
    });
    const { client } = callsOn({ webhookUrl: receiver.url, webhookRetries: 0 });
    await place(client);
    await place(client, { to_number: '+12137779001' });
    const none = { callsStarted: 0, callsEnded: 0, webhooksDelivered: 0, webhooksFailed: 0 };
    expect(await advance(client, '1ms')).toMatchObject(none);
    const busy = { callsStarted: 1, callsEnded: 1, webhooksDelivered: 1, webhooksFailed: 1 };
    expect(await advance(client, '2s')).toMatchObject(busy);
    const rest = { callsStarted: 0, callsEnded: 1, webhooksDelivered: 2, webhooksFailed: 1 };
    expect(await advance(client, { until: 'idle' })).toMatchObject(rest);
    await client.call('PATCH', '/_emulator/settings', { webhookUrl: 'https://example.com/hook' });
    await place(client);
    const suppressed = { ...none, callsStarted: 1, callsEnded: 1 };
    expect(await advance(client, { until: 'idle' })).toMatchObject(suppressed);
    expect(await advance(client, { until: 'idle' })).toMatchObject(none);
  });
});

describe('a webhook that is not accepted', () => {
  it('is sent three more times, at its times, while the clock is advanced', async () => {
    const receiver = await startReceiver((_request, response) => {
      response.writeHead(500).end('no');
    });
    const { client } = callsOn({ webhookUrl: receiver.url, analysisDelay: '1h' });
    await place(client);
    await advance(client, '1h');
    const deliveries = await listDeliveries(client);
    expect(deliveries.map(brief)).toEqual(
      ['call_started', 'call_ended'].map((event) => ({
        ...{ event, state: 'failed', statuses: [500, 500, 500, 500] },
      })),
    );
    const [started, ended] = deliveries;
    expect(started && timesSince(newYear + 1000, started)).toEqual([0, 1000, 3000, 7000]);
    expect(ended && timesSince(newYear + 11_000, ended)).toEqual([0, 1000, 3000, 7000]);
    expect(started?.error).toBe('it was answered with 500');
    expect(await clockOf(client)).toBe(3_600_000);
  });

  it('waits for its next attempt, and says when that is', async () => {
    let isUp = false;
    const receiver = await startReceiver((_request, response) => {
      response.writeHead(isUp ? 204 : 503).end();
    });
    const { client } = callsOn({ webhookUrl: receiver.url });
    await place(client);
    await advance(client, '1500ms');
    const [waiting] = await listDeliveries(client, 'state=waiting');
    expect(waiting).toMatchObject({
      ...{ event: 'call_started', nextAttempt: newYear + 2000, error: 'it was answered with 503' },
    });
    isUp = true;
    await advance(client, '499ms');
    expect(receiver.received).toHaveLength(1);
    await advance(client, '1ms');
    expect((await listDeliveries(client)).map(brief)).toEqual([
      { event: 'call_started', state: 'delivered', statuses: [503, 204] },
    ]);
    expect((await listDeliveries(client))[0]).toMatchObject({ nextAttempt: null, error: null });
  });

  it('is tried as often, and after such pauses, as settings say', async () => {
    const receiver = await startReceiver((_request, response) => {
      response.writeHead(400).end();
    });
    const { client } = callsOn({
      ...{ webhookUrl: receiver.url, webhookRetries: 1, webhookRetryPause: '10m' },
    });
    await place(client);
    await advance(client, { until: 'idle' });
    const deliveries = await listDeliveries(client);
    expect(deliveries.map(({ time, ...rest }) => timesSince(time, { time, ...rest }))).toEqual(
      deliveries.map(() => [0, 600_000]),
    );
    expect(await clockOf(client)).toBe(13_000 + 600_000);
    await client.call('PATCH', '/_emulator/settings', { webhookRetries: 0 });
    await place(client);
    await advance(client, { until: 'idle' });
    expect(receiver.received).toHaveLength(6 + 3);
  });

  it('holds back no other', async () => {
    const receiver = await startReceiver((request, response) => {
      response.writeHead(request.body.includes('call_started') ? 500 : 200).end();
    });
    const { client } = callsOn({
      ...{ webhookUrl: receiver.url, callDuration: '2s', analysisDelay: '100ms' },
    });
    await place(client);
    await advance(client, { until: 'idle' });
    expect(eventsOf(receiver)).toEqual([
      ...['call_started', 'call_started', 'call_ended', 'call_analyzed'],
      ...['call_started', 'call_started'],
    ]);
  });

  it('is one that nobody listens for', async () => {
    const { client } = callsOn({ webhookUrl: 'http://127.0.0.1:9/', webhookRetries: 0 });
    await place(client);
    await advance(client, { until: 'idle' });
    const [delivery] = await listDeliveries(client);
    expect(delivery?.state).toBe('failed');
    expect(delivery?.error).toMatch(/ECONNREFUSED|bad port/);
    expect(delivery?.attempts).toHaveLength(1);
  });

  it('is one whose answer does not come in the time that the agent gives', async () => {
    const { client, clock } = callsOn({ webhookRetries: 0 });
    const receiver = await startReceiver(async () => {
      // Never answers.
      await clock.advance(700);
    });
    await place(client, {
      agent_override: { agent: { webhook_url: receiver.url, webhook_timeout_ms: 700 } },
    });
    await advance(client, { until: 'idle' });
    const deliveries = await listDeliveries(client);
    expect(deliveries.map(({ error }) => error)).toEqual(
      Array(3).fill('the answer was not over after 700 ms'),
    );
  });
});

describe('a receiver', () => {
  it('may ask for its call while the clock is advanced, and is told how it is then', async () => {
    const seen: unknown[] = [];
    const receiver = await startReceiver(async (request, response) => {
      const { event, call } = webhookOf(request);
      const present = await readCall(client, call.call_id);
      const list = await client.call<{ items: { call_status: string }[] }>(
        ...(['POST', '/v3/list-calls', {}] as const),
      );
      seen.push([event, present.call_status, 'call_analysis' in present, await clockOf(client)]);
      expect(list.items.map(({ call_status }) => call_status)).toEqual([present.call_status]);
      response.writeHead(204).end();
    });
    const { client } = callsOn({ webhookUrl: receiver.url });
    await place(client);
    await advance(client, '1h');
    expect(seen).toEqual([
      ['call_started', 'ongoing', false, 1000],
      ['call_ended', 'ended', false, 11_000],
      ['call_analyzed', 'ended', true, 13_000],
    ]);
  });

  it('may place another call, whose webhooks come within the same advance', async () => {
    let calls = 1;
    const receiver = await startReceiver(async (request, response) => {
      const { event } = webhookOf(request);
      if (event === 'call_analyzed' && calls < 3) {
        calls += 1;
        await place(client);
      }
      response.writeHead(204).end();
    });
    const { client } = callsOn({ webhookUrl: receiver.url });
    await place(client);
    await advance(client, { until: 'idle' });
    expect(eventsOf(receiver)).toEqual(
      Array.from({ length: 3 }, () => ['call_started', 'call_ended', 'call_analyzed']).flat(),
    );
    expect(await clockOf(client)).toBe(39_000);
  });

  it('that takes its time is waited for without looking again and again', async () => {
    const receiver = await startReceiver(async (_request, response) => {
      for (let turn = 0; turn < 100; turn += 1) await clock.turn();
      response.writeHead(204).end();
    });
    const { client, clock, emulator } = callsOn({ webhookUrl: receiver.url });
    await place(client);
    const commits = vi.spyOn(emulator.store, 'runThenCommit');
    await advance(client, { until: 'idle' });
    expect(receiver.received).toHaveLength(3);
    expect(commits.mock.calls.length).toBeLessThan(30);
  });

  it('that is slow holds up no other', async () => {
    const held: (() => void)[] = [];
    const slow = await startReceiver((_request, response) => {
      held.push(() => response.writeHead(204).end());
    });
    const quick = await startReceiver();
    const { client } = callsOn({ progression: 'immediate', concurrencyLimit: 1000 });
    const placeTo = (url: string) =>
      place(client, { agent_override: { agent: { webhook_url: url } } });
    for (let count = 0; count < 100; count += 1) await placeTo(slow.url);
    await placeTo(quick.url);
    await client.call('GET', '/_emulator/webhooks/wait?count=3');
    expect(quick.received).toHaveLength(3);
    const sending = await listDeliveries(client, 'state=sending');
    expect(sending).toHaveLength(16);
    const release = (): void => {
      for (const answer of held.splice(0)) answer();
    };
    const over = client.call('GET', '/_emulator/webhooks/wait?count=303');
    for (let isDone = false; !isDone;) {
      release();
      isDone = await Promise.race([
        over.then(() => true),
        client.call('GET', '/_emulator/clock').then(() => false),
      ]);
    }
    expect(slow.received).toHaveLength(300);
  });
});

describe('a clock that runs', () => {
  it('sends webhooks, and sends them again, when their time has come', async () => {
    const receiver = await startReceiver((_request, response) => {
      response.writeHead(receiver.received.length < 3 ? 500 : 200).end();
    });
    const real = () => ({ mode: 'real', time: newYear, anchor: newYear, speed: 1 }) as const;
    const { client, clock } = callsOn(
      { webhookUrl: receiver.url, analysisDelay: '1h' },
      {
        initialClock: real,
      },
    );
    await place(client);
    const arrived = async (count: number): Promise<void> => {
      while (receiver.received.length < count) await clock.turn();
      await client.call('GET', '/_emulator/clock');
    };
    await clock.advance(1000);
    await arrived(1);
    const state = async () => (await listDeliveries(client)).map(brief)[0]?.state;
    while ((await state()) !== 'waiting') await clock.turn();
    await clock.advance(999);
    expect(receiver.received).toHaveLength(1);
    await clock.advance(1);
    await arrived(2);
    while ((await state()) !== 'waiting') await clock.turn();
    await clock.advance(2000);
    await client.call('GET', '/_emulator/webhooks/wait?count=1');
    const [delivery] = await listDeliveries(client);
    expect(delivery && timesSince(newYear, delivery)).toEqual([1000, 2000, 4000]);
  });
});
