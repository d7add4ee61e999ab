// Runs the installed package's command in the folder it was installed in, as a newcomer would.
// Usage: node .ci/smoke.js FOLDER, with the Node to run it by
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const folder = process.argv[2];
const command = join(folder, 'node_modules/.bin/retell-emulator');
const options = ['--port', '0', '--run-duration', '10ms'];
const emulator = spawn(process.execPath, [command, ...options], {
  cwd: folder,
  stdio: ['ignore', 'pipe', 'inherit'],
});
let output = '';
emulator.stdout.on('data', (chunk) => (output += chunk));

const readyUrl = () => /^Ready: (\S+)/m.exec(output)?.[1];
while (readyUrl() === undefined) {
  const [chunk] = await Promise.race([once(emulator.stdout, 'data'), once(emulator, 'exit')]);
  assert(Buffer.isBuffer(chunk), `ended before it was ready: ${output}`);
}
const url = readyUrl();

const headers = { authorization: 'Bearer key_smoke', 'content-type': 'application/json' };
const body = JSON.stringify({
  test_case_definition_ids: ['test_case_1', 'test_case_2'],
  response_engine: { type: 'retell-llm', llm_id: 'llm_1' },
});
const created = await fetch(`${url}/create-batch-test`, { method: 'POST', headers, body });
assert.equal(created.status, 201);
let batch = await created.json();
while (batch.status !== 'complete') {
  const read = await fetch(`${url}/get-batch-test/${batch.test_case_batch_job_id}`, { headers });
  assert.equal(read.status, 200);
  batch = await read.json();
}
assert.equal(batch.pass_count + batch.fail_count + batch.error_count, 2);
for (const path of ['/docs', '/docs/steering.md', '/llms.txt']) {
  assert.equal((await fetch(url + path)).status, 200, path);
}

emulator.kill('SIGTERM');
const [code] = await once(emulator, 'exit');
assert.equal(code, 0);
console.log(`smoke test: the installed command works on Node ${process.version}`);
