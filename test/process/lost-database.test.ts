import { copyFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/files.js';
import { startCli } from '../support/process.js';
import {
  argsFor,
  sendRequest,
  createBatch,
  createUntilRefused,
  expectAllComplete,
} from '../support/stored-batches.js';

describe('a running emulator', () => {
  it.each<[string, (file: string) => void]>([
    [
      'deleted',
      (file) => {
        rmSync(file);
      },
    ],
    [
      'replaced',
      (file) => {
        copyFileSync(file, `${file}.copy`);
        renameSync(`${file}.copy`, file);
      },
    ],
    [
      'deleted but for its log',
      (file) => {
        rmSync(`${file}-wal`);
      },
    ],
  ])('whose file was %s refuses new work, and answers reads', async (_, lose) => {
    const file = join(temporaryFolder(), 'emulator.sqlite');
    const { emulator, url } = await startCli({ cwd: '/', args: argsFor(file) });
    const { body: batch } = await createBatch(url);
    lose(file);
    const { acknowledged, refusal } = await createUntilRefused(url, 1);
    expect(refusal).toMatchObject({ status: 500, body: { status: 'error' } });
    expect(refusal.body.message).toMatch(/deleted, moved or replaced.*restart/);
    const ready = await sendRequest(`${url}/_emulator/ready`);
    expect(ready.status).toBe(503);
    expect(ready.body.message).toMatch(/deleted, moved or replaced/);
    await expectAllComplete(url, [batch, ...acknowledged]);
    await createBatch(url);
    expect(await emulator.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(
      emulator.stderr.match(/"msg":"the database cannot be written: its file was/g),
    ).toHaveLength(1);
    const second = await startCli({ cwd: '/', args: argsFor(file) });
    expect((await createBatch(second.url)).status).toBe(201);
  });

  it('whose file was moved continues when it is moved back', async () => {
    const file = join(temporaryFolder(), 'emulator.sqlite');
    const { url } = await startCli({ cwd: '/', args: argsFor(file) });
    const { body: first } = await createBatch(url);
    renameSync(file, `${file}.moved`);
    expect((await sendRequest(`${url}/_emulator/ready`)).status).toBe(503);
    expect((await createBatch(url)).status).toBe(500);
    renameSync(`${file}.moved`, file);
    const { status, body: second } = await createBatch(url);
    expect(status).toBe(201);
    expect((await sendRequest(`${url}/_emulator/ready`)).status).toBe(200);
    await expectAllComplete(url, [first, second]);
  });
});
