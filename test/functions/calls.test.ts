import { describe, expect, it } from 'vitest';
import { callsOn, place, readCall, type Call } from '../support/calls.js';
import { advance } from '../support/control.js';
import {
  agentWithFlow,
  agentWithTools,
  answering,
  bookTable,
  explain,
  functionDeliveries,
  placeFunctionCall,
  rolesOf,
  toolEntries,
} from '../support/functions.js';
import { newYear } from '../support/manual-clock.js';
import { startReceiver } from '../support/receiver.js';

const wordsOf = ({ transcript_with_tool_calls: entries = [] }: Call) =>
  entries.flatMap((entry) => ('words' in entry ? entry.words : []));

describe('a call with a custom function', () => {
  it('waits for the result in mid-conversation, and goes on with it', async () => {
    const server = await answering('{"table":7}');
    const { client, id, finish } = await placeFunctionCall([bookTable(server.url)]);
    const call = await finish();
    expect(rolesOf(call)).toEqual([
      ...['agent', 'user', 'tool_call_invocation', 'tool_call_result', 'agent', 'user', 'agent'],
    ]);
    expect(toolEntries(call)).toMatchObject([
      { role: 'tool_call_invocation', name: 'book_table' },
      { role: 'tool_call_result', content: '{"table":7}', successful: true },
    ]);
    const ids = toolEntries(call).map((entry) => 'tool_call_id' in entry && entry.tool_call_id);
    expect(ids).toEqual([ids[0], ids[0]]);
    expect(call).toMatchObject({ duration_ms: 10_000, disconnection_reason: 'user_hangup' });
    const starts = wordsOf(call).map(({ start = 0 }) => start);
    expect(starts).toEqual(starts.toSorted((a, b) => a - b));
    expect(wordsOf(call).at(-1)?.end).toBeLessThanOrEqual(10);
    const { webhooks } = await explain(client, id);
    expect(webhooks).toMatchObject([{ event: 'custom_function', state: 'delivered' }]);
  });

  it('says what it waits for, and nothing else happens until the result has come', async () => {
    let answer = (): void => undefined;
    const server = await startReceiver((_request, response) => {
      answer = () => response.end('done');
    });
    const { client, id } = await placeFunctionCall([bookTable(server.url)]);
    const advanced = advance(client, { until: 'idle' });
    await expect.poll(() => server.received.length).toBe(1);
    const waiting = await explain(client, id);
    const [delivery] = await functionDeliveries(client);
    expect(waiting).toMatchObject({
      ...{ status: 'ongoing', next: null, plan: { endsAt: null } },
      awaits: { tool: 'book_table', delivery: delivery?.id },
    });
    const since = waiting.awaits?.since ?? 0;
    expect(since).toBeGreaterThan(newYear + 1000);
    expect(await client.call('GET', '/_emulator/clock')).toMatchObject({ now: since });
    answer();
    await advanced;
    expect(await explain(client, id)).not.toHaveProperty('awaits');
    expect(await readCall(client, id)).toMatchObject({ call_status: 'ended', duration_ms: 10_000 });
  });

  it('has failed functions in its transcript, with the text of the error', async () => {
    const { client, finish } = await placeFunctionCall([bookTable('http://127.0.0.1:1/')]);
    const [, result] = toolEntries(await finish());
    expect(result).toMatchObject({
      content: 'connect ECONNREFUSED 127.0.0.1:1',
      successful: false,
    });
    expect(await functionDeliveries(client)).toMatchObject([{ state: 'failed' }]);
  });

  it('calls no other machine, and says how to allow it', async () => {
    const { client, finish } = await placeFunctionCall([bookTable('https://api.example.com/x')]);
    const [, result] = toolEntries(await finish());
    expect(result).toMatchObject({
      content: 'api.example.com is not this machine, and was not allowed by webhookAllow',
      successful: false,
    });
    expect(await functionDeliveries(client)).toMatchObject([{ state: 'suppressed', attempts: [] }]);
  });

  it('sets dynamic variables from the result', async () => {
    const server = await answering('{"table":{"number":7},"rooms":["blue"]}');
    const { client, finish } = await placeFunctionCall([
      bookTable(server.url, {
        response_variables: { table: '$.table.number', room: 'rooms[0]', none: '$.none' },
      }),
    ]);
    const call = await finish();
    const collected = { table: '7', room: 'blue' };
    expect(call.collected_dynamic_variables).toEqual(collected);
    const { items } = await client.call<{ items: Call[] }>('POST', '/v3/list-calls', {});
    expect(items).toMatchObject([{ collected_dynamic_variables: collected }]);
  });

  it('has nothing said about the result if the tool says so', async () => {
    const server = await answering('x');
    const silent = { speak_after_execution: false, speak_during_execution: true };
    const announced = await placeFunctionCall([
      bookTable(server.url, {
        ...silent,
        execution_message_type: 'static_text',
        execution_message_description: 'One second, please.',
      }),
    ]);
    const call = await announced.finish();
    const at = rolesOf(call).indexOf('tool_call_invocation');
    expect(call.transcript_with_tool_calls?.[at - 1]).toMatchObject({
      ...{ role: 'agent', content: 'One second, please.' },
    });
    const after = call.transcript_with_tool_calls?.[at + 2];
    expect(after).toMatchObject({ role: 'agent' });
    expect(JSON.stringify(after)).not.toMatch(/done|booked|taken care/i);
  });
});

/** A flow that looks something up, and goes on by what it finds. */
const lookUpFlow = (url: string) => {
  const say = (id: string, text: string, edges: object[] = []) => ({
    ...{ id, name: id, type: 'conversation', edges },
    instruction: { type: 'static_text', text },
  });
  const edge = (id: string, to: string, condition: object) => ({
    ...{ id, destination_node_id: to, transition_condition: condition },
  });
  const equation = (right: string) => ({
    ...{ type: 'equation', operator: '&&' },
    equations: [{ left: '{{status}}', operator: '==', right }],
  });
  return {
    tools: [
      {
        ...{ type: 'custom', name: 'look_up', tool_id: 'tool_1', url, description: 'Looks up.' },
        parameters: { type: 'object', properties: {} },
        response_variables: { status: '$.status' },
      },
    ],
    start_node_id: 'start',
    nodes: [
      say('start', 'Hello.', [
        edge('e1', 'look', { type: 'prompt', prompt: 'The user wants to look something up' }),
      ]),
      {
        ...{ id: 'look', name: 'look', type: 'function', tool_id: 'tool_1', tool_type: 'local' },
        ...{ wait_for_result: true },
        edges: [edge('e2', 'gold', equation('gold')), edge('e3', 'silver', equation('silver'))],
        else_edge: edge('e4', 'unknown', { type: 'prompt', prompt: 'Else' }),
      },
      say('gold', 'You are a gold customer.'),
      say('silver', 'You are a silver customer, {{status}}.'),
      say('unknown', 'I do not know you.'),
    ],
  };
};

describe('the conversation after a custom function', () => {
  it.each([
    ['{"status":"gold"}', 'gold', 'You are a gold customer.'],
    ['{"status":"silver"}', 'silver', 'You are a silver customer, silver.'],
    ['{"status":"new"}', 'unknown', 'I do not know you.'],
    ['no JSON', 'unknown', 'I do not know you.'],
  ])('follows the real result %s', async (answer, node, words) => {
    const server = await answering(answer);
    const { client } = callsOn();
    const override_agent_id = await agentWithFlow(client, lookUpFlow(server.url));
    const { call_id } = await place(client, { override_agent_id });
    await advance(client, { until: 'idle' });
    const call = await readCall(client, call_id);
    const nodes = (call.transcript_with_tool_calls ?? []).flatMap((entry) =>
      entry.role === 'node_transition' ? [entry.new_node_id] : [],
    );
    expect(nodes).toEqual(['start', 'look', node]);
    expect(call.transcript).toContain(words);
    expect(server.received).toHaveLength(1);
  });
});

describe('a custom function that a call rule decides', () => {
  const tool = (more: object) => ({ role: 'tool', name: 'book_table', ...more });
  const script = (...tools: object[]) => [
    { role: 'agent', content: 'Hello.' },
    ...tools,
    { role: 'user', content: 'Thanks.' },
  ];

  it('gets the arguments of the script', async () => {
    const server = await answering('{"ok":true}');
    const transcript = script(tool({ arguments: { guests: 2 } }), tool({ arguments: {} }));
    const { finish } = await placeFunctionCall([bookTable(server.url)], {
      outcome: { transcript },
    });
    const call = await finish();
    expect(server.received.map(({ body }) => (JSON.parse(body) as { args: unknown }).args)).toEqual(
      [{ guests: 2 }, {}],
    );
    expect(rolesOf(call)).toEqual([
      'agent',
      ...['tool_call_invocation', 'tool_call_result', 'tool_call_invocation', 'tool_call_result'],
      'user',
    ]);
    expect(toolEntries(call)[1]).toMatchObject({ content: '{"ok":true}' });
  });

  it('gets arguments that its schema allows where the script has none', async () => {
    const server = await answering('');
    const outcome = { transcript: script(tool({})) };
    const { finish } = await placeFunctionCall([bookTable(server.url)], { outcome });
    await finish();
    const [request] = server.received;
    const { args } = JSON.parse(request?.body ?? '') as { args: object };
    expect(args).toEqual({
      guests: expect.any(Number) as number,
      day: expect.any(String) as string,
    });
  });

  it('is not requested if the script has its result', async () => {
    const server = await answering('');
    const transcript = script(tool({ result: 'no table', successful: false }));
    const { finish } = await placeFunctionCall([bookTable(server.url)], {
      outcome: { transcript },
    });
    expect(toolEntries(await finish())[1]).toMatchObject({
      content: 'no table',
      successful: false,
    });
    expect(server.received).toEqual([]);
  });

  it('is not requested if the rule says what it gives back', async () => {
    const server = await answering('');
    const tools = { book_table: { result: '{"table":9}' } };
    for (const outcome of [{ tools }, { tools, transcript: script(tool({})) }]) {
      const { client, finish } = await placeFunctionCall([bookTable(server.url)], { outcome });
      const call = await finish();
      expect(toolEntries(call)[1]).toMatchObject({ content: '{"table":9}', successful: true });
      expect(await functionDeliveries(client)).toEqual([]);
    }
    expect(server.received).toEqual([]);
  });

  it('may come with fixtures, and for a call rule of a sequence', async () => {
    const server = await answering('real');
    const { client } = callsOn();
    const toolResult = (result: string) => ({ tools: { book_table: { result } } });
    await client.call('POST', '/_emulator/fixtures', {
      callRules: [{ sequence: [toolResult('one'), toolResult('two')] }],
    });
    const override_agent_id = await agentWithTools(client, [bookTable(server.url)]);
    const results: unknown[] = [];
    for (let count = 0; count < 2; count += 1) {
      const { call_id } = await place(client, { override_agent_id });
      await advance(client, { until: 'idle' });
      results.push(toolEntries(await readCall(client, call_id))[1]);
    }
    expect(results).toMatchObject([{ content: 'one' }, { content: 'two' }]);
    const exported = await client.call('GET', '/_emulator/export');
    expect(exported['callRules']).toMatchObject([
      { sequence: [toolResult('one'), toolResult('two')] },
    ]);
    expect(server.received).toEqual([]);
  });

  it('leaves the others to their servers', async () => {
    const server = await answering('real');
    const other = bookTable(server.url, { name: 'find_table', description: 'Finds a table.' });
    const transcript = script(tool({}), { role: 'tool', name: 'find_table' });
    const { finish } = await placeFunctionCall([bookTable(server.url), other], {
      outcome: { transcript, tools: { book_table: { result: 'by rule' } } },
    });
    const results = toolEntries(await finish()).filter((entry) => 'content' in entry);
    expect(results).toMatchObject([{ content: 'by rule' }, { content: 'real' }]);
  });
});
