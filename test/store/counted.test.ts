import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeAll } from '../../src/store/steps.js';
import { openStore, type RunCounts, type Store, type StoreWriter } from '../../src/store/store.js';
import { createWorkspace } from '../support/new-batches.js';

type Step = (store: StoreWriter, workspaceId: number) => void;

const newBatch = (workspaceId: number, ordinal: number, totalCount: number) => ({
  ...{ workspaceId, ordinal, id: ordinal, totalCount, createdAt: 0 },
  responseEngine: { type: 'retell-llm', llm_id: 'llm_1' } as const,
  progression: { kind: 'time' } as const,
  engineContentKey: null,
});

/** Whatever changes batches, or takes them away. */
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.integer({ min: 1, max: 5 }).map((count): Step => (store, workspaceId) => {
    const ordinal = store.workspaces.takeOrdinal(workspaceId, 'batch');
    store.batchTests.insert(newBatch(workspaceId, ordinal, count));
  }),
  fc.constantFrom('pass', 'fail', 'error').map((outcome): Step => (store, workspaceId) => {
    const ended = { pass: 0, fail: 0, error: 0, [outcome]: 1 };
    const progress = store.batchTests
      .listAll(workspaceId)
      .filter((batch) => batch.ended.pass + batch.ended.fail + batch.ended.error < batch.totalCount)
      .map(({ batchKey }) => ({ batchKey, started: 1, ended, modifiedAt: 1 }));
    store.batchTests.addProgress(progress);
  }),
  fc.constant<Step>((store, workspaceId) => {
    makeAll(store.snapshots.take(workspaceId, 's', 0));
  }),
  fc.constant<Step>((store, workspaceId) => {
    if (store.snapshots.has(workspaceId, 's')) makeAll(store.snapshots.restore(workspaceId, 's'));
  }),
  fc.constant<Step>((store, workspaceId) => {
    makeAll(store.snapshots.clear(workspaceId, 0, null));
  }),
);

/** What the batches of the workspaces add up to. */
function sumOf(store: Store, workspaceIds: readonly number[]): RunCounts {
  const sum: RunCounts = { pending: 0, in_progress: 0, pass: 0, fail: 0, error: 0 };
  for (const { ended, totalCount } of workspaceIds.flatMap((id) => store.batchTests.listAll(id))) {
    const { pass, fail, error } = ended;
    sum.pending += totalCount - pass - fail - error;
    sum.pass += pass;
    sum.fail += fail;
    sum.error += error;
  }
  return sum;
}

describe('the counts of runs', () => {
  it('are those of the batches after any writes, rollbacks and restores', () => {
    const steps = fc.array(
      fc.record({ step, workspace: fc.nat(1), isUndone: fc.boolean(), isAsked: fc.boolean() }),
      { maxLength: 50, size: 'max' },
    );
    fc.assert(
      fc.property(steps, (all) => {
        const store = openStore(':memory:', 0);
        const ids = ['v', 'w'].map((name) => createWorkspace(store, name));
        for (const { step, workspace, isUndone, isAsked } of all) {
          const transaction = () => {
            store.now((writer) => {
              step(writer, ids[workspace] ?? 0);
              if (isUndone) throw new Error('undone');
            });
          };
          if (isUndone) expect(transaction).toThrow('undone');
          else transaction();
          if (isAsked) expect(store.countRuns()).toEqual(sumOf(store, ids));
        }
        store.close();
      }),
    );
  });

  it('are the same while other requests wait for their commit', async () => {
    const store = openStore(':memory:', 0);
    const id = createWorkspace(store);
    const create = (ordinal: number): Promise<number> =>
      store.runThenCommit(() =>
        store.together(({ batchTests }) => batchTests.insert(newBatch(id, ordinal, 2))),
      );
    const first = create(0);
    expect(store.countRuns()).toMatchObject({ pending: 2 });
    const second = create(1);
    expect(store.countRuns()).toMatchObject({ pending: 4 });
    await Promise.all([first, second]);
    store.close();
  });
});
