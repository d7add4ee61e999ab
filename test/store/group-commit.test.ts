import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { groupCommit } from '../../src/store/database/group-commit.js';
import { openStore, type StoreWriter } from '../../src/store/store.js';
import { temporaryFolder } from '../support/files.js';

const health = {
  succeeded: () => undefined,
  failed: () => undefined,
  expectFile: () => undefined,
};

function arrange() {
  const path = join(temporaryFolder(), 'group.sqlite');
  const db = new Database(path);
  const reader = new Database(path, { readonly: true });
  onTestFinished(() => {
    db.close();
    reader.close();
  });
  db.pragma('journal_mode = WAL');
  db.exec('CREATE TABLE written (n INTEGER UNIQUE)');
  let endTurn = (): void => undefined;
  let rollbacks = 0;
  const turn = () => new Promise<void>((resolve) => (endTurn = resolve));
  const events = { beforeCommit: () => undefined, onRollback: () => (rollbacks += 1) };
  const group = groupCommit(db, turn, events, health);
  const write = (n: number) => {
    group.begin();
    db.prepare('INSERT INTO written VALUES (?)').run(n);
  };
  /** What another process would find. */
  const committed = () => reader.prepare('SELECT n FROM written').pluck().all();
  return {
    ...{ db, group, write, committed },
    /** Writes as a request does. */
    request: (...numbers: number[]) =>
      group.runThenCommit(() => {
        numbers.forEach(write);
        return 'written';
      }),
    endTurn: async () => {
      // What waits for the end of a turn may ask for it a moment later.
      for (let count = 0; count < 5; count += 1) await Promise.resolve();
      endTurn();
    },
    rollbacks: () => rollbacks,
  };
}

describe('a group commit', () => {
  it('commits the writes of a turn at its end, and resolves then', async () => {
    const { request, committed, endTurn } = arrange();
    let told = 0;
    const done = [request(1), request(2)].map((each) => each.then(() => (told += 1)));
    await Promise.resolve();
    expect([committed(), told]).toEqual([[], 0]);
    await endTurn();
    await Promise.all(done);
    expect(committed()).toEqual([1, 2]);
  });

  it('resolves at the end of a turn in which nothing was written', async () => {
    const { group, endTurn } = arrange();
    const told: string[] = [];
    const both = ['a', 'b'].map((who) =>
      group.runThenCommit(() => undefined).then(() => told.push(who)),
    );
    await Promise.resolve();
    expect(told).toEqual([]);
    await endTurn();
    await Promise.all(both);
    expect(told).toEqual(['a', 'b']);
  });

  it('commits at once on request, and begins again after that', async () => {
    const { group, request, committed, endTurn } = arrange();
    const first = request(1);
    group.commitNow();
    expect(committed()).toEqual([1]);
    await first;
    const second = request(2);
    await endTurn();
    await second;
    expect(committed()).toEqual([1, 2]);
  });

  it('rejects for everybody who wrote if it fails, and leaves no writes', async () => {
    const { db, group, request, write, committed, endTurn, rollbacks } = arrange();
    const both = [1, 2].map((n) => expect(request(n)).rejects.toThrow('rolled back'));
    db.exec('ROLLBACK');
    await endTurn();
    await Promise.all(both);
    expect([committed(), rollbacks()]).toEqual([[], 1]);
    write(2);
    group.commitNow();
    expect(committed()).toEqual([2]);
  });

  it('rejects for a request, even if another one asked for the commit before', async () => {
    const { db, group, request, committed, endTurn } = arrange();
    const done = expect(request(1)).rejects.toThrow('rolled back');
    db.exec('ROLLBACK');
    group.commitNow();
    await endTurn();
    await done;
    const after = request(2);
    await endTurn();
    expect(await after).toBe('written');
    expect(committed()).toEqual([2]);
  });

  it('accepts no writes after it ended by itself', async () => {
    const { db, request, write, committed, endTurn } = arrange();
    const first = expect(request(1)).rejects.toThrow('rolled back');
    db.exec('ROLLBACK');
    write(2);
    await endTurn();
    await first;
    expect(committed()).toEqual([2]);
  });
});

describe('a commit that is held for work of many turns', () => {
  /** Work of several turns, each of which writes a number. */
  const work = ({ group, write }: ReturnType<typeof arrange>, ...numbers: number[]) =>
    group.acrossTurns(async () => {
      for (const n of numbers) {
        write(n);
        await Promise.resolve();
      }
    });

  it('happens at the end of the turn in which the work is over', async () => {
    const parts = arrange();
    const done = work(parts, 1, 2, 3);
    await Promise.resolve();
    expect(parts.committed()).toEqual([]);
    await done;
    expect(parts.committed()).toEqual([1, 2, 3]);
  });

  it('happens earlier for a request that writes meanwhile, but not for one that reads', async () => {
    const parts = arrange();
    const { group, write, request, committed, endTurn } = parts;
    let finish = (): void => undefined;
    const done = group.acrossTurns(async () => {
      write(1);
      await new Promise<void>((resolve) => (finish = resolve));
    });
    const read = group.endOfTurn();
    await endTurn();
    await read;
    expect(committed()).toEqual([]);
    const written = request(2);
    await endTurn();
    await written;
    expect(committed()).toEqual([1, 2]);
    finish();
    await done;
  });

  it('happens after the maximum of writes at the latest', async () => {
    const parts = arrange();
    const numbers = Array.from({ length: 50 }, (_, n) => n);
    let finish = (): void => undefined;
    const done = parts.group.acrossTurns(async () => {
      numbers.forEach(parts.write);
      expect(parts.committed()).toEqual([]);
      parts.write(50);
      expect(parts.committed()).toEqual(numbers);
      await new Promise<void>((resolve) => (finish = resolve));
    });
    finish();
    await done;
    expect(parts.committed()).toEqual([...numbers, 50]);
  });

  it('rejects for the work, even if another one asked for the commit', async () => {
    const parts = arrange();
    const { db, group, committed, rollbacks } = parts;
    const done = expect(work(parts, 1, 2)).rejects.toThrow('rolled back');
    db.exec('ROLLBACK');
    group.commitNow();
    await done;
    // What came after is no part of it.
    expect([committed(), rollbacks()]).toEqual([[2], 1]);
    await work(parts, 3);
    expect(committed()).toEqual([2, 3]);
  });

  it('keeps earlier writes if later work throws', async () => {
    const { group, write, committed } = arrange();
    const failing = group.acrossTurns(async () => {
      write(1);
      await Promise.reject(new Error('no'));
    });
    await expect(failing).rejects.toThrow('no');
    expect(committed()).toEqual([1]);
  });
});

describe('the store', () => {
  it('undoes failed work without the other work of its turn', async () => {
    let endTurn = (): void => undefined;
    const turn = () => new Promise<void>((resolve) => (endTurn = resolve));
    const store = openStore(':memory:', 0, turn);
    onTestFinished(() => {
      store.close();
    });
    const clock = { mode: 'manual', time: 0 } as const;
    const insert =
      (name: string) =>
      ({ workspaces }: StoreWriter) =>
        workspaces.insert(name, 0, clock, null).id;
    store.together(insert('a'));
    const failing = () =>
      store.together((writer) => {
        insert('b')(writer);
        throw new Error('no');
      });
    expect(failing).toThrow('no');
    store.together(insert('c'));
    const done = store.runThenCommit(() => undefined);
    await Promise.resolve();
    endTurn();
    await done;
    expect(store.workspaces.listNames().sort()).toEqual(['a', 'c']);
  });
});
