// Measures contestants side by side: rounds are interleaved, medians are compared as ratios.
// Usage: npm run bench [-- CASE…]
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import autocannon from 'autocannon';
import { measureCreations, measureDeliveries, measurePages } from './calls.js';
import {
  cli,
  hasPrism,
  here,
  startBare,
  startBuild,
  startEmulator,
  startPrism,
} from './processes.js';

const rounds = Number(process.env.BENCH_ROUNDS ?? 9);
const seconds = Number(process.env.BENCH_SECONDS ?? 1.5);
const folder = mkdtempSync(join(tmpdir(), 'retell-bench-'));
const headers = { authorization: 'Bearer key_bench', 'content-type': 'application/json' };
const engine = { type: 'retell-llm', llm_id: 'llm_1' };
const idsOf = (count) => Array.from({ length: count }, (_, index) => `case_${index}`);
const creation = (count) => ({
  method: 'POST',
  path: '/create-batch-test',
  headers,
  body: JSON.stringify({ test_case_definition_ids: idsOf(count), response_engine: engine }),
});

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
let files = 0;
const file = () => join(folder, `${(files += 1)}.sqlite`);
/** The `dist/bin.js` of another build, which takes part in the races of emulators. */
const otherBuild = process.env.BENCH_OTHER;
const emulatorsWith = (...options) => ({
  memory: () => startEmulator('--database', ':memory:', ...options),
  disk: () => startEmulator('--database', file(), ...options),
  ...(otherBuild && {
    'other build': () => startBuild(otherBuild, '--database', file(), ...options),
  }),
});
const emulators = emulatorsWith('--clock', 'manual');
const isEmulator = (name) => name in emulators;

/** A batch's creation, then `count` reads of it, by each connection in turn. */
function creationAndPolls(count) {
  const keepId = (status, body, context) => {
    context.id = JSON.parse(body).test_case_batch_job_id;
  };
  const poll = {
    headers,
    setupRequest: (request, { id }) => ({ ...request, path: `/get-batch-test/${id}` }),
  };
  return [{ ...creation(1), onResponse: keepId }, ...Array.from({ length: count }, () => poll)];
}

async function send(url, request) {
  const { method, path, body } = request;
  const answer = await fetch(url + path, { method, headers, ...(body && { body }) });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/**
 * Requests per second of each contestant, and the processor time that each took for one: by round,
 * rounds being interleaved.
 */
async function race(contestants, requestFor) {
  const running = {};
  for (const [name, start] of Object.entries(contestants)) running[name] = await start();
  const requests = {};
  for (const [name, { url }] of Object.entries(running))
    requests[name] = [await requestFor(url, name)].flat();
  const results = Object.fromEntries(
    Object.keys(running).map((name) => [name, { rates: [], costs: [] }]),
  );
  for (let round = 0; round <= rounds; round += 1) {
    for (const [name, { url, processorTime }] of Object.entries(running)) {
      const before = processorTime();
      const result = await autocannon({
        ...{ url, connections: 16, duration: seconds },
        requests: requests[name],
      });
      if (result.non2xx > 0 || result.errors > 0) {
        throw new Error(`${name}: ${result.non2xx} refused, ${result.errors} failed`);
      }
      // The first round warms up.
      if (round === 0) continue;
      results[name].rates.push(result.requests.total / result.duration);
      const cost = (processorTime() - before) / result.requests.total;
      if (!Number.isNaN(cost)) results[name].costs.push(cost * 1e6);
    }
  }
  for (const { end } of Object.values(running)) await end();
  return results;
}

/** The median of what each round gives: what one contestant is beside another, side by side. */
const ratio = (values, others) => median(values.map((value, round) => value / others[round]));

/** What a race shows, with the emulator's ratios to others by throughput, and what is reached for. */
function toResult(results, reaches) {
  const each = (key) =>
    Object.entries(results).flatMap(([name, { [key]: values }]) =>
      values.length > 0 ? [[name, median(values)]] : [],
    );
  const named = each('costs').map(([name, cost]) => [`${name}, microseconds of processor`, cost]);
  const ratios = Object.entries(reaches).flatMap(([name, reach]) => {
    const [disk, other] = [results.disk, results[name]];
    if (other === undefined) return [];
    const byRate = [`disk / ${name} (>= ${reach})`, ratio(disk.rates, other.rates)];
    if (disk.costs.length === 0) return [byRate];
    return [byRate, [`by processor time, ${name} / disk`, ratio(other.costs, disk.costs)]];
  });
  return {
    unit: 'requests per second',
    figures: Object.fromEntries([...each('rates'), ...named]),
    ratios: Object.fromEntries(ratios),
  };
}

/** How long each takes beside a Node that does nothing, rounds being interleaved. */
async function startsBesideNode(what, reach, contestants) {
  const all = { 'node -e 0': startNode, ...contestants };
  const times = Object.fromEntries(Object.keys(all).map((name) => [name, []]));
  for (let round = 0; round <= rounds * 2; round += 1) {
    for (const [name, measure] of Object.entries(all)) {
      const time = await measure();
      // The first round fills caches of files.
      if (round > 0) times[name].push(time);
    }
  }
  const { 'node -e 0': node, ...others } = times;
  return {
    unit: 'milliseconds',
    figures: Object.fromEntries(Object.entries(times).map(([name, all]) => [name, median(all)])),
    ratios: Object.fromEntries(
      Object.entries(others).map(([name, all]) => [
        `${name === 'other build' ? `${what}, ${name}` : what} / node -e 0 (<= ${reach})`,
        ratio(all, node),
      ]),
    ),
  };
}

function startNode() {
  const start = performance.now();
  execFileSync(process.execPath, ['-e', '0']);
  return performance.now() - start;
}

const withPeers = () => ({
  'bare fastify': () => startBare('fastify'),
  'bare node:http': () => startBare('http'),
  ...(hasPrism && { prism: startPrism }),
});

const cases = {
  async create() {
    const results = await race({ ...emulators, ...withPeers() }, () => creation(1));
    return toResult(results, { 'bare fastify': '0.45', prism: '10', 'other build': '0.85' });
  },
  async poll() {
    const results = await race({ ...emulators, ...withPeers() }, async (url, name) => {
      if (!isEmulator(name)) return { path: '/get-batch-test/x', headers };
      const { test_case_batch_job_id: id } = await send(url, creation(1));
      return { path: `/get-batch-test/${id}`, headers };
    });
    return toResult(results, { 'bare fastify': '0.85', 'other build': '0.95' });
  },
  async createAndPoll() {
    const results = await race(emulators, () => creationAndPolls(1));
    return toResult(results, { 'other build': '0.95' });
  },
  async createAndPollToItsEnd() {
    const options = ['--progression', 'polls=3'];
    const results = await race(emulatorsWith(...options), () => creationAndPolls(3));
    return toResult(results, { 'other build': '0.95' });
  },
  createCall: () => measureCreations({ race, toResult, emulatorsWith, headers }),
  callPages: () => measurePages({ race, ratio, median, emulatorsWith, headers }),
  deliveries: () => measureDeliveries({ database: file(), rounds, median, headers }),
  async thousand() {
    const emulator = await emulators.disk();
    const cost = { 1: [], 1000: [] };
    for (let round = 0; round <= rounds; round += 1) {
      for (const count of [1, 1000]) {
        const { requests } = await autocannon({
          ...{ url: emulator.url, connections: 1, duration: round === 0 ? 1 : seconds },
          requests: [creation(count)],
        });
        if (round > 0) cost[count].push(1000 / requests.average);
      }
    }
    await emulator.end();
    const [one, thousand] = [median(cost[1]), median(cost[1000])];
    return {
      unit: 'milliseconds',
      figures: { '1 id': one, '1,000 ids': thousand },
      ratios: { '1,000 ids / 1 id (<= 15)': thousand / one },
    };
  },
  async advance() {
    const { disk, 'other build': other } = emulatorsWith(
      ...['--clock', 'manual', '--concurrency', '1000000'],
    );
    const running = { disk: await disk(), ...(other && { 'other build': await other() }) };
    const rates = Object.fromEntries(Object.keys(running).map((name) => [name, []]));
    for (let round = 0; round < rounds; round += 1) {
      for (const [name, { url }] of Object.entries(running)) {
        for (let batch = 0; batch < 100; batch += 1) await send(url, creation(1000));
        const path = '/_emulator/clock/advance';
        const start = performance.now();
        const { runsEnded } = await send(url, { method: 'POST', path, body: '{"until":"idle"}' });
        rates[name].push((runsEnded / (performance.now() - start)) * 1000);
      }
    }
    for (const { end } of Object.values(running)) await end();
    return {
      unit: 'ended runs per second',
      figures: Object.fromEntries(
        Object.entries(rates).map(([name, values]) => [name, median(values)]),
      ),
      ratios: {
        'disk / 100,000 (>= 1)': median(rates.disk) / 100_000,
        ...(other && { 'disk / other build (>= 0.8)': ratio(rates.disk, rates['other build']) }),
      },
    };
  },
  async catchUp() {
    const emulator = await startEmulator(
      ...['--database', file(), '--clock', 'manual', '--concurrency', '1000000'],
    );
    const other = { ...headers, authorization: 'Bearer key_other' };
    const created = await fetch(`${emulator.url}/create-batch-test`, {
      ...{ method: 'POST', body: creation(1).body, headers: other },
    });
    const { test_case_batch_job_id: id } = await created.json();
    const poll = { path: `/get-batch-test/${id}`, headers: other };
    const load = (options) =>
      autocannon({ url: emulator.url, connections: 4, requests: [poll], ...options });
    const figures = { idle: [], busy: [] };
    for (let round = 0; round < rounds; round += 1) {
      figures.idle.push((await load({ duration: 2 })).latency.p99);
      for (let batch = 0; batch < 100; batch += 1) await send(emulator.url, creation(1000));
      // Only what is polled while runs come due counts.
      const polling = load({ duration: 600 });
      const path = '/_emulator/clock/advance';
      await send(emulator.url, { method: 'POST', path, body: '{"until":"idle"}' });
      polling.stop();
      figures.busy.push((await polling).latency.p99);
    }
    await emulator.end();
    const [idle, busy] = [median(figures.idle), median(figures.busy)];
    return {
      unit: 'milliseconds, p99 of a poll by another workspace',
      figures: { idle, 'while 100,000 runs come due': busy },
      // Whole milliseconds is all that the load generator tells.
      ratios: { 'busy / idle (<= 5)': busy / Math.max(idle, 1) },
    };
  },
  async start() {
    const toFirst201 = (build) => async () => {
      const start = performance.now();
      const emulator = await startBuild(build, '--database', file());
      await send(emulator.url, creation(1));
      const time = performance.now() - start;
      await emulator.end();
      return time;
    };
    return startsBesideNode('first 201', 4, {
      'command to first 201': toFirst201(cli),
      ...(otherBuild && { 'other build': toFirst201(otherBuild) }),
    });
  },
  /** What each test file pays that uses the library. */
  async library() {
    const importAndStart = (build) => () => {
      const args = [here('library-start.js'), join(dirname(build), 'index.js')];
      const times = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
      return times[0] + times[1];
    };
    return startsBesideNode('import and start', 2.5, {
      'import and start': importAndStart(cli),
      ...(otherBuild && { 'other build': importAndStart(otherBuild) }),
    });
  },
  async size() {
    const path = file();
    const emulator = await startEmulator('--database', path, '--clock', 'manual');
    const idle = emulator.memory();
    for (let batch = 0; batch < 100; batch += 1) await send(emulator.url, creation(1000));
    const advance = { method: 'POST', path: '/_emulator/clock/advance', body: '{"until":"idle"}' };
    await send(emulator.url, advance);
    await emulator.end();
    const bytes = statSync(path).size / 100_000;
    return {
      unit: 'MiB resident; bytes on disk for each run',
      figures: { 'idle memory': idle, 'bytes per run': bytes },
      ratios: { 'memory / 90 MiB (<= 1)': idle / 90, 'bytes / 150 (<= 1)': bytes / 150 },
    };
  },
};

const chosen = process.argv.slice(2);
const report = { node: process.version, cli, rounds, seconds, cases: {} };
try {
  for (const [name, run] of Object.entries(cases)) {
    if (chosen.length > 0 && !chosen.includes(name)) continue;
    const result = await run();
    report.cases[name] = result;
    console.log(`\n${name} (${result.unit})`);
    console.table(
      Object.entries(result.figures).map(([what, value]) => ({
        what,
        value: Number(value.toFixed(2)),
      })),
    );
    for (const [what, value] of Object.entries(result.ratios)) {
      console.log(`  ${what}: ${value.toFixed(2)}`);
    }
  }
  console.log(`\n${JSON.stringify(report)}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
