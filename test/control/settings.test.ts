import { describe, expect, it, vi } from 'vitest';
import { advance, plainSettings, progress, buildStoppedApp } from '../support/control.js';
import { buildTestApp } from '../support/emulator.js';
import { newYear } from '../support/manual-clock.js';

const url = '/_emulator/settings';

describe('settings', () => {
  it('are those the emulator was started with, until they are changed', async () => {
    const { client } = buildStoppedApp({ settings: plainSettings });
    const before = {
      ...{ seed: 'test', concurrency: 10, runDuration: '1s', outcomes: 'pass=1' },
      ...{ progression: 'time', rateLimit: 'off', definitionSnapshot: 'documented' },
      ...{ batchStartDelay: '0s', batchCompletionDelay: '0s' },
      ...{ unknownTestCases: 'accept', unknownEngines: 'accept', unknownValues: 'warn' },
      ...{ unknownQuery: 'observed', validationErrors: 'both', missing: 'observed' },
      ...{ creditMessage: 'default', rateLimitMessage: 'default' },
      ...{ webhookUrl: 'off', webhookSigningKey: 'default', signatureClock: 'real' },
      ...{ webhookEventTimestamp: 'send', webhookCallKey: 'call' },
      ...{ webhookRetries: 3, webhookRetryPause: '1s' },
      ...{ unknownNumbers: 'accept', deprecated: 'warn', callOutcomes: 'user_hangup=1' },
      ...{ callDuration: '10s..30s', ringDuration: '1s..3s', analysisDelay: '2s' },
      ...{ webCallJoin: '200ms', concurrencyLimit: 20, concurrencyExceeded: 'reject' },
      callsPerSecond: 1,
      ...{ customLlm: 'auto', customLlmTimeout: '10s' },
      ...{ knowledgeBaseDuration: '2s', knowledgeBaseOutcomes: 'complete=1', jobDuration: '2s' },
    };
    expect(await client.call('GET', url)).toEqual(before);
    const change = { outcomes: { fail: 1 }, progression: { polls: 2 } };
    expect(await client.call('PATCH', url, change)).toEqual({ ...before, ...change });
    expect(await client.call('GET', url)).toEqual({ ...before, ...change });
  });

  it('apply to runs that have not started yet', async () => {
    const { client } = buildStoppedApp({ settings: { ...plainSettings, concurrency: 1 } });
    const { test_case_batch_job_id: id } = await client.createBatchTest(['a', 'b', 'c']);
    await advance(client, '500ms');
    await client.call('PATCH', url, { runDuration: '5s', outcomes: 'fail=1' });
    await advance(client, { until: 'idle' });
    const { items } = await client.listRuns(id);
    expect(items.map(({ status }) => status)).toEqual(['pass', 'fail', 'fail']);
    expect(items.map((run) => run.user_modified_timestamp - newYear)).toEqual([1000, 6000, 11_000]);
  });

  it('let runs start from the moment of a higher concurrency on', async () => {
    const { client } = buildStoppedApp({ settings: { ...plainSettings, concurrency: 1 } });
    const { test_case_batch_job_id: id } = await client.createBatchTest(['a', 'b', 'c']);
    await advance(client, '500ms');
    await client.call('PATCH', url, { concurrency: 3 });
    await advance(client, { until: 'idle' });
    const { items } = await client.listRuns(id);
    expect(items.map((run) => run.user_modified_timestamp - newYear)).toEqual([1000, 1500, 1500]);
  });

  it('let no run start while more are in progress than the concurrency', async () => {
    const { client } = buildStoppedApp({ settings: { ...plainSettings, concurrency: 3 } });
    const { test_case_batch_job_id: id } = await client.createBatchTest(['a', 'b', 'c', 'd']);
    await advance(client, '500ms');
    await client.call('PATCH', url, { concurrency: 1 });
    await advance(client, { until: 'idle' });
    const { items } = await client.listRuns(id);
    expect(items.map((run) => run.user_modified_timestamp - newYear)).toEqual([
      1000, 1000, 1000, 2000,
    ]);
  });

  it('do not change the content of an ended run when the seed changes', async () => {
    const { client } = buildStoppedApp({
      settings: { ...plainSettings, outcomes: 'pass=1,fail=1' },
    });
    const { test_case_batch_job_id: id } = await client.createBatchTest(['a', 'b']);
    await advance(client, { until: 'idle' });
    const before = await client.listRuns(id);
    await client.call('PATCH', url, { seed: 'another' });
    expect(await client.listRuns(id)).toEqual(before);
  });

  it('decide the policy for unknown ids', async () => {
    const { client } = buildStoppedApp();
    await client.call('PATCH', url, { unknownTestCases: 'reject' });
    const answer = await client.send({
      ...{ method: 'POST', url: '/create-batch-test' },
      payload: {
        test_case_definition_ids: ['x'],
        response_engine: { type: 'retell-llm', llm_id: 'l' },
      },
    });
    expect(answer.status).toBe(400);
  });

  it('are the workspace’s own, or change in every workspace', async () => {
    const { client } = buildTestApp();
    await client('key_a').call('PATCH', url, { concurrency: 7 });
    expect(await client('key_b').call('GET', url)).toMatchObject({ concurrency: 10 });
    expect(await client('key_c').call('PATCH', url, { seed: 's', workspace: '*' })).toEqual({
      workspaces: 2,
    });
    expect(await client('key_a').call('GET', url)).toMatchObject({ seed: 's', concurrency: 7 });
    expect(await client('key_b').call('GET', url)).toMatchObject({ seed: 's', concurrency: 10 });
  });

  it.each([
    [{ concurrency: 0 }, /body\/concurrency must be >= 1/],
    [{ concurrency: '5' }, /body\/concurrency must be integer/],
    [{ runDuration: '30' }, /body\/runDuration must be a duration such as 2s, .* with units/],
    [{ runDuration: '500..2s' }, /body\/runDuration must be a duration such as 2s, .* with units/],
    [{ batchStartDelay: '30' }, /body\/batchStartDelay must be a duration such as 2s/],
    [{ runDuration: '2 bananas' }, /body\/runDuration must be a duration such as 2s, a range/],
    [{ outcomes: 'pass=0' }, /body\/outcomes must be weights such as/],
    [{ outcomes: { pass: 1, won: 1 } }, /body\/outcomes must NOT have the unknown property "won"/],
    [{ outcomes: { pass: 0 } }, /body\/outcomes must be weights/],
    [{ callOutcomes: { busy: 1 } }, /body\/callOutcomes .*property name/],
    [{ progression: 'polls=0' }, /body\/progression must be time, immediate, manual, or/],
    [{ progression: { polls: 0 } }, /body\/progression\/polls must be >= 1/],
    [{ seed: '' }, /body\/seed must NOT have fewer than 1 characters/],
    [{ unknownTestCases: 'ignore' }, /body\/unknownTestCases must be "accept" or "reject"/],
    [{ sede: 'x' }, /body must NOT have the unknown property "sede"/],
  ])('%j are refused, and nothing changes', async (payload, message) => {
    const { client } = buildStoppedApp();
    const before = await client.call('GET', url);
    const { status, body } = await client.send({ method: 'PATCH', url, payload });
    expect(status).toBe(400);
    expect(body['message']).toMatch(message);
    expect(await client.call('GET', url)).toEqual(before);
    const { test_case_batch_job_id: id } = await client.createBatchTest();
    await advance(client, { until: 'idle' });
    expect(progress(await client.getBatchTest(id)).status).toBe('complete');
  });
});

describe('a request for every workspace', () => {
  it.each([
    ['settings', 'PATCH', '/_emulator/settings', { concurrency: 3 }],
    ['reset', 'POST', '/_emulator/reset', {}],
  ] as const)('lets other requests in between: %s', async (_, method, url, body) => {
    const { client, emulator } = buildTestApp();
    for (let key = 0; key < 400; key += 1) emulator.workspaces.open(`workspace ${String(key)}`);
    const turn = emulator.clock.turn.bind(emulator.clock);
    let turns = 0;
    vi.spyOn(emulator.clock, 'turn').mockImplementation(() => {
      turns += 1;
      return turn();
    });
    const all = client().call(method, url, { ...body, workspace: '*' });
    expect(await all).toEqual({ workspaces: 400 });
    expect(turns).toBeGreaterThanOrEqual(8);
  });
});
