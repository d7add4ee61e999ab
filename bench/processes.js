// Starts contestants as processes of their own, and ends them.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const here = (path) => fileURLToPath(new URL(path, import.meta.url));
export const cli = here('../dist/bin.js');
const prism = here('node_modules/@stoplight/prism-cli/dist/index.js');

/** Prism is no dependency of the product: `npm install --prefix bench` brings it. */
export const hasPrism = existsSync(prism);

export async function startProcess(args, { ready = /^Ready: (\S+)/m, cwd } = {}) {
  const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  await new Promise((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      output += chunk;
      if (ready.test(output)) resolve();
    });
    child.once('exit', () => reject(new Error(`ended before it was ready: ${output}`)));
  });
  // What it says from here on is taken, and not kept.
  child.stdout.removeAllListeners('data').resume();
  return {
    pid: child.pid,
    url: ready.exec(output)[1],
    /** Resident memory in MiB. */
    memory: () =>
      Number(execFileSync('ps', ['-o', 'rss=', '-p', String(child.pid)], { encoding: 'utf8' })) /
      1024,
    /** Seconds of processor time that it took so far; undefined where Linux doesn't tell. */
    processorTime: () => processorTime(child.pid),
    async end() {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

/** Linux counts in hundredths, for user and kernel: fields 14 and 15, the name being the second. */
function processorTime(pid) {
  const file = `/proc/${pid}/stat`;
  if (!existsSync(file)) return undefined;
  const fields = readFileSync(file, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** `from` is the command of the build that is measured. */
export const startBuild = (from, ...args) =>
  startProcess([from, '--port', '0', '--log-level', 'silent', ...args]);

export const startEmulator = (...args) => startBuild(cli, ...args);

export const startBare = (name) => startProcess([here(`bare-${name}.js`)]);

/** Where webhooks go. */
export async function startReceiver() {
  const receiver = await startProcess([here('receiver.js')]);
  return { ...receiver, taken: async () => Number(await (await fetch(receiver.url)).text()) };
}

export const startPrism = () =>
  startProcess([prism, 'mock', '--port', '0', here('../openapi/retell.yaml')], {
    ready: /Prism is listening on (\S+)/,
  });
