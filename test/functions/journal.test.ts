import { describe, expect, it } from 'vitest';
import { sign } from '../../src/outbound/signature.js';
import { callsOn, readCall } from '../support/calls.js';
import { advance } from '../support/control.js';
import { brief } from '../support/deliveries.js';
import type { TestClient } from '../support/emulator.js';
import {
  answering,
  bookTable,
  functionDeliveries,
  placeFunctionCall,
  toolEntries,
} from '../support/functions.js';
import { clientOf, start } from '../support/library.js';
import { startReceiver } from '../support/receiver.js';

const addFault = (client: TestClient, fault: object) =>
  client.send({ method: 'POST', url: '/_emulator/faults', payload: fault });

describe('the journal of deliveries', () => {
  it('finds, counts and awaits requests for functions by the name of the tool', async () => {
    const server = await answering('{"table":7}');
    const { client, id, finish } = await placeFunctionCall([bookTable(server.url)], {
      settings: { webhookUrl: 'https://elsewhere.example.com/' },
    });
    await finish();
    const matcher = { event: 'custom_function', tool: 'book_table', callId: id, status: 200 };
    const [found] = await client.call<object[]>('POST', '/_emulator/webhooks/find', {
      ...{ ...matcher, body: { name: 'book_table', args: {} } },
    });
    expect(found).toMatchObject({ url: server.url, method: 'POST' });
    const count = (body: object) => client.call('POST', '/_emulator/webhooks/count', body);
    expect(await count({ tool: 'book_table' })).toEqual({ count: 1 });
    expect(await count({ tool: 'other' })).toEqual({ count: 0 });
    expect(await count({ event: 'call_ended' })).toEqual({ count: 1 });
    const wait = '/_emulator/webhooks/wait?event=custom_function&tool=book_table&timeout=1s';
    expect(await client.call('GET', wait)).toEqual({ count: 1 });
    const near = await client.call<{ nearMisses: object[] }>(
      ...(['POST', '/_emulator/webhooks/near-misses', { ...matcher, status: 500 }] as const),
    );
    expect(near.nearMisses[0]).toMatchObject({ differences: [{ part: 'status', actual: 200 }] });
  });

  it('sends a request again for the server alone: the call keeps its result', async () => {
    const server = await answering('{"table":7}');
    const headers = { 'X-Shop': 'one' };
    const { client, id, finish } = await placeFunctionCall([
      bookTable(server.url, { method: 'PUT', headers }),
    ]);
    const call = await finish();
    const [delivery] = await functionDeliveries(client);
    const again = `/_emulator/webhooks/${delivery?.id ?? ''}/redeliver`;
    expect(await client.call('POST', again)).toMatchObject({
      ...{ state: 'delivered', tool: 'book_table', method: 'PUT' },
    });
    expect(server.received.map(({ method, headers }) => [method, headers['x-shop']])).toEqual([
      ['PUT', 'one'],
      ['PUT', 'one'],
    ]);
    expect(await readCall(client, id)).toEqual(call);
  });
});

describe('a fault rule for custom functions', () => {
  it('drops a request: the function has failed', async () => {
    const server = await answering('{}');
    const { client, finish } = await placeFunctionCall([bookTable(server.url)]);
    await addFault(client, { match: { event: 'custom_function' }, webhook: { drop: true } });
    expect(toolEntries(await finish())[1]).toMatchObject({ successful: false });
    expect(server.received).toEqual([]);
    expect((await functionDeliveries(client)).map(brief)).toEqual([
      { event: 'custom_function', state: 'dropped', statuses: [] },
    ]);
  });

  it('delays a request, and the call waits', async () => {
    const server = await answering('{}');
    const { client, finish } = await placeFunctionCall([bookTable(server.url)]);
    const match = { event: 'custom_function', tool: 'book_table' };
    await addFault(client, { match, webhook: { delay: '5s' } });
    expect(await finish()).toMatchObject({ duration_ms: 15_000 });
  });

  it('sends a request twice: the call gets one answer', async () => {
    const server = await answering('{}');
    const { client, finish } = await placeFunctionCall([bookTable(server.url)]);
    await addFault(client, { match: { event: 'custom_function' }, webhook: { duplicates: 1 } });
    const call = await finish();
    expect(toolEntries(call)).toHaveLength(2);
    expect(server.received).toHaveLength(2);
    expect(server.received[1]?.body).toBe(server.received[0]?.body);
  });

  it.each(['POST', 'GET'])('forges the signature of a %s', async (method) => {
    const server = await answering('{}');
    const { client, finish } = await placeFunctionCall([bookTable(server.url, { method })]);
    const webhook = { forgery: 'wrong-key' };
    await addFault(client, { match: { event: 'custom_function' }, webhook });
    await finish();
    const [request] = server.received;
    const signature = String(request?.headers['x-retell-signature']);
    const time = Number(/^v=(\d+)/.exec(signature)?.[1]);
    expect(signature).toBe(sign(request?.body ?? '', 'not key_a', time));
  });

  it('hits no webhook, and a rule that names no event hits no function', async () => {
    const server = await answering('{}');
    const { client, finish } = await placeFunctionCall([bookTable(server.url)], {
      settings: { webhookUrl: server.url },
    });
    await addFault(client, { match: { callId: 'x' }, webhook: { drop: true } });
    await addFault(client, { webhook: { delay: '1s' } });
    const call = await finish();
    expect(call.duration_ms).toBe(10_000);
    expect(toolEntries(call)[1]).toMatchObject({ successful: true });
  });

  it.each([
    [{ match: { event: 'custom_function' }, webhook: { holdUntil: 'call_ended' } }, 'holdUntil'],
    [{ match: { tool: 'x' }, webhook: { drop: true } }, 'custom_function'],
    [{ match: { tool: 'x' }, error: { status: 500 } }, 'only webhooks have'],
  ])('%j is refused', async (fault, words) => {
    const { client } = await placeFunctionCall([bookTable('http://127.0.0.1:1/')]);
    const { status, body } = await addFault(client, fault);
    expect(status).toBe(400);
    expect((body as { message: string }).message).toContain(words);
  });
});

describe('test runs', () => {
  it('request no custom function: they keep to their mocks', async () => {
    const server = await answering('{}');
    const { client } = callsOn();
    const { llm_id } = await client.call<{ llm_id: string }>('POST', '/create-retell-llm', {
      general_tools: [bookTable(server.url)],
    });
    const response_engine = { type: 'retell-llm', llm_id };
    const { test_case_definition_id: id } = await client.call<{ test_case_definition_id: string }>(
      ...(['POST', '/create-test-case-definition'] as const),
      {
        ...{ name: 'a', response_engine, user_prompt: 'Book a table for 2 on Friday.' },
        metrics: ['Calls book_table'],
      },
    );
    const batch = { response_engine, test_case_definition_ids: [id] };
    await client.call('POST', '/create-batch-test', batch);
    expect(await advance(client, { until: 'idle' })).toMatchObject({ runsEnded: 1 });
    expect(server.received).toEqual([]);
    expect(await functionDeliveries(client)).toEqual([]);
  });
});

describe('workspace.webhooks', () => {
  it('expects requests for functions whose code asks for the call, and says what came nearest', async () => {
    const seen: unknown[] = [];
    const server = await startReceiver(async (request, response) => {
      const { call, args } = JSON.parse(request.body) as {
        call: { call_id: string };
        args: { guests: number };
      };
      const { call_status } = await clientOf(workspace).call.retrieve(call.call_id);
      seen.push([call_status, args.guests]);
      response.end(`{"table":${String(args.guests)}}`);
    });
    const emulator = await start({ callOutcomes: 'user_hangup=1' });
    const workspace = emulator.workspace('key_a');
    const client = clientOf(workspace);
    const { llm_id } = await client.llm.create({
      general_tools: [{ ...bookTable(server.url), type: 'custom' }] as never,
    });
    const { agent_id } = await client.agent.create({
      ...{ response_engine: { type: 'retell-llm', llm_id }, voice_id: '11labs-Adrian' },
    });
    await workspace.callRules.add({
      outcome: { transcript: [{ role: 'tool', name: 'book_table', arguments: { guests: 3 } }] },
    });
    const { call_id: callId } = await client.call.createPhoneCall({
      ...{ from_number: '+14157774444', to_number: '+12137774445', override_agent_id: agent_id },
    });
    await workspace.settle();
    expect(seen).toEqual([['ongoing', 3]]);
    const expected = { event: 'custom_function', tool: 'book_table', callId } as const;
    const [request] = await workspace.webhooks.expect({ ...expected, status: 200, count: 1 });
    expect(request).toMatchObject({ body: { args: { guests: 3 } }, state: 'delivered' });
    await expect(workspace.webhooks.expect({ ...expected, status: 500 })).rejects.toThrow(
      /custom_function book_table of call_.*\n.*status is 200, not 500/,
    );
    const call = await client.call.retrieve(callId);
    expect(JSON.stringify(call.transcript_with_tool_calls)).toContain('{\\"table\\":3}');
  });
});
