// Does memory stay flat under load while the journal is on? Prints it after each part. Then come
// bodies that take hundreds of times as much once they are parsed: fails if the journal keeps that.
import assert from 'node:assert/strict';
import autocannon from 'autocannon';
import { startEmulator } from './processes.js';

const total = Number(process.argv[2] ?? 200_000);
const parts = 10;
const engine = { type: 'retell-llm', llm_id: 'llm_1' };
const headers = { authorization: 'Bearer key_soak', 'content-type': 'application/json' };

const emulator = await startEmulator('--database', ':memory:', '--clock', 'manual');
const post = async (path, body) => {
  const answer = await fetch(emulator.url + path, {
    ...{ method: 'POST', headers },
    body: JSON.stringify(body),
  });
  return answer.json();
};
const batch = await post('/create-batch-test', {
  ...{ test_case_definition_ids: ['a'], response_engine: engine },
});
const definition = await post('/create-test-case-definition', {
  ...{ name: 'Soak', response_engine: engine, user_prompt: 'x'.repeat(4000), metrics: ['m'] },
});
// A poll, a change that changes nothing, and a request that is refused.
const requests = [
  { method: 'GET', path: `/get-batch-test/${batch.test_case_batch_job_id}`, headers },
  {
    ...{ method: 'PUT', headers, body: JSON.stringify({ user_prompt: 'x'.repeat(4000) }) },
    path: `/update-test-case-definition/${definition.test_case_definition_id}`,
  },
  { method: 'POST', path: '/create-batch-test', headers, body: '{"unknown":true}' },
];

const memory = [];
for (let part = 1; part <= parts; part += 1) {
  await autocannon({ url: emulator.url, connections: 16, amount: total / parts, requests });
  memory.push(emulator.memory());
  const count = String((total / parts) * part).padStart(8);
  console.log(`${count} requests: ${memory.at(-1).toFixed(1)} MiB resident`);
}
const journal = await (
  await fetch(`${emulator.url}/_emulator/requests?limit=1000`, { headers })
).json();

// 36 MB of text, of which the journal keeps less than 16 MiB. Parsed it is more than 1 GiB.
const before = emulator.memory();
for (let count = 0; count < 600; count += 1) {
  const body = `[${count}${',{}'.repeat(20_000)}]`;
  const answer = await fetch(`${emulator.url}/create-batch-test`, {
    method: 'POST',
    headers,
    body,
  });
  assert.equal(answer.status, 400);
  await answer.arrayBuffer();
}
const after = emulator.memory();
console.log(`600 bodies of {}: ${before.toFixed(1)} MiB before, ${after.toFixed(1)} after`);
assert(after - before < 150, 'the journal holds more than the texts of its bodies');
await emulator.end();
const half = memory[parts / 2 - 1];
console.log(`in the journal: ${journal.items.length} requests`);
console.log(`second half / first half: ${(memory.at(-1) / half).toFixed(3)}`);
