import Retell from 'retell-sdk';
import { describe, expect, it } from 'vitest';
import type { Call } from '../support/calls.js';
import {
  answering,
  bookTable,
  functionDeliveries,
  placeFunctionCall,
  toolEntries,
} from '../support/functions.js';
import { newYear } from '../support/manual-clock.js';
import { startReceiver, type ReceivedRequest } from '../support/receiver.js';

/** What a function gets. */
interface FunctionBody {
  name: string;
  args: Record<string, unknown>;
  call: Call;
}

const bodyOf = ({ body }: ReceivedRequest) => JSON.parse(body) as FunctionBody;

function argumentsOf(call: Call): unknown {
  const [invocation] = toolEntries(call);
  return invocation !== undefined && 'arguments' in invocation
    ? JSON.parse(invocation.arguments)
    : undefined;
}

const resultOf = (call: Call) => toolEntries(call)[1];

describe('a request for a custom function', () => {
  it('has the name, the call as it is at that moment, and the arguments', async () => {
    const server = await answering('{"table":7}');
    const { id, finish } = await placeFunctionCall([bookTable(`${server.url}/book?x=1`)], {
      body: { metadata: { order: 7 } },
    });
    const call = await finish();
    expect(server.received).toMatchObject([
      { method: 'POST', path: '/book?x=1', headers: { 'content-type': 'application/json' } },
    ]);
    const [body] = server.received.map(bodyOf);
    expect(Object.keys(body ?? {})).toEqual(['name', 'call', 'args']);
    expect(body).toMatchObject({
      ...{ name: 'book_table', args: argumentsOf(call) },
      call: { call_id: id, call_status: 'ongoing', metadata: { order: 7 } },
    });
    expect(body?.call).not.toHaveProperty('end_timestamp');
    // What was said until then, the invocation last.
    const told = body?.call.transcript_with_tool_calls ?? [];
    expect(told.at(-1)).toEqual(toolEntries(call)[0]);
    expect(call.transcript_with_tool_calls?.slice(0, told.length)).toEqual(told);
  });

  it('is signed over the very bytes, as a webhook is', async () => {
    const server = await answering('');
    const { finish, clock } = await placeFunctionCall([bookTable(server.url)]);
    clock.jump(Date.now() - clock.now());
    await finish();
    const [request] = server.received;
    const signature = String(request?.headers['x-retell-signature']);
    expect(signature).toMatch(/^v=\d+,d=[0-9a-f]{64}$/);
    const body = request?.body ?? '';
    const verify = (text: string) => Retell.verify(text, 'key_a', signature);
    expect([await verify(body), await verify(`${body} `)]).toEqual([true, false]);
  });

  it.each(['POST', 'PUT', 'PATCH'])(
    'has the arguments alone with args_at_root: %s',
    async (method) => {
      const server = await answering('');
      const tool = bookTable(server.url, { method, args_at_root: true });
      const call = await (await placeFunctionCall([tool])).finish();
      const got = server.received.map(({ method, body }) => [method, JSON.parse(body) as unknown]);
      expect(got).toEqual([[method, argumentsOf(call)]]);
    },
  );

  it.each(['GET', 'DELETE'])('has no body, and a signature of nothing: %s', async (method) => {
    const server = await answering('{}');
    const query_params = { day: 'mon day', day2: 'x' };
    const { finish, client } = await placeFunctionCall([
      bookTable(server.url, { method, query_params }),
    ]);
    await finish();
    const [request] = server.received;
    expect(request).toMatchObject({ method, path: '/?day=mon+day&day2=x', body: '' });
    expect(request?.headers).not.toHaveProperty('content-type');
    expect(request?.headers['x-retell-signature']).toMatch(/^v=\d+,d=/);
    expect(await functionDeliveries(client)).toMatchObject([
      { method, body: '', state: 'delivered' },
    ]);
  });

  it('has variables filled into URL, headers, query and constant arguments', async () => {
    const server = await answering('');
    const parameters = {
      type: 'object',
      properties: {
        guests: { type: 'integer' },
        who: { type: 'string', const: 'Mr. {{last_name}}' },
        what: { type: 'string', const: '{{unknown}}' },
      },
      required: ['guests', 'who', 'what'],
    };
    const tool = bookTable(`${server.url}/{{city}}/book`, {
      headers: { 'X-Call': '{{call_id}}', Authorization: 'Bearer {{token}}' },
      query_params: { from: '{{user_number}}', nothing: '{{unknown}}' },
      parameters,
    });
    const { id, finish, client } = await placeFunctionCall([tool], {
      body: { retell_llm_dynamic_variables: { city: 'Bern', last_name: 'Li', token: 'abc' } },
    });
    const call = await finish();
    const [request] = server.received;
    expect(request?.path).toBe('/Bern/book?from=%2B12137774445&nothing=%7B%7Bunknown%7D%7D');
    expect(request?.headers).toMatchObject({ 'x-call': id, authorization: 'Bearer abc' });
    expect(argumentsOf(call)).toMatchObject({ who: 'Mr. Li', what: '{{unknown}}' });
    // The journal tells no credentials.
    const [delivery] = await functionDeliveries(client);
    expect(delivery?.attempts[0]?.headers).toMatchObject({
      ...{ 'X-Call': id, Authorization: '[redacted]' },
      'x-retell-signature': request?.headers['x-retell-signature'],
    });
  });

  it('may have headers in the place of the usual ones, but none that frame it or sign it', async () => {
    const server = await answering('');
    const headers = {
      ...{ 'Content-Type': 'application/vnd.api+json', 'Content-Length': '1', Connection: 'close' },
      ...{ 'Transfer-Encoding': 'chunked', 'X-Retell-Signature': 'mine' },
    };
    const { finish } = await placeFunctionCall([bookTable(server.url, { headers })]);
    expect(resultOf(await finish())).toMatchObject({ successful: true });
    const [request] = server.received;
    expect(request?.headers).toMatchObject({
      'content-type': 'application/vnd.api+json',
      'x-retell-signature': expect.stringMatching(/^v=/) as string,
    });
    expect(request?.headers).not.toHaveProperty('transfer-encoding');
  });

  it('that HTTP does not allow fails, and says why', async () => {
    const headers = { 'X-A': 'a\nb' };
    const { finish } = await placeFunctionCall([bookTable('http://127.0.0.1:9/', { headers })]);
    expect(resultOf(await finish())).toMatchObject({
      content: 'Invalid character in header content ["X-A"]',
      successful: false,
    });
  });
});

describe('the result of a custom function', () => {
  it.each(['{"a": 1}', 'plain words', '', '"\\u0000"', 'ünï 😀'])(
    'is the text of the answer: %s',
    async (text) => {
      const server = await answering(text, 201);
      const { finish } = await placeFunctionCall([bookTable(server.url)]);
      expect(resultOf(await finish())).toMatchObject({ content: text, successful: true });
    },
  );

  it.each([
    ['x'.repeat(40_000), 15_000],
    ['ü'.repeat(40_000), 15_000],
    [`x${'😀'.repeat(40_000)}`, 14_999],
  ])('is cut at 15,000 characters, and never within one', async (text, length) => {
    const server = await answering(text);
    const { finish } = await placeFunctionCall([bookTable(server.url)]);
    const content = text.slice(0, length);
    expect(resultOf(await finish())).toMatchObject({ content, successful: true });
  });

  it.each([301, 400, 404, 500])('has failed if it is answered with %i', async (status) => {
    const server = await startReceiver((_request, response) => {
      response.writeHead(status, { location: '/other' }).end('no');
    });
    const { finish } = await placeFunctionCall([bookTable(server.url)]);
    expect(resultOf(await finish())).toMatchObject({
      content: `Request failed with status code ${String(status)}`,
      successful: false,
    });
    expect(server.received).toHaveLength(1);
  });

  it('is that of the last attempt, after pauses that double, on the workspace’s clock', async () => {
    const server = await startReceiver((_request, response) => {
      response.writeHead(server.received.length < 4 ? 503 : 200).end('at last');
    });
    const { client, finish } = await placeFunctionCall([bookTable(server.url, { max_retry: 5 })]);
    const call = await finish();
    expect(resultOf(call)).toMatchObject({ content: 'at last', successful: true });
    const [delivery] = await functionDeliveries(client);
    expect(delivery).toMatchObject({ state: 'delivered', tool: 'book_table' });
    const times = delivery?.attempts.map(({ time }) => time) ?? [];
    const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(pauses).toHaveLength(3);
    for (const [index, pause] of pauses.entries()) {
      expect(pause).toBeGreaterThanOrEqual(1000 * 2 ** index);
      expect(pause).toBeLessThanOrEqual(1250 * 2 ** index);
    }
    // What the function took is added to the call, which was planned to be talked for ten seconds.
    const waited = pauses.reduce((sum, pause) => sum + pause, 0);
    expect(call.duration_ms).toBe(10_000 + waited);
    expect(call.end_timestamp).toBe(newYear + 11_000 + waited);
  });

  it('has failed after one attempt unless the tool says otherwise', async () => {
    const server = await answering('', 500);
    const once = await placeFunctionCall([bookTable(server.url)]);
    await once.finish();
    expect(server.received).toHaveLength(1);
    const again = await placeFunctionCall([bookTable(server.url, { max_retry: 2 })]);
    await again.finish();
    expect(server.received).toHaveLength(4);
    expect(await functionDeliveries(once.client)).toMatchObject([{ state: 'failed' }]);
  });
});
