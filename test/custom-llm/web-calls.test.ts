import { expect, test } from 'vitest';
import { callsOn, readCall } from '../support/calls.js';
import { advance } from '../support/control.js';
import type { TestOptions } from '../support/emulator.js';
import { createLlmAgent, explain, userSays } from '../support/llm-calls.js';
import { startLlmServer } from '../support/llm-server.js';

/** A web call whose conversation a server holds. */
async function createWebCall(url: string, settings: TestOptions['settings'] = {}) {
  const { client } = callsOn(settings);
  await client.call('POST', '/_emulator/call-rules', { outcome: { transcript: userSays('Hi') } });
  const agent_id = await createLlmAgent(client, url);
  const { call_id: id } = await client.call<{ call_id: string }>('POST', '/v3/create-web-call', {
    agent_id,
  });
  const join = () => client.call('POST', `/_emulator/calls/${id}/join`);
  return { client, id, join };
}

const transcript = 'Agent: Hello, this is the front desk.\nUser: Hi\nAgent: You said: Hi';

test('a web call that joins by itself is held by the server', async () => {
  const server = await startLlmServer();
  const { client, id } = await createWebCall(server.url);
  await advance(client, { until: 'idle' });
  expect(await readCall(client, id)).toMatchObject({
    ...{ call_type: 'web_call', disconnection_reason: 'user_hangup', transcript },
  });
  expect(server.urls).toEqual([`/llm/${id}`]);
});

test('a web call is connected to the server once somebody joins it', async () => {
  const server = await startLlmServer();
  const { client, id, join } = await createWebCall(server.url, { webCallJoin: 'manual' });
  await advance(client, '29s');
  expect(server.urls).toEqual([]);
  await join();
  await advance(client, { until: 'idle' });
  expect(await readCall(client, id)).toMatchObject({
    ...{ disconnection_reason: 'user_hangup', transcript },
  });
});

test('a web call that nobody joins never reaches the server', async () => {
  const server = await startLlmServer();
  for (const progression of ['time', 'immediate'] as const) {
    const { client, id } = await createWebCall(server.url, { progression, webCallJoin: 'manual' });
    await advance(client, { until: 'idle' });
    expect(await readCall(client, id)).toMatchObject({
      ...{ call_status: 'error', disconnection_reason: 'error_user_not_joined' },
    });
  }
  expect(server.urls).toEqual([]);
});

test('whoever leaves a web call closes the connection', async () => {
  const server = await startLlmServer();
  const { client, id, join } = await createWebCall(server.url, { webCallJoin: 'manual' });
  await join();
  await advance(client, '1s');
  await client.call('POST', `/_emulator/calls/${id}/leave`);
  expect(await readCall(client, id)).toMatchObject({
    ...{ disconnection_reason: 'user_hangup', transcript: 'Agent: Hello, this' },
  });
  await expect.poll(() => server.closes).toEqual([1000]);
});

test('metadata of the server is shown to the browser’s client, any JSON, in its order', async () => {
  const all = [{ slide: 3 }, [1, 'two'], 'text', null];
  const server = await startLlmServer({
    onFrame: ({ interaction_type: type, response_id }, { say, respond }) => {
      if (type !== 'response_required') return;
      for (const metadata of all) say({ response_type: 'metadata', metadata });
      respond(response_id, 'Done');
    },
  });
  const { client, id } = await createWebCall(server.url);
  await advance(client, { until: 'idle' });
  const { metadata } = await client.call<{ metadata: { index: number; metadata: unknown }[] }>(
    'GET',
    `/_emulator/calls/${id}/conversation`,
  );
  expect(metadata.map(({ index, metadata: value }) => [index, value])).toEqual([
    ...[...all.entries()],
  ]);
  const { customLlm } = await explain(client, id);
  expect(customLlm?.frames.filter(({ text }) => text.includes('"slide"'))).toHaveLength(1);
});
