import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { AtEnd } from './files.js';

const cli = fileURLToPath(new URL('../../dist/bin.js', import.meta.url));

export interface ProcessOptions {
  readonly args?: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** A command that starts it in another environment, such as `unshare`. */
  readonly wrapper?: readonly string[];
  readonly atEnd?: AtEnd;
}

/** The built emulator as a process of its own; killed, if need be, when the test is over. */
export function spawnCli({ args = [], wrapper = [], ...options }: ProcessOptions): CliProcess {
  const [command = '', ...rest] = [...wrapper, process.execPath, cli, ...args];
  return spawnCommand(command, rest, options);
}

/** The same under a shell that waits for it, as npm starts it. */
export function spawnInShell({ args = [], ...options }: ProcessOptions): CliProcess {
  const script = '"$@"; exit $?';
  return spawnCommand('sh', ['-c', script, 'sh', process.execPath, cli, ...args], options);
}

export function spawnCommand(command: string, args: string[], options: ProcessOptions) {
  const { cwd, env = {}, atEnd = onTestFinished } = options;
  const child = spawn(command, args, {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const started = new CliProcess(child);
  atEnd(() => started.kill('SIGKILL').then(() => undefined));
  return started;
}

/** A process that answers requests: `--port 0` unless told otherwise. */
export async function startCli(options: ProcessOptions) {
  const emulator = spawnCli({ ...options, args: ['--port', '0', ...(options.args ?? [])] });
  return { emulator, url: await emulator.ready() };
}

export class CliProcess {
  stdout = '';
  stderr = '';
  readonly #child: ChildProcess;
  readonly #ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;

  constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout?.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.#ended = once(child, 'close').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
    }));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** The URL of its `Ready:` line. */
  async ready(): Promise<string> {
    const [, url = ''] = await this.said(/^Ready: (\S+)/m);
    return url;
  }

  /** Resolves once its standard output has it. */
  async said(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.stdout);
      if (found !== null) return found;
      const { stdout } = this.#child;
      if (stdout === null) throw new Error('no standard output');
      const over = await Promise.race([once(stdout, 'data').then(() => undefined), this.#ended]);
      if (over !== undefined) throw new Error(`ended before it was ready: ${this.stderr}`);
    }
  }

  /** Resolves when it has ended, its output with it. */
  end() {
    return this.#ended;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  kill(signal: NodeJS.Signals) {
    this.signal(signal);
    return this.end();
  }
}
