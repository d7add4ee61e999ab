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
  const { memory, disk } = emulatorsWith(...manyCalls);
  const contestants = { memory, disk, 'bare fastify': () => startBare('fastify') };
  const results = await race(contestants, () => callCreation(headers));
  return toResult(results, { 'bare fastify': '0.35' });
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
