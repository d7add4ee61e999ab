import { afterAll, describe, expect, it } from 'vitest';
import { loadContract } from '../../src/contract/document.js';
import { someCall } from '../support/calls.js';
import { buildTestApp } from '../support/emulator.js';
import { createExampleObjects, exampleRequests, payloadOf } from '../support/example-requests.js';

/** One emulator for all tests. Each test has a key of its own. */
const { app, client: clientOf } = buildTestApp({ atEnd: afterAll });
let keys = 0;
const newClient = () => clientOf(`key_${String((keys += 1))}`);

const { operations } = loadContract('retell');
const ofTelephony = operations.filter(({ path }) => /call|phone-number|concurrency/.test(path));

/** Operations that create a call, and what they are sent. */
const creations = [
  ['createPhoneCall', '/v2/create-phone-call', { ...someCall }],
  ['registerPhoneCall', '/v2/register-phone-call', { agent_id: 'agent_1' }],
  ['createWebCall', '/v3/create-web-call', { agent_id: 'agent_1' }],
  ['createWebCallV2', '/v2/create-web-call', { agent_id: 'agent_1' }],
] as const;

it('are as many as the reference has', () => {
  expect(ofTelephony.length).toBeGreaterThanOrEqual(20);
});

describe.each(ofTelephony)('the operation $id', ({ id, method: lowerCase }) => {
  const example = exampleRequests[id];
  const method = lowerCase.toUpperCase() as 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

  it('fails as a fault says that names it, is in the journal, and has its own rate limit', async () => {
    if (example === undefined) throw new Error(`there is no example of ${id}`);
    const client = newClient();
    const ids = await createExampleObjects(client);
    const payload = example.body && payloadOf(example, example.body(ids));
    const request = { method, url: example.url(ids), ...payload };
    await client.call('POST', '/_emulator/faults', {
      ...{ match: { operation: id }, times: 1, error: { status: 503, message: 'Down.' } },
    });
    expect(await client.send(request)).toMatchObject({ status: 503, body: { message: 'Down.' } });
    await client.call('PATCH', '/_emulator/settings', { rateLimit: 'vendor' });
    const answer = await client.send(request);
    expect(answer.status).toBeLessThan(300);
    const limiter = /^list[A-Z]/.test(id)
      ? 'list'
      : creations.some(([creation]) => creation === id)
        ? 'call'
        : 'general';
    expect(answer.headers['x-ratelimit-limiter']).toBe(limiter);
    const found = await client.call<unknown[]>('POST', '/_emulator/requests/find', {
      operation: id,
    });
    expect(found.slice(-2)).toMatchObject([
      { operation: id, status: 503, fault: { source: 'rule' } },
      { operation: id, status: answer.status, fault: null },
    ]);
  });
});

describe.each(creations)('the operation %s', (_id, url, payload) => {
  it('is refused once the credit is spent, and creates nothing then', async () => {
    const client = newClient();
    await client.call('PUT', '/_emulator/credit', { remaining: 1 });
    expect((await client.send({ method: 'POST', url, payload })).status).toBe(201);
    expect(await client.send({ method: 'POST', url, payload })).toMatchObject({ status: 402 });
    expect((await client.call<{ items: [] }>('POST', '/v3/list-calls')).items).toHaveLength(1);
  });

  it('is counted in the metrics', async () => {
    const client = newClient();
    await client.call('POST', url, payload);
    const { body } = await app.inject('/_emulator/metrics');
    expect(body).toContain(
      `retell_emulator_request_duration_seconds_count{operation="${_id}",status="201"}`,
    );
  });
});
