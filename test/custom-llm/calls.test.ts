import { expect, test } from 'vitest';
import { advance } from '../support/control.js';
import { readCall } from '../support/calls.js';
import { explain, placeLlmCall, userSays } from '../support/llm-calls.js';
import { startLlmServer, type ServedConnection } from '../support/llm-server.js';

test('the server of an agent holds the conversation of its call', async () => {
  const server = await startLlmServer();
  const outcome = { transcript: userSays('A table, please', 'Thanks') };
  const { client, id } = await placeLlmCall(server.url, { outcome });
  await advance(client, { until: 'idle' });
  expect(await readCall(client, id)).toMatchObject({
    call_status: 'ended',
    disconnection_reason: 'user_hangup',
    transcript: [
      'Agent: Hello, this is the front desk.',
      'User: A table, please',
      'Agent: You said: A table, please',
      'User: Thanks',
      'Agent: You said: Thanks',
    ].join('\n'),
    latency: { llm: { num: 2 }, e2e: { num: 2 } },
  });
  expect(server.urls).toEqual([`/llm/${id}`]);
  await expect.poll(() => server.closes).toEqual([1000]);
});

test('without an order the user says something, the same for the same seed', async () => {
  const server = await startLlmServer();
  const settings = { seed: 'seed_1' };
  const transcripts = [];
  for (let count = 0; count < 2; count += 1) {
    const { client, id } = await placeLlmCall(server.url, { settings });
    await advance(client, { until: 'idle' });
    transcripts.push((await readCall(client, id)).transcript);
  }
  expect(transcripts[0]).toMatch(/^Agent: Hello.*\nUser: .*\nAgent: You said: /);
  expect(transcripts[1]).toBe(transcripts[0]);
});

const details = { response_type: 'config', config: { call_details: true } };

test('call details, tool calls and the call’s id in the URL are as documented', async () => {
  const server = await startLlmServer({
    onOpen: ({ say, respond }) => {
      say({
        response_type: 'config',
        config: { call_details: true, transcript_with_tool_calls: true },
      });
      respond(0, 'Hello');
    },
    onFrame: ({ interaction_type: type, response_id: id }, { say, respond }) => {
      if (type !== 'response_required') return;
      say({
        ...{ response_type: 'tool_call_invocation', tool_call_id: 'tool_1', name: 'book' },
        arguments: '{"day":"Friday"}',
      });
      say({ response_type: 'tool_call_result', tool_call_id: 'tool_1', content: 'booked' });
      respond(id, 'Done');
    },
  });
  const { client, id } = await placeLlmCall(`${server.url}?tenant={{tenant}}`, {
    outcome: { transcript: userSays('Friday', 'Bye') },
    body: { retell_llm_dynamic_variables: { tenant: 'a b' }, metadata: { order: 7 } },
  });
  await advance(client, { until: 'idle' });
  expect(server.urls).toEqual([`/llm/${id}?tenant=a%20b`]);
  expect(server.sent('call_details')).toMatchObject([
    { call: { call_id: id, call_status: 'ongoing', metadata: { order: 7 } } },
  ]);
  const tools = [
    { role: 'tool_call_invocation', tool_call_id: 'tool_1', name: 'book' },
    { role: 'tool_call_result', tool_call_id: 'tool_1', content: 'booked', successful: true },
  ];
  const call = await readCall(client, id);
  expect(call.transcript_with_tool_calls?.slice(2, 4)).toMatchObject(tools);
  const [, second] = server.sent('response_required');
  expect(second?.transcript_with_tool_calls?.slice(2, 4)).toMatchObject(tools);
  expect(second?.transcript.map(({ role }) => role)).toEqual(['agent', 'user', 'agent', 'user']);
  expect(second?.transcript[0]).toMatchObject({
    words: [{ word: 'Hello', start: 0, end: 0.4 }],
  });
});

const endings: [string, object, object][] = [
  ['end_call', { end_call: true }, { disconnection_reason: 'agent_hangup' }],
  [
    'transfer_number',
    { transfer_number: '+14155550123' },
    { disconnection_reason: 'call_transfer', transfer_destination: '+14155550123' },
  ],
];

test.for(endings)('%s of the server ends the call', async ([, action, expected]) => {
  const server = await startLlmServer({ onFrame: answerWith(action) });
  const { client, id } = await placeLlmCall(server.url, {
    outcome: { transcript: userSays('Hi', 'More') },
  });
  await advance(client, { until: 'idle' });
  expect(await readCall(client, id)).toMatchObject({ call_status: 'ended', ...expected });
  expect(await explain(client, id)).toMatchObject({ decidedBy: { source: 'server' } });
});

const answerWith =
  (action: object) =>
  (
    { interaction_type: type, response_id: id }: { interaction_type: string; response_id: number },
    { respond }: ServedConnection,
  ): void => {
    if (type === 'response_required') respond(id, 'Good bye', action);
  };

test('a user who breaks in and one who is silent are ordered by a rule', async () => {
  const server = await startLlmServer();
  const { client, id } = await placeLlmCall(server.url, {
    outcome: {
      transcript: [
        { role: 'user', content: 'Sorry?', interruptAfter: 8 },
        { role: 'silence', duration: '15s' },
        ...userSays('I am here'),
        { role: 'dtmf', digit: '5' },
      ],
    },
  });
  await advance(client, { until: 'idle' });
  const { transcript, transcript_with_tool_calls: all } = await readCall(client, id);
  expect(transcript?.split('\n')).toEqual([
    'Agent: Hello,',
    'User: Sorry?',
    'Agent: You said: Sorry?',
    // The answer to the reminder.
    'Agent: You said: You said: Sorry?',
    'User: I am here',
    'Agent: You said: I am here',
    'Agent: You said: You said: I am here',
  ]);
  expect(all).toContainEqual({ role: 'dtmf', digit: '5' });
  expect(server.sent('reminder_required')).toHaveLength(1);
});

test('the frames in both directions are shown', async () => {
  const server = await startLlmServer({
    onOpen: ({ say, respond }) => {
      say({ response_type: 'response', response_id: 7, content: 'Early', content_complete: true });
      say(details);
      respond(0, '');
    },
  });
  const { client, id } = await placeLlmCall(server.url, { outcome: { transcript: userSays('A') } });
  await advance(client, { until: 'idle' });
  const { customLlm } = await explain(client, id);
  const shown = customLlm?.frames.map(({ direction, text }) => `${direction} ${text}`) ?? [];
  expect(shown[0]).toBe(`note connecting to ${server.url}/${id}`);
  expect(shown).toContain('note response_id 7 is not taken: nobody asked for it, the newest is 0');
  expect(shown).toContainEqual(expect.stringMatching(/^received .*"call_details":true/));
  expect(shown).toContainEqual(
    expect.stringMatching(/^sent .*"response_required","response_id":1/),
  );
  expect(shown.at(-1)).toBe('note the call ends: user_hangup');
});

test('a host that was not allowed is not connected to: the conversation is made up', async () => {
  const url = 'wss://llm.example.com/socket';
  const { client, id } = await placeLlmCall(url);
  await advance(client, { until: 'idle' });
  const call = await readCall(client, id);
  expect(call.transcript).toMatch(/^Agent: /);
  expect(await explain(client, id)).not.toHaveProperty('customLlm');
  const { items } = await client.call<{ items: { operation: string; warnings: string[] }[] }>(
    'GET',
    '/_emulator/requests?operation=createPhoneCall',
  );
  expect(items[0]?.warnings.join()).toContain(
    'llm.example.com is not this machine, and was not allowed by webhookAllow',
  );
});

test('customLlm "simulate" connects to nobody, and "connect" fails where it may not', async () => {
  const server = await startLlmServer();
  const simulated = await placeLlmCall(server.url, { settings: { customLlm: 'simulate' } });
  await advance(simulated.client, { until: 'idle' });
  expect(await readCall(simulated.client, simulated.id)).toMatchObject({ call_status: 'ended' });
  expect(server.urls).toEqual([]);
  const failing = await placeLlmCall('wss://llm.example.com', {
    settings: { customLlm: 'connect' },
  });
  await failing.whileTimePasses(
    advance(failing.client, { until: 'idle' }),
    'the connection failed',
  );
  expect(await readCall(failing.client, failing.id)).toMatchObject({
    call_status: 'error',
    disconnection_reason: 'error_llm_websocket_open',
  });
});

test('a server that is not there ends the call as error_llm_websocket_open', async () => {
  const { client, id, whileTimePasses } = await placeLlmCall('ws://127.0.0.1:1');
  await whileTimePasses(advance(client, { until: 'idle' }), 'the connection failed');
  expect(await readCall(client, id)).toMatchObject({
    call_status: 'error',
    disconnection_reason: 'error_llm_websocket_open',
    start_timestamp: expect.any(Number) as number,
  });
  const { customLlm } = await explain(client, id);
  const failures = customLlm?.frames.filter(({ text }) => text.startsWith('the connection failed'));
  expect(failures).toHaveLength(3);
});

test('a connection that breaks is opened again, and the call goes on', async () => {
  const server = await startLlmServer({
    onFrame: ({ interaction_type: type, response_id: id }, { socket, number, respond }) => {
      if (type !== 'response_required') return;
      if (number === 1) socket.terminate();
      else respond(id, `Connection ${String(number)}`);
    },
  });
  const { client, id } = await placeLlmCall(server.url, { outcome: { transcript: userSays('A') } });
  await advance(client, { until: 'idle' });
  expect((await readCall(client, id)).transcript).toBe(
    'Agent: Hello, this is the front desk.\nUser: A\nAgent: Connection 2',
  );
});
