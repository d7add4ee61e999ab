import { describe, expect, it } from 'vitest';
import type { Fixtures } from '../../src/simulation/fixtures/fixtures.js';
import { callsOn, place, readCall } from '../support/calls.js';
import { advance } from '../support/control.js';
import { brief, listDeliveries } from '../support/deliveries.js';
import type { TestClient } from '../support/emulator.js';
import {
  agentWithTools,
  bookTable,
  explain,
  functionDeliveries,
  placeFunctionCall,
  toolEntries,
} from '../support/functions.js';
import { startReceiver } from '../support/receiver.js';
import { restarts } from '../support/restarts.js';

/** A server that answers when it is told to, and a call that waits for it. */
async function waitingCall(tool: object = {}) {
  const answers: ((text?: string) => void)[] = [];
  const server = await startReceiver((_request, response) => {
    answers.push((text = 'done') => response.end(text));
  });
  const parts = await placeFunctionCall([bookTable(server.url, tool)]);
  const { client } = parts;
  const advancing = client.send({
    ...{ method: 'POST', url: '/_emulator/clock/advance', payload: { until: 'idle' } },
  });
  await expect.poll(() => answers.length).toBe(1);
  const answer = (text?: string): void => {
    for (const send of answers.splice(0)) send(text);
  };
  return { ...parts, server, answers, advancing, answer };
}

const post = (client: TestClient, url: string, payload: object = {}) =>
  client.send({ method: 'POST', url, payload });

describe('a call whose function has not answered', () => {
  it.each([
    ['stop-call', 'manual_stopped', (id: string) => `/v2/stop-call/${id}`, {}],
    ['hanging up', 'user_hangup', (id: string) => `/_emulator/calls/${id}/hang-up`, { by: 'user' }],
    [
      'a mistake',
      'error_asr',
      (id: string) => `/_emulator/calls/${id}/end`,
      { disconnectionReason: 'error_asr' },
    ],
  ])('is ended by %s, without the result', async (_name, reason, pathOf, body) => {
    const { client, id, advancing, answer } = await waitingCall();
    expect((await post(client, pathOf(id), body)).status).toBeLessThan(300);
    answer();
    expect((await advancing).status).toBe(200);
    const call = await readCall(client, id);
    expect(call.disconnection_reason).toBe(reason);
    expect(toolEntries(call)).toMatchObject([{ role: 'tool_call_invocation' }]);
    expect(call).toHaveProperty('call_analysis');
    // It was answered, but nobody wanted to know any more.
    expect((await functionDeliveries(client)).map(brief)).toEqual([
      { event: 'custom_function', state: 'delivered', statuses: [200] },
    ]);
  });

  it('is not asked for again once it is over', async () => {
    const server = await startReceiver((_request, response) => {
      response.writeHead(500).end();
    });
    const { client, id } = await placeFunctionCall([bookTable(server.url, { max_retry: 5 })]);
    await advance(client, '11s');
    const before = server.received.length;
    expect(before).toBeGreaterThan(0);
    await post(client, `/v2/stop-call/${id}`);
    await advance(client, { until: 'idle' });
    expect(server.received).toHaveLength(before);
    expect(await functionDeliveries(client)).toMatchObject([
      { state: 'cancelled', error: 'the call was over before' },
    ]);
  });

  it('can be deleted', async () => {
    const { client, id, advancing, answer } = await waitingCall({ max_retry: 1 });
    expect((await client.send({ method: 'DELETE', url: `/v2/delete-call/${id}` })).status).toBe(
      204,
    );
    answer();
    expect((await advancing).status).toBe(200);
    expect((await client.send({ method: 'GET', url: `/v2/get-call/${id}` })).status).toBe(404);
  });

  it('is gone with its workspace', async () => {
    const { client, advancing, answer, emulator } = await waitingCall();
    await post(client, '/_emulator/reset');
    answer();
    expect((await advancing).status).toBe(409);
    expect(emulator.store.deliveries.listWorkspaces()).toEqual([]);
    expect(await listDeliveries(client)).toEqual([]);
  });

  it('ends when it has become too long', async () => {
    const server = await startReceiver((_request, response) => {
      response.writeHead(500).end();
    });
    const { client, id } = await placeFunctionCall([bookTable(server.url, { max_retry: 5 })], {
      agent: { max_call_duration_ms: 60_000 },
      settings: { callDuration: '50s' },
    });
    await advance(client, { until: 'idle' });
    // 31 s of pauses at the least.
    const call = await readCall(client, id);
    expect(call).toMatchObject({
      ...{ disconnection_reason: 'max_duration_reached', duration_ms: 60_000 },
    });
    expect(toolEntries(call)[1]).toMatchObject({ successful: false });
  });
});

describe('a snapshot of a call that waits for a function', () => {
  it('has its call ask again, each time that it is restored', async () => {
    const { client, id, server, answer, advancing } = await waitingCall();
    await post(client, '/_emulator/snapshots/waiting');
    const [first] = server.received;
    answer('one');
    await advancing;
    expect(toolEntries(await readCall(client, id))[1]).toMatchObject({ content: 'one' });
    for (const text of ['two', 'three']) {
      await post(client, '/_emulator/snapshots/waiting/restore');
      expect(await explain(client, id)).toMatchObject({ awaits: { tool: 'book_table' } });
      const again = advance(client, { until: 'idle' });
      await settleWith(again, () => {
        answer(text);
      });
      expect(toolEntries(await readCall(client, id))[1]).toMatchObject({ content: text });
    }
    expect(server.received.map(({ body }) => body)).toEqual(server.received.map(() => first?.body));
    expect(server.received).toHaveLength(3);
  });
});

/** Answers what is asked until something resolves. */
async function settleWith(work: Promise<unknown>, answer: () => void): Promise<void> {
  const state = { isOver: false };
  const finished = work.finally(() => {
    state.isOver = true;
  });
  while (!state.isOver) {
    answer();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await finished;
}

describe('an export of a call that waits for a function', () => {
  it('goes on in another workspace, which asks again', async () => {
    const { client, id, server, answer, advancing } = await waitingCall();
    const fixtures = await client.call<Fixtures>('GET', '/_emulator/export');
    answer('here');
    await advancing;
    const other = callsOn();
    await other.client.call('POST', '/_emulator/fixtures?replace=true', fixtures);
    expect(await explain(other.client, id)).toMatchObject({ awaits: { tool: 'book_table' } });
    await settleWith(advance(other.client, { until: 'idle' }), () => {
      answer('there');
    });
    const [call, copy] = [await readCall(client, id), await readCall(other.client, id)];
    expect(toolEntries(call)[1]).toMatchObject({ content: 'here' });
    expect(toolEntries(copy)[1]).toMatchObject({ content: 'there' });
    expect({ ...copy, transcript_with_tool_calls: [] }).toEqual({
      ...{ ...call, transcript_with_tool_calls: [] },
    });
    expect(server.received).toHaveLength(2);
  });

  it('has what was said when the call is over', async () => {
    const { client, id, answer, advancing } = await waitingCall({
      response_variables: { table: 'table' },
    });
    answer('{"table":"by the window"}');
    await advancing;
    const fixtures = await client.call<Fixtures>('GET', '/_emulator/export');
    const other = callsOn();
    await other.client.call('POST', '/_emulator/fixtures?replace=true', fixtures);
    expect(await readCall(other.client, id)).toEqual(await readCall(client, id));
    expect(await other.client.call('GET', '/_emulator/export')).toEqual(fixtures);
  });
});

describe('after a restart', () => {
  it('a function that was not answered is asked again, and its call goes on', async () => {
    const parts = restarts();
    let isUp = false;
    const server = await startReceiver((_request, response) => {
      if (isUp) response.end('after all');
    });
    const first = parts.open();
    const override_agent_id = await agentWithTools(first.client, [bookTable(server.url)]);
    const { call_id } = await place(first.client, { override_agent_id });
    const advancing = post(first.client, '/_emulator/clock/advance', { until: 'idle' });
    while (server.received.length < 1) await parts.clock.turn();
    first.emulator.webhooks.close();
    expect((await advancing).status).toBe(503);
    await first.close();

    isUp = true;
    const second = parts.open();
    expect(await explain(second.client, call_id)).toMatchObject({ awaits: { tool: 'book_table' } });
    await advance(second.client, { until: 'idle' });
    const call = await readCall(second.client, call_id);
    expect(call).toMatchObject({ call_status: 'ended', duration_ms: 10_000 });
    expect(toolEntries(call)[1]).toMatchObject({ content: 'after all', successful: true });
    expect(server.received).toHaveLength(2);
    expect(server.received[1]?.body).toBe(server.received[0]?.body);
    await second.close();
  });
});
