import { describe, expect, it, vi } from 'vitest';
import { parseRewrite } from '../../src/outbound/destination.js';
import type { Delivery } from '../../src/library/workspace.js';
import { sign } from '../../src/outbound/signature.js';
import { callsOn, listCalls, place, plainCalls, readCall } from '../support/calls.js';
import { advance } from '../support/control.js';
import { buildTestApp } from '../support/emulator.js';
import {
  answering,
  asked,
  createNumber,
  from_number,
  inboundUrl,
  receive,
  to_number,
} from '../support/inbound.js';
import { newYear } from '../support/manual-clock.js';
import { startReceiver } from '../support/receiver.js';

describe('the webhook of a number', () => {
  it('is asked first, signed as all are, and is in the journal of deliveries', async () => {
    const { receiver, client } = await asked([[200, { call_inbound: {} }]]);
    const { callId, webhook } = await receive(client, { custom_sip_headers: { 'X-A': 'b' } });
    const [request] = receiver.received;
    const body = {
      ...{ event: 'call_inbound', event_timestamp: newYear },
      call_inbound: {
        ...{ agent_id: 'agent_1', from_number, to_number },
        ...{ custom_sip_headers: { 'x-a': 'b' }, call_id: callId },
      },
    };
    expect(request?.path).toBe('/inbound');
    expect(request?.body).toBe(JSON.stringify(body));
    const signature = sign(request?.body ?? '', 'key_a', newYear);
    expect(request?.headers['x-retell-signature']).toBe(signature);
    expect(webhook).toMatchObject({
      ...{ state: 'delivered', attempts: 1, status: 200, answer: { call_inbound: {} } },
    });
    const query = `event=call_inbound&callId=${callId}`;
    const { items } = await client.call<{ items: Delivery[] }>(
      ...(['GET', `/_emulator/webhooks?${query}`] as const),
    );
    expect(items).toMatchObject([{ id: webhook?.delivery, state: 'delivered', body }]);
    const { webhooks } = await client.call<{ webhooks: object[] }>(
      ...(['GET', `/_emulator/calls/${callId}`] as const),
    );
    expect(webhooks).toEqual([
      { id: webhook?.delivery, event: 'call_inbound', state: 'delivered' },
    ]);
  });

  it('names agent, version, variables, metadata and settings', async () => {
    const call_inbound = {
      ...{ override_agent_id: 'agent_2', override_agent_version: 3 },
      ...{ dynamic_variables: { name: 'Ann', 'x-a': 'c' }, metadata: { plan: 'gold' } },
      agent_override: { agent: { data_storage_setting: 'everything_except_pii' } },
    };
    const { client } = await asked([[200, { call_inbound }]]);
    const { call, decidedBy, warnings } = await receive(client, {
      custom_sip_headers: { 'x-a': 'b' },
    });
    expect(decidedBy).toBe('webhook');
    expect(call).toMatchObject({
      ...{ agent_id: 'agent_2', agent_version: 3, metadata: { plan: 'gold' } },
      retell_llm_dynamic_variables: { name: 'Ann', 'x-a': 'c' },
      data_storage_setting: 'everything_except_pii',
    });
    expect(warnings).toEqual([
      'there is no agent agent_2: the call is held with one that is made up',
    ]);
  });

  it('may name an agent where the number has none, and is not told of one then', async () => {
    const answer = { call_inbound: { override_agent_id: 'agent_9' } };
    const { receiver, client } = await asked([[200, answer]], { number: { inbound_agents: [] } });
    expect((await receive(client)).call?.agent_id).toBe('agent_9');
    expect(receiver.received[0]?.body).not.toContain('agent_id');
  });

  it('rejects a call, of which nothing is left', async () => {
    const { client } = await asked([[200, { call_inbound: { reject: true } }]]);
    const { callId, ...received } = await receive(client);
    expect(received).toMatchObject({ outcome: 'rejected', decidedBy: 'webhook', call: null });
    expect((await listCalls(client)).items).toEqual([]);
    const read = await client.send({ method: 'GET', url: `/v2/get-call/${callId}` });
    expect(read.status).toBe(404);
  });

  it.each([
    [{ call_inbound: { reject: 'true' } }, /call_inbound\/reject must be boolean/],
    [
      { call_inbound: { override_agent_id: 'agent_2', dynamic_variables: { age: 7 } } },
      /call_inbound\/dynamic_variables\/age must be string/,
    ],
    [{ override_agent_id: 'agent_2' }, /no "call_inbound".*override_agent_id must be in it/],
    [
      { call_inbound: { agent_override: { agent: { voice_speed: 'fast' } } } },
      /call_inbound\/agent_override\/agent\/voice_speed must be number/,
    ],
    ['OK', /no JSON object/],
  ])(
    'is warned about if it answers %j, and the number’s agent takes the call',
    async (answer, warning) => {
      const { receiver, client } = await asked([[200, answer]]);
      const received = await receive(client);
      expect(received).toMatchObject({ outcome: 'taken', decidedBy: 'number' });
      expect(received.call?.agent_id).toBe('agent_1');
      expect(received.warnings[0]).toMatch(warning);
      expect(receiver.received).toHaveLength(1);
    },
  );

  it('may answer with 50 kB of metadata', async () => {
    const metadata = { text: 'x'.repeat(50_000) };
    const { client } = await asked([[200, { call_inbound: { metadata } }]]);
    expect((await receive(client)).call?.metadata).toEqual(metadata);
  });

  it('names an agent that does not exist: the number’s agent takes the call, by policy', async () => {
    const answer = { call_inbound: { override_agent_id: 'agent_9' } };
    const { client } = await asked([[200, answer]], { settings: { unknownEngines: 'reject' } });
    expect(await receive(client)).toMatchObject({
      outcome: 'disconnected',
      warnings: [
        expect.stringContaining('agent_9 cannot take the call: ') as string,
        expect.stringContaining('agent_1 cannot take the call: ') as string,
      ],
    });
    const { agent_id } = await client.call<{ agent_id: string }>('POST', '/create-agent', {
      ...{ response_engine: { type: 'custom-llm', llm_websocket_url: 'ws://127.0.0.1:1' } },
      voice_id: '11labs-Adrian',
    });
    await client.call('PATCH', `/update-phone-number/${encodeURIComponent(to_number)}`, {
      inbound_agents: [{ agent_id, weight: 1 }],
    });
    const received = await receive(client);
    expect(received).toMatchObject({ outcome: 'taken', decidedBy: 'number' });
    expect(received.call?.agent_id).toBe(agent_id);
  });

  it('is asked three times more, at once under a clock that stands still', async () => {
    const { receiver, client } = await asked([[500], [302], [204, ''], [200]]);
    const received = await receive(client);
    expect(received).toMatchObject({ outcome: 'taken', webhook: { attempts: 3, status: 204 } });
    expect(received.warnings).toContain('the answer has no body, so it decides nothing');
    const bodies = receiver.received.map(({ body }) => body);
    expect(new Set(bodies).size).toBe(1);
  });

  it('fails for good after four attempts, and the number’s agent takes the call', async () => {
    const { receiver, client } = await asked([[500]]);
    const received = await receive(client);
    expect(receiver.received).toHaveLength(4);
    expect(received).toMatchObject({
      ...{ outcome: 'taken', decidedBy: 'number', webhook: { state: 'failed', attempts: 4 } },
      warnings: expect.arrayContaining([
        'the inbound webhook failed 4 times: it was answered with 500',
      ]) as string[],
    });
  });

  it('fails for good where the number has no agent: the call is disconnected', async () => {
    const { client } = await asked([[500]], { number: { inbound_agents: null } });
    expect(await receive(client)).toMatchObject({ outcome: 'disconnected', call: null });
  });

  it('is asked again after 1, 2 and 4 seconds of a real clock', async () => {
    const receiver = await answering([503]);
    const { client: open, clock } = buildTestApp({ settings: plainCalls });
    const client = open();
    await createNumber(client, { inbound_webhook_url: receiver.url });
    const received = receive(client);
    for (const [index, pause] of [1000, 2000, 4000].entries()) {
      await vi.waitFor(() => {
        expect(receiver.received).toHaveLength(index + 1);
        expect(clock.alarmCount).toBe(1);
      });
      await clock.advance(pause - 1);
      expect(receiver.received).toHaveLength(index + 1);
      await clock.advance(1);
    }
    expect(await received).toMatchObject({ webhook: { attempts: 4 } });
    const { items } = await client.call<{ items: Delivery[] }>('GET', '/_emulator/webhooks');
    expect(items[0]?.attempts.map(({ time }) => time - newYear)).toEqual([0, 1000, 3000, 7000]);
  });

  it('has ten seconds of the machine’s clock to answer', async () => {
    const receiver = await startReceiver(() => undefined);
    const { client, clock } = callsOn();
    await createNumber(client, { inbound_webhook_url: receiver.url });
    const received = receive(client);
    for (const attempt of [1, 2, 3, 4]) {
      await vi.waitFor(() => {
        expect(receiver.received).toHaveLength(attempt);
      });
      await clock.advance(10_000);
    }
    expect((await received).warnings[0]).toContain('the answer was not over after 10000 ms');
  });

  it('of another machine is not asked, unless it is allowed or rewritten', async () => {
    const receiver = await answering([200, { call_inbound: { reject: true } }]);
    const number = { inbound_webhook_url: 'https://app.example.com/inbound' };
    const { client } = callsOn();
    await createNumber(client, number);
    const received = await receive(client);
    expect(received).toMatchObject({ webhook: { state: 'suppressed', attempts: 0 } });
    expect(received.warnings[0]).toMatch(/was not asked: app\.example\.com is not this machine/);

    const rewrites = [parseRewrite(`https://app.example.com=${receiver.url}`) ?? expect.fail()];
    const other = callsOn({}, { outbound: { allow: [], rewrites } });
    await createNumber(other.client, number);
    expect(await receive(other.client)).toMatchObject({ outcome: 'rejected' });
    expect(receiver.received[0]?.path).toBe('/inbound');
  });

  it('is asked in vain if the workspace is reset meanwhile', async () => {
    const { client } = callsOn();
    let first = '';
    const receiver = await startReceiver(async ({ body }, response) => {
      first = (JSON.parse(body) as { call_inbound: { call_id: string } }).call_inbound.call_id;
      await client.call('POST', '/_emulator/reset');
      await place(client);
      response.writeHead(204).end();
    });
    await createNumber(client, { inbound_webhook_url: receiver.url });
    await advance(client, '1s');
    const payload = { from_number, to_number };
    const answer = await client.send({ method: 'POST', url: inboundUrl, payload });
    expect(answer.status).toBe(409);
    expect(await readCall(client, first)).toMatchObject({ direction: 'outbound' });
  });
});
