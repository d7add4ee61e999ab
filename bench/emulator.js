// Starts the built emulator as a process of its own, and ends it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));

export async function startProcess(args) {
  const child = spawn(process.execPath, [cli, '--port', '0', '--log-level', 'silent', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  while (!/^Ready: /m.test(output)) {
    await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
    if (child.exitCode !== null) throw new Error(`ended before it was ready: ${output}`);
  }
  return {
    url: /^Ready: (\S+)/m.exec(output)[1],
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
