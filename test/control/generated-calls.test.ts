import { describe, expect, it } from 'vitest';
import { callsOn, listCalls, place, readCall, type Call } from '../support/calls.js';
import { advance } from '../support/control.js';
import { type TestClient } from '../support/emulator.js';
import { newYear } from '../support/manual-clock.js';

const url = '/_emulator/fixtures';
const load = (client: TestClient, fixtures: object) =>
  client.call<Record<string, number>>('POST', url, fixtures);

/** Loads fixtures that must be refused, and returns the message. */
async function refusal(client: TestClient, payload: object) {
  const { status, body } = await client.send({ method: 'POST', url, payload });
  return { status, message: String(body['message']) };
}

describe('a phone number in fixtures', () => {
  it('is loaded as it is read', async () => {
    const { client } = callsOn({ unknownNumbers: 'reject' });
    const answer = await client.call('POST', '/create-phone-number', {
      ...{ area_code: 415, nickname: 'Main', inbound_webhook_url: 'https://x.example/in' },
      outbound_agents: [{ agent_id: 'agent_1', weight: 1 }],
    });
    const { client: copy } = callsOn({ unknownNumbers: 'reject' });
    const imported = {
      phone_number: '+4930123456',
      phone_number_type: 'custom',
      sip_outbound_trunk_config: { termination_uri: 'sip.example' },
    };
    expect(await load(copy, { phoneNumbers: [answer, imported] })).toMatchObject({
      phoneNumbers: 2,
    });
    const path = `/get-phone-number/${String(answer['phone_number'])}`;
    expect(await copy.call('GET', path)).toEqual(answer);
    const call = await place(copy, {
      from_number: answer['phone_number'],
      override_agent_id: undefined,
    });
    expect(call.agent_id).toBe('agent_1');
  });

  it.each([
    [
      'a number that is there',
      [{ phone_number: '+1' }, { phone_number: '+1' }],
      409,
      /phoneNumbers\/1\/phone_number is taken/,
    ],
    [
      'weights',
      [{ phone_number: '+1', inbound_agents: [{ agent_id: 'a', weight: 0.5 }] }],
      400,
      /inbound_agents must have weights that add up to 1/,
    ],
    [
      'a time to come',
      [{ phone_number: '+1', last_modification_timestamp: newYear + 1 }],
      400,
      /last_modification_timestamp must not be after the present/,
    ],
    [
      'a fallback to itself',
      [{ phone_number: '+1', fallback_number: '+1' }],
      400,
      /fallback_number must be another number/,
    ],
  ])('is refused with %s', async (_, phoneNumbers, status, message) => {
    const { client } = callsOn();
    const answer = await refusal(client, { phoneNumbers });
    expect(answer).toEqual({ status, message: expect.stringMatching(message) as string });
  });
});

describe('generated calls', () => {
  it('are spread over time, agents, numbers and reasons, and are all over', async () => {
    const { client } = callsOn();
    const agents = ['agent_1', 'agent_2'];
    await load(client, {
      phoneNumbers: [{ phone_number: '+14155550001' }, { phone_number: '+14155550002' }],
      generate: {
        ...{ calls: 400, agents, inbound: 0.5, metadata: { made: true } },
        ...{ from: '2025-12-01T00:00:00Z', to: '2025-12-31T00:00:00Z' },
        callOutcomes: 'user_hangup=0.5,dial_no_answer=0.25,voicemail_reached=0.25',
      },
    });
    const page = await listCalls(client, { limit: 1000 });
    const items = page.items as Call[];
    expect(items).toHaveLength(400);
    const count = (of: (call: Call) => unknown) => {
      const counts: Record<string, number> = {};
      for (const call of items) counts[String(of(call))] = (counts[String(of(call))] ?? 0) + 1;
      return counts;
    };
    expect(Object.keys(count(({ agent_id: id }) => id)).sort()).toEqual(agents);
    expect(count(({ direction }) => direction)['inbound']).toBeGreaterThan(150);
    expect(count(({ call_status: status }) => status)).toEqual({
      ...{ ended: expect.any(Number) as number, not_connected: expect.any(Number) as number },
    });
    const own = count((call) => (call.direction === 'inbound' ? call.to_number : call.from_number));
    expect(Object.keys(own).sort()).toEqual(['+14155550001', '+14155550002']);
    const days = count((call) => new Date(call.end_timestamp ?? 0).toISOString().slice(0, 10));
    expect(Object.keys(days)).toHaveLength(30);
    expect(Math.min(...Object.values(days))).toBeGreaterThan(5);
    expect(items.every(({ call_analysis: analysis }) => analysis !== undefined)).toBe(true);
    expect(items[0]?.metadata).toEqual({ made: true });
    const some = await readCall(client, items[0]?.call_id ?? '');
    expect(some.call_status === 'not_connected' || some.transcript !== '').toBe(true);
    expect(await advance(client, { until: 'idle' })).toMatchObject({ now: newYear });
  });

  it('follow from the seed, and no call that is created later has one of their ids', async () => {
    const [a, b, c] = ['s', 's', 't'].map((seed) => callsOn({ seed }).client) as [
      ...[TestClient, TestClient, TestClient],
    ];
    for (const client of [a, b, c]) await load(client, { generate: { calls: 30 } });
    const all = await Promise.all([a, b, c].map((client) => listCalls(client)));
    expect(all[1]).toEqual(all[0]);
    expect(all[2]).not.toEqual(all[0]);
    const { call_id: id } = await place(a);
    expect(all[0]?.items.map(({ call_id }) => call_id)).not.toContain(id);
    expect(await load(a, { generate: { calls: 30 } })).toMatchObject({ calls: 30 });
    expect((await listCalls(a, { include_total: true })).total).toBe(61);
  });

  it.each([
    ['a time to come', { calls: 1, to: newYear + 1 }, /generate\/to must not be after the present/],
    [
      'a span that ends before it begins',
      { calls: 1, from: 9, to: 8 },
      /generate\/from must not be after "to"/,
    ],
    ['no count', {}, /must have required property 'calls'/],
    ['more than a million', { calls: 1_000_001 }, /must be <= 1000000/],
  ])('are refused with %s', async (_, generate, message) => {
    const { client } = callsOn();
    const answer = await refusal(client, { generate });
    expect(answer).toEqual({ status: 400, message: expect.stringMatching(message) as string });
  });
});
