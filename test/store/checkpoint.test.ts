import { closeSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { checkpointOf, type Disk } from '../../src/store/checkpoint.js';
import { openDatabase } from '../../src/store/database.js';
import { groupCommit } from '../../src/store/group-commit.js';
import { temporaryFolder } from '../support/files.js';

/** Lets promises that have resolved be acted on. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A disk on which a sync takes as long as the test says. */
function slowDisk() {
  const under: { descriptor: number; finish: (error?: Error) => void }[] = [];
  const state = { fails: false };
  const disk: Disk = {
    sync: (descriptor) =>
      new Promise((resolve, reject) => {
        under.push({
          descriptor,
          finish: (error) => {
            if (error) reject(error);
            else resolve();
          },
        });
      }),
    syncNow: () => {
      if (state.fails) throw new Error('the disk is gone');
    },
  };
  return { disk, under, state };
}

const longLog = 8;

function arrange(disk: Disk) {
  const path = join(temporaryFolder(), 'emulator.sqlite');
  const db = openDatabase(path);
  const descriptor = openSync(path, 'r+');
  db.exec('CREATE TABLE rows (id INTEGER PRIMARY KEY, content TEXT)');
  const checkpoint = checkpointOf(db, { descriptor, isInPlace: () => true }, disk, longLog);
  const around = { beforeCommit: () => undefined, onRollback: () => undefined };
  const group = groupCommit(db, settled, around, checkpoint);
  onTestFinished(() => {
    checkpoint.close();
    db.close();
    closeSync(descriptor);
  });
  const insert = db.prepare(`INSERT INTO rows (content) VALUES (printf('%.*c', 3000, 'x'))`);
  return {
    ...{ path, db, descriptor, checkpoint, group },
    /** Resolves when it is committed. */
    write: (rows = longLog) =>
      group.certain(() => {
        group.join();
        for (let row = 0; row < rows; row += 1) insert.run();
      }),
    /** What is in the file, and not only in its log. */
    fileSize: () => statSync(path).size,
    log: () => readFileSync(`${path}-wal`),
  };
}

describe('a checkpoint', () => {
  /** With a copy on its way to the disk. */
  async function arrangePause() {
    const { disk, under, state } = slowDisk();
    const arranged = arrange(disk);
    await arranged.write();
    under.shift()?.finish();
    await settled();
    const isOver = async (work: Promise<unknown>): Promise<boolean> => {
      let over = false;
      void work.catch(() => undefined).then(() => (over = true));
      for (let turn = 0; turn < 5; turn += 1) await settled();
      return over;
    };
    return { ...arranged, under, state, isOver };
  }

  it('copies nothing before the log is on the disk, while work goes on', async () => {
    const { disk, under } = slowDisk();
    const { write, fileSize, checkpoint } = arrange(disk);
    const before = fileSize();
    await write();
    await write();
    expect([under.length, fileSize(), checkpoint.pause()]).toEqual([1, before, undefined]);
    under.shift()?.finish();
    await settled();
    expect(fileSize()).toBe(before);
    // The log has grown since: what is left of it is synced with the next commit.
    await write(1);
    expect(fileSize()).toBeGreaterThan(before);
    expect(checkpoint.pause()).toBeDefined();
  });

  it('commits nothing while the copy is not on the disk', async () => {
    const { write, log, isOver, under, checkpoint } = await arrangePause();
    expect(checkpoint.pause()).toBeDefined();
    const before = log();
    // More than the cache holds, which would otherwise be written to the log early.
    const written = write(6000);
    expect(await isOver(written)).toBe(false);
    expect(log().equals(before)).toBe(true);
    under.shift()?.finish();
    await written;
    expect(log().equals(before)).toBe(false);
  });

  it('waits for the disk where something must be committed at once', async () => {
    const { group, write, isOver } = await arrangePause();
    const written = write(1);
    group.flush();
    expect(await isOver(written)).toBe(true);
  });

  it('holds nobody up who has written nothing', async () => {
    const { group, state } = await arrangePause();
    state.fails = true;
    expect(await group.prolonged(() => Promise.resolve('nothing was due'))).toBe('nothing was due');
    expect(await group.certain(() => 'read')).toBe('read');
  });

  it('lets work of many turns go on, which is certain when it could be committed', async () => {
    const { group, db, isOver, under } = await arrangePause();
    let turns = 0;
    const work = group.prolonged(async () => {
      for (; turns < 120; turns += 1) {
        group.prolong();
        db.prepare('INSERT INTO rows DEFAULT VALUES').run();
        await settled();
      }
    });
    for (let turn = 0; turn < 200; turn += 1) await settled();
    expect([turns, await isOver(work)]).toEqual([120, false]);
    under.shift()?.finish();
    expect(await isOver(work)).toBe(true);
  });

  it('refuses what is written while the disk does not take the copy, until it does', async () => {
    const { write, under, state } = await arrangePause();
    under.shift()?.finish(new Error('the disk is gone'));
    state.fails = true;
    await settled();
    await expect(write(1)).rejects.toMatchObject({ code: 'SQLITE_IOERR_FSYNC' });
    state.fails = false;
    await write(1);
  });

  it('goes on with a log that the disk does not take, and tries again later', async () => {
    const { disk, under } = slowDisk();
    const { write } = arrange(disk);
    await write();
    under.shift()?.finish(new Error('the disk is gone'));
    await settled();
    await write(1);
    expect(under).toHaveLength(0);
    await write();
    expect(under).toHaveLength(1);
  });

  it('leaves all in the log while it can not be copied, and copies it later', async () => {
    const { disk, under } = slowDisk();
    const { write, db, checkpoint, fileSize } = arrange(disk);
    const before = fileSize();
    await write();
    const reader = db.prepare('SELECT id FROM rows').iterate();
    reader.next();
    under.shift()?.finish();
    await settled();
    expect([fileSize(), checkpoint.pause()]).toEqual([before, undefined]);
    reader.return?.();
    await write();
    under.shift()?.finish();
    await write(1);
    expect(fileSize()).toBeGreaterThan(before);
  });

  it('is not in the way of a database that is closed', async () => {
    const { disk, under } = slowDisk();
    const path = join(temporaryFolder(), 'emulator.sqlite');
    const db = openDatabase(path);
    const descriptor = openSync(path, 'r+');
    const checkpoint = checkpointOf(db, { descriptor, isInPlace: () => true }, disk, 1);
    db.exec('CREATE TABLE rows (id INTEGER PRIMARY KEY)');
    checkpoint.afterCommit();
    checkpoint.close();
    db.close();
    closeSync(descriptor);
    under.shift()?.finish(new Error('EBADF'));
    await settled();
    expect(readFileSync(path).includes('CREATE TABLE rows')).toBe(true);
  });
});

describe('a power failure', () => {
  const pageSize = 4096;
  /** Of a log: its header, then frames. Sources: https://sqlite.org/fileformat.html#the_write_ahead_log */
  const logHeader = 32;
  const frame = 24 + pageSize;

  /** What may be there afterwards: of each part, what was synced or what was written since. */
  function mixed(synced: Buffer, written: Buffer, head: number, part: number, draw: () => boolean) {
    const length = Math.max(synced.length, written.length);
    const mix = Buffer.alloc(length);
    // SQLite itself syncs the head of a log that it begins anew.
    written.copy(mix, 0, 0, head);
    for (let at = head; at < length; at += part) {
      (draw() ? written : synced).subarray(at, at + part).copy(mix, at);
    }
    return mix;
  }

  function arrangePower() {
    const path = join(temporaryFolder(), 'emulator.sqlite');
    const db = openDatabase(path);
    const descriptor = openSync(path, 'r+');
    const rows = 30;
    db.exec('CREATE TABLE rows (id INTEGER PRIMARY KEY, number INTEGER, content TEXT)');
    const insert = db.prepare(
      `INSERT INTO rows (id, number, content) VALUES (?, 0, printf('%.*c', 3000, 'x'))`,
    );
    for (let id = 0; id < rows; id += 1) insert.run(id);
    db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get();
    const read = () => ({ file: readFileSync(path), log: readFileSync(`${path}-wal`) });
    let synced = read();
    /** What has been committed, in its order. */
    const states = [Array.from({ length: rows }, () => 0)];
    /** How many of them the disk is known to hold. */
    let certain = 1;
    const hold = (of: number, content: ReturnType<typeof read>, committed: number): void => {
      if (of === descriptor) synced = { ...synced, file: content.file };
      else {
        synced = { ...synced, log: content.log };
        certain = Math.max(certain, committed);
      }
    };
    const under: (() => void)[] = [];
    const disk: Disk = {
      sync: (of) => {
        const content = read();
        const committed = states.length;
        return new Promise((resolve) => {
          under.push(() => {
            hold(of, content, committed);
            resolve();
          });
        });
      },
      syncNow: (of) => {
        hold(of, read(), states.length);
      },
    };
    const checkpoint = checkpointOf(db, { descriptor, isInPlace: () => true }, disk, longLog);
    const around = { beforeCommit: () => undefined, onRollback: () => undefined };
    const group = groupCommit(db, settled, around, checkpoint);
    const update = db.prepare('UPDATE rows SET number = ? WHERE id = ?');
    let next: number[] = [...(states[0] ?? [])];
    let number = 0;
    return {
      write(ids: readonly number[]): void {
        void group.certain(() => {
          group.join();
          number += 1;
          for (const id of ids) {
            update.run(number, id);
            next = next.with(id, number);
          }
          const state = next;
          void group.committed().then(() => states.push(state));
        });
      },
      flush: group.flush,
      finishSync: () => under.shift()?.(),
      /** Which of the states is found when the power comes back. */
      fail(draw: () => boolean): void {
        const written = read();
        const copy = `${path}-copy`;
        writeFileSync(copy, mixed(synced.file, written.file, 0, pageSize, draw));
        writeFileSync(`${copy}-wal`, mixed(synced.log, written.log, logHeader, frame, draw));
        const found = new Database(copy);
        try {
          expect(found.pragma('integrity_check', { simple: true })).toBe('ok');
          const state = found.prepare('SELECT number FROM rows ORDER BY id').pluck().all();
          const place = states.findLastIndex((known) => String(known) === String(state));
          expect(place).toBeGreaterThanOrEqual(certain - 1);
        } finally {
          found.close();
        }
      },
      close(): void {
        checkpoint.close();
        db.close();
        closeSync(descriptor);
      },
    };
  }

  const step = fc.oneof(
    { weight: 6, arbitrary: fc.uniqueArray(fc.nat(29), { minLength: 1, maxLength: 4 }) },
    { weight: 3, arbitrary: fc.constantFrom('turn' as const, 'sync' as const) },
    { weight: 1, arbitrary: fc.constant('flush' as const) },
  );

  it('leaves what was committed up to a moment, and at least what the disk has confirmed', async () => {
    const steps = fc.array(step, { minLength: 20, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(steps, fc.infiniteStream(fc.boolean()), async (taken, draws) => {
        const power = arrangePower();
        const draw = () => draws.next().value === true;
        for (const what of taken) {
          if (what === 'sync') power.finishSync();
          else if (what === 'flush') power.flush();
          else if (what !== 'turn') power.write(what);
          await settled();
          await settled();
          power.fail(draw);
        }
        power.close();
      }),
      { numRuns: Number(process.env['POWER_FAILURES'] ?? 15) },
    );
  });
});
