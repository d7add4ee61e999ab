import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { loadContract, type ContractOperation } from '../../src/contract/document.js';
import { buildTestApp, someDefinition } from '../support/emulator.js';

const json = { 'content-type': 'application/json' };
const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

const operations = (['retell', 'control'] as const).flatMap((name) =>
  loadContract(name).operations.filter(({ hasBody, form }) => hasBody && form === undefined),
);
const requestOf = ({ method, path }: ContractOperation, payload: string) => ({
  method: method.toUpperCase() as 'POST',
  url: path.replaceAll(/\{\w+\}/g, 'x'),
  headers: json,
  payload,
});

describe('a JSON body of any operation', () => {
  it.each([
    [
      'of 111 levels',
      nested(111),
      /body(\/0){98}… must not be nested more than 1[01]0 levels deep/,
    ],
    ['of 30,000 levels', `{"a":${nested(30_000)}}`, /body\/a(\/0){97}… must not be nested more/],
    [
      'with a number beyond all bounds',
      '{"a":[1e400]}',
      /body\/a\/0 must be a number below 1.8e308/,
    ],
    [
      'with half a surrogate pair',
      '{"a":"\\ud800"}',
      /body\/a must not have half a surrogate pair/,
    ],
    [
      'with half a one in a name',
      '{"a":{"\\udc00":1}}',
      /body\/a\/\ufffd must not have half a .* name/,
    ],
    ['that is no JSON', '{"a":', /body is not valid JSON/],
  ])('%s is refused', async (_what, payload, message) => {
    const { client } = buildTestApp();
    const sender = client();
    for (const operation of operations) {
      const { status, body } = await sender.send(requestOf(operation, payload));
      expect(status, operation.id).toBe(400);
      expect(body['message'], operation.id).toMatch(message);
    }
  });
});

describe('a body', () => {
  it('of 100 levels is stored, shown by the journal, and returned', async () => {
    const { client } = buildTestApp();
    // The body and the choice are a level each.
    const deep: unknown = JSON.parse(nested(98));
    const payload = { model_choice: { type: 'cascading', model: 'gpt-4.1', deep }, nodes: [] };
    const { conversation_flow_id: id } = await client().call<{ conversation_flow_id: string }>(
      'POST',
      '/create-conversation-flow',
      { start_speaker: 'agent', ...payload },
    );
    const url = `/get-conversation-flow/${id}`;
    expect(await client().call('GET', url)).toMatchObject(payload);
    await client().call('GET', '/_emulator/requests');
    const exported = await client().call<object>('GET', '/_emulator/export');
    await client('key_b').call('POST', '/_emulator/fixtures', exported);
    expect(await client('key_b').call('GET', url)).toMatchObject(payload);
  });

  it('is returned with its surrogate pairs and numbers up to the largest', async () => {
    const { client } = buildTestApp();
    const metrics = ['\u{1f600}', 'ä'];
    const { test_case_definition_id: id } = await client().createDefinition({ metrics });
    expect(await client().call('GET', `/get-test-case-definition/${id}`)).toMatchObject({
      metrics,
    });
  });

  it.each(['gzip', 'deflate, br', 'GZIP'])(
    'in the content coding %s is answered with 415',
    async (coding) => {
      const { client } = buildTestApp();
      const request = {
        method: 'POST' as const,
        url: '/create-test-case-definition',
        headers: { ...json, 'content-encoding': coding },
        payload: gzipSync(JSON.stringify(someDefinition)),
      };
      expect(await client().send(request)).toMatchObject({
        status: 415,
        body: { message: expect.stringContaining(`Content-Encoding is ${coding}.`) as string },
      });
    },
  );

  it('in the coding identity is accepted', async () => {
    const { client } = buildTestApp();
    const headers = { 'content-encoding': 'identity' };
    const request = { method: 'POST' as const, url: '/create-test-case-definition', headers };
    expect((await client().send({ ...request, payload: someDefinition })).status).toBe(201);
  });
});

describe('a body that is short but has too many parts', () => {
  it.each([
    ['/_emulator/fixtures', 1_000_000],
    ['/create-conversation-flow', 200_000],
  ])('has a limit on arrays and objects at %s: %i', async (url, most) => {
    const { client } = buildTestApp();
    const send = (payload: string) =>
      client().send({ method: 'POST', url, headers: json, payload });
    // Bodies of less than a mebibyte cannot have too many.
    const padding = 'x'.repeat(1024 * 1024);
    const many = `{"a":"\\"{","padding":"${padding}","nodes":[${'{},'.repeat(most - 2)}{}]}`;
    const { status, body } = await send(many);
    expect(status).toBe(413);
    expect(body['message']).toContain(`The limit is ${String(most)} arrays and objects.`);
    expect((await send(many.replace('{},', ''))).status).toBe(400);
  });

  it('does not count characters within strings', async () => {
    const { client } = buildTestApp();
    const user_prompt = '{[\\"'.repeat(800_000);
    await client().createDefinition({ user_prompt });
  });

  it('may have any number of rules and faults, at a cost in proportion', async () => {
    const { client } = buildTestApp();
    const outcomeRules = Array(15_000).fill({ outcome: { status: 'fail' } });
    const faults = Array(15_000).fill({ error: { status: 500 } });
    const loaded = await client().call('POST', '/_emulator/fixtures', { outcomeRules, faults });
    expect(loaded).toMatchObject({ outcomeRules: 15_000, faults: 15_000 });
  });
});

describe('a body that cannot be used', () => {
  it.each([
    ['POST', '/no-such-path', 404],
    ['POST', '/get-batch-test/x', 405],
    ['POST', '/create-phone-call-batch', 404],
    ['POST', '/v9/list-calls', 501],
    ['PUT', '/_emulator/no-such-path', 404],
    ['PUT', '/_emulator/fixtures', 405],
  ] as const)('changes nothing about %s %s: %i', async (method, url, status) => {
    const { client } = buildTestApp();
    for (const payload of ['{"a":', nested(30_000), Buffer.from([0xff])]) {
      expect((await client().send({ method, url, headers: json, payload })).status).toBe(status);
    }
  });

  it('does not hide a missing key, and does not win over a rule of the user', async () => {
    const { client, app } = buildTestApp();
    const request = { method: 'POST' as const, url: '/create-batch-test', headers: json };
    expect((await app.inject({ ...request, payload: '{' })).statusCode).toBe(401);
    const headers = { ...json, prefer: 'code=429' };
    expect((await client().send({ ...request, headers, payload: '{' })).status).toBe(429);
  });

  it('leaves the connection open', async () => {
    const { app } = buildTestApp();
    await app.listen({ host: '127.0.0.1', port: 0 });
    const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
    const head = 'POST /create-batch-test HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer key_a\r\n';
    const request = `${head}Content-Type: application/json\r\nContent-Length: 1\r\n\r\n{`;
    socket.write(request + request);
    let text = '';
    for (; text.split('is not valid JSON').length < 3;) {
      const [chunk] = (await once(socket, 'data')) as [Buffer];
      text += chunk.toString();
    }
    expect(text.match(/HTTP\/1.1 400/g)).toHaveLength(2);
    expect(text).not.toMatch(/connection: close/i);
    socket.destroy();
  });
});

describe('a request that no operation takes', () => {
  const large = Buffer.alloc(5 * 1024 * 1024 + 1, ' ');
  const bodies = {
    'that is too large': { headers: json, payload: large },
    'that is as large as a fixture': {
      headers: json,
      payload: Buffer.alloc(65 * 1024 * 1024, ' '),
    },
    'of another type': { headers: { 'content-type': 'text/plain' }, payload: 'a' },
    'of a type that is none': { headers: { 'content-type': 'x' }, payload: 'a' },
    'of no type': { headers: {}, payload: Buffer.from('a') },
    'that is compressed': {
      headers: { ...json, 'content-encoding': 'gzip' },
      payload: Buffer.from([0x1f, 0x8b]),
    },
    'that is no JSON': { headers: json, payload: '{' },
  };
  const requests = [
    ['POST', '/no-such-path', 404],
    ['POST', '/get-batch-test/x', 405],
    ['POST', '/v9/list-calls', 501],
    ['PUT', '/_emulator/no-such-path', 404],
    ['PUT', '/_emulator/fixtures', 405],
    ['POST', '/docs', 405],
  ] as const;
  const cases = Object.entries(bodies).flatMap(([what, request]) =>
    requests.map(([method, url, status]) => ({ what, request, method, url, status })),
  );

  it.each(cases)('gets $status for $method $url with a body $what', async (given) => {
    const { client } = buildTestApp();
    const { request, method, url, status } = given;
    const answer = await client().send({ method, url, ...request });
    expect(answer.status).toBe(status);
    expect(answer.headers['allow'] !== undefined).toBe(status === 405);
  });

  it.each(Object.entries(bodies).filter(([what]) => !/large|that is none/.test(what)))(
    'is ignored if the operation takes no body: one %s',
    async (_what, request) => {
      const { client } = buildTestApp();
      const missing = { method: 'DELETE' as const, url: '/delete-test-case-definition/x' };
      expect((await client().send({ ...missing, ...request })).status).toBe(404);
      const { test_case_definition_id: id } = await client().createDefinition();
      const url = `/delete-test-case-definition/${id}`;
      expect((await client().send({ ...missing, url, ...request })).status).toBe(204);
    },
  );

  it('is refused before it is read in chunks of any number', async () => {
    const { app } = buildTestApp();
    await app.listen({ host: '127.0.0.1', port: 0 });
    const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
    const head = 'POST /no-such-path HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer key_a\r\n';
    socket.write(
      `${head}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n`,
    );
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    expect(chunk.toString()).toMatch(/^HTTP\/1.1 404/);
    socket.destroy();
  });
});
