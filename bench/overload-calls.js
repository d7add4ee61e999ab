// Thousands of calls that are due at once, whose webhooks go to receivers that are slow, deaf or endless.
// Fails if other requests are not answered meanwhile, if a receiver that is none of these has to wait for the
// others, or if memory is not bounded.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { startEmulator } from './processes.js';

const calls = 500;
const receivers = {
  slow: (response) => setTimeout(() => response.writeHead(204).end(), 300),
  deaf: () => undefined,
  endless(response) {
    response.writeHead(200);
    const write = () => {
      if (!response.destroyed) response.write('x'.repeat(1000), () => setTimeout(write, 5));
    };
    write();
  },
  good: (response) => response.writeHead(204).end(),
};

function listen(answer) {
  let taken = 0;
  const server = createServer((request, response) => {
    taken += 1;
    response.on('error', () => undefined);
    request.resume().on('end', () => answer(response));
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const url = `http://127.0.0.1:${server.address().port}`;
      const close = () => server.closeAllConnections() ?? server.close();
      resolve({ url, close, taken: () => taken });
    });
  });
}

export async function overloadCalls() {
  const started = Object.entries(receivers).map(async ([name, answer]) => [
    name,
    await listen(answer),
  ]);
  const servers = Object.fromEntries(await Promise.all(started));
  const emulator = await startEmulator(
    ...['--database', ':memory:', '--clock', 'manual', '--concurrency-limit', '1000000'],
    ...['--ring-duration', '1s', '--call-duration', '10s', '--call-outcomes', 'user_hangup=1'],
  );
  const send = async (key, method, path, body) => {
    const answer = await fetch(emulator.url + path, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  // The good receiver comes last: what is due to the others is due before.
  for (const { url } of Object.values(servers)) {
    const call = {
      ...{ from_number: '+14157774444', to_number: '+12137774445', override_agent_id: 'agent_1' },
      agent_override: { agent: { webhook_url: url, webhook_timeout_ms: 1000 } },
    };
    for (let count = 0; count < calls; count += 50) {
      const placing = Array.from({ length: 50 }, () =>
        send('key_a', 'POST', '/v2/create-phone-call', call),
      );
      await Promise.all(placing);
    }
  }
  // A thousand times as fast as time: all is due within a fraction of a second.
  await send('key_a', 'PUT', '/_emulator/clock', { mode: 'real', speed: 1000 });
  const start = performance.now();
  const since = () => performance.now() - start;
  let [slowest, answered] = [0, 0];
  while (servers.good.taken() < 3 * calls) {
    assert(since() < 120_000, `the good receiver has ${servers.good.taken()} of ${3 * calls}`);
    const before = since();
    await send('key_b', 'GET', '/_emulator/clock');
    await send('key_b', 'POST', '/v3/list-calls', {});
    slowest = Math.max(slowest, since() - before);
    answered += 2;
  }
  const others = ['slow', 'deaf', 'endless'].map((name) => `${name} ${servers[name].taken()}`);
  console.log(
    `${4 * calls} calls at once: the good receiver had its ${3 * calls} webhooks after ${(since() / 1000).toFixed(1)} s (${others.join(', ')})`,
  );
  console.log(
    `meanwhile ${answered} requests were answered, the slowest two in ${slowest.toFixed(0)} ms; ${emulator.memory().toFixed(0)} MiB`,
  );
  assert(slowest < 2000, 'other requests had to wait');
  assert(emulator.memory() < 400, 'more than 400 MiB');
  const end = performance.now();
  await emulator.end();
  assert(performance.now() - end < 10_000, 'it did not end');
  for (const { close } of Object.values(servers)) close();
}
