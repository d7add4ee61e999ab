import fastify from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sendError } from '../../src/http/errors.js';
import { ManualClock } from '../support/manual-clock.js';
import { registerOverload } from '../../src/http/load/overload.js';
import { place, plainCalls } from '../support/calls.js';
import { advance, plainSettings, buildStoppedApp } from '../support/control.js';
import { startReceiver } from '../support/receiver.js';

describe('the metrics', () => {
  it('count requests by operation and status, and runs by state', async () => {
    const { client, app } = buildStoppedApp({ settings: { ...plainSettings, concurrency: 2 } });
    const scrape = async () => {
      const answer = await app.inject('/_emulator/metrics');
      expect(answer.statusCode).toBe(200);
      expect(answer.headers['content-type']).toContain('text/plain');
      const figure = (name: string) =>
        Number(
          answer.body
            .split('\n')
            .find((line) => line.startsWith(name))
            ?.split(' ')
            .at(-1),
        );
      return figure;
    };
    await client.createBatchTest(['a', 'b', 'c']);
    await client.send({ method: 'GET', url: '/get-batch-test/x' });
    await advance(client, '1s');
    const requests = (operation: string, status: number) =>
      `retell_emulator_request_duration_seconds_count{operation="${operation}",status="${String(status)}"}`;
    const first = await scrape();
    expect(first(requests('createBatchTest', 201))).toBe(1);
    expect(first(requests('getBatchTest', 404))).toBe(1);
    expect(first('retell_emulator_test_runs{state="pass"}')).toBe(2);
    expect(first('retell_emulator_test_runs{state="in_progress"}')).toBe(1);
    expect(first('retell_emulator_test_runs{state="pending"}')).toBe(0);
    expect(first('retell_emulator_worker_lag_seconds')).toBe(0);
    expect(first('retell_emulator_database_bytes')).toBeGreaterThan(4096);
    expect(first('process_resident_memory_bytes')).toBeGreaterThan(1e6);
    await client.createBatchTest();
    await client.createBatchTest();
    expect((await scrape())(requests('createBatchTest', 201))).toBe(3);
  });

  it('count calls by status', async () => {
    const { client, app } = buildStoppedApp({ settings: plainCalls });
    const counts = async () => {
      const { body } = await app.inject('/_emulator/metrics');
      const found = body.matchAll(/^retell_emulator_calls\{status="(\w+)"\} (\d+)$/gm);
      return Object.fromEntries(
        Array.from(found, ([, status = '', count]) => [status, Number(count)] as const),
      ) as Record<string, number>;
    };
    const none = { registered: 0, ongoing: 0, ended: 0, not_connected: 0, error: 0 };
    await place(client);
    expect(await counts()).toEqual({ ...none, registered: 1 });
    const { call_id: id } = await place(client, { to_number: '+12137779001' });
    await advance(client, '5s');
    expect(await counts()).toEqual({ ...none, ongoing: 1, not_connected: 1 });
    await client.call('DELETE', `/v2/delete-call/${id}`);
    await client.call('POST', '/_emulator/snapshots/a');
    await advance(client, { until: 'idle' });
    expect(await counts()).toEqual({ ...none, ended: 1 });
    await client.call('POST', '/_emulator/snapshots/a/restore');
    expect(await counts()).toEqual({ ...none, ongoing: 1 });
    await client.call('POST', '/_emulator/reset');
    expect(await counts()).toEqual(none);
  });

  it('count the webhooks that wait', async () => {
    const receiver = await startReceiver((_request, response) => {
      response.writeHead(503).end();
    });
    const { client, app } = buildStoppedApp({
      settings: { ...plainCalls, webhookUrl: receiver.url },
    });
    const waiting = async () => {
      const { body } = await app.inject('/_emulator/metrics');
      return Number(/^retell_emulator_webhooks_waiting (\d+)$/m.exec(body)?.[1]);
    };
    await place(client);
    await place(client);
    expect(await waiting()).toBe(0);
    await advance(client, '1500ms');
    expect(await waiting()).toBe(2);
    await advance(client, { until: 'idle' });
    expect(await waiting()).toBe(0);
  });

  it('are not for foreign web pages', async () => {
    const { app } = buildStoppedApp();
    const headers = { origin: 'http://evil.example' };
    expect((await app.inject({ url: '/_emulator/metrics', headers })).statusCode).toBe(403);
  });
});

describe('a process that cannot keep up', () => {
  const arrange = async () => {
    const app = fastify();
    onTestFinished(() => app.close());
    app.setErrorHandler(sendError);
    const clock = new ManualClock();
    registerOverload(app, clock);
    for (const path of ['/work', '/_emulator/ready']) app.get(path, () => ({ ok: true }));
    await app.ready();
    /** Keeps the event loop busy for so long, and lets it look once. */
    const block = (duration: number) => {
      clock.jump(duration);
      return clock.advance(0);
    };
    return { app, block };
  };

  it('refuses requests with 503, but answers health checks', async () => {
    const { app, block } = await arrange();
    for (let times = 0; times < 3; times += 1) {
      expect((await app.inject('/work')).statusCode).toBe(200);
      await block(3001);
    }
    const answer = await app.inject('/work');
    expect(answer.statusCode).toBe(503);
    expect(answer.headers['retry-after']).toBe('1');
    expect(answer.json()).toMatchObject({ status: 'error' });
    for (const url of ['/_emulator/ready', '/_emulator/ready?probe=1']) {
      expect((await app.inject(url)).statusCode).toBe(200);
    }
    await block(1000);
    expect((await app.inject('/work')).statusCode).toBe(200);
  });

  it('is not overloaded because of a single long answer', async () => {
    const { app, block } = await arrange();
    for (const duration of [60_000, 1000, 3500, 3500, 1500, 60_000]) {
      await block(duration);
      expect((await app.inject('/work')).statusCode).toBe(200);
    }
  });
});
