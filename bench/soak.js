// Mixed load for a while, with worker, journal and snapshots: do memory, file descriptors and the
// log of the database stay flat? Usage: node bench/soak.js [SECONDS]; the long form is 1200.
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmulator } from './processes.js';

const seconds = Number(process.argv[2] ?? 1200);
const folder = mkdtempSync(join(tmpdir(), 'retell-soak-'));
const database = join(folder, 'soak.sqlite');
const emulator = await startEmulator(
  ...['--database', database, '--run-duration', '5ms..50ms', '--concurrency', '50'],
);
const engine = { type: 'retell-llm', llm_id: 'llm_1' };
let requests = 0;

async function call(key, method, path, body) {
  const answer = await fetch(emulator.url + path, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  requests += 1;
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.status === 204 ? undefined : answer.json();
}

/** One user: makes, polls, reads, remembers, goes back, and now and then begins again. */
async function live(key, end) {
  for (let round = 0; Date.now() < end; round += 1) {
    const { test_case_definition_id: id } = await call(
      key,
      'POST',
      '/create-test-case-definition',
      {
        ...{ name: `Case ${round}`, response_engine: engine },
        ...{ user_prompt: 'You want help.', metrics: ['It helps'] },
      },
    );
    const { test_case_batch_job_id: batch } = await call(key, 'POST', '/create-batch-test', {
      test_case_definition_ids: Array.from({ length: 20 }, () => id),
      response_engine: engine,
    });
    await call(key, 'GET', `/_emulator/batch-tests/${batch}/wait`);
    await call(key, 'GET', `/v2/list-test-runs/${batch}`);
    await call(key, 'DELETE', `/delete-test-case-definition/${id}`);
    if (round % 20 === 5) await call(key, 'POST', '/_emulator/snapshots/s');
    if (round % 20 === 15) await call(key, 'POST', '/_emulator/snapshots/s/restore');
    if (round % 100 === 99) await call(key, 'POST', '/_emulator/reset', {});
  }
}

function measure() {
  const wal = `${database}-wal`;
  return {
    memory: emulator.memory(),
    descriptors: readdirSync(`/proc/${emulator.pid}/fd`).length,
    wal: statSync(wal, { throwIfNoEntry: false })?.size ?? 0,
  };
}

const start = Date.now();
const end = start + seconds * 1000;
const samples = [];
const timer = setInterval(
  () => {
    const sample = measure();
    samples.push(sample);
    const { memory, descriptors, wal } = sample;
    const time = `${Math.round((Date.now() - start) / 1000)} s`.padStart(7);
    console.log(
      `${time} ${String(requests).padStart(9)} requests, ${memory.toFixed(1)} MiB, ${descriptors} descriptors, WAL ${(wal / 2 ** 20).toFixed(1)} MiB`,
    );
  },
  (seconds * 1000) / 10,
);
await Promise.all(Array.from({ length: 8 }, (_, index) => live(`key_${index}`, end)));
clearInterval(timer);
await emulator.end();
rmSync(folder, { recursive: true, force: true });

const half = samples.slice(Math.floor(samples.length / 2));
const growth = (name) => half.at(-1)[name] / Math.max(half[0][name], 1);
const ratios = { memory: growth('memory'), descriptors: growth('descriptors'), wal: growth('wal') };
console.log(`second half, end / beginning: ${JSON.stringify(ratios)}`);
if (ratios.memory > 1.3 || ratios.descriptors > 1.5 || half.at(-1).wal > 2 ** 26) process.exit(1);
