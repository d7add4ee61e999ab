import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fixtures } from '../../src/library/workspace.js';
import { exportSteps } from '../../src/simulation/fixtures/export.js';
import { workspaceNameOf } from '../../src/workspace/name.js';
import { listCalls, plainCalls, someCall, type Call } from '../support/calls.js';
import { advance } from '../support/control.js';
import { buildTestApp, type TestClient } from '../support/emulator.js';
import { newYear } from '../support/manual-clock.js';

const exported = (client: TestClient, query = '') =>
  client.call<Fixtures>('GET', `/_emulator/export${query}`);

/** One emulator; each client has a workspace of its own. */
function clients() {
  const { client } = buildTestApp({
    settings: { ...plainCalls, callOutcomes: 'user_hangup=3,dial_busy=1,call_transfer=1' },
    initialClock: () => ({ mode: 'manual', time: newYear }),
  });
  let count = 0;
  return (): TestClient => client(`key_${String((count += 1))}`);
}

const someAgent = {
  ...{ voice_id: '11labs-Adrian', response_engine: { type: 'retell-llm', llm_id: 'llm_1' } },
  post_call_analysis_data: [{ type: 'number', name: 'score', description: 'How it went' }],
};

const begin = (client: TestClient) =>
  client.call('POST', '/_emulator/fixtures', {
    retellLlms: [{ llm_id: 'llm_1', begin_message: 'Hello {{name}}.' }],
    agents: [{ agent_id: 'agent_1', agent_name: 'First', ...someAgent }],
    phoneNumbers: [
      {
        phone_number: '+14155550100',
        outbound_agents: [
          { agent_id: 'agent_1', weight: 0.5 },
          { agent_id: 'agent_gone', weight: 0.5 },
        ],
      },
    ],
  });

/** What may be done in a workspace. Each gets a number to choose by. */
const actions = {
  place: (client, n) =>
    client.send({
      ...{ method: 'POST', url: '/v2/create-phone-call' },
      headers: n % 4 === 0 ? { 'x-emulator-progression': 'polls=3' } : {},
      payload: {
        from_number: n % 2 === 0 ? '+14155550100' : '+14157774444',
        to_number: `+1213777${['4445', '9002', '9004', '9009'][n % 4] ?? ''}`,
        ...(n % 2 === 1 && { override_agent_id: 'agent_1' }),
        ...(n % 3 === 0 && { metadata: { n }, retell_llm_dynamic_variables: { name: 'Ben' } }),
        ...(n % 5 === 0 && { agent_override: { agent: { ring_duration_ms: 5000 } } }),
      },
    }),
  immediate: (client, n) =>
    client.send({
      ...{ method: 'POST', url: '/v2/create-phone-call' },
      headers: { 'x-emulator-progression': n % 2 === 0 ? 'immediate' : 'manual' },
      payload: someCall,
    }),
  register: (client) =>
    client.send({
      ...{ method: 'POST', url: '/v2/register-phone-call', payload: { agent_id: 'agent_1' } },
    }),
  web: (client, n) =>
    client.send({
      ...{ method: 'POST', url: '/v2/create-web-call' },
      payload: { agent_id: 'agent_1', ...(n % 2 === 0 && { current_state: 'none' }) },
    }),
  pass: (client, n) => advance(client, { by: `${String(n)}s` }),
  read: (client, n) => ofSome(client, n, (id) => ['GET', `/v2/get-call/${id}`]),
  stop: (client, n) => ofSome(client, n, (id) => ['POST', `/v2/stop-call/${id}`]),
  analyse: (client, n) => ofSome(client, n, (id) => ['PUT', `/rerun-call-analysis/${id}`]),
  remove: (client, n) =>
    n % 3 === 0 ? ofSome(client, n, (id) => ['DELETE', `/v2/delete-call/${id}`]) : undefined,
  change: (client, n) =>
    ofSome(client, n, (id) => [
      'PATCH',
      `/v2/update-call/${id}`,
      n % 2 === 0
        ? { custom_attributes: { n } }
        : { data_storage_setting: 'basic_attributes_only' },
    ]),
  changeLive: (client, n) =>
    ofSome(client, n, (id) => [
      'PATCH',
      `/v2/update-live-call/${id}`,
      {
        fields_to_override: { override_dynamic_variables: { name: 'Cleo' } },
        call_control: { additional_context: 'They are on hold.' },
      },
    ]),
  rename: (client, n) =>
    client.send({
      ...{ method: 'PATCH', url: '/update-agent/agent_1' },
      payload: { agent_name: `Name ${String(n)}` },
    }),
  rewrite: (client, n) =>
    client.send({
      ...{ method: 'PATCH', url: '/update-retell-llm/llm_1' },
      payload: { begin_message: `Hello, number ${String(n)}.` },
    }),
  byHand: (client, n) =>
    ofSome(client, n, (id) => {
      const [action, payload] = (
        [
          ['answer', {}],
          ['say', { role: 'user', content: 'Yes, please.' }],
          ['hang-up', { by: 'user' }],
          ['end', { disconnectionReason: 'agent_hangup', analysis: { summary: 'Short.' } }],
        ] as const
      )[(n % 4) as 0 | 1 | 2 | 3];
      return ['POST', `/_emulator/calls/${id}/${action}`, payload];
    }),
  order: (client, n) =>
    client.send({
      ...{ method: 'POST', url: '/_emulator/call-rules' },
      payload: {
        match: { toNumber: '*4445' },
        times: 1 + (n % 3),
        outcome: {
          ...{ duration: `${String(n)}s`, recording: n % 2 === 0 },
          transcript: [
            { role: 'agent', content: 'Hello.' },
            { role: 'tool', name: 'book', arguments: { n }, result: 'done' },
          ],
        },
      },
    }),
  reseed: (client, n) =>
    client.call('PATCH', '/_emulator/settings', { seed: `seed ${String(n % 2)}` }),
  generate: (client, n) =>
    client.call('POST', '/_emulator/fixtures', { generate: { calls: n % 4, from: newYear - 1e6 } }),
} as const satisfies Record<string, (client: TestClient, n: number) => unknown>;

type Action = keyof typeof actions;

/** Does something with one of the calls; whether it is refused does not matter. */
async function ofSome(
  client: TestClient,
  n: number,
  request: (
    id: string,
  ) => [method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', url: string, payload?: object],
) {
  const { items } = await listCalls(client, { limit: 1000, sort_order: 'ascending' });
  if (items.length === 0) return;
  const [method, url, payload] = request(items[n % items.length]?.call_id ?? '');
  await client.send({ method, url, ...(payload && { payload }) });
}

/** What a client can see of calls and numbers, now and when all is over. */
async function everything(client: TestClient) {
  const seen: unknown[] = [];
  for (const step of [{ by: '1s' }, { by: '3s' }, { until: 'idle' }]) {
    const { items } = await listCalls(client, { limit: 1000 });
    seen.push(items, await client.call('GET', '/v2/list-phone-numbers'));
    for (const { call_id: id } of items)
      seen.push(await client.call<Call>('GET', `/v2/get-call/${id}`));
    seen.push(await client.call('GET', '/get-concurrency'));
    seen.push(await advance(client, step));
  }
  seen.push((await actions.place(client, 4)).body, await listCalls(client));
  return seen;
}

const names = Object.keys(actions) as Action[];
const steps = fc.array(fc.tuple(fc.constantFrom(...names), fc.nat(30)), {
  ...{ minLength: 6, maxLength: 14 },
});

describe('an exported workspace with calls', () => {
  it('restores the same state, and goes on in the same way', async () => {
    const next = clients();
    await fc.assert(
      fc.asyncProperty(steps, async (done) => {
        const client = next();
        await begin(client);
        // The name of a workspace decides ids: both must have the same to go on alike.
        for (const [action, n] of done) await actions[action](client, n);
        const state = await exported(client);
        const now = await everything(client);
        await client.call('POST', '/_emulator/fixtures?replace=true', state);
        expect(await exported(client)).toEqual(state);
        expect(await everything(client)).toEqual(now);
      }),
      { numRuns: 12 },
    );
  });

  it('comes in parts, which restore the same', async () => {
    const next = clients();
    const [client, copy] = [next(), next()];
    await begin(client);
    await client.call('POST', '/_emulator/fixtures', { generate: { calls: 30 } });
    await client.createBatchTest();
    await actions.place(client, 0);
    const whole = await exported(client);
    const { store, workspaces } = client.emulator;
    const parts: Fixtures[] = [];
    for (let from: number | undefined = 0; from !== undefined;) {
      const steps = exportSteps(store, workspaces.open(workspaceNameOf('key_1')), from, 4000);
      let step = steps.next();
      while (step.done !== true) step = steps.next();
      const part = JSON.parse(JSON.stringify(step.value)) as Fixtures;
      parts.push(part);
      from = part.nextBatchesFrom;
    }
    expect(parts.length).toBeGreaterThan(3);
    for (const [index, part] of parts.entries()) {
      await copy.call('POST', `/_emulator/fixtures${index === 0 ? '?replace=true' : ''}`, part);
    }
    expect(await exported(copy)).toEqual(whole);
  });

  it('writes the contents of an agent once that is not what it was', async () => {
    const client = clients()();
    await begin(client);
    await client.call('POST', '/_emulator/fixtures', { generate: { calls: 3 } });
    await actions.rename(client, 1);
    await actions.place(client, 1);
    const { calls = [] } = await exported(client);
    expect(
      calls.map(({ agentContent, contentsOf }) => [agentContent?.['agent_name'], contentsOf]),
    ).toEqual([
      ['First', undefined],
      [undefined, calls[0]?.call_id],
      [undefined, calls[0]?.call_id],
      [undefined, undefined],
    ]);
  });
});

describe('calls and phone numbers of a workspace', () => {
  it('are in a snapshot, and go on from there', async () => {
    const client = clients()();
    await begin(client);
    for (const n of [0, 1, 3, 4]) await actions.place(client, n);
    await advance(client, '3s');
    await client.call('POST', '/_emulator/snapshots/a');
    const state = await exported(client);
    const seen = await everything(client);
    await client.call('DELETE', `/delete-phone-number/${encodeURIComponent('+14155550100')}`);
    await actions.remove(client, 0);
    await client.call('POST', '/_emulator/snapshots/a/restore');
    expect(await exported(client)).toEqual(state);
    expect(await everything(client)).toEqual(seen);
  });

  it('are gone after a reset, and come again with the same ids', async () => {
    const client = clients()();
    const first = await actions.place(client, 1);
    await client.call('POST', '/create-phone-number', {});
    const numbers = await client.call('GET', '/v2/list-phone-numbers');
    await client.call('POST', '/_emulator/reset');
    expect((await listCalls(client)).items).toEqual([]);
    expect(await client.call('GET', '/v2/list-phone-numbers')).toMatchObject({ items: [] });
    expect((await actions.place(client, 1)).body).toEqual(first.body);
    await client.call('POST', '/create-phone-number', {});
    expect(await client.call('GET', '/v2/list-phone-numbers')).toEqual(numbers);
  });

  it.each(['', '?replace=true'])('are as before after a long load%s that fails', async (query) => {
    const client = clients()();
    await begin(client);
    for (const n of [0, 1]) await actions.place(client, n);
    const state = await exported(client);
    const wrong = {
      phoneNumbers: [{ phone_number: '+1' }],
      calls: [{ agent_id: 'a', from_number: '+1', to_number: '+2', createdAt: newYear + 1e9 }],
      generate: { calls: 1000 },
    };
    const bad = await client.send({
      ...{ method: 'POST', url: `/_emulator/fixtures${query}` },
      payload: { ...wrong, calls: [], generate: { calls: 400, to: newYear + 1e9 } },
    });
    expect(bad.status).toBe(400);
    const late = await client.send({
      ...{ method: 'POST', url: `/_emulator/fixtures${query}` },
      payload: {
        phoneNumbers: wrong.phoneNumbers,
        calls: [
          ...Array.from({ length: 300 }, () => ({ ...wrong.calls[0], createdAt: newYear - 1e9 })),
          ...wrong.calls,
        ],
      },
    });
    expect(late).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining('calls/300') as string },
    });
    expect(await exported(client)).toEqual(state);
  });
});
