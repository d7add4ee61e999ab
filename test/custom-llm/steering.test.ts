import { expect, test } from 'vitest';
import { advance } from '../support/control.js';
import { readCall } from '../support/calls.js';
import { placeLlmCall, userSays } from '../support/llm-calls.js';
import { startLlmServer } from '../support/llm-server.js';

const socketFaults = ['drop', 'supersede', 'double', 'corrupt', 'late-connect'] as const;

test.for(socketFaults)(
  '%s by a rule: a server that keeps to the protocol answers',
  async (fault) => {
    const server = await startLlmServer();
    const { client, id } = await placeLlmCall(server.url, {
      outcome: { transcript: userSays('One two three four'), socketFaults: [{ fault }] },
    });
    await advance(client, { until: 'idle' });
    const {
      transcript,
      start_timestamp: start = 0,
      end_timestamp: end = 0,
    } = await readCall(client, id);
    expect(transcript).toMatch(/User: One two three four\nAgent: You said: One two three four$/);
    const counts = {
      connections: server.urls.length,
      requests: server.sent('response_required').map(({ response_id }) => response_id),
      garbage: server.garbage.length,
    };
    const usual = { connections: 1, requests: [1], garbage: 0 };
    expect(counts).toEqual({
      ...usual,
      ...(fault === 'drop' && { connections: 2 }),
      ...(fault === 'supersede' && { requests: [1, 2] }),
      ...(fault === 'double' && { requests: [1, 1] }),
      ...(fault === 'corrupt' && { garbage: 1 }),
    });
    if (fault === 'late-connect') expect(end - start).toBeGreaterThan(8000);
  },
);

test('by hand: the user speaks when told to, and the server answers', async () => {
  const server = await startLlmServer();
  const { client, id } = await placeLlmCall(server.url, { settings: { progression: 'manual' } });
  await client.call('POST', `/_emulator/calls/${id}/answer`);
  await advance(client, '5s');
  await client.call('POST', `/_emulator/calls/${id}/say`, { role: 'user', content: 'Hello?' });
  await advance(client, '5s');
  const agent = { role: 'agent', content: 'No' };
  const { status } = await client.send({
    ...{ method: 'POST', url: `/_emulator/calls/${id}/say`, payload: agent },
  });
  expect(status).toBe(409);
  await client.call('POST', `/_emulator/calls/${id}/hang-up`, { by: 'user' });
  expect((await readCall(client, id)).transcript).toBe(
    'Agent: Hello, this is the front desk.\nUser: Hello?\nAgent: You said: Hello?',
  );
  await expect.poll(() => server.closes).toEqual([1000]);
});

test('stop-call cuts what the agent is saying, and closes the connection', async () => {
  const server = await startLlmServer();
  const { client, id } = await placeLlmCall(server.url);
  await advance(client, '1s');
  await advance(client, '900ms');
  await client.call('POST', `/v2/stop-call/${id}`);
  expect(await readCall(client, id)).toMatchObject({
    disconnection_reason: 'manual_stopped',
    transcript: 'Agent: Hello, this',
  });
  await expect.poll(() => server.closes).toEqual([1000]);
});

test('with progression immediate the call is over as soon as the server has said its part', async () => {
  const server = await startLlmServer();
  const { client, id } = await placeLlmCall(server.url, {
    settings: { progression: 'immediate' },
    outcome: { transcript: userSays('A') },
  });
  await expect
    .poll(() => readCall(client, id))
    .toMatchObject({
      call_status: 'ended',
      disconnection_reason: 'user_hangup',
      transcript: 'Agent: Hello, this is the front desk.\nUser: A\nAgent: You said: A',
      call_analysis: { call_successful: true },
    });
});

test('a reset of the workspace ends its sessions', async () => {
  const server = await startLlmServer();
  const { client } = await placeLlmCall(server.url);
  await advance(client, '2s');
  expect(server.urls).toHaveLength(1);
  await client.call('POST', '/_emulator/reset');
  await expect.poll(() => server.closes).toEqual([1000]);
});

test('a call that a snapshot brings back has lost its connection', async () => {
  const server = await startLlmServer();
  const { client, id } = await placeLlmCall(server.url);
  await advance(client, '2s');
  await client.call('POST', '/_emulator/snapshots/during');
  await client.call('POST', '/_emulator/snapshots/during/restore');
  expect(await readCall(client, id)).toMatchObject({
    call_status: 'error',
    disconnection_reason: 'error_llm_websocket_lost_connection',
  });
});
