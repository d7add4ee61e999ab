import { describe, expect, it } from 'vitest';
import type { components } from '../../src/contract/control.gen.js';
import { callsOn, place, readCall, type Call } from '../support/calls.js';
import { advance } from '../support/control.js';
import { TestClient } from '../support/emulator.js';
import { newYear } from '../support/manual-clock.js';

type Schemas = components['schemas'];
const rulesUrl = '/_emulator/call-rules';

const addRule = (client: TestClient, rule: object): Promise<Schemas['CallRule']> =>
  client.call('POST', rulesUrl, rule);

/** Places calls, lets them come to their end, and reads them. */
async function hold(client: TestClient, ...bodies: readonly object[]): Promise<Call[]> {
  const placed: Call[] = [];
  for (const body of bodies) placed.push(await place(client, body));
  await advance(client, { until: 'idle' });
  return Promise.all(placed.map(({ call_id }) => readCall(client, call_id)));
}

const reasons = async (client: TestClient, ...bodies: readonly object[]) =>
  (await hold(client, ...bodies)).map(({ disconnection_reason }) => disconnection_reason);

describe('a call rule', () => {
  it('gives reason, times, transcript, analysis and whether there are recordings', async () => {
    const { client } = callsOn();
    await addRule(client, {
      outcome: {
        ...{ disconnectionReason: 'agent_hangup', ring: '3s', duration: '20s' },
        transcript: [
          { role: 'agent', content: 'Which day suits you?' },
          { role: 'dtmf', digit: '3' },
          { role: 'tool', name: 'book', arguments: { day: 3 }, result: 'full', successful: false },
          { role: 'user', content: 'Then never mind.' },
          { role: 'tool', name: 'end_call' },
        ],
        analysis: { summary: 'No day was free.', successful: false, userSentiment: 'Negative' },
        ...{ analysisDelay: '7s', recording: false },
      },
    });
    const { call_id: id } = await place(client);
    await advance(client, '23s');
    const ended = await readCall(client, id);
    expect(ended).toMatchObject({
      ...{ call_status: 'ended', disconnection_reason: 'agent_hangup', duration_ms: 20_000 },
      ...{ start_timestamp: newYear + 3000, end_timestamp: newYear + 23_000 },
      transcript: 'Agent: Which day suits you?\nUser: Then never mind.',
      transcript_with_tool_calls: [
        { role: 'agent' },
        { role: 'dtmf', digit: '3' },
        { role: 'tool_call_invocation', name: 'book', arguments: '{"day":3}' },
        { role: 'tool_call_result', content: 'full', successful: false },
        { role: 'user' },
        { role: 'tool_call_invocation', name: 'end_call', arguments: '{}' },
      ],
    });
    expect(ended).not.toHaveProperty('recording_url');
    await advance(client, '6999ms');
    expect(await readCall(client, id)).not.toHaveProperty('call_analysis');
    await advance(client, '1ms');
    expect((await readCall(client, id)).call_analysis).toMatchObject({
      ...{ call_summary: 'No day was free.', call_successful: false, user_sentiment: 'Negative' },
    });
  });

  it('with a null analysis leaves a call without one for ever', async () => {
    const { client } = callsOn();
    await addRule(client, { outcome: { analysis: null } });
    const [call] = await hold(client, {});
    expect(call).toMatchObject({ call_status: 'ended' });
    expect(call).not.toHaveProperty('call_analysis');
  });

  it('leaves to chance what it does not give', async () => {
    const { client } = callsOn({ callOutcomes: { agent_hangup: 1 } });
    await addRule(client, { outcome: { recording: false } });
    const [call] = await hold(client, {});
    expect(call).toMatchObject({ disconnection_reason: 'agent_hangup', duration_ms: 10_000 });
    expect(call?.transcript).not.toBe('');
  });

  it('comes before magic numbers', async () => {
    const { client } = callsOn();
    await addRule(client, { match: { toNumber: '*9001' }, outcome: { ring: '2s' } });
    const toBusy = { to_number: '+14155559001' };
    const toVoicemail = { to_number: '+14155559003' };
    expect(await reasons(client, toBusy, toVoicemail)).toEqual(['user_hangup', 'user_declined']);
  });

  it('matches by numbers, agent, direction, metadata and variables, all that is given', async () => {
    const { client } = callsOn();
    const bodies = [
      { metadata: { customer: { id: 7, tags: ['new'] }, plan: 'gold' } },
      { override_agent_id: 'agent_2', retell_llm_dynamic_variables: { name: 'Ann', n: '1' } },
      { from_number: '+442071234567', to_number: '+12125550123' },
    ];
    const match = async (match: object) => {
      await addRule(client, { match, outcome: { disconnectionReason: 'dial_busy' } });
      const ended = await reasons(client, ...bodies);
      await client.call('DELETE', rulesUrl);
      return ended.map((reason) => reason === 'dial_busy');
    };
    expect(await match({})).toEqual([true, true, true]);
    expect(await match({ fromNumber: '+44*' })).toEqual([false, false, true]);
    expect(await match({ toNumber: '+1212555012?' })).toEqual([false, false, true]);
    expect(await match({ toNumber: '12125550123' })).toEqual([false, false, false]);
    expect(await match({ agentId: 'agent_2' })).toEqual([false, true, false]);
    expect(await match({ direction: 'outbound' })).toEqual([true, true, true]);
    expect(await match({ direction: 'inbound' })).toEqual([false, false, false]);
    const customer = { tags: ['new'], id: 7 };
    expect(await match({ metadata: { customer } })).toEqual([true, false, false]);
    expect(await match({ metadata: { customer: { id: 7 } } })).toEqual([false, false, false]);
    expect(await match({ metadata: { toString: null } })).toEqual([false, false, false]);
    expect(await match({ dynamicVariables: { name: 'Ann' } })).toEqual([false, true, false]);
    expect(await match({ dynamicVariables: { name: 'Ann', n: '2' } })).toEqual([
      ...[false, false, false],
    ]);
    expect(await match({ agentId: 'agent_2', fromNumber: '+44*' })).toEqual([false, false, false]);
  });

  it('decides `times` calls, and then the next matching rule decides', async () => {
    const { client } = callsOn();
    const outcome = (disconnectionReason: string) => ({ outcome: { disconnectionReason } });
    const first = await addRule(client, { times: 2, ...outcome('dial_busy') });
    await addRule(client, { times: 1, ...outcome('user_declined') });
    expect(await reasons(client, {}, {}, {}, {})).toEqual([
      ...['dial_busy', 'dial_busy', 'user_declined', 'user_hangup'],
    ]);
    const rules = await client.call<Schemas['CallRule'][]>('GET', rulesUrl);
    expect(rules.map(({ hits }) => hits)).toEqual([2, 1]);
    await client.call('DELETE', `${rulesUrl}/${first.id}`);
    expect(await client.call('GET', rulesUrl)).toHaveLength(1);
  });

  it('gives a sequence, whose last outcome is repeated', async () => {
    const { client } = callsOn();
    const sequence = [
      { disconnectionReason: 'dial_no_answer' },
      { disconnectionReason: 'dial_busy' },
      { disconnectionReason: 'voicemail_reached' },
    ];
    await addRule(client, { match: { toNumber: '+1415*' }, sequence });
    const to_number = '+14155550111';
    expect(await reasons(client, { to_number }, {}, { to_number }, { to_number })).toEqual([
      ...['dial_no_answer', 'user_hangup', 'dial_busy', 'voicemail_reached'],
    ]);
    expect(await reasons(client, { to_number })).toEqual(['voicemail_reached']);
  });

  it('does not change a call that was created before', async () => {
    const { client } = callsOn();
    const { call_id: id } = await place(client);
    await addRule(client, { outcome: { disconnectionReason: 'dial_busy' } });
    await advance(client, { until: 'idle' });
    expect((await readCall(client, id)).disconnection_reason).toBe('user_hangup');
  });

  it('lets a registered call be dialled', async () => {
    const { client } = callsOn();
    const body = { agent_id: 'agent_1', to_number: '+14155550111' };
    await addRule(client, { match: { toNumber: '+1415*' }, outcome: { duration: '5s' } });
    const { call_id: id } = await client.call<Call>('POST', '/v2/register-phone-call', body);
    await advance(client, { until: 'idle' });
    expect(await readCall(client, id)).toMatchObject({
      ...{ disconnection_reason: 'user_hangup', duration_ms: 5000 },
    });
  });

  it.each(['immediate', { polls: 1 }] as const)('applies under %j', async (progression) => {
    const { client } = callsOn({ progression });
    await addRule(client, { outcome: { disconnectionReason: 'dial_busy' } });
    const { call_id: id } = await place(client);
    expect((await readCall(client, id)).disconnection_reason).toBe('dial_busy');
  });

  it('is not asked where there is no room for the call', async () => {
    const { client } = callsOn({ concurrencyLimit: 1, concurrencyExceeded: 'end' });
    await addRule(client, { outcome: { disconnectionReason: 'agent_hangup' } });
    expect(await reasons(client, {}, {})).toEqual(['agent_hangup', 'concurrency_limit_reached']);
    expect(await client.call('GET', rulesUrl)).toMatchObject([{ hits: 1 }]);
  });

  it('is the workspace’s own', async () => {
    const { client, app, emulator } = callsOn();
    const { id } = await addRule(client, { outcome: { disconnectionReason: 'dial_busy' } });
    const other = new TestClient(app, 'key_other', emulator);
    expect(await reasons(other, {})).toEqual(['user_hangup']);
    expect(await other.call('GET', rulesUrl)).toEqual([]);
    const answer = await other.send({ method: 'DELETE', url: `${rulesUrl}/${id}` });
    expect(answer.status).toBe(404);
  });

  it('goes into snapshots and exports, with its hits', async () => {
    const { client } = callsOn();
    await addRule(client, { times: 2, outcome: { disconnectionReason: 'dial_busy' } });
    await reasons(client, {});
    await client.call('POST', '/_emulator/snapshots/one-left');
    const state = await client.call<Schemas['Fixtures']>('GET', '/_emulator/export');
    expect(await reasons(client, {}, {})).toEqual(['dial_busy', 'user_hangup']);
    await client.call('POST', '/_emulator/snapshots/one-left/restore');
    expect(await reasons(client, {}, {})).toEqual(['dial_busy', 'user_hangup']);

    await client.call('POST', '/_emulator/reset');
    expect(await client.call('GET', rulesUrl)).toEqual([]);
    const { callRules = [] } = state;
    expect(callRules).toMatchObject([{ times: 2, hits: 1 }]);
    const loaded = await client.call('POST', '/_emulator/fixtures', { callRules });
    expect(loaded).toMatchObject({ callRules: 1, outcomeRules: 0 });
    expect(await client.call('GET', rulesUrl)).toEqual(callRules);
  });
});

describe('the analysis that a rule gives', () => {
  const items = [
    { type: 'boolean', name: 'interested' },
    { type: 'enum', name: 'plan', choices: ['basic', 'pro'] },
    { type: 'number', name: 'seats' },
  ];
  const createAgent = async (client: TestClient): Promise<string> => {
    const { agent_id } = await client.call<{ agent_id: string }>('POST', '/create-agent', {
      ...{ response_engine: { type: 'retell-llm', llm_id: 'llm_1' }, voice_id: '11labs-Adrian' },
      post_call_analysis_data: items.map((item) => ({ description: 'What was said.', ...item })),
    });
    return agent_id;
  };
  const rule = (custom: object, agentId?: string) => ({
    match: agentId === undefined ? {} : { agentId },
    outcome: { analysis: { custom } },
  });

  it('takes the place of the generated values, item by item', async () => {
    const { client } = callsOn();
    const agentId = await createAgent(client);
    await addRule(client, rule({ interested: true, plan: 'pro' }, agentId));
    const [call] = await hold(client, { override_agent_id: agentId });
    expect(call?.call_analysis?.custom_analysis_data).toEqual({
      ...{ interested: true, plan: 'pro', seats: expect.any(Number) as number },
    });
  });

  it.each([
    [{ interested: 'yes' }, /body\/outcome\/analysis\/custom\/interested must be boolean, as the/],
    [{ plan: 'gold' }, /custom\/plan must be one of "basic","pro", as the agent defines it/],
    [{ seats: '3' }, /custom\/seats must be number/],
  ])('%j is refused for an agent that defines it otherwise', async (custom, message) => {
    const { client } = callsOn();
    const payload = rule(custom, await createAgent(client));
    const { status, body } = await client.send({ method: 'POST', url: rulesUrl, payload });
    expect(status).toBe(400);
    expect(body['message']).toMatch(message);
  });

  it('is warned about at the call whose agent defines it otherwise, or not at all', async () => {
    const { client } = callsOn();
    const agentId = await createAgent(client);
    const { id } = await addRule(client, rule({ interested: 'yes', mood: 'good' }));
    const [call] = await hold(client, { override_agent_id: agentId });
    expect(call?.call_analysis?.custom_analysis_data).toMatchObject({ interested: 'yes' });
    const [request] = await client.call<Schemas['JournalEntry'][]>(
      ...(['POST', '/_emulator/requests/find', { operation: 'createPhoneCall' }] as const),
    );
    expect(request?.warnings).toEqual([
      `${id}: analysis/custom/interested must be boolean, as the agent defines it`,
      `${id}: analysis/custom/mood is no item of the agent's post_call_analysis_data`,
    ]);
  });
});

const reason = (disconnectionReason: string, more: object = {}) => ({
  outcome: { disconnectionReason, ...more },
});

describe('a call rule that is wrong', () => {
  it.each([
    [{}, /body must have either "outcome" or "sequence"/],
    [{ outcome: {}, sequence: [{}] }, /body must have either "outcome" or "sequence"/],
    [{ sequence: [] }, /body\/sequence must NOT have fewer than 1/],
    [reason('busy'), /body\/outcome\/disconnectionReason must be "user_hangup" or/],
    [{ outcome: { ring: 'x' } }, /body\/outcome\/ring must be a/],
    [{ outcome: {}, times: 0 }, /body\/times must be >= 1/],
    [{ outcome: {}, match: { toNumber: '*'.repeat(501) } }, /toNumber must NOT have more than 500/],
    [{ outcome: {}, match: { to_number: 'x' } }, /unknown property "to_number"/],
    [{ outcome: {}, tiems: 1 }, /unknown property "tiems"/],
    [{ outcome: { transcript: [{}] } }, /transcript\/0 must have required property 'role'/],
    [
      { outcome: { transcript: [{ role: 'bot', content: 'Hi' }] } },
      /transcript\/0\/role must be "agent" or "user" or .*"bot" is not supported/,
    ],
    [
      { outcome: { transcript: [{ role: 'dtmf', digit: 'A' }] } },
      /transcript\/0\/digit must match/,
    ],
    [reason('dial_busy', { duration: '1s' }), /body\/outcome\/duration does not go with "dial_b/],
    [
      { sequence: [{}, { disconnectionReason: 'dial_failed', transcript: [] }] },
      /body\/sequence\/1\/transcript does not go with "dial_failed"/,
    ],
    [{ outcome: { transferDestination: '+1' } }, /transferDestination goes only with the/],
    [{ outcome: { analysis: null, analysisDelay: '1s' } }, /analysisDelay does not go with/],
    [{ outcome: { analysis: { userSentiment: 'Happy' } } }, /analysis\/userSentiment must be/],
  ])('%j is refused', async (payload, message) => {
    const { client } = callsOn();
    const { status, body } = await client.send({ method: 'POST', url: rulesUrl, payload });
    expect(status).toBe(400);
    expect(body['message']).toMatch(message);
    expect(await client.call('GET', rulesUrl)).toEqual([]);
    const loaded = await client.send({
      ...{ method: 'POST', url: '/_emulator/fixtures', payload: { callRules: [payload] } },
    });
    expect(loaded.status).toBe(400);
    expect(loaded.body['message']).toContain('body/callRules/0');
  });
});
