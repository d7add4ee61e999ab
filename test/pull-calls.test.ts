import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmulator, type Fixtures, type RetellEmulator } from '../src/index.js';
import { pull, type PullOptions } from '../src/pull/pull.js';
import { clientOf } from './support/library.js';
import { serve } from './support/serve.js';

let emulator: RetellEmulator;
beforeAll(async () => {
  emulator = await startEmulator({ validateResponses: true, now: '2027-01-01T00:00:00Z' });
});
afterAll(() => emulator.close());

async function pullFrom(upstream: string, apiKey: string, options: Partial<PullOptions> = {}) {
  const logged: string[] = [];
  const fixtures = await pull({
    ...{ upstream, apiKey, agents: [], calls: 10, keepsPersonalData: false },
    deadline: () => new AbortController().signal,
    sleep: () => Promise.resolve(),
    log: (line) => logged.push(line),
    ...options,
  });
  return { fixtures, logged, calls: fixtures.calls ?? [], numbers: fixtures.phoneNumbers ?? [] };
}

const agent = (agent_id: string): NonNullable<Fixtures['agents']>[number] => ({
  ...{ agent_id, agent_name: `${agent_id} desk`, voice_id: 'v' },
  response_engine: { type: 'retell-llm', llm_id: 'llm_1' },
  post_call_analysis_data: [
    { type: 'enum', name: 'topic', description: 'What it is about', choices: ['billing', 'other'] },
    { type: 'enum', name: 'other_topic', description: 'What else', choices: ['billing', 'other'] },
    { type: 'string', name: 'wish', description: 'What the caller wants' },
    { type: 'boolean', name: 'paid', description: 'Whether they paid' },
    { type: 'number', name: 'age', description: 'How old they are' },
  ],
});

const secrets = [
  ...['Ann Smith', '+14157774444', '+12137774445', '+12137774446', 'ann@example.org', 'Main line'],
  ...['Please cancel', 'recordings.example', 'Smith family', 'hidden-sip', 'CA123', '4711'],
];

const account: Fixtures = {
  retellLlms: [{ llm_id: 'llm_1' }],
  agents: [agent('agent_1'), agent('agent_2')],
  phoneNumbers: [
    {
      ...{ phone_number: '+14157774444', nickname: 'Main line' },
      inbound_agents: [{ agent_id: 'agent_1', weight: 1 }],
      ...{
        inbound_webhook_url: 'https://app.example.com/inbound',
        fallback_number: '+12137774446',
      },
      allowed_inbound_country_list: ['US'],
      sip_outbound_trunk_config: { auth_username: 'hidden-sip' },
    },
    { phone_number: '+12137774446', outbound_agents: [{ agent_id: 'agent_2', weight: 1 }] },
  ],
  calls: [
    {
      ...{ call_id: 'call_old', agent_id: 'agent_2', from_number: '+12137774446' },
      ...{ to_number: '+12137774445', start_timestamp: '2026-12-01T00:00:00Z' },
      duration_ms: 1000,
    },
    {
      ...{ call_id: 'call_said', agent_id: 'agent_1', call_status: 'ended' },
      ...{ from_number: '+12137774445', to_number: '+14157774444', direction: 'inbound' },
      ...{ start_timestamp: '2026-12-02T00:00:00Z', end_timestamp: '2026-12-02T00:01:00Z' },
      ...{ duration_ms: 60_000, disconnection_reason: 'call_transfer' },
      transfer_destination: '+12137774446',
      transcript: 'User: Please cancel, this is Ann Smith.',
      metadata: {
        ...{ customer: 'Ann Smith', id: 4711, gold: true, again: ['Ann Smith', null] },
        'ann@example.org': { mail: 'ann@example.org', phone: '+12137774445' },
      },
      retell_llm_dynamic_variables: { name: 'Ann Smith' },
      custom_sip_headers: { 'x-who': 'hidden-sip' },
      telephony_identifier: { twilio_call_sid: 'CA123' },
      recording_url: 'https://recordings.example/1.wav',
      call_analysis: {
        ...{ call_summary: 'Ann Smith cancels.', user_sentiment: 'Neutral', call_successful: true },
        custom_analysis_data: {
          ...{ topic: 'billing', other_topic: 'Smith family', wish: 'Please cancel', paid: false },
          age: 4711,
        },
      },
      call_cost: {
        ...{ combined_cost: 3, total_duration_seconds: 60, total_duration_unit_price: 0.05 },
        product_costs: [{ product: 'llm', cost: 3 }],
      },
    },
    {
      ...{ call_id: 'call_web', call_type: 'web_call', agent_id: 'agent_2' },
      ...{ start_timestamp: '2026-12-03T00:00:00Z', duration_ms: 1000 },
      access_token: 'hidden-sip token',
    },
    {
      ...{ call_id: 'call_now', agent_id: 'agent_1', call_status: 'ongoing' },
      ...{ from_number: '+14157774444', to_number: '+12137774445' },
    },
  ],
};

async function startAccount(key: string, fixtures = account) {
  const workspace = emulator.workspace(key);
  await workspace.load(fixtures);
  return workspace;
}

describe('the phone numbers and calls of an account', () => {
  it('are read without what says who talked, and what about', async () => {
    const { url } = await startAccount('key_scrubbed');
    const { fixtures, calls, numbers } = await pullFrom(url, 'key_scrubbed');
    const text = JSON.stringify({ calls, numbers });
    expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
    expect(numbers).toEqual([
      {
        ...{ phone_number: '+12015550100', phone_number_type: 'retell-twilio', nickname: 'text_1' },
        inbound_agents: [{ agent_id: 'agent_1', weight: 1 }],
        ...{ inbound_webhook_url: 'https://app.example.com/inbound' },
        ...{ fallback_number: '+12015550101', allowed_inbound_country_list: ['US'] },
      },
      {
        ...{ phone_number: '+12015550101', phone_number_type: 'retell-twilio' },
        outbound_agents: [{ agent_id: 'agent_2', weight: 1 }],
      },
    ]);
    expect(calls.map(({ call_id: id }) => id)).toEqual(['call_old', 'call_said', 'call_web']);
    expect(calls[1]).toEqual({
      ...{ call_id: 'call_said', call_type: 'phone_call', call_status: 'ended', complete: true },
      ...{ agent_id: 'agent_1', agent_version: 0, direction: 'inbound' },
      ...{ from_number: '+12015550102', to_number: '+12015550100' },
      ...{ transfer_destination: '+12015550101', disconnection_reason: 'call_transfer' },
      start_timestamp: Date.parse('2026-12-02T00:00:00Z'),
      end_timestamp: Date.parse('2026-12-02T00:01:00Z'),
      ...{ duration_ms: 60_000, data_storage_setting: 'everything' },
      metadata: {
        ...{ customer: 'text_2', id: 1, gold: true, again: ['text_2', null] },
        text_3: { mail: 'text_3', phone: '+12015550102' },
      },
      retell_llm_dynamic_variables: { name: 'text_2' },
      call_analysis: {
        ...{ user_sentiment: 'Neutral', call_successful: true },
        custom_analysis_data: { topic: 'billing', paid: false },
      },
      call_cost: account.calls?.[1]?.call_cost,
    });
    expect(fixtures.agents?.map(({ agent_name: name }) => name)).toContain('agent_1 desk');
  });

  it('load with what remains, and answer as before otherwise', async () => {
    const { url } = await startAccount('key_trip');
    const { fixtures, calls } = await pullFrom(url, 'key_trip');
    const copy = emulator.workspace('key_trip_copy');
    await copy.load(fixtures);
    const client = clientOf(copy);
    const said = await client.call.retrieve('call_said');
    const { complete, ...expected } = calls[1] ?? {};
    expect(complete).toBe(true);
    expect(said).toEqual(expected);
    const web = await client.call.retrieve('call_web');
    expect(web).toMatchObject({ call_type: 'web_call', duration_ms: 1000 });
    expect(web).not.toHaveProperty('transcript');
    const again = await pullFrom(url, 'key_trip_copy');
    // Pseudonyms count from 1 again: what was fictional is fictional in the same order.
    expect(again.calls.map(({ metadata }) => metadata)).toEqual(
      calls.map(({ metadata }) => metadata),
    );
    expect(again.fixtures.phoneNumbers).toEqual(fixtures.phoneNumbers);
  });

  it('are read whole where personal data is kept', async () => {
    const { url } = await startAccount('key_whole');
    const options = { keepsPersonalData: true };
    const { fixtures, calls, numbers } = await pullFrom(url, 'key_whole', options);
    expect(numbers[0]).toMatchObject({
      ...{ phone_number: '+14157774444', nickname: 'Main line' },
      sip_outbound_trunk_config: { auth_username: 'hidden-sip' },
    });
    const copy = emulator.workspace('key_whole_copy');
    await copy.load(fixtures);
    for (const { call_id: id = '' } of calls) {
      const [before, after] = await Promise.all(
        ['key_whole', 'key_whole_copy'].map((key) => {
          return clientOf(emulator.workspace(key)).call.retrieve(id);
        }),
      );
      expect(after).toEqual(before);
    }
  });

  it('are only the last calls, as many as are asked for', async () => {
    const { url } = await startAccount('key_last');
    const { calls } = await pullFrom(url, 'key_last', { calls: 2 });
    expect(calls.map(({ call_id: id }) => id)).toEqual(['call_said', 'call_web']);
    const { fixtures } = await pullFrom(url, 'key_last', { calls: 0 });
    expect(fixtures).not.toHaveProperty('calls');
    expect(fixtures.phoneNumbers).toHaveLength(2);
  });

  it('are only those of the agents that are asked for', async () => {
    const { url } = await startAccount('key_agent');
    const { calls, numbers } = await pullFrom(url, 'key_agent', { agents: ['agent_2'] });
    expect(calls.map(({ call_id: id }) => id)).toEqual(['call_old', 'call_web']);
    expect(numbers.map(({ outbound_agents: agents }) => agents?.[0]?.agent_id)).toEqual([
      'agent_2',
    ]);
  });

  it('never have their webhooks sent to the account', async () => {
    const workspace = await startAccount('key_sent', {
      ...account,
      agents: [{ ...agent('agent_1'), webhook_url: 'https://app.example.com/hook' }],
    });
    const { fixtures } = await pullFrom(workspace.url, 'key_sent');
    const copy = emulator.workspace('key_sent_copy');
    await copy.load(fixtures);
    await clientOf(copy).call.createPhoneCall({
      ...{ from_number: '+12015550100', to_number: '+12015550102', override_agent_id: 'agent_1' },
    });
    await copy.settle();
    const { items } = await copy.webhooks.list();
    expect(items.length).toBeGreaterThan(0);
    expect(new Set(items.map(({ url, state }) => `${state} ${url}`))).toEqual(
      new Set(['suppressed https://app.example.com/hook']),
    );
  });

  it('have their requests valid under the contract, and only such that read', async () => {
    const workspace = await startAccount('key_requests');
    await pullFrom(workspace.url, 'key_requests');
    const { items } = await workspace.requests.list({ limit: 100 });
    expect(items.filter(({ valid }) => !valid)).toEqual([]);
    const posts = items.filter(({ method }) => method !== 'GET').map(({ path }) => path);
    expect(posts).toEqual(['/v2/list-agents', '/v3/list-calls']);
  });
});

/** A server whose lists are empty but for these. */
const serveLists = (lists: Record<string, object[]>, calls: Record<string, object> = {}) =>
  serve(({ url = '' }, response) => {
    const [path = ''] = url.split('?');
    const id = path.replace('/v2/get-call/', '');
    if (path === id) {
      response.end(JSON.stringify({ items: lists[path] ?? [], has_more: false }));
    } else if (calls[id] === undefined) {
      response.writeHead(404).end('{"status":"error","message":"gone"}');
    } else {
      response.end(JSON.stringify(calls[id]));
    }
  });

const plain = (call_id: string, more: object = {}) => ({
  ...{ call_id, call_type: 'phone_call', call_status: 'ended', agent_id: 'a', agent_version: 0 },
  ...{ from_number: '+14157774444', to_number: '+12137774445', direction: 'outbound' },
  ...{ end_timestamp: 2000, disconnection_reason: 'user_hangup', ...more },
});

describe('calls and numbers that a server gives wrong', () => {
  it('are left out, and each one is named', async () => {
    const calls = [
      plain('call_good', { some_new_property: 'of next year', start_timestamp: 1000 }),
      plain('call_backwards', { start_timestamp: 3000 }),
      plain('call_no_end', { end_timestamp: null }),
      plain('call_no_number', { to_number: undefined }),
      plain('call_wrong_type', { duration_ms: 'long' }),
    ];
    const listed = [...calls, plain('call_gone'), plain('call_good')];
    const url = await serveLists(
      {
        '/v3/list-calls': listed,
        '/v2/list-phone-numbers': [
          { phone_number: '+14157774444', phone_number_type: 'custom' },
          { phone_number: '+14157774444', phone_number_type: 'custom' },
          { phone_number: '+14157774445', inbound_agents: [{ agent_id: 'a', weight: 0.5 }] },
          { phone_number: '+14157774446', phone_number_type: 'of-next-year' },
        ],
      },
      Object.fromEntries(calls.map((call) => [call.call_id, call])),
    );
    const { fixtures, logged } = await pullFrom(url, 'key_any', { keepsPersonalData: true });
    expect(fixtures.calls?.map(({ call_id: id }) => id)).toEqual(['call_good']);
    expect(fixtures.phoneNumbers?.map(({ phone_number: number }) => number)).toEqual([
      '+14157774444',
    ]);
    expect(logged.sort()).toEqual([
      expect.stringMatching(/^left out \+14157774444, .*listed twice/),
      expect.stringMatching(/^left out \+14157774445, .*inbound_agents must have weights/),
      expect.stringMatching(/^left out \+14157774446, .*phone_number_type/),
      expect.stringMatching(/^left out call call_gone: .*404/),
      expect.stringMatching(/^left out call_backwards, .*before its start/),
      expect.stringMatching(/^left out call_good, .*listed twice/),
      expect.stringMatching(/^left out call_no_end, .*end_timestamp is missing/),
      expect.stringMatching(/^left out call_no_number, .*no numbers/),
      expect.stringMatching(/^left out call_wrong_type, .*duration_ms/),
    ]);
    await emulator.workspace('key_wrong_copy').load(fixtures);
  });

  it('end the command where a call is another than that which was asked for', async () => {
    const url = await serveLists(
      { '/v3/list-calls': [plain('call_1')] },
      { call_1: plain('call_2') },
    );
    await expect(pullFrom(url, 'key_any')).rejects.toThrow('not as the vendor does');
  });

  it('are only as many as were asked for, also if a page has more', async () => {
    const listed = Array.from({ length: 5 }, (_, index) => plain(`call_${String(index)}`));
    const calls = Object.fromEntries(listed.map((call) => [call.call_id, call]));
    const url = await serveLists({ '/v3/list-calls': listed }, calls);
    const { calls: read } = await pullFrom(url, 'key_any', { calls: 2 });
    expect(read).toHaveLength(2);
  });
});
