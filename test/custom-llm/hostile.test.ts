import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { advance } from '../support/control.js';
import { place, readCall } from '../support/calls.js';
import { explain, placeLlmCall, userSays } from '../support/llm-calls.js';
import { startLlmServer, type ServedConnection } from '../support/llm-server.js';

type Attack = (connection: ServedConnection) => void;

const attacks: Record<string, readonly [Attack, string]> = {
  garbage: [
    ({ socket }) => {
      socket.send('{"response_type":');
    },
    'error_llm_websocket_corrupt_payload',
  ],
  'a binary frame': [
    ({ socket }) => {
      socket.send(Buffer.from('{}'));
    },
    'error_llm_websocket_corrupt_payload',
  ],
  'a frame of two megabytes': [
    ({ respond }) => {
      respond(0, 'x'.repeat(2_000_000));
    },
    'error_llm_websocket_runtime',
  ],
  'frames without end': [
    ({ socket }) => {
      const frame = JSON.stringify({ response_type: 'metadata', metadata: {} });
      for (let count = 0; count < 25_000; count += 1) socket.send(frame);
    },
    'error_llm_websocket_runtime',
  ],
  'a connection that is always reset': [
    ({ socket }) => {
      socket.terminate();
    },
    'error_llm_websocket_lost_connection',
  ],
  'a close that says nothing': [
    ({ socket }) => {
      socket.close();
    },
    'error_llm_websocket_runtime',
  ],
};

test.for(Object.entries(attacks))('%s costs its own call only', async ([, [attack, reason]]) => {
  const hostile = await startLlmServer({ onOpen: attack });
  const good = await startLlmServer();
  const { client, id } = await placeLlmCall(hostile.url, {
    outcome: { transcript: userSays('A') },
  });
  const { agent_id: override_agent_id } = await client.call<{ agent_id: string }>(
    'POST',
    '/create-agent',
    {
      response_engine: { type: 'custom-llm', llm_websocket_url: good.url },
      voice_id: '11labs-Adrian',
    },
  );
  const { call_id: other } = await place(client, { override_agent_id });
  await advance(client, { until: 'idle' });
  expect(await readCall(client, id)).toMatchObject({
    call_status: 'error',
    disconnection_reason: reason,
  });
  expect(await readCall(client, other)).toMatchObject({
    disconnection_reason: 'user_hangup',
    transcript: 'Agent: Hello, this is the front desk.\nUser: A\nAgent: You said: A',
  });
  expect((await explain(client, id)).customLlm?.frames.length).toBeLessThanOrEqual(500);
});

/** A server of plain TCP. Closes by itself. */
async function startTcpServer(onConnection: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `ws://127.0.0.1:${String(port)}`, sockets };
}

test('a server that answers the handshake with something else is not taken', async () => {
  const { url } = await startTcpServer((socket) => {
    socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n');
  });
  const { client, id, whileTimePasses } = await placeLlmCall(url);
  await whileTimePasses(advance(client, { until: 'idle' }), 'the connection failed');
  expect((await readCall(client, id)).disconnection_reason).toBe('error_llm_websocket_open');
  const { customLlm } = await explain(client, id);
  expect(customLlm?.frames.some(({ text }) => text.includes('404'))).toBe(true);
});

test('a server that never answers the handshake has seven seconds, three times', async () => {
  const { url, sockets } = await startTcpServer(() => undefined);
  const { client, id, clock } = await placeLlmCall(url);
  const idle = advance(client, { until: 'idle' });
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    await expect.poll(() => sockets.size).toBe(attempt);
    await clock.advance(7000);
    if (attempt < 3) await clock.advance(3000);
  }
  await idle;
  expect((await readCall(client, id)).disconnection_reason).toBe('error_llm_websocket_open');
});

test('a server that sends no pings is connected to again, and at last given up', async () => {
  const server = await startLlmServer({
    onOpen: ({ say }) => {
      say({ response_type: 'config', config: { auto_reconnect: true } });
    },
    onFrame: () => undefined,
  });
  const { client, id, clock } = await placeLlmCall(server.url);
  const idle = advance(client, { until: 'idle' });
  for (let connection = 1; connection <= 3; connection += 1) {
    await expect.poll(() => server.sent('ping_pong').length).toBeGreaterThanOrEqual(connection);
    await expect.poll(() => server.urls.length).toBe(connection);
    await clock.advance(5000);
  }
  await idle;
  expect((await readCall(client, id)).disconnection_reason).toBe(
    'error_llm_websocket_lost_connection',
  );
});

test('a server that never says anything is waited for, and spoken to again', async () => {
  const server = await startLlmServer({ onOpen: () => undefined, onFrame: () => undefined });
  const outcome = { transcript: userSays('Hello?', 'Is anybody there?') };
  const { client, id, clock } = await placeLlmCall(server.url, { outcome });
  const idle = advance(client, { until: 'idle' });
  await expect.poll(() => server.urls.length).toBe(1);
  for (let request = 0; request <= 2; request += 1) {
    await expect.poll(() => server.sent('response_required').length).toBe(request);
    await clock.advance(10_000);
  }
  await idle;
  expect(await readCall(client, id)).toMatchObject({
    disconnection_reason: 'user_hangup',
    transcript: 'User: Hello?\nUser: Is anybody there?',
  });
});

test('a server that does not answer a close frame is cut off', async () => {
  const server = await startLlmServer({
    onOpen: ({ socket, respond }) => {
      respond(0, 'Bye', { end_call: true });
      // From here on it reads nothing.
      socket.pause();
    },
  });
  const { client, id, clock } = await placeLlmCall(server.url);
  await advance(client, { until: 'idle' });
  expect((await readCall(client, id)).disconnection_reason).toBe('agent_hangup');
  expect(clock.alarmCount).toBeGreaterThan(0);
  await clock.advance(2000);
  await expect.poll(() => clock.alarmCount).toBe(0);
});

test('the emulator closes with a call under way', async () => {
  const server = await startLlmServer();
  const { client, emulator } = await placeLlmCall(server.url);
  await advance(client, '2s');
  expect(server.urls).toHaveLength(1);
  emulator.llmSessions.close();
  await expect.poll(() => server.closes.length).toBe(1);
});
