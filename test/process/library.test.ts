import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/files.js';

/** The package as it is where install scripts may not run: SQLite was not built. */
function installWithoutScripts(): string {
  const folder = temporaryFolder();
  for (const name of ['dist', 'openapi', 'migrations', 'package.json']) {
    cpSync(name, join(folder, name), { recursive: true });
  }
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, 'better-sqlite3'), { recursive: true });
  for (const name of readdirSync('node_modules')) {
    if (name !== 'better-sqlite3') symlinkSync(resolve('node_modules', name), join(modules, name));
  }
  for (const name of ['lib', 'package.json']) {
    const path = join('better-sqlite3', name);
    cpSync(join('node_modules', path), join(modules, path), { recursive: true });
  }
  return folder;
}

describe('a process that uses the library', () => {
  // Node 24 aborts at its end if a statement of the database is collected then.
  it('ends by itself, in order, after emulators were closed', () => {
    const script = `
      import { startEmulator } from './dist/index.js';
      for (let index = 0; index < 3; index += 1) {
        const emulator = await startEmulator();
        await emulator.close();
        globalThis.gc();
      }
      console.log('closed');`;
    const options = ['--expose-gc', '--input-type=module', '--eval', script];
    expect(execFileSync(process.execPath, options, { encoding: 'utf8' })).toBe('closed\n');
  });

  it('frees memory when an emulator is closed', () => {
    const script = `
      import http from 'node:http';
      import { startEmulator } from './dist/index.js';
      const ask = (url) =>
        new Promise((resolve, reject) => {
          const request = http.get(url, { agent: false }, (answer) => {
            answer.resume().on('end', resolve);
          });
          request.on('error', reject);
        });
      /** What is on the heap after some emulators more, the journals of which were in use. */
      async function startAndClose(count) {
        for (let index = 0; index < count; index += 1) {
          const emulator = await startEmulator();
          const requests = Array.from({ length: 20 }, (_, index) =>
            ask(emulator.url + '/get-agent/' + index + 'x'.repeat(10_000)));
          await Promise.all(requests);
          await emulator.close();
        }
        globalThis.gc();
        return process.memoryUsage().heapUsed;
      }
      await startAndClose(10);
      const before = await startAndClose(10);
      console.log(((await startAndClose(20)) - before) / 20);`;
    const options = ['--expose-gc', '--input-type=module', '--eval', script];
    const growth = Number(execFileSync(process.execPath, options, { encoding: 'utf8' }));
    // On Node 24 the statements that were used stay, with 20 kB. An emulator that stays takes 1 MB and more.
    expect(growth).toBeLessThan(60_000);
  });

  it.each([
    ['nothing', '', false],
    ['its requests if it is told to', "logLevel: 'info'", true],
  ])('logs %s', (_what, options, logs) => {
    const script = `
      import { startEmulator } from './dist/index.js';
      const emulator = await startEmulator({ ${options} });
      await fetch(emulator.url + '/get-agent/a');
      await emulator.close();`;
    const flags = ['--input-type=module', '--eval', script];
    const { stderr, stdout } = spawnSync(process.execPath, flags, { encoding: 'utf8' });
    expect(stdout).toBe('');
    if (logs) expect(stderr).toContain('/get-agent/a');
    else expect(stderr).toBe('');
  });
});

describe('an installation without what better-sqlite3 builds', () => {
  it('says so in one line, as command and as library', () => {
    const cwd = installWithoutScripts();
    const run = (...args: string[]) => {
      const { status, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' });
      return { status, stderr };
    };
    expect(run('dist/bin.js')).toEqual({
      status: 1,
      stderr: expect.stringMatching(
        /^retell-emulator: better-sqlite3 was not built [^\n]+"npm rebuild better-sqlite3"\n$/,
      ) as string,
    });
    const script = `
      import { startEmulator, StartupError } from './dist/index.js';
      await startEmulator().catch((error) => {
        console.error(error instanceof StartupError, error.kind, error.message);
      });`;
    const { stderr } = run('--input-type=module', '--eval', script);
    expect(stderr).toMatch(/^true environment better-sqlite3 was not built [^\n]+\n$/);
  });
});
