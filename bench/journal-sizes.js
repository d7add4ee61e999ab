// What the journal really holds in memory when it is full. Its bound of 16 MiB is on what it counts:
// the texts, and for each record and header a constant. Fails if that is less than what it holds.
// Usage: node bench/journal-sizes.js
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const { outputFiles } = await build({
  entryPoints: [fileURLToPath(new URL('../src/workspace/journal/journal.ts', import.meta.url))],
  ...{ bundle: true, write: false, platform: 'node', format: 'esm' },
});
const { createJournal } = await import(
  `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`
);

const cases = [
  { what: 'no headers, a workspace each', headers: 0, requests: 20_000 },
  { what: '12 headers, one workspace', headers: 12, requests: 2000, workspaces: 1 },
  { what: '12 headers, a workspace each', headers: 12, requests: 8000 },
  { what: '100 headers, a workspace each', headers: 100, requests: 1500 },
  { what: '1 header that no other has', headers: 1, requests: 18_000, ownNames: true },
  { what: '12 headers that no other has', headers: 12, requests: 8000, ownNames: true },
  { what: '130 headers that no other has', headers: 130, requests: 800, ownNames: true },
  { what: 'bodies of {}', headers: 12, requests: 400, workspaces: 100, body: '{},'.repeat(20_000) },
];
const bytes = 16 * 1024 * 1024;
const inMiB = (size) => (size / 1024 / 1024).toFixed(1);

let made = 0;
/** A text of its own, as the parser of HTTP makes them, and not a piece of a longer one. */
const text = (start, length) => Buffer.from(start.padEnd(length, 'x')).toString('latin1');
const newText = (length) => text(String((made += 1)), length);

const headersOf = (count, ownNames) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      ownNames ? newText(20) : text(`x-${index}-`, 20),
      newText(30),
    ]),
  );

function fill({ headers, requests, workspaces = Infinity, ownNames = false, body }) {
  const journal = createJournal({ entries: 1000, bytes });
  for (let index = 0; index < requests; index += 1) {
    const workspace = text(String(index % Math.min(workspaces, requests)), 32);
    const record = journal.add(workspace, {
      ...{ time: 1_800_000_000_000 + made, method: 'POST', url: newText(40) },
      ...{ headers: headersOf(headers, ownNames), operation: 'a', requestId: newText(36) },
    });
    if (body !== undefined) journal.keepBody(record, text(`[${index},${body}`, 0));
    Object.assign(record, { status: 201, duration: 1.5, error: newText(20) });
    journal.end(workspace, record);
  }
  return journal;
}

function held() {
  for (let round = 0; round < 4; round += 1) global.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** In a process of its own, in which nothing else comes and goes. */
function measure(one) {
  // What is compiled, and the shapes of objects, are there before.
  fill({ ...one, requests: 100 });
  const before = held();
  const journal = fill(one);
  const size = held() - before;
  const count = journal.listNames().reduce((sum, name) => sum + journal.list(name).length, 0);
  console.log(JSON.stringify({ size, count }));
}

const [, , index] = process.argv;
if (index !== undefined) {
  measure(cases[Number(index)]);
} else {
  for (const [index, { what, requests }] of cases.entries()) {
    const args = ['--expose-gc', fileURLToPath(import.meta.url), String(index)];
    const { size, count } = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
    const each = `${(size / count).toFixed(0)} bytes each`;
    console.log(`${what}: ${count} of ${requests} records hold ${inMiB(size)} MiB, ${each}`);
    assert(size <= bytes * 1.05, `more than ${inMiB(bytes)} MiB`);
  }
}
