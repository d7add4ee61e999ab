import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../support/emulator.js';
import { temporaryFolder } from '../support/files.js';
import { spawnCli, spawnCommand, startCli, type CliProcess } from '../support/process.js';
import { canMount, mountSmallDisk } from '../support/small-disk.js';
import {
  argsFor,
  sendRequest,
  createBatch,
  createUntilRefused,
  expectAllComplete,
} from '../support/stored-batches.js';

/** A database with a batch in it that has come to its end, and whose process has ended. */
async function makeDatabase(file: string, wrapper: readonly string[] = []): Promise<Batch> {
  const { emulator, url } = await startCli({ cwd: '/', args: argsFor(file), wrapper });
  const { body } = await createBatch(url);
  // A full disk takes no more of what would be left to do.
  await expectAllComplete(url, [body]);
  expect(await emulator.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  return body;
}

async function expectRefusal(refused: CliProcess, reason: string): Promise<void> {
  expect((await refused.end()).code).toBe(1);
  expect(refused.stderr).toMatch(/^retell-emulator: [^\n]+\n$/);
  expect(refused.stderr).toContain(reason);
}

/** Of a database and what stands beside it. */
const fingerprint = (file: string) =>
  readdirSync(dirname(file))
    .filter((name) => name.startsWith(basename(file)))
    .map((name) =>
      createHash('sha256')
        .update(readFileSync(join(dirname(file), name)))
        .digest('hex'),
    );

const withDatabase = (file: string, sql: string): void => {
  const db = new Database(file);
  db.exec(sql);
  db.close();
};

const pageSize = 4096;

/** The content of the file with rubbish where the table's rows begin. */
function damaged(file: string, table: string): Buffer {
  const db = new Database(file, { readonly: true });
  const query = 'SELECT rootpage FROM sqlite_schema WHERE name = ?';
  const page = db.prepare<[string], number>(query).pluck().get(table) ?? 0;
  db.close();
  return readFileSync(file).fill(0x5a, (page - 1) * pageSize, page * pageSize);
}

/** Locks a file as any SQLite program might. */
const lockScript = `
  const db = require('better-sqlite3')(process.argv[1]);
  db.exec('BEGIN EXCLUSIVE');
  console.log('locked');
  setInterval(() => {}, 1e6);`;

type Mend = () => unknown;

/** What is done to a file, and what reason the next start gives; answers how to mend it. */
const faults: [string, string, (file: string) => Mend | Promise<Mend>][] = [
  [
    'a file with a damaged beginning',
    'damaged',
    (file) => {
      copyFileSync(file, `${file}.good`);
      const content = readFileSync(file);
      writeFileSync(file, content.fill(0x5a, 100, pageSize));
      return () => {
        copyFileSync(`${file}.good`, file);
      };
    },
  ],
  [
    'a file that was cut off',
    'damaged',
    (file) => {
      copyFileSync(file, `${file}.good`);
      truncateSync(file, statSync(file).size / 2);
      return () => {
        copyFileSync(`${file}.good`, file);
      };
    },
  ],
  [
    'a database of a newer version',
    'written by a newer retell-emulator',
    (file) => {
      withDatabase(file, `INSERT INTO migrations VALUES (999, 'later', 'x', 0)`);
      return () => {
        withDatabase(file, 'DELETE FROM migrations WHERE number = 999');
      };
    },
  ],
  [
    'a file that another process has locked',
    'in use by another process',
    async (file) => {
      // Not in this process: it would lose the lock when it reads the file.
      const args = ['-e', lockScript, file];
      const holder = spawnCommand(process.execPath, args, { cwd: process.cwd() });
      await holder.said(/locked/);
      return () => holder.kill('SIGKILL');
    },
  ],
];

describe('a start', () => {
  it.each(faults)(
    'on %s is refused, and works after that is repaired',
    async (_, reason, inflict) => {
      const file = join(temporaryFolder(), 'emulator.sqlite');
      const batch = await makeDatabase(file);
      const mend = await inflict(file);
      const before = fingerprint(file);
      await expectRefusal(spawnCli({ cwd: '/', args: argsFor(file) }), reason);
      expect(fingerprint(file)).toEqual(before);
      await mend();
      const { url } = await startCli({ cwd: '/', args: argsFor(file) });
      await expectAllComplete(url, [batch]);
    },
  );

  it('uses the log of a crash, and ignores that of a deleted file', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'emulator.sqlite');
    const { emulator, url } = await startCli({ cwd: folder, args: argsFor(file) });
    const { body: batch } = await createBatch(url);
    await emulator.kill('SIGKILL');
    const log = readFileSync(`${file}-wal`);
    expect(log.length).toBeGreaterThan(0);
    const second = await startCli({ cwd: folder, args: argsFor(file) });
    await expectAllComplete(second.url, [batch]);
    await second.emulator.kill('SIGTERM');

    const other = join(folder, 'other.sqlite');
    writeFileSync(`${other}-wal`, log);
    const third = await startCli({ cwd: folder, args: argsFor(other) });
    const { status } = await sendRequest(
      `${third.url}/get-batch-test/${batch.test_case_batch_job_id}`,
    );
    expect(status).toBe(404);
    expect((await createBatch(third.url)).status).toBe(201);
  });

  it.skipIf(!canMount)(
    'on a full disk creates no database, and works when there is room',
    async () => {
      const disk = await mountSmallDisk('4m');
      const { wrapper } = disk;
      const args = argsFor(join(disk.folder, 'emulator.sqlite'));
      disk.fill();
      await expectRefusal(spawnCli({ cwd: '/', args, wrapper }), 'the disk is full');
      disk.empty();
      const { url } = await startCli({ cwd: '/', args, wrapper });
      await expectAllComplete(url, [(await createBatch(url)).body]);
    },
  );

  it.skipIf(!canMount)('on a full disk reads the existing database', async () => {
    const disk = await mountSmallDisk('4m');
    const { wrapper } = disk;
    const file = join(disk.folder, 'emulator.sqlite');
    const batch = await makeDatabase(file, wrapper);
    disk.fill();
    const { url } = await startCli({ cwd: '/', args: argsFor(file), wrapper });
    const { body } = await sendRequest(`${url}/get-batch-test/${batch.test_case_batch_job_id}`);
    expect(body).toMatchObject({ status: 'complete', total_count: batch.total_count });
    const { refusal } = await createUntilRefused(url);
    expect(refusal).toMatchObject({ status: 500, body: { status: 'error' } });
    disk.empty();
    await expectAllComplete(url, [batch, (await createBatch(url)).body]);
  });

  it.skipIf(!canMount)(
    'on a read-only file is refused, and works once it can be written',
    async () => {
      const disk = await mountSmallDisk('4m');
      const { wrapper } = disk;
      const file = join(disk.folder, 'emulator.sqlite');
      const batch = await makeDatabase(file, wrapper);
      disk.makeReadOnly();
      for (const path of [file, join(disk.folder, 'new.sqlite')]) {
        await expectRefusal(spawnCli({ cwd: '/', args: argsFor(path), wrapper }), 'read-only');
      }
      disk.makeWritable();
      const { url } = await startCli({ cwd: '/', args: argsFor(file), wrapper });
      await expectAllComplete(url, [batch]);
    },
  );
});

describe('a running emulator', () => {
  it.skipIf(!canMount)(
    'on a full disk refuses new work, and continues when there is room',
    async () => {
      const disk = await mountSmallDisk('4m');
      const { wrapper } = disk;
      const args = argsFor(join(disk.folder, 'emulator.sqlite'));
      const { emulator, url } = await startCli({ cwd: '/', args, wrapper });
      const first = await createBatch(url);
      disk.fill();
      const { acknowledged, refusal } = await createUntilRefused(url);
      expect(refusal).toMatchObject({ status: 500, body: { status: 'error' } });
      expect(refusal.body.message).toContain('the disk is full');
      disk.empty();
      const last = await createBatch(url);
      expect(last.status).toBe(201);
      const all = [first.body, ...acknowledged, last.body];
      await expectAllComplete(url, all);

      disk.fill();
      await createUntilRefused(url);
      expect(await emulator.kill('SIGTERM')).toEqual({ code: 0, signal: null });
      disk.empty();
      const second = await startCli({ cwd: '/', args, wrapper });
      await expectAllComplete(second.url, all);
    },
  );

  it.skipIf(!canMount)('on a full disk is not ready, and answers reads of ended runs', async () => {
    const disk = await mountSmallDisk('4m');
    const { wrapper } = disk;
    const args = argsFor(join(disk.folder, 'emulator.sqlite'));
    const { emulator, url } = await startCli({ cwd: '/', args, wrapper });
    const { body: first } = await createBatch(url);
    await expectAllComplete(url, [first]);
    expect(await sendRequest(`${url}/_emulator/ready`)).toMatchObject({ status: 200 });
    disk.fill();
    const { acknowledged } = await createUntilRefused(url);
    const ready = await sendRequest(`${url}/_emulator/ready`);
    expect(ready.status).toBe(503);
    expect(ready.body.message).toContain('the disk is full');
    const id = first.test_case_batch_job_id;
    for (const path of [
      ...[`get-batch-test/${id}`, `v2/list-test-runs/${id}`],
      ...['v2/list-test-case-definitions?type=retell-llm&llm_id=x', 'list-agents'],
    ]) {
      expect({ path, ...(await sendRequest(`${url}/${path}`)) }).toMatchObject({
        path,
        status: 200,
      });
    }
    disk.empty();
    expect(await sendRequest(`${url}/_emulator/ready`)).toMatchObject({ status: 200 });
    await expectAllComplete(url, [first, ...acknowledged]);
    const lines = emulator.stderr.split('\n').filter((line) => line.includes('the database can'));
    expect(lines.length).toBeGreaterThan(0);
  });

  it.skipIf(process.platform !== 'linux')(
    'whose disk fails refuses new work, and continues when it works again',
    async () => {
      const file = join(temporaryFolder(), 'emulator.sqlite');
      const first = await makeDatabase(file);
      // Writing beyond this fails like a broken disk, not like a full one.
      const limit = (bytes: string): readonly string[] => ['prlimit', `--fsize=${bytes}:unlimited`];
      const wrapper = limit(String(2 * 1024 * 1024));
      const { emulator, url } = await startCli({ cwd: '/', args: argsFor(file), wrapper });
      const { acknowledged, refusal } = await createUntilRefused(url);
      expect(refusal).toMatchObject({ status: 500, body: { status: 'error' } });
      expect(refusal.body.message).toContain('it cannot be read or written');
      const [command = '', size = ''] = limit('unlimited');
      expect(spawnSync(command, [`--pid=${String(emulator.pid)}`, size]).status).toBe(0);
      const last = await createBatch(url);
      expect(last.status).toBe(201);
      await expectAllComplete(url, [first, ...acknowledged, last.body]);
    },
  );

  it('on a file with a damaged table says so, and continues with a good one', async () => {
    const file = join(temporaryFolder(), 'emulator.sqlite');
    const batch = await makeDatabase(file);
    const good = readFileSync(file);
    writeFileSync(file, damaged(file, 'test_runs'));
    const { emulator, url } = await startCli({ cwd: '/', args: argsFor(file) });
    const refusal = await createBatch(url);
    expect(refusal).toMatchObject({ status: 500, body: { status: 'error' } });
    expect(refusal.body.message).toContain('it is damaged');
    await emulator.kill('SIGTERM');
    writeFileSync(file, good);
    const second = await startCli({ cwd: '/', args: argsFor(file) });
    await expectAllComplete(second.url, [batch]);
  });
});
