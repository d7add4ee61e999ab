import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseRewrite } from '../../src/outbound/destination.js';
import { callsOn, place, readCall } from '../support/calls.js';
import { advance } from '../support/control.js';
import {
  agentWithTools,
  answering,
  bookTable,
  functionDeliveries,
  placeFunctionCall,
  toolEntries,
} from '../support/functions.js';
import { hostileReceivers, listenRaw } from '../support/hostile-receivers.js';

/** Those whose answer is one, odd as it is. The agent gets what was read of it. */
const answers: Readonly<Record<string, string>> = {
  'has a body for ever': 'x'.repeat(15_000),
  'has chunks for ever': 'x'.repeat(15_000),
  'ends its body with the connection': 'x',
  'answers twice': 'x',
  'says that it is zipped': 'x',
};

describe('a server of a custom function that', () => {
  it.each(hostileReceivers)('%s costs its own call its time at most', async (what, answer) => {
    const url = await listenRaw(answer);
    const tool = bookTable(url, { timeout_ms: 1000 });
    const { client, clock, id } = await placeFunctionCall([tool]);
    const other = await answering('fine');
    const override_agent_id = await agentWithTools(client, [bookTable(other.url)]);
    const { call_id } = await place(client, { override_agent_id });
    const progress = { isOver: false };
    const advancing = advance(client, { until: 'idle' }).finally(() => (progress.isOver = true));
    // It ends by itself, or when its time is over.
    for (let turns = 0; turns < 2000 && !progress.isOver; turns += 1) await clock.turn();
    await clock.advance(1000);
    await advancing;
    const [, result] = toolEntries(await readCall(client, id));
    const content = answers[what];
    expect(result).toMatchObject(
      content === undefined
        ? { content: expect.stringMatching(/./) as string, successful: false }
        : { content, successful: true },
    );
    const others = await readCall(client, call_id);
    expect(others).toMatchObject({ call_status: 'ended', duration_ms: 10_000 });
    expect(toolEntries(others)[1]).toMatchObject({ content: 'fine', successful: true });
  });
});

describe('custom functions of any URL', () => {
  const elsewhere = [
    ...['https://api.example.com/x', 'http://192.0.2.1/', 'http://[2001:db8::1]/', 'http://0/'],
    ...['http://localhost.example.com/', 'http://127.0.0.1.example.com/', 'http://{{host}}/'],
    ...['http://169.254.169.254/latest/meta-data', 'http://user@example.com:80/', '{{whole}}'],
  ];

  it('never connect this process to a host that was not allowed', async () => {
    const opened: Socket[] = [];
    const hosts: string[] = [];
    const watch = (message: unknown): void => {
      const { socket } = message as { socket: Socket };
      opened.push(socket);
      socket.once('connect', () => hosts.push(socket.remoteAddress ?? ''));
    };
    subscribe('net.client.socket', watch);
    onTestFinished(() => {
      unsubscribe('net.client.socket', watch);
    });
    const server = await answering('{}');
    const { client } = callsOn();
    const variables = { host: 'api.example.com', whole: 'https://api.example.com/y' };
    for (const url of [...elsewhere, server.url]) {
      const override_agent_id = await agentWithTools(client, [bookTable(url, { max_retry: 1 })]);
      await place(client, { override_agent_id, retell_llm_dynamic_variables: variables });
    }
    await advance(client, { until: 'idle' });
    const deliveries = await functionDeliveries(client);
    expect(deliveries.map(({ state }) => state).sort()).toEqual([
      'delivered',
      ...elsewhere.map(() => 'suppressed'),
    ]);
    expect(server.received).toHaveLength(1);
    // The one connection is that to the server which was allowed.
    expect([opened.length, hosts]).toEqual([1, ['127.0.0.1']]);
  });

  it('go where they are rewritten to', async () => {
    const server = await answering('rewritten');
    const rewrite = parseRewrite(`https://api.example.com=${server.url}`);
    const { finish } = await placeFunctionCall([bookTable('https://api.example.com/book?a=1')], {
      options: { outbound: { allow: [], rewrites: rewrite === undefined ? [] : [rewrite] } },
    });
    expect(toolEntries(await finish())[1]).toMatchObject({ content: 'rewritten' });
    expect(server.received).toMatchObject([{ path: '/book?a=1' }]);
  });
});
