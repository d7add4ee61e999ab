import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../support/files.js';

const cli = join(import.meta.dirname, '../../dist/bin.js');

/** A hook of Node's loader, for which the package is not installed. */
const withoutPretty = `data:text/javascript,${encodeURIComponent(`
import { register } from 'node:module';
register('data:text/javascript,' + encodeURIComponent(\`
  export function resolve(name, context, next) {
    if (name === 'pino-pretty') throw Object.assign(new Error(name), { code: 'ERR_MODULE_NOT_FOUND' });
    return next(name, context);
  }\`));
`)}`;

/** Returns the lines that the emulator writes to a terminal until it listens. */
async function firstLines(nodeOptions: string): Promise<string[]> {
  const command = `exec ${process.execPath} ${cli} --port 0 --database :memory:`;
  const terminal = spawn('script', ['-qec', command, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    cwd: temporaryFolder(),
    env: { ...process.env, NODE_OPTIONS: nodeOptions },
  });
  onTestFinished(() => void terminal.kill('SIGKILL'));
  let text = '';
  for await (const chunk of terminal.stdout) {
    text += String(chunk);
    if (text.includes('API reference:') && /listening/i.test(text)) break;
  }
  return text.split(/\r?\n/);
}

const hint = 'install the package pino-pretty';

describe.skipIf(spawnSync('script', ['--version']).status !== 0)('a log on a terminal', () => {
  it('is readable text with pino-pretty', async () => {
    const lines = await firstLines('');
    expect(lines.some((line) => /INFO.*listening/i.test(line))).toBe(true);
    expect(lines.join('\n')).not.toContain(hint);
  });

  it('is JSON lines without it, and the first one says how to have text', async () => {
    const lines = await firstLines(`--import=${withoutPretty}`);
    const log = lines.filter((line) => line.startsWith('{"level"'));
    expect(JSON.parse(log[0] ?? '')).toMatchObject({
      level: 30,
      msg: expect.stringContaining(hint) as string,
    });
    expect(log.some((line) => /listening/i.test(line))).toBe(true);
  });
});
