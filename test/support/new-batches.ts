import { batchNumbersOf, type BatchNumbers } from '../../src/random.js';
import type { Store } from '../../src/store/store.js';
import type { RunTarget } from '../../src/store/test-runs.js';

export const standing = { mode: 'manual', time: 0 } as const;
export const given = {
  ...{ createdAt: 0, engineContentKey: null, progression: { kind: 'time' } as const },
  responseEngine: { type: 'retell-llm', llm_id: 'llm_1' } as const,
};
export const targetsOf = (count: number): RunTarget[] =>
  Array.from({ length: count }, (_, index) => ({
    revisionKey: null,
    unknownDefinitionId: `case ${String(index)}`,
  }));

export function numbersIn(workspaceId: number) {
  return (ordinal: number, attempt: number): BatchNumbers =>
    batchNumbersOf(ordinal, 'seed', workspaceId, attempt);
}

export const accept = (store: Store, workspaceId: number, count: number): BatchNumbers =>
  store.inbox.accept({ ...given, workspaceId }, targetsOf(count), numbersIn(workspaceId));
