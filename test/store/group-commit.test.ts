import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { groupCommit } from '../../src/store/group-commit.js';
import { openStore } from '../../src/store/store.js';
import { temporaryFolder } from '../support/files.js';

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
  const group = groupCommit(db, turn, {
    beforeCommit: () => undefined,
    onRollback: () => (rollbacks += 1),
  });
  const write = (n: number) => db.prepare('INSERT INTO written VALUES (?)').run(n);
  /** What another process would find. */
  const committed = () => reader.prepare('SELECT n FROM written').pluck().all();
  return {
    ...{ db, group, write, committed },
    endTurn: () => {
      endTurn();
    },
    rollbacks: () => rollbacks,
  };
}

describe('a group commit', () => {
  it('commits what a turn wrote at its end, and says so then', async () => {
    const { group, write, committed, endTurn } = arrange();
    let told = false;
    for (const n of [1, 2]) {
      group.join();
      write(n);
    }
    const done = group.committed().then(() => (told = true));
    await Promise.resolve();
    expect([committed(), told]).toEqual([[], false]);
    endTurn();
    await done;
    expect(committed()).toEqual([1, 2]);
  });

  it('answers at the end of a turn in which nothing was written', async () => {
    const { group, endTurn } = arrange();
    const told: string[] = [];
    const both = ['a', 'b'].map((who) => group.committed().then(() => told.push(who)));
    await Promise.resolve();
    expect(told).toEqual([]);
    endTurn();
    await Promise.all(both);
    expect(told).toEqual(['a', 'b']);
  });

  it('commits at once for what must stand for itself, and begins anew after it', async () => {
    const { group, write, committed, endTurn } = arrange();
    group.join();
    write(1);
    const first = group.committed();
    group.flush();
    expect(committed()).toEqual([1]);
    await first;
    group.join();
    write(2);
    const second = group.committed();
    endTurn();
    await second;
    expect(committed()).toEqual([1, 2]);
  });

  it('tells everybody who wrote when it fails, and leaves nothing of it', async () => {
    const { db, group, write, committed, endTurn, rollbacks } = arrange();
    group.join();
    write(1);
    const done = expect(group.committed()).rejects.toThrow('rolled back');
    db.exec('ROLLBACK');
    endTurn();
    await done;
    expect([committed(), rollbacks()]).toEqual([[], 1]);
    group.join();
    write(2);
    group.flush();
    expect(committed()).toEqual([2]);
  });

  it('is told of to who wrote, though another asked for it before they did', async () => {
    const { db, group, write, committed, endTurn } = arrange();
    const certain = group.certain(() => {
      group.join();
      write(1);
    });
    const done = expect(certain).rejects.toThrow('rolled back');
    db.exec('ROLLBACK');
    group.flush();
    await Promise.resolve();
    endTurn();
    await done;
    const after = group.certain(() => {
      group.join();
      write(2);
      return 'written';
    });
    await Promise.resolve();
    endTurn();
    expect(await after).toBe('written');
    expect(committed()).toEqual([2]);
  });
});

describe('a commit that is prolonged', () => {
  /** Work of several turns, each of which writes a number. */
  const work = (parts: ReturnType<typeof arrange>, ...numbers: number[]) =>
    parts.group.prolonged(async () => {
      for (const n of numbers) {
        parts.group.prolong();
        parts.write(n);
        await Promise.resolve();
      }
    });

  it('comes when the work is over', async () => {
    const parts = arrange();
    const done = work(parts, 1, 2, 3);
    await Promise.resolve();
    expect(parts.committed()).toEqual([]);
    await done;
    expect(parts.committed()).toEqual([1, 2, 3]);
  });

  it('comes sooner for who writes meanwhile, and later for nobody who only reads', async () => {
    const parts = arrange();
    const { group, write, committed, endTurn } = parts;
    group.prolong();
    write(1);
    const read = group.endOfTurn();
    endTurn();
    await read;
    expect(committed()).toEqual([]);
    group.join();
    write(2);
    const written = group.committed();
    endTurn();
    await written;
    expect(committed()).toEqual([1, 2]);
    // A write that needed no transaction of its own.
    group.prolong();
    write(3);
    const alone = group.committed();
    endTurn();
    await alone;
    expect(committed()).toEqual([1, 2, 3]);
  });

  it('comes after so much at the latest', async () => {
    const parts = arrange();
    const numbers = Array.from({ length: 50 }, (_, n) => n);
    for (const n of numbers) {
      parts.group.prolong();
      parts.write(n);
    }
    expect(parts.committed()).toEqual([]);
    await work(parts, 50);
    expect(parts.committed()).toEqual([...numbers, 50]);
  });

  it('is told of to the work if it fails, whoever asked for it', async () => {
    const parts = arrange();
    const { db, group, committed, rollbacks } = parts;
    const done = expect(work(parts, 1, 2)).rejects.toThrow('rolled back');
    db.exec('ROLLBACK');
    group.flush();
    await done;
    // What came after is no part of it.
    expect([committed(), rollbacks()]).toEqual([[2], 1]);
    await work(parts, 3);
    expect(committed()).toEqual([2, 3]);
  });

  it('takes nothing in once it has ended by itself', async () => {
    const { db, group, write, committed, endTurn } = arrange();
    group.join();
    write(1);
    const first = expect(group.committed()).rejects.toThrow('rolled back');
    db.exec('ROLLBACK');
    group.join();
    write(2);
    const second = group.committed();
    endTurn();
    await Promise.all([first, second]);
    expect(committed()).toEqual([2]);
  });

  it('keeps what came before work that throws', async () => {
    const { group, write, committed } = arrange();
    const failing = group.prolonged(async () => {
      group.prolong();
      write(1);
      await Promise.reject(new Error('no'));
    });
    await expect(failing).rejects.toThrow('no');
    expect(committed()).toEqual([1]);
  });
});

describe('the store', () => {
  it('undoes one that fails without the others of its turn', async () => {
    let endTurn = (): void => undefined;
    const turn = () => new Promise<void>((resolve) => (endTurn = resolve));
    const store = openStore(':memory:', 0, turn);
    onTestFinished(() => {
      store.close();
    });
    const clock = { mode: 'manual', time: 0 } as const;
    const insert = (name: string) => () => store.workspaces.insert(name, 0, clock, null).id;
    store.groupedTransactionWithNewIds(insert('a'));
    const failing = () => {
      insert('b')();
      throw new Error('no');
    };
    expect(() => store.groupedTransactionWithNewIds(failing)).toThrow('no');
    store.groupedTransactionWithNewIds(insert('c'));
    const done = store.certain(() => undefined);
    await Promise.resolve();
    endTurn();
    await done;
    expect(store.workspaces.listNames().sort()).toEqual(['a', 'c']);
  });
});
