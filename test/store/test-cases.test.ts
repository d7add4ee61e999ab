import { describe, expect, it, onTestFinished } from 'vitest';
import { newContent } from '../../src/domain/testing/test-case.js';
import { openStore } from '../../src/store/store.js';
import type { NewRevision } from '../../src/store/test-cases.js';
import { createWorkspace } from '../support/new-batches.js';

const content = (user_prompt: string) =>
  newContent({
    ...{ name: 'n', user_prompt, metrics: [] },
    response_engine: { type: 'retell-llm', llm_id: 'llm_1' },
  });

describe('the content of a definition', () => {
  it('is stored once, separately from other contents and definitions', () => {
    const store = openStore(':memory:', 0);
    onTestFinished(() => {
      store.close();
    });
    const [workspaceId = 0, other = 0] = ['v', 'w'].map((name) => createWorkspace(store, name));
    const first: NewRevision = {
      ...{ workspaceId, definitionId: 'a', content: content('1') },
      ...{ createdAt: 0, modifiedAt: 0 },
    };
    const changes: Partial<NewRevision>[] = [
      ...[{}, { content: content('2') }, { modifiedAt: 1 }, { createdAt: 1, modifiedAt: 1 }],
      ...[{ definitionId: 'b' }, { workspaceId: other }],
    ];
    const keep = () =>
      changes.map((change) => {
        const revision = { ...first, ...change };
        const { workspaceId, definitionId } = revision;
        return store.now(({ testCases }) =>
          testCases.find(workspaceId, definitionId) === undefined
            ? testCases.insert(revision)
            : testCases.revise(revision),
        );
      });
    const keys = keep();
    expect(new Set(keys).size).toBe(changes.length);
    expect(keep()).toEqual(keys);
    expect(keys.map((key) => store.testCases.getRevision(key).content.user_prompt)).toEqual([
      ...['1', '2', '1', '1', '1', '1'],
    ]);
  });
});
