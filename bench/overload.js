// Too many clients, and rude ones: 5,000 open connections, pipelining, clients that wait, clients that
// never read, a log that nobody reads, and calls whose webhooks nobody takes (overload-calls.js).
// Fails if the emulator does not say that it is ready all the time, or memory is not bounded.
// Usage: node bench/overload.js [CONNECTIONS]
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { overloadCalls } from './overload-calls.js';
import { cli, startEmulator } from './processes.js';

const count = Number(process.argv[2] ?? 5000);
const emulator = await startEmulator('--database', ':memory:', '--clock', 'manual');
const port = Number(new URL(emulator.url).port);
const authorization = 'authorization: Bearer key_a';
const answer = await fetch(`${emulator.url}/create-batch-test`, {
  method: 'POST',
  headers: { authorization: 'Bearer key_a', 'content-type': 'application/json' },
  body: JSON.stringify({
    test_case_definition_ids: Array.from({ length: 1000 }, (_, index) => `case ${index}`),
    response_engine: { type: 'retell-llm', llm_id: 'llm_1' },
  }),
});
const { test_case_batch_job_id: id } = await answer.json();
const get = (path) => `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${authorization}\r\n\r\n`;

const open = () =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.on('error', reject);
  });
const isReady = async () => {
  const start = performance.now();
  const { status } = await fetch(`${emulator.url}/_emulator/ready`);
  assert.equal(status, 200);
  return `in ${(performance.now() - start).toFixed(0)} ms`;
};
/** @param most MiB that may be resident; from 2 GiB on, new work is turned away. */
const report = async (what, most) => {
  console.log(`${what}: ready ${await isReady()}, ${emulator.memory().toFixed(0)} MiB`);
  assert(emulator.memory() < most, `more than ${most} MiB`);
};

await report('at rest', 150);
const idle = [];
while (idle.length < count) idle.push(...(await Promise.all(Array.from({ length: 100 }, open))));
for (const socket of idle) socket.write('GET /get-batch-test/x HTTP/1.1\r\nhost: 127.0.0.1\r\n');
await report(`${count} connections with half a request each`, 300);

const pipelines = await Promise.all(Array.from({ length: 50 }, open));
let received = 0;
for (const socket of pipelines) {
  socket.on(
    'data',
    (chunk) => (received += chunk.toString('latin1').split('HTTP/1.1 200').length - 1),
  );
  socket.write(get(`/get-batch-test/${id}`).repeat(200));
}
await report('50 connections with 200 requests in a row each', 400);
while (received < 10_000) await new Promise((resolve) => setTimeout(resolve, 20));
await report('all 10,000 of them answered', 400);

// Each waiter looks at every poll.
const waiters = Array.from({ length: 20 }, () =>
  fetch(`${emulator.url}/_emulator/requests/wait?path=/v2/list-test-runs/*&timeout=60s`, {
    headers: { authorization: 'Bearer key_a' },
  }),
);
received = 0;
for (const socket of pipelines) socket.write(get(`/get-batch-test/${id}`).repeat(100));
await report('20 clients that wait for requests, and 5,000 polls', 400);
while (received < 5000) await new Promise((resolve) => setTimeout(resolve, 20));
pipelines[0].write(get(`/v2/list-test-runs/${id}?limit=1`));
for (const answer of await Promise.all(waiters)) assert.equal(answer.status, 200);
await report('all of them answered', 400);

const deaf = await Promise.all(Array.from({ length: 50 }, open));
for (const socket of deaf) {
  socket.pause();
  socket.write(get(`/list-test-runs/${id}`).repeat(20));
}
await new Promise((resolve) => setTimeout(resolve, 5000));
await report('50 clients that never read their 20 answers of 1,000 runs', 600);
// A definition of nearly 5 MB, asked for 600 times by each of three clients that read nothing.
const large = await fetch(`${emulator.url}/create-test-case-definition`, {
  method: 'POST',
  headers: { authorization: 'Bearer key_a', 'content-type': 'application/json' },
  body: JSON.stringify({
    name: 'large',
    response_engine: { type: 'retell-llm', llm_id: 'llm_1' },
    user_prompt: 'x'.repeat(4_900_000),
    metrics: ['It is read'],
  }),
});
assert.equal(large.status, 201);
const { test_case_definition_id: definition } = await large.json();
for (let client = 0; client < 3; client += 1) {
  const socket = await open();
  deaf.push(socket);
  socket.pause();
  socket.write(get(`/get-test-case-definition/${definition}`).repeat(600));
}
await new Promise((resolve) => setTimeout(resolve, 3000));
await report('3 clients that never read 600 answers of 4.9 MB', 600);
const polled = await fetch(`${emulator.url}/get-batch-test/${id}`, {
  headers: { authorization: 'Bearer key_a' },
});
assert.equal(polled.status, 200);

for (const socket of [...idle, ...pipelines, ...deaf]) socket.destroy();
await new Promise((resolve) => setTimeout(resolve, 1000));
await report('when they are gone', 600);
await emulator.end();

await writeToDeafLog(8000);
await overloadCalls();

/** Ends within seconds though its log fills a pipe that nobody reads, which takes some 64 KiB. */
async function writeToDeafLog(requests) {
  const args = ['--port', '0', '--database', ':memory:', '--log-level', 'info'];
  const child = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  while (!output.includes('\n')) output += String(await once(child.stdout, 'data'));
  const [, url] = /^Ready: (\S+)/.exec(output);
  child.stdout.resume();
  const client = { headers: { authorization: 'Bearer key_a' } };
  for (let sent = 0; sent < requests; sent += 50) {
    const answers = Array.from({ length: 50 }, () => fetch(`${url}/get-batch-test/x`, client));
    for (const answer of await Promise.all(answers)) await answer.arrayBuffer();
  }
  const metrics = await (await fetch(`${url}/_emulator/metrics`)).text();
  const [, dropped] = /^retell_emulator_log_lines_dropped_total (\d+)/m.exec(metrics);
  assert(Number(dropped) > 0, 'somebody took the log');
  const start = performance.now();
  child.kill('SIGTERM');
  const signal = AbortSignal.timeout(10_000);
  try {
    await once(child, 'exit', { signal });
  } finally {
    child.kill('SIGKILL');
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const log = `a log that nobody reads, of which ${dropped} lines were dropped`;
  console.log(`${requests} requests with ${log}: ended after ${seconds} s`);
}
