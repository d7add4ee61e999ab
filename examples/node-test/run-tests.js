// Starts one emulator, then runs all test files with Node's own runner. They find the emulator's URL in
// RETELL_BASE_URL, as the SDK does.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { startEmulator } from 'retell-emulator';

const emulator = await startEmulator();
const runner = spawn(process.execPath, ['--test', ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, RETELL_BASE_URL: emulator.url },
});
const [code] = await once(runner, 'exit');
await emulator.close();
process.exitCode = code ?? 1;
