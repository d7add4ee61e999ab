import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openEmulator, type Emulator } from '../src/emulator.js';
import { openWorkspace } from '../src/library/open-workspace.js';
import type { Workspace } from '../src/library/workspace.js';
import { createBatchTest, getBatchTest } from '../src/operations/testing/batch-tests.js';
import { listTestRuns } from '../src/operations/testing/test-runs.js';
import { workspaceNameOf } from '../src/workspace/name.js';
import { parseProgression } from '../src/workspace/settings.js';
import { defaultSettings, retellLlm } from './support/emulator.js';
import { temporaryFolder } from './support/files.js';
import { ManualClock, newYear } from './support/manual-clock.js';
import { Model, stepMs, type ModelBatch, type ModelRule } from './support/model.js';

const apiKey = 'key_model';
const caller = { workspace: workspaceNameOf(apiKey) };
const initialConcurrency = 2;

/** The emulator on a file, which can be closed and opened again. */
class System {
  readonly #database = join(temporaryFolder(), 'emulator.sqlite');
  readonly errors: unknown[] = [];
  emulator!: Emulator;
  workspace!: Workspace;

  constructor() {
    this.open();
  }

  open(): void {
    this.emulator = openEmulator({
      database: this.#database,
      clock: new ManualClock(),
      settings: {
        ...defaultSettings,
        ...{ concurrency: initialConcurrency, runDuration: '1s', outcomes: 'pass=1' },
      },
      initialClock: () => ({ mode: 'manual', time: newYear }),
      onError: (error) => this.errors.push(error),
    });
    this.workspace = openWorkspace(this.emulator, apiKey, '');
  }

  restart(): void {
    this.emulator.close();
    this.open();
  }

  create(ids: string[], progression: string) {
    const parsed = parseProgression(progression);
    const body = { test_case_definition_ids: ids, response_engine: retellLlm };
    const asked = { ...caller, ...(parsed && { progression: parsed }) };
    return createBatchTest(this.emulator, asked, { body } as Parameters<typeof createBatchTest>[2]);
  }

  poll(id: string) {
    const params = { test_case_batch_job_id: id };
    return getBatchTest(this.emulator, caller, { params } as Parameters<typeof getBatchTest>[2]);
  }

  list(id: string) {
    const params = { test_case_batch_job_id: id };
    return listTestRuns(this.emulator, caller, { params } as Parameters<typeof listTestRuns>[2]);
  }
}

/** What the model keeps beside the present state. */
interface World {
  model: Model;
  snapshots: Map<string, Model>;
}

type Command = fc.AsyncCommand<World, System>;

/** Does it to both, then compares all that can be read without moving anything. */
const command = (
  name: string,
  run: (world: World, system: System) => Promise<void> | void,
  check: (world: World) => boolean = () => true,
): Command => ({
  check: (world) => check(world),
  async run(world, system) {
    const before = world.model.copy();
    await run(world, system);
    await compare(world.model, system);
    if (!/restore|reset/.test(name)) expectForward(before, world.model);
  },
  toString: () => name,
});

async function compare(model: Model, system: System) {
  const { workspace, emulator, errors } = system;
  expect(errors).toEqual([]);
  expect(await workspace.clock.get()).toEqual({ mode: 'manual', now: model.now });
  const rules = await workspace.outcomes.list();
  expect(rules.map(({ hits }) => hits)).toEqual(model.rules.map(({ hits }) => hits));
  for (const batch of model.batches) {
    const runs = await system.list(batch.id);
    expect(runs.map(({ status }) => status)).toEqual(batch.runs.map(({ status }) => status));
    const { id } = emulator.workspaces.open(caller.workspace);
    const stored = emulator.store.batchTests.find(id, batch.id);
    expect(stored?.ended).toEqual(countsOf(batch));
    expect(stored).toMatchObject({ modifiedAt: batch.modifiedAt, totalCount: batch.runs.length });
  }
}

const countsOf = ({ runs }: ModelBatch) => {
  const count = (status: string) => runs.filter((run) => run.status === status).length;
  return { pass: count('pass'), fail: count('fail'), error: count('error') };
};

/** The model agrees with the emulator, so what holds of it holds of both. */
function expectForward(before: Model, after: Model): void {
  expect(after.now).toBeGreaterThanOrEqual(before.now);
  expect(after.running()).toBeLessThanOrEqual(Math.max(before.running(), after.concurrency));
  for (const [index, batch] of before.batches.entries()) {
    const later = after.batches[index];
    expect(later?.modifiedAt).toBeGreaterThanOrEqual(batch.modifiedAt);
    for (const [place, { status }] of batch.runs.entries()) {
      const isFinal = status !== 'pending' && status !== 'in_progress';
      if (isFinal) expect(later?.runs[place]?.status).toBe(status);
    }
  }
  const queue = after.batches.filter(({ progression }) => progression === 'time');
  const waits = queue.flatMap(({ runs }) => runs.map(({ status }) => status === 'pending'));
  // First in, first out: behind the first run that waits, all wait.
  expect(waits).toEqual(waits.toSorted((a, b) => Number(a) - Number(b)));
}

const names = fc.constantFrom('a', 'b');
const index = fc.nat({ max: 20 });
const pick = ({ model }: World, index: number) => model.batches[index % model.batches.length]?.id;
const hasBatch = ({ model }: World) => model.batches.length > 0;

const create = fc
  .record({
    count: fc.integer({ min: 1, max: 5 }),
    progression: fc.constantFrom<ModelBatch['progression']>(
      'time',
      'time',
      'immediate',
      'manual',
      3,
    ),
  })
  .map(({ count, progression }) =>
    command(`create ${String(count)} ${String(progression)}`, async ({ model }, system) => {
      const ids = Array.from({ length: count }, (_, index) => `case ${String(index)}`);
      const text = typeof progression === 'number' ? `polls=${String(progression)}` : progression;
      const batch = await system.create(ids, text);
      expect(batch).toMatchObject({ total_count: count, creation_timestamp: model.now });
      model.create(batch.test_case_batch_job_id, count, progression);
    }),
  );

const poll = index.map((index) =>
  command(
    `poll ${String(index)}`,
    async (world, system) => {
      const id = pick(world, index) ?? '';
      const batch = await system.poll(id);
      world.model.poll(id);
      const { pass, fail, error } = countsOf(world.model.find(id));
      expect(batch).toMatchObject({ pass_count: pass, fail_count: fail, error_count: error });
      const isComplete = pass + fail + error === batch.total_count;
      expect(batch.status).toBe(isComplete ? 'complete' : 'in_progress');
    },
    hasBatch,
  ),
);

const byHand = fc.tuple(index, fc.boolean()).map(([index, whole]) =>
  command(
    `${whole ? 'complete' : 'step'} ${String(index)}`,
    async (world, { workspace }) => {
      const id = pick(world, index) ?? '';
      const moved = whole ? workspace.batchTests.complete(id) : workspace.batchTests.step(id);
      if (world.model.find(id).progression === 'manual') {
        await moved;
        world.model.endNext(id, whole ? Infinity : 1);
      } else {
        await expect(moved).rejects.toThrow('only "manual" batches');
      }
    },
    hasBatch,
  ),
);

const advance = fc.nat({ max: 6 }).map((steps) =>
  command(`advance ${String(steps)}`, async ({ model }, { workspace }) => {
    await workspace.clock.advance(`${String(steps * stepMs)}ms`);
    model.advance(steps);
  }),
);

const settle = fc.constant(
  command('settle', async ({ model }, { workspace }) => {
    await workspace.settle();
    model.advanceUntilIdle();
  }),
);

const sequence = fc.array(
  fc.record({
    status: fc.constantFrom('pass' as const, 'fail' as const, 'error' as const),
    steps: fc.integer({ min: 1, max: 4 }),
  }),
  { minLength: 1, maxLength: 3 },
);
const addRule = fc
  .record({ sequence, times: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }) })
  .map(({ sequence, times }) =>
    command(`rule ${JSON.stringify({ sequence, times })}`, async ({ model }, { workspace }) => {
      const limit = times === undefined ? {} : { times };
      await workspace.outcomes.add({
        ...limit,
        sequence: sequence.map(({ status, steps }) => ({
          status,
          duration: `${String(steps * stepMs)}ms`,
        })),
      });
      const rule: ModelRule = { ...limit, sequence, hits: 0 };
      model.rules.push(rule);
    }),
  );

const clearRules = fc.constant(
  command('clear rules', async ({ model }, { workspace }) => {
    await workspace.outcomes.clear();
    model.rules = [];
  }),
);

const setConcurrency = fc.integer({ min: 1, max: 4 }).map((concurrency) =>
  command(`concurrency ${String(concurrency)}`, async ({ model }, { workspace }) => {
    await workspace.settings.change({ concurrency });
    model.concurrency = concurrency;
    model.settle();
  }),
);

const snapshot = names.map((name) =>
  command(`snapshot ${name}`, async ({ model, snapshots }, { workspace }) => {
    await workspace.snapshot(name);
    snapshots.set(name, model.copy());
  }),
);

const restore = names.map((name) =>
  command(
    `restore ${name}`,
    async (world, { workspace }) => {
      await workspace.restore(name);
      world.model = world.snapshots.get(name)?.copy() ?? world.model;
    },
    ({ snapshots }) => snapshots.has(name),
  ),
);

const reset = fc.constant(
  command('reset', async (world, { workspace }) => {
    await workspace.reset();
    world.model = new Model(newYear, initialConcurrency);
  }),
);

const reload = fc.constant(
  command('reset and load what was exported', async (_world, { workspace }) => {
    const state = await workspace.export();
    await workspace.reset();
    await workspace.load(state);
    expect(await workspace.export()).toEqual(state);
  }),
);

const restart = fc.constant(
  command('restart', (_world, system) => {
    system.restart();
  }),
);

describe('any sequence of steps', () => {
  it('leads to the same state as a simple model of the simulation', async () => {
    const common = [create, poll, byHand, advance, setConcurrency, addRule];
    const rare = [settle, clearRules, snapshot, restore, restart, reset, reload];
    const commands = fc.commands([...common, ...common, ...rare], { maxCommands: 60, size: 'max' });
    await fc.assert(
      fc.asyncProperty(commands, async (commands) => {
        const system = new System();
        const world = { model: new Model(newYear, initialConcurrency), snapshots: new Map() };
        try {
          await fc.asyncModelRun(() => ({ model: world, real: system }), commands);
        } finally {
          system.emulator.close();
        }
      }),
      { numRuns: 60 },
    );
  });
});
