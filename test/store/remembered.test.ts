import { makeAll } from '../../src/store/steps.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newContent } from '../../src/domain/testing/test-case.js';
import type { AssetName } from '../../src/store/assets.js';
import {
  openStore,
  type Store,
  type StoreReader,
  type StoreWriter,
} from '../../src/store/store.js';
import { createWorkspace } from '../support/new-batches.js';

type Step = (store: StoreWriter, workspaceId: number) => void;

const name = (workspaceId: number, id: string): AssetName => ({
  ...{ workspaceId, id },
  kind: 'retell-llm',
});
const said = (text: string) => ({
  ...{ content: { general_prompt: text }, baseVersion: null, modifiedAt: 0 },
});

const newRevision = (workspaceId: number, definitionId: string, text: string) => ({
  ...{ workspaceId, definitionId, createdAt: 0, modifiedAt: 0 },
  content: newContent({
    ...{ name: 'n', user_prompt: text, metrics: [] },
    response_engine: { type: 'retell-llm', llm_id: 'llm_1' },
  }),
});

const id = fc.constantFrom('llm_1', 'llm_2');
const version = fc.nat(3);
const text = fc.constantFrom('a', 'b', 'c');
const fault = fc.constantFrom('fault_1', 'fault_2');

const numbers = ['+14155550101', '+14155550102'];
const number = fc.constantFrom(...numbers);

const definitions = ['test_case_1', 'test_case_2'];
const definition = fc.constantFrom(...definitions);

/** Whatever writes an asset, a fault or a definition; steps that can't be taken then are left out. */
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(id, text).map(([id, text]): Step => (store, workspaceId) => {
    const asset = name(workspaceId, id);
    if (store.assets.find(asset) === undefined) store.assets.insert(asset, said(text));
    else store.assets.addVersion(asset, said(text));
  }),
  fc.tuple(id, version, text).map(([id, version, text]): Step => (store, workspaceId) => {
    store.assets.change(name(workspaceId, id), version, said(text).content, 1);
  }),
  fc.tuple(id, version).map(([id, version]): Step => (store, workspaceId) => {
    const asset = name(workspaceId, id);
    // An asset has one version at least.
    if (store.assets.countVersions(asset) > 1) store.assets.deleteVersion(asset, version);
  }),
  id.map((id): Step => (store, workspaceId) => {
    store.assets.delete(name(workspaceId, id));
  }),
  fault.map((id): Step => (store, workspaceId) => {
    if (store.faults.list(workspaceId).some((other) => other.id === id)) return;
    store.faults.insert(workspaceId, { id, fault: {}, createdAt: 0, seen: 0, hits: 0 });
  }),
  fc.tuple(fault, fc.nat(5)).map(([id, seen]): Step => (store, workspaceId) => {
    store.faults.setCounts(workspaceId, id, seen, 0);
  }),
  fault.map((id): Step => (store, workspaceId) => {
    store.faults.delete(workspaceId, id);
  }),
  fc.constant<Step>((store, workspaceId) => {
    store.faults.deleteAll(workspaceId);
  }),
  fc.tuple(definition, text).map(([id, text]): Step => (store, workspaceId) => {
    const isThere = store.testCases.find(workspaceId, id) !== undefined;
    store.testCases[isThere ? 'revise' : 'insert'](newRevision(workspaceId, id, text));
  }),
  definition.map((id): Step => (store, workspaceId) => {
    store.testCases.delete(workspaceId, id);
  }),
  fc.tuple(number, text).map(([number, text]): Step => (store, workspaceId) => {
    const isThere = store.phoneNumbers.find(workspaceId, number) !== undefined;
    const content = { phone_number_type: 'custom', nickname: text } as const;
    store.phoneNumbers[isThere ? 'change' : 'insert'](workspaceId, {
      ...{ number, content, modifiedAt: 0 },
    });
  }),
  number.map((number): Step => (store, workspaceId) => {
    store.phoneNumbers.delete(workspaceId, number);
  }),
  fc.constant<Step>((store, workspaceId) => {
    makeAll(store.snapshots.take(workspaceId, 's', 0));
  }),
  fc.constant<Step>((store, workspaceId) => {
    if (store.snapshots.has(workspaceId, 's')) makeAll(store.snapshots.restore(workspaceId, 's'));
  }),
);

/** What is told of a workspace's assets, faults, definitions and numbers; asked for first, so that it is remembered. */
function told({ assets, faults, testCases, phoneNumbers }: StoreReader, workspaceId: number) {
  const references = ['llm_1', 'llm_2'].flatMap((id) =>
    [undefined, 0, 1, 2, 3].map((version) => assets.refer(name(workspaceId, id), version)),
  );
  const contents = references.map((found) => found && assets.getContent(found.contentKey));
  const revisions = definitions.map((id) => testCases.findRevisionKey(workspaceId, id));
  const said = revisions.map((key) => key && testCases.getRevision(key).content);
  const found = numbers.map((number) => phoneNumbers.find(workspaceId, number));
  return {
    references,
    contents,
    faults: faults.list(workspaceId),
    revisions,
    said,
    numbers: found,
  };
}

/** The same as a store tells it that remembers nothing: what is undone clears its caches. */
function stored(store: Store, workspaceId: number) {
  const { assets, faults, testCases, phoneNumbers } = store;
  store.dryRun(() => undefined);
  const references = ['llm_1', 'llm_2'].flatMap((id) =>
    [undefined, 0, 1, 2, 3].map((version) => {
      const found = assets.find(name(workspaceId, id), version);
      return found && { version: found.version, contentKey: found.contentKey };
    }),
  );
  const contents = references.map(
    (found) => found && (JSON.parse(assets.getContentText(found.contentKey)) as object),
  );
  const current = definitions.map((id) => testCases.find(workspaceId, id));
  const revisions = current.map((revision) => revision?.revisionKey);
  const said = current.map((revision) => revision?.content);
  const listed = [...phoneNumbers.listPage({ workspaceId, order: 'ascending', ...wholeList })];
  const found = numbers.map((number) => listed.find((other) => other.number === number));
  return {
    references,
    contents,
    faults: faults.list(workspaceId),
    revisions,
    said,
    numbers: found,
  };
}

const wholeList = { after: undefined, limit: undefined };

function insertBatch(store: StoreWriter, workspaceId: number, id: string): void {
  const ordinal = store.workspaces.takeOrdinal(workspaceId, 'batch');
  store.batchTests.insert({
    ...{ workspaceId, ordinal, id, totalCount: 1, createdAt: 0, engineContentKey: null },
    responseEngine: { type: 'retell-llm', llm_id: 'llm_1' },
    progression: { kind: 'polls', polls: 9 },
  });
}

describe('the caches of a store', () => {
  it('equal the stored rows after any writes, rollbacks and restores', () => {
    const steps = fc.array(fc.record({ step, isUndone: fc.boolean() }), {
      ...{ maxLength: 50, size: 'max' },
    });
    fc.assert(
      fc.property(steps, (all) => {
        const store = openStore(':memory:', 0);
        const id = createWorkspace(store);
        for (const { step, isUndone } of all) {
          const transaction = () => {
            store.now((writer) => {
              step(writer, id);
              // Read in between, it must not be remembered longer than it is so.
              told(store, id);
              if (isUndone) throw new Error('undone');
            });
          };
          if (isUndone) expect(transaction).toThrow('undone');
          else transaction();
          expect(told(store, id)).toEqual(stored(store, id));
        }
        store.close();
      }),
    );
  });

  it('distinguish batches with the same id in two workspaces', () => {
    const what = fc.constantFrom('create', 'poll', 'look');
    const steps = fc.array(
      fc.record({ workspace: fc.nat(1), id: fc.constantFrom('batch_1', 'batch_2'), what }),
    );
    fc.assert(
      fc.property(steps, (all) => {
        const store = openStore(':memory:', 0);
        const ids = ['v', 'w'].map((name) => createWorkspace(store, name));
        /** How often each was polled. */
        const polls = new Map<string, number>();
        for (const { workspace, id, what } of all) {
          const workspaceId = ids[workspace] ?? 0;
          const name = `${String(workspaceId)} ${id}`;
          const batchKey = store.batchTests.find(workspaceId, id)?.batchKey;
          if (what === 'create' && batchKey === undefined) {
            store.now((writer) => {
              insertBatch(writer, workspaceId, id);
            });
            polls.set(name, 0);
          }
          if (what === 'poll' && batchKey !== undefined) {
            store.now(({ batchTests }) => {
              batchTests.countPoll(batchKey);
            });
            polls.set(name, (polls.get(name) ?? 0) + 1);
          }
          expect(store.batchTests.find(workspaceId, id)?.pollsSeen).toBe(polls.get(name));
        }
        store.close();
      }),
    );
  });
});
