import { describe, expect, it } from 'vitest';
import { ApiError, type Workspace } from '../src/index.js';
import { clientOf, createBatch, runBatch, start } from './support/library.js';

describe('a workspace', () => {
  it.each(['', 'a b', ' a', 'a\n'])('cannot have the key %j', async (key) => {
    const emulator = await start();
    expect(() => emulator.workspace(key)).toThrow(
      'missing or invalid. The key must be a text without',
    );
  });

  it('cannot have a key that is not accepted', async () => {
    const emulator = await start({ apiKey: ['key_a'] });
    expect(emulator.workspace('key_a')).toMatchObject({ apiKey: 'key_a' });
    expect(() => emulator.workspace('key_b')).toThrow('The option apiKey does not have this key');
  });

  it('has a label in the list of all', async () => {
    const emulator = await start();
    const [a, b] = [emulator.workspace('key_a'), emulator.workspace('key_b')];
    expect(await emulator.workspaces()).toEqual([]);
    expect(await a.setLabel('checkout tests')).toMatchObject({ label: 'checkout tests' });
    await createBatch(b, ['a']);
    const [first, second, ...others] = await emulator.workspaces();
    expect(others).toEqual([]);
    expect(first).toEqual(await b.info());
    expect(first).toMatchObject({ label: null, lastUsedAt: expect.any(Number) as number });
    expect(second).toEqual(await a.info());
    expect(second).toMatchObject({ label: 'checkout tests', lastUsedAt: null });
    expect(await a.setLabel(null)).toMatchObject({ label: null });
    await expect(a.setLabel('')).rejects.toThrow('body/label must NOT have fewer');
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

  it('restores a snapshot, its first state, and an export', async () => {
    const workspace = (await start()).workspace('key_a');
    const first = await runBatch(workspace, 3);
    const snapshot = await workspace.snapshot();
    const state = await workspace.export();
    const second = await runBatch(workspace, 3);
    await snapshot.restore();
    expect(await workspace.export()).toEqual(state);
    expect(await runBatch(workspace, 3)).toEqual(second);
    await workspace.restore(snapshot.name);
    await workspace.reset();
    expect(await runBatch(workspace, 3)).toEqual(first);
    await workspace.reset();
    expect(await workspace.load(state)).toMatchObject({ testRuns: 3 });
    expect(await workspace.export()).toEqual(state);
  });

  it('shares no object with its arguments and results', async () => {
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
    ['call', (workspace) => workspace.calls.explain('nope')],
    ['call rule', (workspace) => workspace.callRules.delete('nope')],
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
      expect((error as Error).message).toContain('The emulator was closed.');
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
    const first = await runBatch(workspace, 3 + (index % 11));
    const snapshot = await workspace.snapshot();
    const second = await runBatch(workspace, 2);
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
