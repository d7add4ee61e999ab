// Phone calls, and their webhooks.
import autocannon from 'autocannon';
import { startBare, startEmulator, startReceiver } from './processes.js';

const calls = 1000;
const path = '/_emulator/clock/advance';

const callCreation = (headers) => ({
  ...{ method: 'POST', path: '/v2/create-phone-call', headers },
  body: JSON.stringify({
    ...{ from_number: '+14157774444', to_number: '+12137774445', override_agent_id: 'agent_1' },
  }),
});

/** Options for any number of calls at once. */
const manyCalls = ['--clock', 'manual', '--concurrency-limit', '1000000'];

export async function measureCreations({ race, toResult, emulatorsWith, headers }) {
  const contestants = {
    ...emulatorsWith(...manyCalls),
    'bare fastify': () => startBare('fastify'),
  };
  const results = await race(contestants, () => callCreation(headers));
  return toResult(results, { 'bare fastify': '0.35', 'other build': '1' });
}

/**
 * Signed webhooks to a receiver in a process of its own; those of a thousand calls are due at once. Every third is of a
 * call that is talked, one of a call that is over, and one of its analysis.
 */
export async function measureDeliveries({ database, rounds, median, headers }) {
  const receiver = await startReceiver();
  const emulator = await startEmulator(
    ...['--database', database, ...manyCalls, '--webhook-url', receiver.url],
    ...['--ring-duration', '1s', '--call-duration', '10s', '--call-outcomes', 'user_hangup=1'],
  );
  const [rates, costs, receiverCosts] = [[], [], []];
  for (let round = 0; round <= rounds; round += 1) {
    await autocannon({
      url: emulator.url,
      connections: 16,
      amount: calls,
      requests: [callCreation(headers)],
    });
    const takenBefore = await receiver.taken();
    const before = [performance.now(), emulator.processorTime(), receiver.processorTime()];
    const advance = { method: 'POST', headers, body: '{"until":"idle"}' };
    const answer = await fetch(emulator.url + path, advance);
    if (!answer.ok) throw new Error(await answer.text());
    const after = [performance.now(), emulator.processorTime(), receiver.processorTime()];
    const taken = (await receiver.taken()) - takenBefore;
    if (taken !== 3 * calls) throw new Error(`${taken} of ${3 * calls} webhooks came`);
    // The first round warms up.
    if (round === 0) continue;
    const [time, cost, receiverCost] = after.map((value, index) => value - before[index]);
    rates.push((taken / time) * 1000);
    costs.push((cost / taken) * 1e6);
    receiverCosts.push((receiverCost / taken) * 1e6);
  }
  await emulator.end();
  await receiver.end();
  return {
    unit: 'webhooks per second',
    figures: {
      disk: median(rates),
      'microseconds of processor': median(costs),
      'receiver, microseconds of processor': median(receiverCosts),
    },
    ratios: { 'disk / 3,000 (>= 1)': median(rates) / 3000 },
  };
}

const agents = ['agent_1', 'agent_2', 'agent_3', 'agent_4'];

/** Pages of 50 calls of one agent, each from another time on, of few calls and of many. */
export async function measurePages({ race, ratio, median, emulatorsWith, headers }) {
  const { disk } = emulatorsWith('--clock', 'manual');
  const contestants = { '1,000 calls': disk, '1,000,000 calls': disk };
  const results = await race(contestants, async (url, name) => {
    const post = { method: 'POST', headers };
    // One load of all would take longer than fetch waits for an answer.
    for (let left = Number(name.replace(/\D/g, '')); left > 0; left -= 100_000) {
      const generate = { calls: Math.min(left, 100_000), agents };
      const load = { ...post, body: JSON.stringify({ generate }) };
      const loaded = await fetch(`${url}/_emulator/fixtures`, load);
      if (!loaded.ok) throw new Error(await loaded.text());
    }
    const { now } = await (await fetch(`${url}/_emulator/clock`, { headers })).json();
    const pages = agents.flatMap((agent_id) =>
      Array.from({ length: 5 }, (_, day) => ({
        ...post,
        path: '/v3/list-calls',
        body: JSON.stringify({
          filter_criteria: {
            agent: [{ agent_id }],
            start_timestamp: { type: 'number', op: 'le', value: now - day * 86_400_000 },
          },
        }),
      })),
    );
    for (const { body } of pages) {
      const { items } = await (await fetch(`${url}/v3/list-calls`, { ...post, body })).json();
      if (items.length !== 50) throw new Error(`a page of ${items.length} calls`);
    }
    return pages;
  });
  const [few, many] = Object.values(results);
  return {
    unit: 'pages per second',
    figures: Object.fromEntries(
      Object.entries(results).flatMap(([name, { rates, costs }]) => [
        [name, median(rates)],
        [`${name}, microseconds of processor`, median(costs)],
      ]),
    ),
    ratios: {
      '1,000,000 / 1,000, time of a page (<= 1.2)': ratio(few.rates, many.rates),
      'by processor time': ratio(many.costs, few.costs),
    },
  };
}
