import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../support/files.js';
import { startCli } from '../support/process.js';

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

const hasScript = spawnSync('script', ['--version']).status === 0;
const command = `exec ${process.execPath} ${cli} --port 0 --database :memory:`;

function openTerminal(shellCommand: string, env: Readonly<Record<string, string>> = {}) {
  const terminal = spawn('script', ['-qec', shellCommand, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    cwd: temporaryFolder(),
    env: { ...process.env, ...env },
  });
  onTestFinished(() => void terminal.kill('SIGKILL'));
  return terminal;
}

/** Returns the lines that the emulator has written to its terminal when it listens. */
async function linesOf({ stdout }: { readonly stdout: Readable }): Promise<string[]> {
  let text = '';
  for await (const chunk of stdout) {
    text += String(chunk);
    if (text.includes('API reference:') && /listening/i.test(text)) break;
  }
  return text.split(/\r?\n/);
}

/** Resolves when nothing of the process is left but its exit code, which its parent may not read. */
async function endOf(pid: number): Promise<void> {
  const file = `/proc/${String(pid)}/stat`;
  onTestFinished(() => {
    if (existsSync(file)) process.kill(pid, 'SIGKILL');
  });
  while (existsSync(file) && !readFileSync(file, 'utf8').includes(') Z ')) await nextTurn();
}

const hint = 'install the package pino-pretty';

describe.skipIf(!hasScript)('a log on a terminal', () => {
  it('is readable text with pino-pretty', async () => {
    const lines = await linesOf(openTerminal(command));
    expect(lines.some((line) => /INFO.*listening/i.test(line))).toBe(true);
    expect(lines.join('\n')).not.toContain(hint);
  });

  it('is JSON lines without it, and the first one says how to have text', async () => {
    const lines = await linesOf(
      openTerminal(command, { NODE_OPTIONS: `--import=${withoutPretty}` }),
    );
    const log = lines.filter((line) => line.startsWith('{"level"'));
    expect(JSON.parse(log[0] ?? '')).toMatchObject({
      level: 30,
      msg: expect.stringContaining(hint) as string,
    });
    expect(log.some((line) => /listening/i.test(line))).toBe(true);
  });
});

describe('the end of the process', () => {
  it.skipIf(!hasScript)('follows that of its terminal', async () => {
    const pidFile = join(temporaryFolder(), 'pid');
    const terminal = openTerminal(`echo $$ > ${pidFile}; ${command}`);
    await linesOf(terminal);
    terminal.kill('SIGKILL');
    const pid = Number(readFileSync(pidFile, 'utf8'));
    await endOf(pid);
  });

  it.each(['SIGSEGV', 'SIGABRT'] as const)('follows from a crash by %s', async (signal) => {
    const { emulator } = await startCli({
      args: ['--database', ':memory:'],
      cwd: temporaryFolder(),
    });
    expect((await emulator.kill(signal)).signal).toBe(signal);
  });
});
