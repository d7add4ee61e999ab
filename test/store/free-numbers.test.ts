import { describe, expect, it, onTestFinished } from 'vitest';
import { runNumberAt } from '../../src/random.js';
import { openStore } from '../../src/store/store.js';
import { accept, given, numbersIn, standing } from '../support/new-batches.js';

describe('ids of batches that are accepted', () => {
  function arrange() {
    const store = openStore(':memory:', 0);
    onTestFinished(() => {
      store.close();
    });
    const { id: workspaceId } = store.workspaces.insert('w', 0, standing, null);
    const numbersOf = numbersIn(workspaceId);
    return {
      store,
      workspaceId,
      numbersOf,
      insert: store.transaction((id: number | string, runId: number | string, ordinal: number) =>
        store.inbox.insert(
          { ...given, workspaceId, id, ordinal, totalCount: 1 },
          { ids: [runId], targets: ['a'] },
        ),
      ),
      accept: () => accept(store, workspaceId, 2),
      takeSnapshot: store.transaction(() => {
        store.snapshots.take(workspaceId, 's', 0);
      }),
      restore: store.transaction(() => store.snapshots.restore(workspaceId, 's')),
      clear: store.transaction(() => {
        store.snapshots.clear(workspaceId, 0, null);
      }),
    };
  }

  it('are others than one that was given before', () => {
    const { numbersOf, insert, accept } = arrange();
    insert(numbersOf(1, 1).batch, 'a', 1000);
    expect(accept()).toEqual(numbersOf(0, 1));
    expect(accept()).toEqual(numbersOf(1, 2));
    expect(accept()).toEqual(numbersOf(2, 1));
  });

  it('are others than one that was given since the last was made', () => {
    const { numbersOf, insert, accept } = arrange();
    expect(accept()).toEqual(numbersOf(0, 1));
    insert(numbersOf(1, 1).batch, 'a', 1000);
    expect(accept()).toEqual(numbersOf(1, 2));
  });

  it('leave out numbers of which a run has one', () => {
    const { numbersOf, insert, accept } = arrange();
    insert('a', runNumberAt(numbersOf(0, 1), 1), 1000);
    insert('b', runNumberAt(numbersOf(0, 2), 1000), 1001);
    expect(accept()).toEqual(numbersOf(0, 3));
  });

  it('are others than one that was put back', () => {
    const { numbersOf, insert, accept, takeSnapshot, restore, clear } = arrange();
    insert(numbersOf(0, 1).batch, 'a', 1000);
    takeSnapshot();
    clear();
    expect(accept()).toEqual(numbersOf(0, 1));
    restore();
    expect(accept()).toEqual(numbersOf(0, 2));
  });
});
