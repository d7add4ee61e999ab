// Does it matter how much is stored? An emulator with 1,000,000 runs in 1,000 workspaces, 100,000 of
// them in progress, side by side with an empty one. Usage: node bench/scale.js
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { startEmulator } from './processes.js';

const rounds = Number(process.env.BENCH_ROUNDS ?? 11);
const workspaces = Number(process.env.BENCH_WORKSPACES ?? 1000);
const folder = mkdtempSync(join(tmpdir(), 'retell-scale-'));
const engine = { type: 'retell-llm', llm_id: 'llm_1' };
const ids = Array.from({ length: 1000 }, (_, index) => `case_${index}`);
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const headersOf = (key, more = {}) => ({
  ...{ authorization: `Bearer ${key}`, 'content-type': 'application/json' },
  ...more,
});

async function send(url, key, path, body, more) {
  const request = body && { method: 'POST', body: JSON.stringify(body) };
  const answer = await fetch(url + path, { headers: headersOf(key, more), ...request });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}
const creation = (test_case_definition_ids) => ({
  test_case_definition_ids,
  response_engine: engine,
});

const files = { empty: join(folder, 'empty.sqlite'), full: join(folder, 'full.sqlite') };
const open = (name) =>
  startEmulator('--database', files[name], '--clock', 'manual', '--concurrency', '100');
const full = await open('full');
for (let index = 0; index < workspaces; index += 1) {
  // A tenth of the runs is under way, the others have ended.
  const now = { 'x-emulator-progression': 'immediate' };
  const key = `key_${index}`;
  await send(full.url, key, '/create-batch-test', creation(ids.slice(0, 900)), now);
  await send(full.url, key, '/create-batch-test', creation(ids.slice(0, 100)));
  await send(full.url, key, '/_emulator/clock');
}
await full.end();
console.log(
  `stored: ${workspaces * 1000} runs, ${(statSync(files.full).size / 2 ** 20).toFixed(0)} MiB`,
);

const starts = { empty: [], full: [] };
for (let round = 0; round < rounds; round += 1) {
  for (const name of ['empty', 'full']) {
    const start = performance.now();
    const { end } = await open(name);
    starts[name].push(performance.now() - start);
    await end();
  }
}
const running = { empty: await open('empty'), full: await open('full') };
const rates = {};
const key = 'key_7';
for (const [what, requestOf] of Object.entries({
  create: () => ({
    ...{ method: 'POST', path: '/create-batch-test', headers: headersOf(key) },
    body: JSON.stringify(creation(['a'])),
  }),
  poll: (id) => ({ path: `/get-batch-test/${id}`, headers: headersOf(key) }),
  page: (id) => ({ path: `/v2/list-test-runs/${id}?limit=50`, headers: headersOf(key) }),
})) {
  rates[what] = { empty: [], full: [] };
  for (let round = 0; round <= rounds; round += 1) {
    for (const [name, { url }] of Object.entries(running)) {
      const batch = await send(url, key, '/create-batch-test', creation(ids.slice(0, 50)));
      const { requests } = await autocannon({
        ...{ url, connections: 16, duration: 1 },
        requests: [requestOf(batch.test_case_batch_job_id)],
      });
      if (round > 0) rates[what][name].push(requests.average);
    }
  }
}
rates.advance = { empty: [], full: [] };
for (let round = 0; round <= rounds; round += 1) {
  for (const [name, { url }] of Object.entries(running)) {
    for (let batch = 0; batch < 50; batch += 1) {
      await send(url, key, '/create-batch-test', creation(ids));
    }
    const start = performance.now();
    const { runsEnded } = await send(url, key, '/_emulator/clock/advance', { until: 'idle' });
    if (round > 0) rates.advance[name].push((runsEnded / (performance.now() - start)) * 1000);
  }
}
for (const [what, { empty, full }] of Object.entries(rates)) {
  // Each round by itself: what was measured side by side compares.
  const ratio = median(full.map((rate, round) => rate / empty[round]));
  const unit = what === 'advance' ? 'ended runs' : 'requests';
  console.log(
    `${what}: ${median(full).toFixed(0)} of ${median(empty).toFixed(0)} ${unit} per second; full / empty (>= 0.9): ${ratio.toFixed(2)}`,
  );
}
console.log(
  `start: ${median(starts.full).toFixed(0)} of ${median(starts.empty).toFixed(0)} ms; full / empty: ${median(starts.full.map((time, round) => time / starts.empty[round])).toFixed(2)}`,
);
console.log(
  `memory: ${running.full.memory().toFixed(0)} of ${running.empty.memory().toFixed(0)} MiB`,
);
for (const { end } of Object.values(running)) await end();
rmSync(folder, { recursive: true, force: true });
