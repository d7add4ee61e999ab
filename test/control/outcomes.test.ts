import { describe, expect, it } from 'vitest';
import type { components } from '../../src/contract/control.gen.js';
import { advance, plainSettings, buildStoppedApp } from '../support/control.js';
import { retellLlm, type TestClient } from '../support/emulator.js';
import { newYear } from '../support/manual-clock.js';

type Schemas = components['schemas'];
const rulesUrl = '/_emulator/outcome-rules';

const addRule = (client: TestClient, rule: object): Promise<Schemas['OutcomeRule']> =>
  client.call('POST', rulesUrl, rule);

/** Runs the definitions to their end, and answers the runs with why they ended so. */
async function runAll(client: TestClient, ids: readonly string[], engine: object = retellLlm) {
  const { test_case_batch_job_id: id } = await client.createBatchTest(ids, engine);
  await advance(client, { until: 'idle' });
  const { items } = await client.listRuns(id);
  return Promise.all(
    items.map(async (run) => ({
      ...run,
      why: await client.call<Schemas['TestRunProvenance']>(
        'GET',
        `/_emulator/test-runs/${run.test_case_job_id}`,
      ),
    })),
  );
}

const statuses = async (client: TestClient, ids: readonly string[], engine?: object) =>
  (await runAll(client, ids, engine)).map(({ status }) => status);

describe('an outcome rule', () => {
  it('gives status, explanation, transcript and duration', async () => {
    const { client } = buildStoppedApp({ settings: plainSettings });
    const transcript = [{ role: 'agent', content: 'Hello' }];
    const outcome = { status: 'fail', explanation: 'Too slow.', transcript, duration: '7s' };
    const { id } = await addRule(client, { outcome });
    const [run] = await runAll(client, ['a']);
    expect(run).toMatchObject({
      status: 'fail',
      result_explanation: 'Too slow.',
      transcript_snapshot: { transcript, dynamicVariables: {} },
      user_modified_timestamp: newYear + 7000,
      why: {
        decidedBy: { source: 'rule', rule: id },
        timeline: [
          { at: newYear, status: 'pending' },
          { at: newYear, status: 'in_progress' },
          { at: newYear + 7000, status: 'fail' },
        ],
      },
    });
  });

  it.each([
    ['silence', 'fail', /did not respond to consecutive user utterances/],
    ['loop', 'error', /might be a loop/],
    ['judge', 'error', /the model that judges/],
  ] as const)('gives the ending %s', async (ending, status, expected) => {
    const { client } = buildStoppedApp({ settings: plainSettings });
    await addRule(client, { outcome: { status, ending } });
    const [run] = await runAll(client, ['a']);
    expect(run).toMatchObject({ status });
    expect(run?.result_explanation).toMatch(expected);
    const dynamic_variables = { emulator_ending: ending };
    const { test_case_definition_id: id } = await client.createDefinition({ dynamic_variables });
    await client.call('DELETE', rulesUrl);
    const [magic] = await runAll(client, [id]);
    expect(magic).toMatchObject({ status });
    expect(magic?.result_explanation).toMatch(expected);
  });

  it('without explanation and transcript leaves a run the generated ones', async () => {
    const { client } = buildStoppedApp({ settings: plainSettings });
    await addRule(client, { outcome: { status: 'fail' } });
    const [run] = await runAll(client, ['a']);
    expect(run?.result_explanation).toMatch(/^1 of 1 metrics not met/);
    expect(run?.transcript_snapshot).not.toBeNull();
  });

  it('matches by definition, name, engine, batch and variables, all that is given', async () => {
    const { client } = buildStoppedApp({ settings: plainSettings });
    const { test_case_definition_id: a } = await client.createDefinition({
      name: 'Refund (angry)',
    });
    const { test_case_definition_id: b } = await client.createDefinition({
      name: 'Booking',
      dynamic_variables: { plan: 'gold', n: '1' },
    });
    const match = async (match: object, engine?: object) => {
      await addRule(client, { match, outcome: { status: 'error' } });
      const ended = await statuses(client, [a, b, 'c'], engine);
      await client.call('DELETE', rulesUrl);
      return ended.map((status) => status === 'error');
    };
    expect(await match({})).toEqual([true, true, true]);
    expect(await match({ testCaseDefinitionId: b })).toEqual([false, true, false]);
    expect(await match({ testCaseDefinitionId: 'c' })).toEqual([false, false, true]);
    expect(await match({ name: 'Refund (*)' })).toEqual([true, false, false]);
    expect(await match({ name: '?ooking' })).toEqual([false, true, false]);
    expect(await match({ name: 'c' })).toEqual([false, false, true]);
    expect(await match({ name: 'ooking' })).toEqual([false, false, false]);
    expect(await match({ engineId: 'llm_1' })).toEqual([true, true, true]);
    expect(await match({ engineId: 'llm_2' })).toEqual([false, false, false]);
    const flow = { type: 'conversation-flow', conversation_flow_id: 'flow_1' };
    expect(await match({ engineId: 'flow_1' }, flow)).toEqual([true, true, true]);
    expect(await match({ batchOrdinal: 10 })).toEqual([true, true, true]);
    expect(await match({ batchOrdinal: 10 })).toEqual([false, false, false]);
    expect(await match({ dynamicVariables: { plan: 'gold' } })).toEqual([false, true, false]);
    expect(await match({ dynamicVariables: { plan: 'gold', n: '2' } })).toEqual([
      false,
      false,
      false,
    ]);
    expect(await match({ dynamicVariables: { toString: '' } })).toEqual([false, false, false]);
    expect(await match({ name: 'B*', engineId: 'llm_1' })).toEqual([false, true, false]);
  });

  it('decides `times` runs, and then the next matching rule decides', async () => {
    const { client } = buildStoppedApp({ settings: plainSettings });
    const first = await addRule(client, { times: 2, outcome: { status: 'fail' } });
    await addRule(client, { times: 1, outcome: { status: 'error' } });
    expect(await statuses(client, ['a', 'b', 'c', 'd'])).toEqual(['fail', 'fail', 'error', 'pass']);
    const rules = await client.call<Schemas['OutcomeRule'][]>('GET', rulesUrl);
    expect(rules.map(({ hits }) => hits)).toEqual([2, 1]);
    await client.call('DELETE', `${rulesUrl}/${first.id}`);
    expect(await client.call('GET', rulesUrl)).toHaveLength(1);
  });

  it('gives a sequence, whose last outcome is repeated', async () => {
    const { client } = buildStoppedApp({ settings: plainSettings });
    await addRule(client, {
      match: { name: 'a' },
      sequence: [{ status: 'error' }, { status: 'fail' }, { status: 'pass' }],
    });
    expect(await statuses(client, ['a', 'a'])).toEqual(['error', 'fail']);
    expect(await statuses(client, ['a', 'b', 'a'])).toEqual(['pass', 'pass', 'pass']);
  });

  it('does not change a run that has started', async () => {
    const { client } = buildStoppedApp({ settings: { ...plainSettings, concurrency: 1 } });
    const { test_case_batch_job_id: id } = await client.createBatchTest(['a', 'b']);
    await advance(client, '1ms');
    await addRule(client, { outcome: { status: 'fail' } });
    await advance(client, { until: 'idle' });
    const { items } = await client.listRuns(id);
    expect(items.map(({ status }) => status)).toEqual(['pass', 'fail']);
  });

  it('is the workspace’s own', async () => {
    const { client, app, emulator } = buildStoppedApp({ settings: plainSettings });
    const { id } = await addRule(client, { outcome: { status: 'fail' } });
    const other = new (client.constructor as typeof TestClient)(app, 'key_other', emulator);
    expect(await statuses(other, ['a'])).toEqual(['pass']);
    expect(await other.call('GET', rulesUrl)).toEqual([]);
    const answer = await other.send({ method: 'DELETE', url: `${rulesUrl}/${id}` });
    expect(answer.status).toBe(404);
  });

  it.each([
    [{}, /body must have either "outcome" or "sequence"/],
    [{ outcome: { status: 'pass' }, sequence: [] }, /body\/sequence must NOT have fewer than 1/],
    [{ outcome: { status: 'won' } }, /body\/outcome\/status must be "pass" or "fail" or "error"/],
    [{ outcome: { status: 'pass', duration: 'x' } }, /body\/outcome\/duration must be a duration/],
    [{ outcome: { status: 'pass' }, times: 0 }, /body\/times must be >= 1/],
    [
      { outcome: { status: 'pass' }, match: { name: '*'.repeat(501) } },
      /body\/match\/name must NOT have more than 500 characters/,
    ],
    [{ outcome: { status: 'pass' }, match: { nmae: 'x' } }, /unknown property "nmae"/],
    [{ outcome: { status: 'pass' }, tiems: 1 }, /unknown property "tiems"/],
    [
      { outcome: { status: 'error', ending: 'silence' } },
      /outcome\/status must be equal to constant/,
    ],
    [{ outcome: { status: 'pass', ending: 'loop' } }, /outcome\/status must be equal to constant/],
    [{ outcome: { status: 'error', ending: 'bored' } }, /outcome\/ending must be/],
    [
      { outcome: { status: 'pass', transcript: [{}] } },
      /transcript\/0 must have required property 'role'/,
    ],
  ])('%j is refused', async (payload, message) => {
    const { client } = buildStoppedApp();
    const { status, body } = await client.send({ method: 'POST', url: rulesUrl, payload });
    expect(status).toBe(400);
    expect(body['message']).toMatch(message);
    expect(await client.call('GET', rulesUrl)).toEqual([]);
  });
});

describe('magic values', () => {
  it('of a definition decide its runs', async () => {
    const { client } = buildStoppedApp({ settings: plainSettings });
    const dynamic_variables = {
      emulator_outcome: 'error',
      emulator_explanation: 'The model was down.',
      emulator_duration: '4s',
    };
    const { test_case_definition_id: id } = await client.createDefinition({ dynamic_variables });
    const [run] = await runAll(client, [id]);
    expect(run).toMatchObject({
      ...{ status: 'error', result_explanation: 'The model was down.' },
      user_modified_timestamp: newYear + 4000,
      why: { decidedBy: { source: 'dynamic-variable' } },
    });
  });

  it('follow the definition as it was when the batch was created', async () => {
    const { client } = buildStoppedApp({ settings: plainSettings });
    const { test_case_definition_id: id } = await client.createDefinition();
    const { test_case_batch_job_id: batch } = await client.createBatchTest([id]);
    const change = { dynamic_variables: { emulator_outcome: 'fail' } };
    await client.call('PUT', `/update-test-case-definition/${id}`, change);
    await advance(client, { until: 'idle' });
    expect(await client.getBatchTest(batch)).toMatchObject({ pass_count: 1 });
    expect(await statuses(client, [id])).toEqual(['fail']);
  });

  it('of an id that no definition has decide its runs', async () => {
    const { client } = buildStoppedApp({ settings: { ...plainSettings, outcomes: 'error=1' } });
    const ids = ['test_case_pass', 'test_case_fail_9', 'test_case_error-x', 'test_case_1'];
    const runs = await runAll(client, ids);
    expect(runs.map(({ status }) => status)).toEqual(['pass', 'fail', 'error', 'error']);
    expect(runs.map(({ why }) => why.decidedBy?.source)).toEqual([
      ...Array<string>(3).fill('definition-id'),
      'draw',
    ]);
  });

  it.each([
    [{ emulator_outcome: 'won' }, /dynamic_variables\/emulator_outcome must be "pass", "fail" or/],
    [{ emulator_duration: 'x' }, /dynamic_variables\/emulator_duration must be a duration/],
  ])('%j are refused at creation and at change', async (dynamic_variables, message) => {
    const { client } = buildStoppedApp();
    const { test_case_definition_id: id } = await client.createDefinition();
    const definition = await client.call('GET', `/get-test-case-definition/${id}`);
    for (const request of [
      {
        ...{ method: 'POST' as const, url: '/create-test-case-definition' },
        payload: { ...definition, dynamic_variables },
      },
      {
        ...{ method: 'PUT' as const, url: `/update-test-case-definition/${id}` },
        payload: { dynamic_variables },
      },
    ]) {
      const { status, body } = await client.send(request);
      expect(status).toBe(400);
      expect(body['message']).toMatch(message);
    }
  });
});

describe('why a run ended as it did', () => {
  it('is not known before it has started', async () => {
    const { client } = buildStoppedApp({ settings: { ...plainSettings, concurrency: 1 } });
    const { test_case_batch_job_id: id } = await client.createBatchTest(['a', 'b']);
    const { items } = await client.listRuns(id);
    const [first, second] = await Promise.all(
      items.map((run) => client.call('GET', `/_emulator/test-runs/${run.test_case_job_id}`)),
    );
    expect(first).toMatchObject({
      status: 'in_progress',
      decidedBy: { source: 'draw', seed: 'test' },
    });
    expect(second).toMatchObject({
      status: 'pending',
      decidedBy: null,
      timeline: [{ at: newYear + 1, status: 'pending' }],
    });
  });

  it('is 404 for an unknown run', async () => {
    const { client } = buildStoppedApp();
    expect((await client.send({ method: 'GET', url: '/_emulator/test-runs/x' })).status).toBe(404);
  });
});
