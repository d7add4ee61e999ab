import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { StartupError } from '../../src/errors.js';
import { openDatabase } from '../../src/store/database/database.js';
import { loadMigrations, migrate } from '../../src/store/database/migrate.js';
import { openStore, type Store, type StoreWriter } from '../../src/store/store.js';
import { temporaryFolder } from '../support/files.js';
import { createWorkspace } from '../support/new-batches.js';

const standing = { mode: 'manual', time: 7 } as const;
const inFolder = (name: string) => join(temporaryFolder(), name);

function open(path: string): Store {
  const store = openStore(path, 0);
  onTestFinished(() => {
    try {
      store.close();
    } catch {
      // The test closed it.
    }
  });
  return store;
}

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(StartupError);
    expect(error).toMatchObject({ kind: 'environment' });
    expect((error as Error).message).not.toContain('\n');
    return (error as Error).message;
  }
  throw new Error('nothing was refused');
}

describe('openStore', () => {
  it('creates the file and its folder', () => {
    const path = inFolder('new/deep/emulator.sqlite');
    open(path).close();
    expect(readFileSync(path).subarray(0, 15).toString()).toBe('SQLite format 3');
  });

  it('accepts an empty file', () => {
    const path = inFolder('empty.sqlite');
    writeFileSync(path, '');
    expect(open(path).workspaces.listUnfinished()).toEqual([]);
  });

  it('opens a file again that it created', () => {
    const path = inFolder('emulator.sqlite');
    const store = open(path);
    const id = createWorkspace(store, 'w', 7);
    store.close();
    expect(open(path).workspaces.find('w')).toMatchObject({ id, settledAt: 7 });
  });

  it('keeps writes of a process that ended without closing', () => {
    const path = inFolder('emulator.sqlite');
    const store = open(path);
    createWorkspace(store, 'w', 7);
    const copy = inFolder('copy.sqlite');
    for (const end of ['', '-wal']) writeFileSync(copy + end, readFileSync(path + end));
    expect(open(copy).workspaces.find('w')).toMatchObject({ settledAt: 7 });
  });

  it('never sets back the time of the last event', () => {
    const store = open(':memory:');
    const id = createWorkspace(store, 'w', 7);
    for (const settledAt of [9, 8]) {
      store.now(({ workspaces }) => {
        workspaces.addProgress({ id, runningDelta: 1, settledAt });
      });
    }
    expect(store.workspaces.get(id)).toMatchObject({ runningCount: 2, settledAt: 9 });
  });

  it.each([
    ['a text file', 'just some text, and long enough to hold a header'.repeat(9), 'not a SQLite'],
    ['a short file', 'x', 'not a SQLite'],
  ])('refuses %s and leaves it untouched', (_what, content, reason) => {
    const path = inFolder('file');
    writeFileSync(path, content);
    expect(refusal(() => openStore(path, 0))).toContain(reason);
    expect(readFileSync(path, 'utf8')).toBe(content);
  });

  it('refuses a database of another program and leaves it untouched', () => {
    const path = inFolder('other.sqlite');
    const other = new Database(path);
    other.exec('CREATE TABLE theirs (a)');
    other.close();
    const before = readFileSync(path);
    expect(refusal(() => openStore(path, 0))).toContain('database of another program');
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('refuses a folder, and a path through a file', () => {
    const folder = inFolder('folder');
    mkdirSync(folder);
    expect(refusal(() => openStore(folder, 0))).toContain('it is a folder');
    const file = inFolder('file');
    writeFileSync(file, '');
    expect(refusal(() => openStore(join(file, 'x.sqlite'), 0))).toContain('is not a folder');
  });

  it('refuses a damaged file', () => {
    const path = inFolder('emulator.sqlite');
    open(path).close();
    const content = readFileSync(path);
    content.fill(0x5a, 100, 4096);
    writeFileSync(path, content);
    expect(refusal(() => openStore(path, 0))).toMatch(/damaged|not a SQLite/);
  });

  it('refuses a file that another process has open', () => {
    const path = inFolder('emulator.sqlite');
    open(path);
    expect(refusal(() => openStore(path, 0))).toContain(
      'it is in use by another process; set the option database to another file, or to :memory:',
    );
  });
});

describe('the lock on a file', () => {
  /** What another process meets that would write to the file. */
  function trespass(path: string): string {
    const script = `
      const db = require('better-sqlite3')(process.argv[1], { timeout: 0 });
      try { db.exec('BEGIN IMMEDIATE'); console.log('let in') } catch ({ code }) { console.log(code) }`;
    const root = new URL('../..', import.meta.url);
    return spawnSync(process.execPath, ['-e', script, path], { cwd: root, encoding: 'utf8' })
      .stdout;
  }

  it('survives other attempts of this process to open the file', () => {
    const path = inFolder('emulator.sqlite');
    const store = open(path);
    for (let attempt = 1; attempt <= 2; attempt += 1) refusal(() => openStore(path, 0));
    expect(trespass(path)).toBe('SQLITE_BUSY\n');
    store.close();
    expect(trespass(path)).toBe('let in\n');
    const again = open(path);
    expect(trespass(path)).toBe('SQLITE_BUSY\n');
    again.close();
    expect(trespass(path)).toBe('let in\n');
  });
});

describe('migrate', () => {
  const [first] = loadMigrations();
  const table = (number: number) => ({
    number,
    name: 'extra',
    sql: `CREATE TABLE extra_${String(number)} (a) STRICT`.replace('(a)', '(a TEXT)'),
  });

  function memory() {
    const db = openDatabase(':memory:');
    onTestFinished(() => {
      db.close();
    });
    return db;
  }

  it('numbers the shipped migrations from 1 without a gap', () => {
    const numbers = loadMigrations().map(({ number }) => number);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    expect(first).toBeDefined();
  });

  it('applies new migrations, and none twice', () => {
    const db = memory();
    migrate(db, [table(1)], 5);
    migrate(db, [table(1), table(2)], 6);
    const applied = db.prepare('SELECT number, applied_at FROM migrations ORDER BY number').all();
    expect(applied).toEqual([
      { number: 1, applied_at: 5 },
      { number: 2, applied_at: 6 },
    ]);
  });

  it('undoes a failed migration completely', () => {
    const db = memory();
    const broken = {
      number: 2,
      name: 'broken',
      sql: 'CREATE TABLE half (a TEXT) STRICT; NONSENSE',
    };
    expect(() => {
      migrate(db, [table(1), broken], 0);
    }).toThrow();
    expect(db.prepare(`SELECT name FROM sqlite_schema WHERE name = 'half'`).get()).toBeUndefined();
    expect(db.prepare('SELECT COUNT(*) FROM migrations').pluck().get()).toBe(1);
  });

  it('refuses a database of a newer version', () => {
    const db = memory();
    migrate(db, [table(1), table(2)], 0);
    const message = refusal(() => {
      migrate(db, [table(1)], 0);
    });
    expect(message).toContain('written by a newer retell-emulator (it has migration 2)');
  });

  it('refuses a database with other migrations', () => {
    const db = memory();
    migrate(db, [table(1)], 0);
    const message = refusal(() => {
      migrate(db, [{ ...table(1), sql: '-- changed' }], 0);
    });
    expect(message).toContain('different migration 1');
  });
});

describe('the store', () => {
  it('keeps the given seed, and uses it again if none is given', () => {
    const path = inFolder('emulator.sqlite');
    const store = open(path);
    const keep = (store: Store, given: string | undefined, fallback: string) =>
      store.now((writer) => writer.keepSeed(given, () => fallback));
    expect(keep(store, undefined, 'made')).toBe('made');
    expect(keep(store, undefined, 'made again')).toBe('made');
    expect(keep(store, 'given', 'made')).toBe('given');
    store.close();
    expect(keep(open(path), undefined, 'made')).toBe('given');
  });

  it('repeats a transaction with new ids if one is taken, and leaves nothing of the first try', () => {
    const store = open(':memory:');
    const workspaceId = createWorkspace(store);
    const engine = { type: 'retell-llm', llm_id: 'llm_1' } as const;
    const batch = {
      responseEngine: engine,
      totalCount: 1,
      createdAt: 0,
      workspaceId,
      progression: { kind: 'time' } as const,
      engineContentKey: null,
    };
    store.now(({ batchTests }) => batchTests.insert({ ...batch, id: 'taken', ordinal: 0 }));
    const ids = ['taken', 'taken', 'free'];
    const insert = ({ workspaces, batchTests }: StoreWriter, attempt: number) => {
      const id = ids[attempt - 1] ?? '';
      const ordinal = workspaces.takeOrdinal(workspaceId, 'batch') + 1;
      batchTests.insert({ ...batch, id, ordinal });
      return { id, ordinal };
    };
    expect(store.now(insert)).toEqual({ id: 'free', ordinal: 1 });
    expect(() => store.now(insert)).toThrow(/UNIQUE/);
    expect(() => store.now((writer) => insert(writer, 1))).toThrow(/UNIQUE/);
  });

  it('never commits a part of a transaction', () => {
    const store = open(':memory:');
    const fail = () =>
      store.now(({ workspaces }) => {
        workspaces.insert('w', 0, standing, null);
        throw new Error('no');
      });
    expect(fail).toThrow('no');
    expect(store.workspaces.find('w')).toBeUndefined();
  });
});
