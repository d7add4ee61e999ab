import { describe, expect, it } from 'vitest';
import { advance, buildStoppedApp } from '../support/control.js';
import { buildTestApp, type TestClient } from '../support/emulator.js';
import { newYear } from '../support/manual-clock.js';

interface Wire extends Record<string, unknown> {
  phone_number: string;
}

const agent = (weight: number, id = 'agent_1') => ({ agent_id: id, weight });

const create = (client: TestClient, body: object = {}) =>
  client.call<Wire>('POST', '/create-phone-number', body);

const refusal = async (client: TestClient, url: string, payload: object) => {
  const { status, body } = await client.send({ method: 'POST', url, payload });
  return { status, message: (body as { message: string }).message };
};

describe('a phone number', () => {
  it('is bought, with what is said of it, and read with its plus encoded or not', async () => {
    const { client } = buildTestApp();
    const said = {
      nickname: 'Front desk',
      inbound_agents: [{ agent_id: 'agent_1', agent_version: 'latest_published', weight: 1 }],
      outbound_agents: [agent(0.25), agent(0.75, 'agent_2')],
      inbound_webhook_url: 'http://127.0.0.1:3000/inbound',
      allowed_inbound_country_list: ['US', 'DE'],
      fallback_number: '+14155550100',
    };
    const created = await create(client(), { phone_number: '+14157774444', ...said });
    expect(created).toEqual({
      phone_number: '+14157774444',
      phone_number_pretty: '+1(415)777-4444',
      phone_number_type: 'retell-twilio',
      ...said,
      last_modification_timestamp: newYear,
    });
    for (const path of ['+14157774444', '%2B14157774444']) {
      expect(await client().call('GET', `/get-phone-number/${path}`)).toEqual(created);
    }
  });

  it('is made up where none is named: of the area, other each time, the same for a seed', async () => {
    const made = async () => {
      const { client } = buildTestApp();
      const numbers = [];
      for (let count = 0; count < 20; count += 1) {
        numbers.push((await create(client(), { area_code: 415 })).phone_number);
      }
      return numbers;
    };
    const numbers = await made();
    for (const number of numbers) expect(number).toMatch(/^\+1415[2-9]\d{6}$/);
    expect(new Set(numbers).size).toBe(20);
    expect(await made()).toEqual(numbers);
    const { client } = buildTestApp();
    const wish = { toll_free: true, number_provider: 'telnyx', country_code: 'CA' };
    const free = await create(client(), wish);
    expect(free.phone_number).toMatch(/^\+18(00|88|77|66)/);
    expect(free).toMatchObject({ phone_number_type: 'retell-telnyx' });
  });

  it('is imported with its trunk, whose password nobody reads', async () => {
    const { client } = buildTestApp();
    const payload = {
      ...{ phone_number: '1001', termination_uri: 'x.pstn.twilio.com', transport: 'TLS' },
      ...{ sip_trunk_auth_username: 'user', sip_trunk_auth_password: 'secret' },
    };
    const imported = await client().call('POST', '/import-phone-number', payload);
    expect(imported).toEqual({
      ...{ phone_number: '1001', phone_number_pretty: '1001', phone_number_type: 'custom' },
      sip_outbound_trunk_config: {
        ...{ termination_uri: 'x.pstn.twilio.com', auth_username: 'user', transport: 'TLS' },
      },
      last_modification_timestamp: newYear,
    });
    const strict = { ...payload, phone_number: '1002', ignore_e164_validation: false };
    expect(await refusal(client(), '/import-phone-number', strict)).toMatchObject({
      status: 400,
      message: expect.stringContaining('body/phone_number must be in E.164 form') as string,
    });
  });

  it('is changed in what is given, and let go of by an empty list or null', async () => {
    const { client } = buildStoppedApp();
    const { phone_number: number, ...before } = await create(client, {
      ...{ nickname: 'A', inbound_agents: [agent(1)], outbound_agents: [agent(1)] },
    });
    await advance(client, '1s');
    const url = `/update-phone-number/${number}`;
    const change = { outbound_agents: null, inbound_agents: [], nickname: 'B' };
    const changed = await client.call('PATCH', url, change);
    const expected = { phone_number: number, ...before, ...change };
    expect(changed).toEqual({ ...expected, last_modification_timestamp: newYear + 1000 });
    const sms = { inbound_sms_agents: [agent(1)], termination_uri: 'y' };
    expect(await client.call('PATCH', url, sms)).toMatchObject({
      inbound_sms_agents: [agent(1)],
      sip_outbound_trunk_config: { termination_uri: 'y' },
    });
    const read = await client.call('GET', `/get-phone-number/${number}`);
    expect(read).toMatchObject({ nickname: 'B', inbound_sms_agents: [agent(1)] });
  });

  it('is deleted once, and then not found', async () => {
    const { client } = buildTestApp();
    const { phone_number: number } = await create(client());
    const remove = { method: 'DELETE', url: `/delete-phone-number/${number}` } as const;
    expect((await client().send(remove)).status).toBe(204);
    const { status, body } = await client().send(remove);
    expect(status).toBe(404);
    expect(body).toEqual({
      status: 'error',
      message: `Item ${number} not found from phone-number`,
    });
  });

  it.each<[string, object, string]>([
    ['weights that are not 1 in all', { inbound_agents: [agent(0.5)] }, 'body/inbound_agents must'],
    ['a weight of 0', { outbound_agents: [agent(0)] }, 'body/outbound_agents/0/weight must be > 0'],
    ['no weight', { inbound_agents: [{ agent_id: 'a' }] }, "required property 'weight'"],
    ['itself as fallback', { fallback_number: '+14157774444' }, 'body/fallback_number must'],
    ['a country that is none', { allowed_inbound_country_list: ['usa'] }, 'must match pattern'],
    ['an area code of two digits', { area_code: 41 }, 'body/area_code must be >= 200'],
    ['a number without a plus', { phone_number: '4157774444' }, 'body/phone_number must match'],
  ])('is refused with %s', async (_, body, message) => {
    const { client } = buildTestApp();
    const payload = { phone_number: '+14157774444', ...body };
    const answer = await refusal(client(), '/create-phone-number', payload);
    expect(answer.status).toBe(400);
    expect(answer.message).toContain(message);
    expect(await client().call('GET', '/list-phone-numbers')).toEqual([]);
  });

  it('is there once', async () => {
    const { client } = buildTestApp();
    const payload = { phone_number: '+14157774444' };
    await create(client(), payload);
    expect(await refusal(client(), '/create-phone-number', payload)).toMatchObject({ status: 400 });
    await create(client('key_b'), payload);
  });

  it('takes weights that are thirds', async () => {
    const { client } = buildTestApp();
    await create(client(), { inbound_agents: [agent(0.33), agent(0.33), agent(0.34)] });
    await create(client(), { inbound_agents: [agent(1 / 3), agent(1 / 3), agent(1 / 3)] });
  });

  it('is listed, the newest first, in pages or all at once', async () => {
    const { client } = buildTestApp();
    const numbers = [];
    for (let count = 0; count < 5; count += 1) numbers.push(await create(client()));
    const newest = numbers.toReversed();
    expect(await client().call('GET', '/list-phone-numbers')).toEqual(newest);
    const read = (query: string) =>
      client().call<{ items: Wire[]; pagination_key?: string }>(
        ...(['GET', `/v2/list-phone-numbers?${query}`] as const),
      );
    const first = await read('limit=3');
    const second = await read(`limit=3&pagination_key=${first.pagination_key ?? ''}`);
    expect([...first.items, ...second.items]).toEqual(newest);
    expect(second).toMatchObject({ has_more: false });
    expect((await read('sort_order=ascending')).items).toEqual(numbers);
    expect(await client('key_b').call('GET', '/list-phone-numbers')).toEqual([]);
  });

  it('costs nothing, but needs that there is credit', async () => {
    const { client } = buildTestApp({ credit: 0 });
    expect(await refusal(client(), '/create-phone-number', {})).toMatchObject({ status: 402 });
  });

  it('comes back with a snapshot, and goes with a reset', async () => {
    const { client } = buildStoppedApp();
    const kept = await create(client);
    await client.call('POST', '/_emulator/snapshots/a');
    await create(client);
    await client.call('POST', '/_emulator/snapshots/a/restore');
    expect(await client.call('GET', '/list-phone-numbers')).toEqual([kept]);
    await client.call('POST', '/_emulator/reset');
    expect(await client.call('GET', '/list-phone-numbers')).toEqual([]);
  });
});

describe('what the vendor has withdrawn', () => {
  const old = {
    phone_number: '+14157774444',
    inbound_agent_id: 'agent_1',
    inbound_agent_version: 2,
  };
  const warningsOf = async (client: TestClient, path: string) => {
    const entries = await client.call<{ items: { path: string; warnings: string[] }[] }>(
      ...(['GET', '/_emulator/requests'] as const),
    );
    return entries.items.filter((entry) => entry.path === path).flatMap(({ warnings }) => warnings);
  };

  it('is served with a warning: a single agent is a list of one', async () => {
    const { client } = buildTestApp();
    expect(await create(client(), old)).toMatchObject({
      inbound_agent_id: 'agent_1',
      inbound_agents: [{ agent_id: 'agent_1', agent_version: 2, weight: 1 }],
    });
    expect(await warningsOf(client(), '/create-phone-number')).toEqual([
      expect.stringContaining('Fields: inbound_agent_id, inbound_agent_version.'),
    ]);
    const url = '/update-phone-number/+14157774444';
    const changed = await client().call('PATCH', url, { inbound_agents: [agent(1, 'agent_2')] });
    expect(changed).not.toHaveProperty('inbound_agent_id');
    expect(await client().call('PATCH', url, { inbound_agent_id: null })).toMatchObject({
      inbound_agents: null,
      inbound_agent_id: null,
    });
  });

  it('is served in silence, or refused in the words of the real service', async () => {
    const { client } = buildTestApp({ settings: { deprecated: 'serve' } });
    await create(client(), old);
    await client().call('GET', '/list-phone-numbers');
    expect(await warningsOf(client(), '/create-phone-number')).toEqual([]);
    expect(await warningsOf(client(), '/list-phone-numbers')).toEqual([]);
    await client().call('PATCH', '/_emulator/settings', {
      deprecated: 'reject',
    });
    const { status, message } = await refusal(client(), '/create-phone-number', {
      inbound_agent_id: 'agent_1',
    });
    expect(status).toBe(400);
    expect(message).toMatch(
      /^Deprecated API usage is no longer supported: Phone number single-agent fields\. Fields: inbound_agent_id\. Migration details: /,
    );
    const listed = await client().send({ method: 'GET', url: '/list-phone-numbers' });
    expect(listed.status).toBe(400);
    expect(listed.body).toMatchObject({
      message: expect.stringContaining('Its successor is /v2/list-phone-numbers.') as string,
    });
  });

  it('includes other operations, which are served with a warning', async () => {
    const { client } = buildTestApp();
    await client().call('GET', '/list-agents');
    expect(await warningsOf(client(), '/list-agents')).toEqual([
      'listAgents is deprecated; its successor is /v2/list-agents',
    ]);
  });
});
