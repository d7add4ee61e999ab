import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startEmulator } from '../../src/index.js';
import { advance, plainSettings, buildStoppedApp } from '../support/control.js';
import { buildTestApp, type TestClient } from '../support/emulator.js';
import { temporaryFolder } from '../support/files.js';
import { newYear } from '../support/manual-clock.js';

const settings = { ...plainSettings, rateLimit: 'vendor' };

const send = (client: TestClient, method: 'GET' | 'POST' | 'DELETE', url: string) =>
  client.send({ method, url, ...(method === 'POST' && { payload: {} }) });
const poll = (client: TestClient) => send(client, 'GET', '/get-batch-test/x');
const statuses = async (client: TestClient, count: number) => {
  const all = [];
  for (let index = 0; index < count; index += 1) all.push((await poll(client)).status);
  return all;
};
const times = (count: number, status: number) => Array.from({ length: count }, () => status);

describe('the rate limit "vendor"', () => {
  // facts.md 45, Errors: "by organisation and route: lists and `get-batch-test` 15 in 10 s, …".
  it.each([
    ['GET', '/get-batch-test/x', 404, 'list', 15, 10],
    ['GET', '/v2/list-batch-tests?type=retell-llm&llm_id=x', 200, 'list', 15, 10],
    ['POST', '/v2/list-agents', 200, 'list', 15, 10],
    ['POST', '/agent-playground-completion/x', 400, 'llm-playground', 8, 2],
    ['GET', '/get-agent/x', 404, 'general', 100, 10],
    ['DELETE', '/delete-test-case-definition/x', 404, 'general', 100, 10],
    ['POST', '/create-batch-test', 400, 'general', 100, 10],
  ] as const)('holds for %s %s', async (method, url, status, limiter, limit, seconds) => {
    const { client } = buildStoppedApp({ settings });
    const headers = (remaining: number, reset: number) => ({
      'x-ratelimit-limiter': limiter,
      'ratelimit-limit': String(limit),
      'ratelimit-remaining': String(remaining),
      'ratelimit-reset': String(reset),
    });
    for (let left = limit - 1; left >= 0; left -= 1) {
      const answer = await send(client, method, url);
      expect(answer).toMatchObject({ status, headers: headers(left, seconds) });
    }
    await advance(client, '1001ms');
    const refused = await send(client, method, url);
    expect(refused).toMatchObject({
      status: 429,
      headers: headers(0, seconds - 1),
      body: {
        status: 'error',
        message: 'Too many API requests, you are being throttled, please try again later.',
      },
    });
    expect(refused.headers).not.toHaveProperty('retry-after');
    expect(refused.headers).not.toHaveProperty('retry-after-ms');
    await advance(client, { by: `${String(seconds * 1000 - 1002)}ms` });
    expect((await send(client, method, url)).status).toBe(429);
    await advance(client, '1ms');
    expect(await send(client, method, url)).toMatchObject({ headers: headers(limit - 1, seconds) });
  });

  it('counts each operation, and each API key, for itself', async () => {
    const { client } = buildTestApp({ settings });
    const [a, b] = [client('key_a'), client('key_b')];
    expect(await statuses(a, 17)).toEqual([...times(15, 404), 429, 429]);
    expect((await send(a, 'POST', '/v2/list-agents')).status).toBe(200);
    expect((await send(a, 'GET', '/get-agent/x')).headers).toMatchObject({
      'ratelimit-remaining': '99',
    });
    expect((await poll(b)).headers).toMatchObject({ 'ratelimit-remaining': '14' });
    expect(await a.call('GET', '/_emulator/requests?fault=rate-limit')).toMatchObject({
      items: [{ status: 429 }, { status: 429 }],
    });
  });

  it('is not spent by what it refuses, nor by control requests', async () => {
    const { client } = buildStoppedApp({ settings });
    expect(await statuses(client, 40)).toEqual([...times(15, 404), ...times(25, 429)]);
    for (let index = 0; index < 120; index += 1) await client.call('GET', '/_emulator/clock');
    await advance(client, '10s');
    expect((await poll(client)).status).toBe(404);
  });

  it('has the message of the setting, and does not change other 429s', async () => {
    const { client } = buildTestApp({ settings });
    const limited = client('key_a');
    await statuses(limited, 15);
    await limited.call('PATCH', '/_emulator/settings', { rateLimitMessage: 'Slower.' });
    expect(await poll(limited)).toMatchObject({ status: 429, body: { message: 'Slower.' } });
    expect(await poll(client('key_rate_limited'))).toMatchObject({
      status: 429,
      body: { message: 'Account rate limited, please throttle your requests.' },
    });
  });

  it('is a setting that starts without counted requests', async () => {
    const { client } = buildStoppedApp({ settings: plainSettings });
    const change = (rateLimit: string) =>
      client.call('PATCH', '/_emulator/settings', { rateLimit });
    expect((await poll(client)).headers).not.toHaveProperty('x-ratelimit-limiter');
    await change('vendor');
    expect(await statuses(client, 16)).toEqual([...times(15, 404), 429]);
    await change('vendor');
    expect(await statuses(client, 1)).toEqual([429]);
    await change('off');
    expect((await poll(client)).headers).not.toHaveProperty('ratelimit-limit');
    await change('vendor');
    expect(await statuses(client, 1)).toEqual([404]);
    await change('1/1h');
    const other = await poll(client);
    expect(other.headers).toMatchObject({ 'ratelimit-limit': '1' });
    expect(other.headers).not.toHaveProperty('x-ratelimit-limiter');
  });

  it('is restored by a snapshot and a reset, and is part of an export', async () => {
    const { client } = buildStoppedApp({ settings });
    await statuses(client, 14);
    await client.call('POST', '/_emulator/snapshots/s');
    expect(await statuses(client, 2)).toEqual([404, 429]);
    await client.call('POST', '/_emulator/snapshots/s/restore');
    expect(await statuses(client, 2)).toEqual([404, 429]);
    const state = await client.call('GET', '/_emulator/export');
    expect(state).toMatchObject({
      rateLimitWindows: { getBatchTest: { startedAt: newYear, requests: 15 } },
    });
    await client.call('POST', '/_emulator/reset', {});
    expect(await statuses(client, 1)).toEqual([404]);
    await client.call('POST', '/_emulator/fixtures?replace=true', state);
    expect(await client.call('GET', '/_emulator/export')).toEqual(state);
    expect(await statuses(client, 1)).toEqual([429]);
    await advance(client, '10s');
    expect(await statuses(client, 1)).toEqual([404]);
  });

  it('continues after a restart', async () => {
    const database = join(temporaryFolder(), 'emulator.sqlite');
    const statusesAt = async (count: number) => {
      await using emulator = await startEmulator({
        database,
        rateLimit: 'vendor',
        clock: 'manual',
      });
      const headers = { authorization: 'Bearer key_a' };
      const all = [];
      for (let index = 0; index < count; index += 1) {
        all.push((await fetch(`${emulator.url}/get-batch-test/x`, { headers })).status);
      }
      return all;
    };
    expect(await statusesAt(14)).toEqual(times(14, 404));
    expect(await statusesAt(2)).toEqual([404, 429]);
  });
});
