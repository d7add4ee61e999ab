import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { StartupError } from '../../src/errors.js';
import type { Fixtures } from '../../src/library/workspace.js';
import { advance, plainSettings, buildStoppedApp } from '../support/control.js';
import {
  buildEmulator,
  buildTestApp,
  retellLlm,
  someDefinition,
  type TestClient,
} from '../support/emulator.js';
import { temporaryFolder } from '../support/files.js';
import { newYear } from '../support/manual-clock.js';
import { spawnCli, startCli } from '../support/process.js';

const url = '/_emulator/fixtures';
const exported = (client: TestClient) => client.call<Fixtures>('GET', '/_emulator/export');

describe('fixtures', () => {
  it('may leave out everything that has a default', async () => {
    const { client } = buildStoppedApp({ settings: plainSettings });
    const loaded = await client.call('POST', url, {
      definitions: [someDefinition, { ...someDefinition, test_case_definition_id: 'mine' }],
      outcomeRules: [{ match: { name: 'Resch*' }, times: 1, outcome: { status: 'fail' } }],
      batchTests: [
        {
          response_engine: retellLlm,
          runs: [
            { test_case_definition_id: 'mine', status: 'error', result_explanation: 'Told' },
            { test_case_definition_id: 'x', status: 'in_progress', outcome: 'fail' },
            { test_case_definition_id: 'mine', status: 'in_progress' },
            { test_case_definition_id: 'mine' },
          ],
        },
      ],
    });
    expect(loaded).toEqual({
      ...{ assets: 0, definitions: 2, outcomeRules: 1, callRules: 0, faults: 0 },
      ...{ chatRules: 0, chats: 0 },
      ...{ batchTests: 1, testRuns: 4, phoneNumbers: 0, calls: 0, objects: 0 },
    });
    const state = await exported(client);
    const [batch] = state.batchTests ?? [];
    const id = batch?.test_case_batch_job_id ?? '';
    expect(id).toMatch(/^test_batch_[0-9a-f]{12}$/);
    expect(await client.getBatchTest(id)).toMatchObject({ error_count: 1, pass_count: 0 });
    const { items } = await client.listRuns(id);
    expect(items[0]).toMatchObject({ result_explanation: 'Told', creation_timestamp: newYear });
    const run = items[0]?.test_case_job_id ?? '';
    expect(await client.call('GET', `/_emulator/test-runs/${run}`)).toMatchObject({
      decidedBy: { source: 'fixture' },
    });
    await advance(client, { until: 'idle' });
    const ended = (await client.listRuns(id)).items.map(({ status }) => status);
    expect(ended).toEqual(['error', 'fail', 'fail', 'pass']);
  });

  it('count no hit of a rule for a run whose outcome they give', async () => {
    const { client } = buildStoppedApp({ settings: plainSettings });
    const runs = [{ test_case_definition_id: 'a', status: 'in_progress', outcome: 'error' }];
    await client.call('POST', url, {
      outcomeRules: [{ times: 1, outcome: { status: 'fail' } }],
      batchTests: [{ test_case_batch_job_id: 'b', response_engine: retellLlm, runs }],
    });
    const { test_case_batch_job_id: next } = await client.createBatchTest();
    expect(await advance(client, '1s')).toMatchObject({ runsEnded: 2 });
    expect(await client.getBatchTest('b')).toMatchObject({ error_count: 1 });
    expect(await client.getBatchTest(next)).toMatchObject({ fail_count: 1 });
  });

  it('start runs that cost nothing, those that end at once included', async () => {
    const { client } = buildStoppedApp({ settings: plainSettings, credit: 5 });
    const run = { test_case_definition_id: 'a' };
    const engine = { response_engine: retellLlm };
    await client.call('POST', url, {
      batchTests: [
        { ...engine, progression: 'immediate', runs: [run, run] },
        { ...engine, runs: [{ ...run, status: 'pass' }] },
      ],
    });
    expect(await client.call('GET', '/_emulator/credit')).toEqual({ remaining: 5 });
  });

  it('can hold a run that ended after one in progress was due', async () => {
    const { client } = buildStoppedApp({ settings: plainSettings });
    const runs = [
      { test_case_definition_id: 'a', status: 'pass', endsAt: newYear - 1000 },
      { test_case_definition_id: 'a', status: 'in_progress', endsAt: newYear - 5000 },
    ];
    const batch = { response_engine: retellLlm, creation_timestamp: newYear - 9000, runs };
    await client.call('POST', url, { batchTests: [{ ...batch, test_case_batch_job_id: 'b' }] });
    expect(await client.getBatchTest('b')).toMatchObject({
      ...{ status: 'complete', user_modified_timestamp: newYear - 1000 },
    });
  });

  it('can hold a batch that ended in the past, and one that reads move on', async () => {
    const { client } = buildStoppedApp();
    await client.call('POST', url, {
      clock: { mode: 'manual', now: '2026-02-01T00:00:00Z' },
      batchTests: [
        {
          test_case_batch_job_id: 'old',
          response_engine: retellLlm,
          creation_timestamp: '2026-01-31T00:00:00Z',
          runs: [
            {
              test_case_definition_id: 'a',
              status: 'pass',
              startedAt: '2026-01-31T00:00:01Z',
              endsAt: '2026-01-31T00:00:09Z',
              transcript: [{ role: 'user', content: 'Hi' }],
            },
          ],
        },
        {
          test_case_batch_job_id: 'polled',
          response_engine: retellLlm,
          progression: { polls: 2 },
          polls: 1,
          runs: [{ test_case_definition_id: 'a' }],
        },
        {
          test_case_batch_job_id: 'done',
          response_engine: retellLlm,
          progression: 'immediate',
          runs: [{ test_case_definition_id: 'a' }],
        },
      ],
    });
    expect(await client.getBatchTest('old')).toMatchObject({
      ...{ status: 'complete', pass_count: 1 },
      creation_timestamp: Date.parse('2026-01-31T00:00:00Z'),
      user_modified_timestamp: Date.parse('2026-01-31T00:00:09Z'),
    });
    expect((await client.listRuns('old')).items[0]?.transcript_snapshot).toMatchObject({
      transcript: [{ role: 'user', content: 'Hi' }],
    });
    expect(await client.getBatchTest('polled')).toMatchObject({ status: 'complete' });
    expect(await client.getBatchTest('done')).toMatchObject({ status: 'complete' });
  });

  const run = { test_case_definition_id: 'a' };
  const batch = { test_case_batch_job_id: 'b', response_engine: retellLlm, runs: [run] };
  const withRun = (change: object, rest: object = {}) => ({
    batchTests: [{ ...batch, ...rest, runs: [{ ...run, ...change }] }],
  });
  const definition = { ...someDefinition, test_case_definition_id: 'd' };
  const future = '2026-06-01T00:00:00Z';

  it.each<[number, object, RegExp]>([
    [400, { definitons: [] }, /^body must NOT have the unknown property "definitons"/],
    [400, { definitions: [{ name: 'x' }] }, /^body\/definitions\/0 must have required property/],
    [400, { definitions: [{ ...definition, metric: [] }] }, /definitions\/0 .* "metric"/],
    [
      409,
      { definitions: [definition, definition] },
      /definitions\/1\/test_case_definition_id is t/,
    ],
    [
      400,
      { definitions: [{ ...definition, dynamic_variables: { emulator_outcome: 'x' } }] },
      /^body\/definitions\/0\/dynamic_variables\/emulator_outcome must be "pass"/,
    ],
    [
      400,
      { definitions: [{ ...definition, creation_timestamp: future }] },
      /^body\/definitions\/0\/user_modified_timestamp must not be before/,
    ],
    [400, { settings: { concurrency: 0 } }, /^body\/settings\/concurrency must be >= 1/],
    [400, { settings: { workspace: '*' } }, /^body\/settings must NOT have the unknown property/],
    [400, { clock: { mode: 'manual', speed: 2 } }, /^body\/clock\/speed goes with the mode "real"/],
    [400, { clock: { mode: 'manual', now: 1 } }, /^body\/clock\/now must not be before/],
    [
      400,
      withRun({ status: 'pass', ending: 'loop' }),
      /^body\/batchTests\/0\/runs\/0\/ending is for runs that end in "error"/,
    ],
    [400, { outcomeRules: [{}] }, /^body\/outcomeRules\/0 must have either "outcome" or/],
    [
      400,
      { batchTests: [{ response_engine: retellLlm, runs: [] }] },
      /batchTests\/0\/runs must NOT/,
    ],
    [
      400,
      { batchTests: [{ ...batch, creation_timestamp: future }] },
      /creation_timestamp must not/,
    ],
    [
      409,
      { batchTests: [batch, batch] },
      /^body\/batchTests\/1\/test_case_batch_job_id is taken: "b"/,
    ],
    [409, { batchTests: [{ ...batch, test_case_batch_job_id: 'there' }] }, /is taken: "there"/],
    [400, { batchTests: [{ ...batch, ordinal: 0 }] }, /batchTests\/0\/ordinal must be >= 1/],
    [400, withRun({ status: 'won' }), /runs\/0\/status must be "pending" or/],
    [400, withRun({ revision: 1 }), /runs\/0\/revision is not one of a in these fixtures/],
    [400, withRun({ status: 'pass', endsAt: future }), /runs\/0\/endsAt must not be .* nor after/],
    [
      400,
      withRun({ status: 'pass', startedAt: 5 }),
      /runs\/0\/startedAt must be from the creation/,
    ],
    [
      400,
      withRun({ status: 'in_progress', endsAt: 5 }),
      /^body\/batchTests\/0\/runs\/0\/endsAt must not be before its start/,
    ],
    [
      400,
      withRun({ status: 'in_progress' }, { progression: 'manual' }),
      /runs\/0\/status is for batches of the progression "time"/,
    ],
    [
      400,
      { batchTests: [{ ...batch, runs: [run, { ...run, status: 'pass' }] }] },
      /^body\/batchTests\/0\/runs\/1 has started, but one before it has not/,
    ],
    [
      409,
      { batchTests: [{ ...batch, runs: [1, 2].map(() => ({ ...run, test_case_job_id: 'r' })) }] },
      /^body\/batchTests\/0\/runs\/1\/test_case_job_id is taken: "r"/,
    ],
  ])('get %i for %j, and nothing is loaded', async (expected, payload, message) => {
    const { client } = buildStoppedApp();
    const there = { ...batch, test_case_batch_job_id: 'there' };
    await client.call('POST', url, { batchTests: [there] });
    const before = await exported(client);
    const first = { ...someDefinition, test_case_definition_id: 'first' };
    const { definitions = [], ...rest } = payload as Fixtures;
    const { status, body } = await client.send({
      ...{ method: 'POST', url },
      payload: definitions.length > 0 ? payload : { definitions: [first], ...rest },
    });
    expect(status).toBe(expected);
    expect(String(body['message']).replace(/^.*?(?=body)/, '')).toMatch(message);
    expect(await exported(client)).toEqual(before);
  });
});

describe('fixtures that the emulator is started with', () => {
  const content = {
    clock: { mode: 'manual', now: newYear + 5 },
    definitions: [{ ...someDefinition, test_case_definition_id: 'mine' }],
    batchTests: [{ response_engine: retellLlm, runs: [{ test_case_definition_id: 'mine' }] }],
  };
  const fixtures = [{ name: 'a.yaml', content }];

  it('are in every workspace from its first request on', async () => {
    const { client } = buildTestApp({ fixtures, settings: plainSettings });
    for (const key of ['key_a', 'key_b']) {
      const definition = await client(key).call('GET', '/get-test-case-definition/mine');
      expect(definition).toMatchObject({ creation_timestamp: newYear + 5 });
    }
  });

  it('are the state that a reset restores', async () => {
    const { client } = buildTestApp({ fixtures, settings: plainSettings });
    const a = client();
    const before = await exported(a);
    await a.call('DELETE', '/delete-test-case-definition/mine');
    await a.createBatchTest();
    await a.call('PATCH', '/_emulator/settings', { concurrency: 1 });
    await a.call('POST', '/_emulator/outcome-rules', { outcome: { status: 'fail' } });
    await advance(a, '1h');
    await a.call('POST', '/_emulator/reset', {});
    expect(await exported(a)).toEqual(before);
    await advance(a, '1s');
    const id = before.batchTests?.[0]?.test_case_batch_job_id ?? '';
    expect(await a.getBatchTest(id)).toMatchObject({ status: 'complete', pass_count: 1 });
  });

  it.each([
    [{ batchTests: [{ runs: [] }] }, 'b.json: /batchTests/0 must have required property'],
    [
      { definitions: content.definitions },
      'b.json: /definitions/0/test_case_definition_id is taken',
    ],
    ['text', 'b.json: must be object'],
  ])('are refused with file, path and problem: %j', (second, message) => {
    const both = [...fixtures, { name: 'b.json', content: second }];
    expect(() => buildEmulator({ fixtures: both })).toThrow(StartupError);
    expect(() => buildEmulator({ fixtures: both })).toThrow(message);
  });

  it('come from files, and are loaded before the command is ready', async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'a.json'), JSON.stringify(content));
    writeFileSync(join(cwd, 'b.yaml'), 'settings: { seed: abc }\n');
    const args = ['--fixtures', 'a.json', '--fixtures', 'b.yaml'];
    const { url } = await startCli({ cwd, args });
    const state = (await (await fetch(`${url}/_emulator/export`)).json()) as Fixtures;
    expect(state).toMatchObject({ clock: content.clock, settings: { seed: 'abc' } });
    expect(state.definitions).toHaveLength(1);
  });

  it.each([
    ['nowhere.yaml', undefined, /cannot read fixtures nowhere\.yaml: .*no such file/],
    ['broken.yaml', 'a: [', /cannot read fixtures broken\.yaml: .* at line 1/],
    ['broken.json', '{', /cannot read fixtures broken\.json: .*JSON/],
    ['wrong.yaml', 'definitions: [{ name: 7 }]', /wrong\.yaml: \/definitions\/0/],
  ])('end the start with exit code 2 if %s is invalid', async (name, text, message) => {
    const cwd = temporaryFolder();
    if (text !== undefined) writeFileSync(join(cwd, name), text);
    const emulator = spawnCli({ cwd, args: ['--port', '0', '--fixtures', name] });
    expect(await emulator.end()).toMatchObject({ code: 2 });
    expect(emulator.stderr).toMatch(message);
    expect(emulator.stderr.trim()).not.toContain('\n');
  });
});
