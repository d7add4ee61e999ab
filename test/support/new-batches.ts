import { batchNumbersOf, type BatchNumbers } from '../../src/random.js';
import type { Store } from '../../src/store/store.js';
import type { RunTarget } from '../../src/store/test-runs.js';

export const stoppedClock = { mode: 'manual', time: 0 } as const;
export const newBatch = {
  ...{ createdAt: 0, engineContentKey: null, progression: { kind: 'time' } as const },
  responseEngine: { type: 'retell-llm', llm_id: 'llm_1' } as const,
};
export const targetsOf = (count: number): RunTarget[] =>
  Array.from({ length: count }, (_, index) => ({
    revisionKey: null,
    unknownDefinitionId: `case ${String(index)}`,
  }));

/** Creates an empty workspace. Returns its id. */
export const createWorkspace = (store: Store, name = 'w', now = 0): number =>
  store.now(({ workspaces }) => workspaces.insert(name, now, stoppedClock, null).id);

/** Creates a batch together with others of its turn. */
export const createBatch = (store: Store, workspaceId: number, count: number): BatchNumbers =>
  store.together((writer, attempt) => {
    const ordinal = writer.workspaces.takeOrdinal(workspaceId, 'batch');
    const numbers = batchNumbersOf(ordinal, 'seed', workspaceId, attempt);
    const batchKey = writer.batchTests.insert({
      ...newBatch,
      ...{ workspaceId, ordinal, id: numbers.batch, totalCount: count },
    });
    writer.testRuns.insertCreated({ workspaceId, batchKey }, numbers, targetsOf(count));
    return numbers;
  });
