import type { AddressInfo } from 'node:net';
import Retell from 'retell-sdk';
import OlderRetell from 'retell-sdk-4';
import { describe, expect, it } from 'vitest';
import { plainCalls } from './support/calls.js';
import { buildTestApp } from './support/emulator.js';

async function connect() {
  const { app, clock } = buildTestApp({ settings: plainCalls });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const baseURL = `http://127.0.0.1:${String(port)}`;
  const options = { apiKey: 'key_sdk', baseURL, maxRetries: 0 };
  return { clock, newer: new Retell(options), older: new OlderRetell(options) };
}

const numbers = { from_number: '+14157774444', to_number: '+12137774445' };

describe('calls and phone numbers through the SDKs', () => {
  it('go the whole way with the newest', async () => {
    const { newer, clock } = await connect();
    const weighted = [{ agent_id: 'agent_1', weight: 1 }];
    await newer.phoneNumber.create({
      phone_number: numbers.from_number,
      outbound_agents: weighted,
    });
    expect(await newer.phoneNumber.retrieve(numbers.from_number)).toMatchObject({
      outbound_agents: weighted,
    });
    const { call_id: id } = await newer.call.createPhoneCall(numbers);
    await clock.advance(5000);
    expect(await newer.call.retrieve(id)).toMatchObject({ call_status: 'ongoing' });
    await newer.call.updateLive(id, { call_control: { additional_context: 'Be quick.' } });
    await newer.call.stop(id);
    await clock.advance(10_000);
    const call = await newer.call.update(id, { metadata: { a: 1 } });
    expect(call).toMatchObject({ disconnection_reason: 'manual_stopped', metadata: { a: 1 } });
    const { items, total } = await newer.call.list({
      filter_criteria: { agent: [{ agent_id: 'agent_1' }] },
      include_total: true,
    });
    expect([items.map(({ call_id }) => call_id), total]).toEqual([[id], 1]);
    expect((await newer.call.rerunAnalysis(id)).call_analysis).toBeDefined();
    expect(await newer.concurrency.retrieve()).toMatchObject({ current_concurrency: 0 });
    await newer.call.delete(id);
    await expect(newer.call.retrieve(id)).rejects.toThrow('not found from call');
    await newer.phoneNumber.delete(numbers.from_number);
    expect(await newer.phoneNumber.list()).toMatchObject({ items: [] });
  });

  it('go the whole way with an older one', async () => {
    const { older, clock } = await connect();
    await older.phoneNumber.import({ phone_number: numbers.from_number, termination_uri: 'x' });
    const { call_id: id } = await older.call.createPhoneCall({
      ...{ ...numbers, override_agent_id: 'agent_1' },
    });
    await clock.advance(20_000);
    const [listed] = await older.call.list({ filter_criteria: { agent_id: ['agent_1'] } });
    expect(listed).toEqual(await older.call.retrieve(id));
    expect(listed?.transcript).toMatch(/^Agent: /);
    expect(await older.phoneNumber.list()).toMatchObject([{ phone_number_type: 'custom' }]);
  });
});
