import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Retell from 'retell-sdk';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  ApiError,
  startEmulator,
  StartupError,
  type StartOptions,
  type Workspace,
} from '../src/index.js';
import { optionSpecs } from '../src/options.js';
import { temporaryFolder } from './support/files.js';
import { newYear } from './support/manual-clock.js';

async function start(options: StartOptions = {}) {
  const emulator = await startEmulator({ validateResponses: true, ...options });
  onTestFinished(() => emulator.close());
  return emulator;
}

const clientOf = ({ apiKey, url }: Workspace) =>
  new Retell({ apiKey, baseURL: url, maxRetries: 0 });

const engine = { type: 'retell-llm', llm_id: 'llm_1' } as const;

const createBatch = (workspace: Workspace, ids: string[]) =>
  clientOf(workspace).tests.createBatchTest({
    response_engine: engine,
    test_case_definition_ids: ids,
  });

/** What a test may see of a workspace that it has to itself. */
async function play(workspace: Workspace, count: number) {
  const batch = await createBatch(
    workspace,
    Array.from({ length: count }, (_, index) => `case ${String(index)}`),
  );
  const happened = [await workspace.clock.advance('1500ms'), await workspace.settle()];
  const { items } = await clientOf(workspace).tests.listTestRuns(batch.test_case_batch_job_id, {
    limit: 1000,
  });
  return { batch, happened, items };
}

describe('startEmulator', () => {
  it('listens before it resolves, on a port of its own, and no more once it is closed', async () => {
    const [a, b] = [await start(), await start()];
    expect(a.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(a.url).not.toBe(b.url);
    expect((await fetch(`${a.url}/_emulator/ready`)).status).toBe(200);
    await a.close();
    await a.close();
    await expect(fetch(`${a.url}/_emulator/ready`)).rejects.toThrow('fetch failed');
    expect((await fetch(`${b.url}/_emulator/ready`)).status).toBe(200);
  });

  it('closes at the end of the block that it is used in', async () => {
    const urls: string[] = [];
    {
      await using emulator = await startEmulator();
      urls.push(emulator.url);
      await createBatch(emulator.workspace('key_a'), ['a']);
    }
    for (const url of urls) await expect(fetch(url)).rejects.toThrow('fetch failed');
  });

  it('closes though a request waits for something', async () => {
    const emulator = await start();
    const workspace = emulator.workspace('key_a');
    const { test_case_batch_job_id: id } = await createBatch(workspace, ['a']);
    const headers = { authorization: 'Bearer key_a' };
    const wait = `${emulator.url}/_emulator/batch-tests/${id}/wait`;
    const overHttp = expect(fetch(wait, { headers })).rejects.toThrow();
    const inProcess = expect(workspace.batchTests.wait(id)).rejects.toThrow('It was closed.');
    await fetch(emulator.url);
    await emulator.close();
    await Promise.all([overHttp, inProcess]);
  });

  it('gives the same every time', async () => {
    const [a, b] = [await start(), await start()];
    const played = await play(a.workspace('key_a'), 20);
    expect(await play(b.workspace('key_a'), 20)).toEqual(played);
    expect(played.batch.creation_timestamp).toBe(newYear);
    expect(new Set(played.items.map(({ status }) => status)).size).toBeGreaterThan(1);
    const other = await start({ seed: 'other' });
    expect(await play(other.workspace('key_a'), 20)).not.toEqual(played);
  });

  it('takes the options of the command, in the words of the config file', async () => {
    const emulator = await start({
      ...{ clock: 'real', runDuration: '0ms', outcomes: { fail: 1 } },
      ...{ apiKey: ['key_a'], progression: { polls: 1 } },
    });
    const workspace = emulator.workspace('key_a');
    const { test_case_batch_job_id: id } = await createBatch(workspace, ['a']);
    const batch = await clientOf(workspace).tests.getBatchTest(id);
    expect(batch).toMatchObject({ status: 'complete', fail_count: 1 });
    expect(await workspace.clock.get()).toMatchObject({ mode: 'real', speed: 1 });
    await expect(createBatch({ ...workspace, apiKey: 'key_b' }, ['a'])).rejects.toMatchObject({
      status: 401,
    });
  });

  it('takes every option of the command, and fixtures by value and by path', async () => {
    const file = join(temporaryFolder(), 'fixtures.yaml');
    writeFileSync(file, 'settings: { unknownEngines: reject }');
    const options: Required<StartOptions> = {
      ...{ database: ':memory:', host: '127.0.0.1', port: 0, apiKey: ['key_a'], clock: 'manual' },
      ...{ now: 0, fixtures: [file, { credit: 3 }], outcomeRules: [], faults: [], credit: 2 },
      ...{ journalSize: 1, control: 'on', controlToken: 'token', defaultApiKey: 'key_a' },
      ...{ upstream: 'http://127.0.0.1:1', validateResponses: true, logLevel: 'silent' },
      ...{ seed: 's', concurrency: 1, runDuration: '1s', outcomes: 'pass=1', progression: 'time' },
      ...{ rateLimit: 'off', unknownTestCases: 'accept', unknownEngines: 'accept' },
    };
    expect(Object.keys(options)).toEqual(
      expect.arrayContaining(optionSpecs.map(({ name }) => name)),
    );
    const workspace = (await start(options)).workspace('key_a');
    expect(await workspace.settings.get()).toMatchObject({ unknownEngines: 'reject', seed: 's' });
    expect(await workspace.credit.get()).toBe(3);
  });

  it('takes an option that is undefined for one that is not given', async () => {
    const absent = { database: undefined, port: undefined, seed: undefined, clock: undefined };
    const [a, b] = [await start(absent as object), await start({ ...absent, now: null } as object)];
    expect(a.url).not.toBe(b.url);
    expect([a.seed, b.seed]).toEqual(['retell-emulator', 'retell-emulator']);
    const workspace = b.workspace('key_a');
    expect(await workspace.clock.get()).toEqual({ mode: 'manual', now: newYear });
  });

  it('begins when and with what it is told to', async () => {
    const fixtures = { definitions: [], settings: { concurrency: 3 } };
    const emulator = await start({ now: '2030-05-05T05:05:05Z', fixtures });
    const workspace = emulator.workspace('key_a');
    expect(await workspace.clock.get()).toMatchObject({ now: Date.UTC(2030, 4, 5, 5, 5, 5) });
    expect(await workspace.settings.get()).toMatchObject({ concurrency: 3 });
  });

  it.each<[unknown, string]>([
    [{ port: 'x' }, 'port in startEmulator is "x", which is not allowed: must be a whole number'],
    [{ runDuration: 'x' }, 'runDuration in startEmulator is "x"'],
    [{ prot: 1 }, 'startEmulator: there is no option "prot"'],
    [{ now: 'noon' }, 'now must be milliseconds since the epoch, or a date and time'],
    [{ now: 'noon', clock: 'real' }, 'now must be milliseconds since the epoch'],
    [{ now: 1.5 }, 'now must be milliseconds since the epoch, or a date and time'],
    [{ now: '2026-02-31T00:00:00Z' }, 'now must be milliseconds since the epoch'],
    [{ now: 0, clock: 'real' }, 'now goes with the clock "manual"'],
    [null, 'startEmulator: must be given options'],
    [{ fixtures: 'none.yaml' }, 'cannot read fixtures none.yaml: ENOENT'],
    [{ seed: () => 'x' }, 'startEmulator: must be given plain data'],
    [{ fixtures: { batch: [] } }, 'fixtures[0]: must NOT have the unknown property "batch"'],
    [{ host: '0.0.0.0' }, 'would let others steer the emulator'],
    [{ host: '192.0.2.1', control: 'off' }, 'this machine has no such address'],
  ])('rejects %j and says why', async (options, message) => {
    const error: unknown = await startEmulator(options as StartOptions).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(StartupError);
    expect((error as Error).message).toContain(message);
  });

  it('rejects with the error behind it', async () => {
    const { url } = await start();
    const error: unknown = await startEmulator({ port: Number(new URL(url).port) }).catch(
      (e: unknown) => e,
    );
    expect(error).toMatchObject({
      message: expect.stringContaining('set the option port to another, or to 0') as string,
      cause: { code: 'EADDRINUSE' },
    });
  });
});

describe('a workspace', () => {
  it.each(['', 'a b', ' a', 'a\n'])('can not be that of the key %j', async (key) => {
    const emulator = await start();
    expect(() => emulator.workspace(key)).toThrow('missing or invalid. It must be a text without');
  });

  it('can not be that of a key that is not let in', async () => {
    const emulator = await start({ apiKey: ['key_a'] });
    expect(emulator.workspace('key_a')).toMatchObject({ apiKey: 'key_a' });
    expect(() => emulator.workspace('key_b')).toThrow('It is not one of the option apiKey');
  });

  it('does what the control API does', async () => {
    const workspace = (await start({ runDuration: '1s' })).workspace('key_a');
    const rule = await workspace.outcomes.add({
      match: { name: 'a' },
      outcome: { status: 'fail', explanation: 'Ordered' },
    });
    expect(await workspace.outcomes.list()).toEqual([{ ...rule, hits: 0 }]);
    const { test_case_batch_job_id: id } = await createBatch(workspace, ['a']);
    const waiting = workspace.batchTests.wait(id, { timeout: '10s' });
    expect(await workspace.clock.advance({ by: '1s' })).toMatchObject({ runsEnded: 1 });
    expect(await waiting).toMatchObject({ id, failCount: 1 });
    const { items } = await clientOf(workspace).tests.listTestRuns(id);
    const why = await workspace.testRuns.explain(items[0]?.test_case_job_id ?? '');
    expect(why.decidedBy).toEqual({ source: 'rule', rule: rule.id });
    await workspace.outcomes.delete(rule.id);
    await workspace.outcomes.clear();
    expect(await workspace.outcomes.list()).toEqual([]);
    await workspace.settings.change({ progression: 'manual' });
    const manual = await createBatch(workspace, ['a', 'b']);
    const { test_case_batch_job_id: stepped } = manual;
    expect(await workspace.batchTests.step(stepped)).toMatchObject({ status: 'in_progress' });
    expect(await workspace.batchTests.complete(stepped)).toMatchObject({ status: 'complete' });
    expect(await workspace.clock.set({ mode: 'real', speed: 5 })).toMatchObject({ speed: 5 });
  });

  it('goes back to a snapshot, to its beginning, and to what was exported', async () => {
    const workspace = (await start()).workspace('key_a');
    const first = await play(workspace, 3);
    const snapshot = await workspace.snapshot();
    const state = await workspace.export();
    const second = await play(workspace, 3);
    await snapshot.restore();
    expect(await workspace.export()).toEqual(state);
    expect(await play(workspace, 3)).toEqual(second);
    await workspace.restore(snapshot.name);
    await workspace.reset();
    expect(await play(workspace, 3)).toEqual(first);
    await workspace.reset();
    expect(await workspace.load(state)).toMatchObject({ testRuns: 3 });
    expect(await workspace.export()).toEqual(state);
  });

  it('shares nothing with what it takes and answers', async () => {
    const fixtures = { faults: [{ match: { operation: 'listAgents' }, error: { status: 429 } }] };
    const outcomes = { fail: 1 };
    const workspace = (await start({ fixtures, outcomes })).workspace('key_a');
    fixtures.faults = [];
    outcomes.fail = 0;
    const fault = {
      match: { operation: 'createBatchTest' },
      error: { status: 500 },
    };
    await workspace.faults.add(fault);
    fault.match.operation = 'getBatchTest';
    const rule = { match: { name: 'a' }, outcome: { status: 'fail' as const } };
    const added = await workspace.outcomes.add(rule);
    rule.match.name = 'b';

    for (const { match } of await workspace.faults.list())
      Object.assign(match ?? {}, { path: '/x' });
    Object.assign(await workspace.settings.get(), { concurrency: 77, outcomes: 'error=1' });
    Object.assign(added.match ?? {}, { name: 'c' });

    expect(await workspace.faults.list()).toMatchObject([
      { match: { operation: 'listAgents' } },
      { match: { operation: 'createBatchTest' } },
    ]);
    expect(await workspace.outcomes.list()).toMatchObject([{ match: { name: 'a' } }]);
    expect(await workspace.settings.get()).toMatchObject({
      concurrency: 10,
      outcomes: { fail: 1 },
    });
    expect((await workspace.export()).settings).not.toMatchObject({ concurrency: 77 });
    await expect(createBatch(workspace, ['a'])).rejects.toMatchObject({ status: 500 });
    const filter = { status: '500' } as object;
    expect((await workspace.requests.list(filter)).items).toHaveLength(1);
    expect(filter).toEqual({ status: '500' });
  });

  it('rejects bad input and names the field', async () => {
    const workspace = (await start()).workspace('key_a');
    await expect(workspace.clock.advance('soon')).rejects.toThrow('body/by must be a duration');
    const wait = workspace.batchTests.wait('x', { timeout: 'soon' });
    await expect(wait).rejects.toThrow('query/timeout must be a duration');
    const rule = { outcome: { status: 'won' } } as unknown as Parameters<
      typeof workspace.outcomes.add
    >[0];
    await expect(workspace.outcomes.add(rule)).rejects.toThrow(
      'body/outcome/status must be "pass"',
    );
  });
});

describe('an error of a workspace', () => {
  it.each<[string, (workspace: Workspace) => Promise<unknown>]>([
    ['snapshot', (workspace) => workspace.restore('nope')],
    ['batch test', (workspace) => workspace.batchTests.step('nope')],
    ['batch test', (workspace) => workspace.batchTests.wait('nope')],
    ['test run', (workspace) => workspace.testRuns.explain('nope')],
    ['outcome rule', (workspace) => workspace.outcomes.delete('nope')],
    ['fault', (workspace) => workspace.faults.delete('nope')],
  ])('says that there is no such %s', async (what, act) => {
    const error: unknown = await act((await start()).workspace('key_a')).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ code: 'not_found', statusCode: 404 });
    expect((error as Error).message).toContain(`There is no ${what} "nope".`);
  });

  it('says that the emulator was closed', async () => {
    const emulator = await start();
    const workspace = emulator.workspace('key_a');
    await createBatch(workspace, ['a']);
    await emulator.close();
    for (const part of [workspace.faults, workspace.outcomes, workspace.requests]) {
      const error: unknown = await part.list().catch((e: unknown) => e);
      expect(error).toMatchObject({ code: 'unavailable' });
      expect((error as Error).message).toContain('It was closed.');
    }
  });
});

describe('fifty workspaces in one process', () => {
  const keys = Array.from({ length: 50 }, (_, index) => `key_${String(index)}`);

  /** A story of its own for each: another seed, pace, and number of runs. */
  async function live(workspace: Workspace, index: number) {
    await workspace.settings.change({
      seed: `seed ${String(index)}`,
      concurrency: 1 + (index % 7),
      outcomes: { pass: 1, fail: index % 3, error: index % 2 },
    });
    if (index % 2 === 0) await workspace.outcomes.add({ times: 2, outcome: { status: 'error' } });
    const first = await play(workspace, 3 + (index % 11));
    const snapshot = await workspace.snapshot();
    const second = await play(workspace, 2);
    if (index % 5 === 0) await snapshot.restore();
    return { first, second, state: await workspace.export() };
  }

  it('at the same time each give what they give alone', async () => {
    const together = await start();
    const lives = await Promise.all(keys.map((key, index) => live(together.workspace(key), index)));
    expect(new Set(lives.map((life) => JSON.stringify(life))).size).toBe(keys.length);
    for (const [index, key] of keys.entries()) {
      if (index % 7 !== 0) continue;
      const alone = await start();
      expect(await live(alone.workspace(key), index)).toEqual(lives[index]);
    }
    const apart = await start();
    for (const [index, key] of [...keys.entries()].reverse()) {
      expect(await live(apart.workspace(key), index)).toEqual(lives[index]);
    }
  });
});
