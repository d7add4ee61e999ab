import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

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
