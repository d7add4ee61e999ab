import type { AddressInfo } from 'node:net';
import Retell from 'retell-sdk';
import OlderRetell from 'retell-sdk-4';
import { describe, expect, it } from 'vitest';
import { callsOn, listCalls, place, plainCalls } from '../support/calls.js';
import { buildTestApp } from '../support/emulator.js';

describe('lists of calls', () => {
  it('have web calls, and find them by their type', async () => {
    const { client } = callsOn();
    const web = await client.call<{ call_id: string }>('POST', '/v3/create-web-call', {
      agent_id: 'agent_1',
    });
    const phone = await place(client);
    const idsOf = async (filter_criteria: object) =>
      (await listCalls(client, { filter_criteria })).items.map(({ call_id: id }) => id);
    const isType = (...value: string[]) => ({ call_type: { type: 'enum', op: 'in', value } });
    expect(await idsOf(isType('web_call'))).toEqual([web.call_id]);
    expect(await idsOf(isType('phone_call'))).toEqual([phone.call_id]);
    expect((await idsOf(isType('web_call', 'phone_call'))).sort()).toEqual(
      [web.call_id, phone.call_id].sort(),
    );
    const isInbound = { direction: { type: 'enum', op: 'in', value: ['inbound'] } };
    expect(await idsOf(isInbound)).toEqual([]);
    const numbers = { from_number: { type: 'string', op: 'co', value: '' } };
    expect(await idsOf(numbers)).toEqual([phone.call_id]);
    const older = await client.call<{ call_id: string; call_type: string }[]>(
      ...(['POST', '/v2/list-calls', { filter_criteria: { call_type: ['web_call'] } }] as const),
    );
    expect(older).toMatchObject([{ call_id: web.call_id, call_type: 'web_call' }]);
  });
});

describe('the SDKs', () => {
  it('create web calls by their own operations', async () => {
    const { app, clock } = buildTestApp({ settings: plainCalls });
    await app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = app.server.address() as AddressInfo;
    const options = { apiKey: 'key_sdk', baseURL: `http://127.0.0.1:${String(port)}` };
    const newer = new Retell(options);
    const created = await newer.call.createWebCall({ agent_id: 'agent_1' });
    expect(created.transport).toBe('gateway');
    const older = new OlderRetell(options);
    const call = await older.call.createWebCall({ agent_id: 'agent_1', metadata: { a: 1 } });
    expect(call).toMatchObject({ call_type: 'web_call', call_status: 'registered' });
    await clock.advance(5000);
    for (const { call_id: id } of [created, call]) {
      const ongoing = await newer.call.retrieve(id);
      expect(ongoing.call_type === 'web_call' && ongoing.access_token).toMatch(
        /^call_\w+\.\w{32}$/,
      );
      await newer.call.stop(id);
    }
    const stopped = await older.call.retrieve(call.call_id);
    expect(stopped).toMatchObject({ disconnection_reason: 'manual_stopped', metadata: { a: 1 } });
  });
});
