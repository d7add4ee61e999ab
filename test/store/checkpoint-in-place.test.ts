import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checkpointOf } from '../../src/store/checkpoint.js';
import { openDatabase } from '../../src/store/database.js';
import { temporaryFolder } from '../support/files.js';
import { ManualClock } from '../support/manual-clock.js';

it('a checkpoint leaves everything in the log until the file is in its place', async () => {
  const path = join(temporaryFolder(), 'emulator.sqlite');
  const db = openDatabase(path);
  const descriptor = openSync(path, 'r+');
  let isInPlace = false;
  const disk = { sync: () => Promise.resolve(), syncNow: () => undefined };
  const checkpoint = checkpointOf(db, { descriptor, isInPlace: () => isInPlace }, disk, 1);
  const commit = async (sql: string): Promise<void> => {
    db.exec(sql);
    checkpoint.afterCommit();
    await new ManualClock().turn();
  };
  const has = (file: string): boolean => readFileSync(file).includes('CREATE TABLE rows');

  await commit('CREATE TABLE rows (id INTEGER PRIMARY KEY)');
  await commit('INSERT INTO rows VALUES (1)');
  expect([has(path), has(`${path}-wal`)]).toEqual([false, true]);
  isInPlace = true;
  await commit('INSERT INTO rows VALUES (2)');
  await commit('INSERT INTO rows VALUES (3)');
  expect(has(path)).toBe(true);
  checkpoint.close();
  db.close();
  closeSync(descriptor);
});
