import { describe, expect, it } from 'vitest';
import { callsOn, someCall } from '../support/calls.js';
import type { TestClient } from '../support/emulator.js';

const attempt = (client: TestClient, count: number, payload: object = someCall) =>
  client.send({
    ...{ method: 'POST', url: '/v2/create-phone-call', payload },
    headers: { 'x-stainless-retry-count': String(count) },
  });

async function journal(client: TestClient) {
  const { items } = await client.call<{
    items: { id: number; status: number | null; warnings: string[]; operation: string }[];
  }>('GET', '/_emulator/requests');
  return items
    .filter(({ operation }) => operation === 'createPhoneCall')
    .map(({ warnings, ...entry }) => ({
      ...entry,
      warnings: warnings.filter((text) => text.startsWith('two calls')),
    }));
}

describe('a client that places a call again', () => {
  it('is warned of two calls, by name, if the first answer was lost after the call was created', async () => {
    const { client } = callsOn();
    await client.call('POST', '/_emulator/faults', {
      ...{ match: { operation: 'createPhoneCall' }, times: 1, phase: 'after' },
      error: { status: 503 },
    });
    expect((await attempt(client, 0)).status).toBe(503);
    const { body } = await attempt(client, 1);
    const list: { items: { call_id: string }[] } = await client.call('POST', '/v3/list-calls', {});
    expect(list.items).toHaveLength(2);
    const first = list.items.find(({ call_id: id }) => id !== body['call_id'])?.call_id ?? '';
    const [lost, again] = await journal(client);
    expect(lost?.warnings).toEqual([]);
    expect(again?.warnings).toEqual([
      `two calls were placed: ${String(body['call_id'])} repeats ${first}, which the request with the journal's id ${String(lost?.id)} had created although the client tried again`,
    ]);
  });

  it('is warned if it did not wait for the answer', async () => {
    const { client } = callsOn();
    await attempt(client, 0);
    await attempt(client, 1);
    expect((await journal(client)).map(({ warnings }) => warnings.length)).toEqual([0, 1]);
  });

  it.each([
    ['the first was refused before', 'before', someCall, 1],
    ['it places another one', 'after', { ...someCall, metadata: { other: true } }, 1],
    ['it does not say that it tries again', 'after', someCall, 0],
  ])('is not warned if %s', async (_, phase, payload, count) => {
    const { client } = callsOn();
    await client.call('POST', '/_emulator/faults', { times: 1, phase, error: { status: 503 } });
    await attempt(client, 0);
    await attempt(client, count, payload);
    expect((await journal(client)).flatMap(({ warnings }) => warnings)).toEqual([]);
  });
});
