import { connect, type AddressInfo } from 'node:net';
import Retell, {
  APIConnectionError,
  APIConnectionTimeoutError,
  AuthenticationError,
  InternalServerError,
  NotFoundError,
  RateLimitError,
} from 'retell-sdk';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startEmulator, type FaultInput, type StartOptions, type Workspace } from '../src/index.js';
import { buildTestApp } from './support/emulator.js';

const engine = { type: 'retell-llm', llm_id: 'llm_1' } as const;
const request = { response_engine: engine, test_case_definition_ids: ['a'] };

type ClientOptions = ConstructorParameters<typeof Retell>[0];

async function start(options: StartOptions = {}, clientOptions: ClientOptions = {}) {
  const emulator = await startEmulator(options);
  onTestFinished(() => emulator.close());
  const workspace = emulator.workspace('key_sdk');
  return { emulator, workspace, client: clientOf(workspace, clientOptions) };
}

const clientOf = ({ apiKey, url }: Workspace, options: ClientOptions = {}) =>
  new Retell({ apiKey, baseURL: url, maxRetries: 0, ...options });

const statusesOf = async (workspace: Workspace) =>
  (await workspace.requests.list()).items.map(({ status, attempt }) => [status, attempt]);

describe('the SDK', () => {
  // facts.md 48, 49
  it('retries after 429 when Retry-After says so, and succeeds', async () => {
    const { workspace, client } = await start({}, { maxRetries: 2 });
    const headers = { 'retry-after-ms': '1' };
    await workspace.faults.add({ times: 2, error: { status: 429, headers } });
    const batch = await client.tests.createBatchTest(request);
    expect(batch.status).toBe('in_progress');
    expect(await statusesOf(workspace)).toEqual([
      [429, 0],
      [429, 1],
      [201, 2],
    ]);
    const engine = { type: 'retell-llm' as const, llm_id: 'llm_1' };
    expect((await client.tests.listBatchTests(engine)).items).toHaveLength(1);
  });

  // facts.md 49
  it('waits for Retry-After, and does not try again when x-should-retry says so', async () => {
    const { workspace, client } = await start({}, { maxRetries: 2 });
    await workspace.faults.add({
      times: 1,
      error: { status: 429, headers: { 'Retry-After': '1' } },
    });
    // The SDK asks for this very pause; here it is over at once.
    const real = setTimeout;
    const pauses: (number | undefined)[] = [];
    const timers = vi
      .spyOn(globalThis, 'setTimeout')
      .mockImplementation((wake: () => void, duration?: number) => {
        pauses.push(duration);
        return real(wake, duration === 1000 ? 0 : duration);
      });
    await client.tests.createBatchTest(request);
    timers.mockRestore();
    expect(pauses).toContain(1000);
    expect(await statusesOf(workspace)).toEqual([
      [429, 0],
      [201, 1],
    ]);
    await workspace.requests.clear();
    const headers = { 'x-should-retry': 'false' };
    await workspace.faults.add({ error: { status: 503, headers } });
    await expect(client.tests.createBatchTest(request)).rejects.toThrow(InternalServerError);
    expect(await statusesOf(workspace)).toEqual([[503, 0]]);
  });

  it('surfaces RateLimitError without retries', async () => {
    const { workspace, client } = await start({ rateLimit: '1/1h' });
    await client.tests.createBatchTest(request);
    const error: unknown = await client.tests.createBatchTest(request).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(RateLimitError);
    expect((error as RateLimitError).headers.get('retry-after')).toBe('3600');
    await workspace.clock.advance('1h');
    await client.tests.createBatchTest(request);
  });

  it('sends a preference, and gets the answer that it asks for', async () => {
    const { client } = await start();
    const prefer = (value: string) =>
      client.tests.getBatchTest('x', { headers: { Prefer: value } });
    await expect(prefer('code=429')).rejects.toThrow(RateLimitError);
    await expect(prefer('code=500')).rejects.toThrow(InternalServerError);
    await expect(prefer('code=401')).rejects.toThrow(AuthenticationError);
  });

  it.each<FaultInput['connection']>(['reset', 'empty-response', 'truncate', 'garbage'])(
    'surfaces APIConnectionError from %s, and recovers by itself when it may retry',
    async (connection = 'reset') => {
      const { workspace, client } = await start();
      const fault = await workspace.faults.add({ times: 2, connection });
      const { test_case_batch_job_id: id } = await clientOf(workspace, {})
        .tests.createBatchTest(request)
        .catch(() => ({ test_case_batch_job_id: '' }));
      expect(id).toBe('');
      const error: unknown = await client.tests.createBatchTest(request).catch((e: unknown) => e);
      // Of a body that breaks off, the SDK passes on what fetch says.
      if (connection === 'truncate') expect(String(error)).toMatch(/terminated|closed|aborted/);
      else expect(error).toBeInstanceOf(APIConnectionError);
      expect(await workspace.faults.list()).toMatchObject([{ id: fault.id, hits: 2 }]);
      const done = connection === 'truncate';
      const { items } = await workspace.requests.list();
      const cause = { source: 'rule', rule: fault.id };
      expect(items).toMatchObject(
        Array.from({ length: 2 }, () => ({ status: done ? 201 : null, fault: cause })),
      );
      await client.tests.createBatchTest(request);
      const list = await client.tests.listBatchTests(engine);
      expect(list.items).toHaveLength(done ? 3 : 1);
    },
  );

  it('gets the fault even if the request is refused', async () => {
    const { workspace, client } = await start();
    const read = () => client.tests.getBatchTest('nowhere').catch((e: unknown) => e);
    await workspace.faults.add({ times: 1, connection: 'reset', phase: 'after' });
    expect(await read()).toBeInstanceOf(APIConnectionError);
    await workspace.faults.add({ times: 1, connection: 'truncate' });
    expect(String(await read())).toMatch(/404 (terminated|closed|aborted)/);
    await workspace.faults.add({ times: 1, drip: { chunks: 3, over: '0s' } });
    expect(await read()).toBeInstanceOf(NotFoundError);
    expect(await statusesOf(workspace)).toEqual([
      [null, 0],
      [404, 0],
      [404, 0],
    ]);
  });

  it('gives up on an answer that hangs when its timeout is over', async () => {
    const { workspace, client } = await start({}, { timeout: 50 });
    await workspace.faults.add({ times: 1, connection: 'hang' });
    await expect(client.tests.createBatchTest(request)).rejects.toThrow(APIConnectionTimeoutError);
    expect(await workspace.requests.wait({ fault: 'rule', timeout: '10s' })).toBe(1);
    expect(await statusesOf(workspace)).toEqual([[null, 0]]);
  });

  it('creates two jobs if only the answer to the first try was lost, and the journal shows why', async () => {
    const { workspace, client } = await start({}, { maxRetries: 1 });
    await workspace.faults.add({ times: 1, connection: 'reset', phase: 'after' });
    const { test_case_batch_job_id: id } = await client.tests.createBatchTest(request);
    const { items } = await client.tests.listBatchTests(engine);
    expect(items).toHaveLength(2);
    expect(items[0]?.test_case_batch_job_id).toBe(id);
    const matcher = { operation: 'createBatchTest', body: request };
    expect(await workspace.requests.expect({ ...matcher, count: 2 })).toMatchObject([
      { attempt: 0, status: null, fault: { source: 'rule' } },
      { attempt: 1, status: 201, fault: null },
    ]);
  });

  it('gets every byte of an answer that drips', async () => {
    const { workspace, client } = await start();
    const { test_case_batch_job_id: id } = await client.tests.createBatchTest(request);
    const whole = await client.tests.getBatchTest(id);
    await workspace.faults.add({ drip: { chunks: 7, over: '20ms' } });
    expect(await client.tests.getBatchTest(id)).toEqual(whole);
    const huge = { chunks: 10_000, over: '0s' };
    await workspace.faults.clear();
    await workspace.faults.add({ drip: huge });
    expect(await client.tests.getBatchTest(id)).toEqual(whole);
  });
});

describe('over a bare socket', () => {
  /** All that comes back, piece by piece. */
  function converse(port: number, path: string) {
    const socket = connect(port, '127.0.0.1');
    const pieces: string[] = [];
    let failure: string | undefined;
    socket.on('data', (chunk: Buffer) => pieces.push(chunk.toString('latin1')));
    socket.on('error', (error: NodeJS.ErrnoException) => (failure = error.code));
    const close = ['connection: close', 'authorization: Bearer key_a'];
    socket.write([`GET ${path} HTTP/1.1`, 'host: 127.0.0.1', ...close, '', ''].join('\r\n'));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    return { socket, pieces, closed, failure: () => failure };
  }

  async function arrange(fault: object) {
    const parts = buildTestApp({ initialClock: () => ({ mode: 'manual', time: 0 }) });
    const client = parts.client('key_a');
    const { test_case_batch_job_id: id } = await client.createBatchTest();
    await client.call('POST', '/_emulator/faults', fault);
    await parts.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = parts.app.server.address() as AddressInfo;
    return { ...parts, client, talk: converse(port, `/get-batch-test/${id}`) };
  }

  it('reset is a reset, and no byte', async () => {
    const { talk } = await arrange({ connection: 'reset' });
    await talk.closed;
    expect([talk.pieces, talk.failure()]).toEqual([[], 'ECONNRESET']);
  });

  it('an empty response is an end, and no byte', async () => {
    const { talk } = await arrange({ connection: 'empty-response' });
    await talk.closed;
    expect([talk.pieces, talk.failure()]).toEqual([[], undefined]);
  });

  it('garbage is no HTTP', async () => {
    const { talk } = await arrange({ connection: 'garbage' });
    await talk.closed;
    expect(talk.pieces.join('')).not.toMatch(/HTTP\/1/);
    expect(talk.pieces.join('').length).toBeGreaterThan(10);
  });

  it('a truncated answer has valid headers and half its body', async () => {
    const { talk } = await arrange({ connection: 'truncate' });
    await talk.closed;
    const [head = '', body = ''] = talk.pieces.join('').split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1]);
    expect(body.length).toBe(Math.floor(length / 2));
    expect(body).toMatch(/^\{"test_case_batch_job_id":/);
  });

  it('a hanging request gets nothing until the client goes away', async () => {
    const { talk, client } = await arrange({ connection: 'hang' });
    const seen = client.call('GET', '/_emulator/requests/wait?operation=getBatchTest');
    for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
    expect(talk.pieces).toEqual([]);
    talk.socket.destroy();
    expect(await seen).toEqual({ count: 1 });
  });

  it('drips come one after the other, by the machine’s clock', async () => {
    const { talk, clock } = await arrange({ drip: { chunks: 4, over: '4s' } });
    for (let drop = 1; drop <= 4; drop += 1) {
      while (clock.alarmCount === 0) await clock.turn();
      const before = talk.pieces.join('').length;
      await clock.advance(1000);
      while (talk.pieces.join('').length === before) await clock.turn();
    }
    await talk.closed;
    const [, body = ''] = talk.pieces.join('').split('\r\n\r\n');
    expect(JSON.parse(body)).toMatchObject({ status: 'in_progress' });
    expect(talk.pieces.length).toBeGreaterThanOrEqual(4);
  });
});

describe('workspace.requests.expect', () => {
  it('returns the requests that match', async () => {
    const { workspace, client } = await start();
    await client.tests.createBatchTest(request);
    const matcher = { operation: 'createBatchTest' };
    expect(await workspace.requests.expect(matcher)).toMatchObject([{ status: 201 }]);
    expect(await workspace.requests.expect({ ...matcher, count: 1 })).toHaveLength(1);
    expect(await workspace.requests.expect({ operation: 'getBatchTest', count: 0 })).toEqual([]);
    expect(await workspace.requests.count(matcher)).toBe(1);
    expect(await workspace.requests.find({ path: '/create-*' })).toHaveLength(1);
  });

  it('fails with the closest requests and their differences', async () => {
    const { workspace, client } = await start();
    await client.tests.createBatchTest(request);
    await client.tests.getBatchTest('x').catch(() => undefined);
    const expected = workspace.requests.expect({
      operation: 'createBatchTest',
      body: { test_case_definition_ids: ['a', 'b'], response_engine: { llm_id: 'llm_2' } },
    });
    await expect(expected).rejects.toThrow(
      [
        'expected a request like {"operation":"createBatchTest","body":{"test_case_definition_ids":["a","b"],"response_engine":{"llm_id":"llm_2"}}}, but there were 0 requests',
        'Closest others:',
        '  #1 POST /create-batch-test -> 201',
        '    body/test_case_definition_ids is ["a"], not ["a","b"]',
        '    body/response_engine/llm_id is "llm_1", not "llm_2"',
        '  #2 GET /get-batch-test/x -> 404',
        '    operation is "getBatchTest", not "createBatchTest"',
        '    body is absent, not {"test_case_definition_ids":["a","b"],"response_engine":{"llm_id":"llm_2"}}',
      ].join('\n'),
    );
    const headers = { Authorization: `Bearer ${workspace.apiKey}`, accept: 'text/plain' };
    const plain = workspace.requests.expect({ operation: 'getBatchTest', headers });
    await expect(plain).rejects.toThrow(
      '  #2 GET /get-batch-test/x -> 404\n    header accept is "application/json", not "text/plain"\n',
    );
    const foreign = workspace.requests.expect({ headers: { authorization: 'Bearer z' } });
    await expect(foreign).rejects.toThrow(
      '    header authorization is "[redacted]", not "Bearer z"',
    );
    const twice = workspace.requests.expect({ operation: 'getBatchTest', count: 2 });
    await expect(twice).rejects.toThrow(
      'expected 2 requests like {"operation":"getBatchTest"}, but',
    );
    await workspace.requests.clear();
    await expect(workspace.requests.expect({})).rejects.toThrow('There were no others.');
  });
});
