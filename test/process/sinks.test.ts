import { spawn, spawnSync, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, existsSync, openSync, readFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../support/files.js';

const cli = fileURLToPath(new URL('../../dist/bin.js', import.meta.url));

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The command, with its outputs going where they are told to. */
async function start(stdio: StdioOptions, args: readonly string[] = []) {
  const port = String(await freePort());
  const options = ['--port', port, '--database', ':memory:', ...args];
  const child = spawn(process.execPath, [cli, ...options], { cwd: temporaryFolder(), stdio });
  onTestFinished(() => void child.kill('SIGKILL'));
  return { child, url: await answering(child, `http://127.0.0.1:${port}`) };
}

/** The URL, once there is somebody who answers there. */
async function answering(child: ChildProcess, url: string): Promise<string> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`ended with ${String(child.exitCode)}`);
    const answer = await fetch(`${url}/_emulator/health`).catch(() => undefined);
    if (answer?.status === 200) return url;
  }
}

/** Each takes some 12 kB of the log. */
async function askOften(url: string, count = 130): Promise<void> {
  const path = `/get-batch-test/${'x'.repeat(12_000)}`;
  for (let index = 0; index < count; index += 1) {
    const answer = await fetch(url + path, { headers: { authorization: 'Bearer key_a' } });
    expect(answer.status).toBe(404);
    await answer.text();
  }
}

async function droppedLines(url: string): Promise<number> {
  const text = await (await fetch(`${url}/_emulator/metrics`)).text();
  const [, count] = /^retell_emulator_log_lines_dropped_total (\d+)$/m.exec(text) ?? [];
  return Number(count);
}

const canConnect = (url: string): Promise<boolean> =>
  fetch(url).then(
    () => true,
    () => false,
  );

const end = async (child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM') => {
  const ended = once(child, 'exit');
  child.kill(signal);
  const [code, by] = (await ended) as [number | null, NodeJS.Signals | null];
  return { code, by };
};

/** Both ends of a pipe in this process, which nobody reads. */
function unreadPipe(): number {
  const path = join(temporaryFolder(), 'pipe');
  spawnSync('mkfifo', [path]);
  const descriptor = openSync(path, constants.O_RDWR);
  onTestFinished(() => {
    closeSync(descriptor);
  });
  return descriptor;
}

const fullDevice = '/dev/full';

function openFullDevice(): number {
  const descriptor = openSync(fullDevice, 'w');
  onTestFinished(() => {
    closeSync(descriptor);
  });
  return descriptor;
}

/** Reads until there is a line that tells how many were dropped. */
async function readNotice(stream: Readable | null): Promise<{ dropped: number }> {
  let text = '';
  for await (const chunk of stream ?? []) {
    text += String(chunk);
    const line = text.split('\n').find((one) => one.includes('lines of the log were dropped'));
    if (line?.endsWith('}')) return JSON.parse(line) as { dropped: number };
  }
  throw new Error('no line tells of it');
}

const clean = { code: 0, by: null };

describe('a log that nobody reads', () => {
  it('in a socket delays neither requests nor the exit', async () => {
    const { child, url } = await start(['ignore', 'ignore', 'pipe']);
    await askOften(url);
    expect(await droppedLines(url)).toBeGreaterThan(0);
    expect(await end(child)).toEqual(clean);
  });

  it.skipIf(process.platform === 'win32')(
    'in a pipe delays neither requests nor the exit',
    async () => {
      const { child, url } = await start(['ignore', 'ignore', unreadPipe()]);
      await askOften(url, 400);
      expect(await droppedLines(url)).toBeGreaterThan(0);
      expect(await end(child)).toEqual(clean);
    },
  );

  it('does not keep a second signal from ending it at once', async () => {
    const { child, url } = await start(['ignore', 'ignore', 'pipe']);
    await askOften(url);
    // A request that is half sent keeps the first signal from ending it at once.
    const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => undefined);
    socket.write('POST /create-batch-test HTTP/1.1\r\nhost: x\r\nauthorization: Bearer k\r\n');
    socket.write('content-type: application/json\r\ncontent-length: 9\r\n');
    socket.write('expect: 100-continue\r\n\r\n');
    await once(socket, 'data');
    child.kill('SIGTERM');
    let isOpen = true;
    while (isOpen) isOpen = await canConnect(url);
    const { code } = await end(child, 'SIGINT');
    expect(code).toBe(1);
  });

  it('is reported in one line when it is read again', async () => {
    const { child, url } = await start(['ignore', 'ignore', 'pipe']);
    await askOften(url);
    const dropped = await droppedLines(url);
    const notice = await readNotice(child.stderr);
    // The request for that figure is a line, too.
    expect(notice.dropped).toBeGreaterThanOrEqual(dropped);
  });

  it('because its reader is gone does not end the emulator', async () => {
    const { child, url } = await start(['ignore', 'ignore', 'pipe']);
    child.stderr?.destroy();
    await askOften(url);
    expect(await droppedLines(url)).toBeGreaterThan(0);
    expect(await end(child)).toEqual(clean);
  });

  it.skipIf(!existsSync(fullDevice))(
    'because the disk is full does not end the emulator',
    async () => {
      const { child, url } = await start(['ignore', 'ignore', openFullDevice()]);
      await askOften(url);
      expect(await droppedLines(url)).toBeGreaterThan(0);
      expect(await end(child)).toEqual(clean);
    },
  );

  it.skipIf(spawnSync('script', ['--version']).status !== 0)(
    'because the terminal is stopped delays neither requests nor the exit',
    async () => {
      const port = String(await freePort());
      const pidFile = join(temporaryFolder(), 'pid');
      const args = `--port ${port} --database :memory:`;
      const command = `echo $$ > ${pidFile}; exec ${process.execPath} ${cli} ${args}`;
      // It copies what is written to a terminal of its own, and waits while nobody reads that.
      const child = spawn('script', ['-qec', command, '/dev/null'], {
        stdio: ['pipe', unreadPipe(), 'ignore'],
        cwd: temporaryFolder(),
      });
      onTestFinished(() => void child.kill('SIGKILL'));
      const url = await answering(child, `http://127.0.0.1:${port}`);
      const pid = Number(readFileSync(pidFile, 'utf8'));
      onTestFinished(() => {
        if (existsSync(`/proc/${String(pid)}`)) process.kill(pid, 'SIGKILL');
      });
      await askOften(url);
      expect(await droppedLines(url)).toBeGreaterThan(0);
      process.kill(pid, 'SIGTERM');
      while (isRunning(pid)) await fetch(url).catch(() => undefined);
    },
  );
});

/** False once nothing of it is left but its exit code, which its parent may not read. */
function isRunning(pid: number): boolean {
  const file = `/proc/${String(pid)}/stat`;
  return existsSync(file) && !readFileSync(file, 'utf8').includes(') Z ');
}

describe('standard output that accepts nothing', () => {
  it.skipIf(!existsSync(fullDevice))('because the disk is full is not needed', async () => {
    const { child } = await start(['ignore', openFullDevice(), 'ignore']);
    expect(await end(child)).toEqual(clean);
  });

  it('because its reader has gone is not needed', async () => {
    const stdio: StdioOptions = ['ignore', 'pipe', 'ignore'];
    const port = String(await freePort());
    const options = ['--port', port, '--database', ':memory:'];
    const child = spawn(process.execPath, [cli, ...options], { cwd: temporaryFolder(), stdio });
    child.stdout?.destroy();
    await answering(child, `http://127.0.0.1:${port}`);
    expect(await end(child)).toEqual(clean);
  });
});

describe('a start that fails', () => {
  it.skipIf(!existsSync(fullDevice))(
    'keeps its exit code even if the reason cannot be written',
    async () => {
      for (const sink of [openFullDevice(), unreadPipe()]) {
        const child = spawn(process.execPath, [cli, '--port', 'x'], {
          stdio: ['ignore', 'ignore', sink],
        });
        const [code] = (await once(child, 'exit')) as [number];
        expect(code).toBe(2);
      }
    },
  );
});
