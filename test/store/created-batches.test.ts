import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { LazyDatabase } from '../../src/store/database/database.js';
import { publicId } from '../../src/stored-id.js';
import { batchNumbersOf, runNumberAt, type BatchNumbers } from '../../src/random.js';
import { makeAll } from '../../src/store/steps.js';
import { openStore, type Store, type StoreReader } from '../../src/store/store.js';
import { temporaryFolder } from '../support/files.js';
import { createBatch, createWorkspace, newBatch, targetsOf } from '../support/new-batches.js';

/** What is to be told of a batch. */
const batchOf = (ordinal: number, numbers: BatchNumbers, count: number) => ({
  ordinal,
  id: publicId('batch', numbers.batch),
  runs: targetsOf(count).map((target, index) => ({
    id: publicId('run', runNumberAt(numbers, index)),
    target,
  })),
});

/** What there is to be in a workspace. */
interface Kept {
  next: number;
  batches: ReturnType<typeof batchOf>[];
}

const copyOf = ({ next, batches }: Kept): Kept => ({ next, batches: [...batches] });

const tellBatches = ({ batchTests, testRuns }: StoreReader, workspaceId: number) =>
  batchTests.listAll(workspaceId).map(({ batchKey, ordinal, id, totalCount }) => {
    const runs = testRuns.listPage(batchKey, -1, undefined);
    expect(runs).toHaveLength(totalCount);
    return { ordinal, id, runs: runs.map(({ run, target }) => ({ id: run.id, target })) };
  });

/** Ways to ask for what was created, each the first to. */
const questions: ((store: Store, workspaceId: number, kept: Kept) => void)[] = [
  (store, workspaceId, { batches }) => {
    expect(tellBatches(store, workspaceId)).toEqual(batches);
  },
  (store, workspaceId, { batches }) => {
    const { id, runs } = batches.at(-1) ?? {};
    if (id === undefined) return;
    expect(store.batchTests.find(workspaceId, id)).toMatchObject({ id, totalCount: runs?.length });
  },
  (store, workspaceId, { batches }) => {
    const run = batches.at(-1)?.runs.at(-1);
    if (run === undefined) return;
    expect(store.testRuns.find(workspaceId, run.id)).toMatchObject({ target: run.target });
  },
  (store, workspaceId, { batches }) => {
    const count = batches.reduce((sum, { runs }) => sum + runs.length, 0);
    expect(store.testRuns.listQueued(workspaceId, 10_000)).toHaveLength(count);
  },
  (store, workspaceId, { batches }) => {
    expect(store.workspaces.nextDue(workspaceId)).toBe(batches.length > 0 ? 0 : null);
  },
  (store, workspaceId, { next }) => {
    expect(store.workspaces.ordinals(workspaceId).batch).toBe(next);
  },
  (store, workspaceId, { batches }) => {
    const page = { workspaceId, engine: 'retell-llm:llm_1', version: undefined };
    const range = { before: undefined, limit: undefined };
    expect(store.batchTests.listPage({ ...page, ...range })).toHaveLength(batches.length);
  },
];

/** A store on a file, with what there is to be in it. */
class Subject {
  store: Store;
  readonly workspaceIds: number[];
  #kept = new Map<number, Kept>();
  #commit: Database.Statement;
  readonly #snapshots = new Map<number, Kept>();
  /** What is not committed yet: how to take it back. */
  #open: { readonly done: Promise<unknown>; readonly undo: () => unknown }[] = [];

  #path: string;

  constructor(path: string) {
    this.#path = path;
    [this.store, this.#commit] = open(path);
    this.workspaceIds = ['v', 'w'].map((name) => createWorkspace(this.store, name));
    for (const id of this.workspaceIds) this.#kept.set(id, { next: 0, batches: [] });
  }

  keptIn(workspaceId: number): Kept {
    return this.#kept.get(workspaceId) ?? { next: 0, batches: [] };
  }

  create(workspaceId: number, count: number): void {
    const before = copyOf(this.keptIn(workspaceId));
    const done = this.store.runThenCommit(() => {
      this.#take(workspaceId, count);
    });
    this.#open.push({ done, undo: () => this.#kept.set(workspaceId, before) });
  }

  createAndUndo(workspaceId: number, count: number, ask: boolean): void {
    const before = copyOf(this.keptIn(workspaceId));
    const work = () => {
      this.#take(workspaceId, count);
      if (ask) expect(tellBatches(this.store, workspaceId)).toHaveLength(before.batches.length + 1);
      throw new Error('undone');
    };
    expect(() => this.store.together(work)).toThrow('undone');
    this.#kept.set(workspaceId, before);
  }

  #take(workspaceId: number, count: number): void {
    const kept = this.keptIn(workspaceId);
    const numbers = createBatch(this.store, workspaceId, count);
    kept.batches.push(batchOf(kept.next, numbers, count));
    kept.next += 1;
  }

  /** As fixtures do, which may leave ordinals out. */
  insert(workspaceId: number, skip: number): void {
    const kept = this.keptIn(workspaceId);
    const { store } = this;
    store.now((writer) => {
      writer.workspaces.raiseOrdinals(workspaceId, { batch: kept.next + skip });
      const ordinal = writer.workspaces.takeOrdinal(workspaceId, 'batch');
      const id = `given ${String(ordinal)}`;
      const runs = targetsOf(1).map((target) => ({ id: `run of ${id}`, target }));
      const batchKey = writer.batchTests.insert({
        ...newBatch,
        ...{ workspaceId, id, ordinal, totalCount: 1 },
      });
      writer.testRuns.insertGiven({ workspaceId, batchKey }, runs);
      kept.batches.push({ ordinal, id, runs });
      kept.next = ordinal + 1;
    });
  }

  take(workspaceId: number): void {
    this.store.now(({ snapshots }) => {
      makeAll(snapshots.take(workspaceId, 's', 0));
    });
    this.#snapshots.set(workspaceId, copyOf(this.keptIn(workspaceId)));
  }

  async restore(workspaceId: number): Promise<void> {
    const snapshot = this.#snapshots.get(workspaceId);
    await this.endTurn();
    this.store.now(({ snapshots }) => {
      if (snapshots.has(workspaceId, 's')) makeAll(snapshots.restore(workspaceId, 's'));
    });
    if (snapshot !== undefined) this.#kept.set(workspaceId, copyOf(snapshot));
  }

  async endTurn(): Promise<void> {
    await Promise.all(this.#open.map(({ done }) => done));
    this.#open = [];
  }

  async failCommit(): Promise<void> {
    if (this.#open.length === 0) return;
    const failing = vi.spyOn(this.#commit, 'run').mockImplementationOnce(() => {
      throw new Database.SqliteError('disk I/O error', 'SQLITE_IOERR');
    });
    const results = await Promise.allSettled(this.#open.map(({ done }) => done));
    failing.mockRestore();
    // Some of it may have been committed before.
    for (const [index, { undo }] of [...this.#open.entries()].toReversed()) {
      if (results[index]?.status === 'rejected') undo();
    }
    this.#open = [];
  }

  /** Goes on with what a process would find that comes after one that was killed. */
  async crash(): Promise<void> {
    await this.endTurn();
    const path = join(temporaryFolder(), 'after.sqlite');
    for (const end of ['', '-wal']) {
      if (existsSync(this.#path + end)) copyFileSync(this.#path + end, path + end);
    }
    this.store.close();
    this.#path = path;
    [this.store, this.#commit] = open(path);
  }
}

function open(path: string): [Store, Database.Statement] {
  const prepare = vi.spyOn(LazyDatabase.prototype, 'prepare');
  const store = openStore(path, 0);
  const index = prepare.mock.calls.findIndex(([sql]) => sql === 'COMMIT');
  const commit = prepare.mock.results[index]?.value as unknown as Database.Statement;
  prepare.mockRestore();
  return [store, commit];
}

type Step = (subject: Subject, workspaceId: number) => Promise<void> | void;

// Many runs are inserted in another way than few.
const count = fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 3 }) }, fc.constant(300));

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: count.map((count): Step => (subject, id) => {
      subject.create(id, count);
    }),
  },
  fc.tuple(count, fc.boolean()).map(([count, ask]): Step => (subject, id) => {
    subject.createAndUndo(id, count, ask);
  }),
  fc.constantFrom(...questions).map((ask): Step => (subject, id) => {
    ask(subject.store, id, subject.keptIn(id));
  }),
  fc.constant<Step>((subject) => {
    const all = subject.workspaceIds.flatMap((id) => subject.keptIn(id).batches);
    const pending = all.reduce((sum, { runs }) => sum + runs.length, 0);
    expect(subject.store.countRuns()).toMatchObject({ pending });
  }),
  fc.nat(2).map((skip): Step => async (subject, id) => {
    await subject.endTurn();
    subject.insert(id, skip);
  }),
  fc.constant<Step>((subject, id) => {
    subject.take(id);
  }),
  fc.constant<Step>((subject, id) => subject.restore(id)),
  { weight: 2, arbitrary: fc.constant<Step>((subject) => subject.endTurn()) },
  fc.constant<Step>((subject) => subject.failCommit()),
  fc.constant<Step>((subject) => subject.crash()),
);

describe('a batch that was created', () => {
  it('is found by every reader, and exists exactly if its commit does', async () => {
    const steps = fc.array(fc.tuple(step, fc.nat(1)), { maxLength: 40, size: 'max' });
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const subject = new Subject(join(temporaryFolder(), 'batches.sqlite'));
        for (const [take, workspace] of all) {
          await take(subject, subject.workspaceIds[workspace] ?? 0);
        }
        await subject.endTurn();
        for (const id of subject.workspaceIds) {
          expect(tellBatches(subject.store, id)).toEqual(subject.keptIn(id).batches);
        }
        subject.store.close();
      }),
      { numRuns: Number(process.env['CREATED_RUNS'] ?? 60) },
    );
  });
});

describe('a batch whose commit failed', () => {
  it('does not exist, and the other batches do', async () => {
    const [store, commit] = open(join(temporaryFolder(), 'batches.sqlite'));
    onTestFinished(() => {
      store.close();
    });
    const id = createWorkspace(store);
    const create = () => store.runThenCommit(() => createBatch(store, id, 1));
    const kept = [await create(), await create()];
    const lost = create();
    const broken = new Database.SqliteError('disk I/O error', 'SQLITE_IOERR');
    vi.spyOn(commit, 'run').mockImplementationOnce(() => {
      throw broken;
    });
    const told = store.now((writer) => tellBatches(writer, id));
    expect(told).toEqual(kept.map((numbers, ordinal) => batchOf(ordinal, numbers, 1)));
    await expect(lost).rejects.toBe(broken);
    expect(await create()).toEqual(batchNumbersOf(2, 'seed', id, 1));
  });
});
