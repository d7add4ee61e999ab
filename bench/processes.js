// Starts contestants as processes of their own, and ends them.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
export const cli = here('../dist/bin.js');
const prism = here('node_modules/@stoplight/prism-cli/dist/index.js');

/** Prism is no dependency of the product: `npm install --prefix bench` brings it. */
export const hasPrism = existsSync(prism);

export async function startProcess(args, { ready = /^Ready: (\S+)/m, cwd } = {}) {
  const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  while (!ready.test(output)) {
    await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
    if (child.exitCode !== null) throw new Error(`ended before it was ready: ${output}`);
  }
  return {
    pid: child.pid,
    url: ready.exec(output)[1],
    /** Resident memory in MiB. */
    memory: () =>
      Number(execFileSync('ps', ['-o', 'rss=', '-p', String(child.pid)], { encoding: 'utf8' })) /
      1024,
    async end() {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

export const startEmulator = (...args) =>
  startProcess([cli, '--port', '0', '--log-level', 'silent', ...args]);

export const startBare = (name) => startProcess([here(`bare-${name}.js`)]);

export const startPrism = () =>
  startProcess([prism, 'mock', '--port', '0', here('../openapi/retell.yaml')], {
    ready: /Prism is listening on (\S+)/,
  });
