import { connect } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadContract } from '../src/contract/document.js';
import { startEmulator, type RetellEmulator } from '../src/index.js';
import { exampleRequests, type Ids } from './support/example-requests.js';
import { formText, formType } from './support/forms.js';
import { objectIds } from './support/object-example-requests.js';
import { weirdJson } from './support/weird-json.js';

/** `FUZZ_CASES=100000 npx vitest run test/fuzz.test.ts` is the long form. */
const cases = Number(process.env['FUZZ_CASES'] ?? 1500);

async function start(): Promise<RetellEmulator & { port: number }> {
  const emulator = await startEmulator({
    ...{ journalSize: 50, progression: 'immediate', validateResponses: true },
  });
  onTestFinished(() => emulator.close());
  return { ...emulator, port: Number(new URL(emulator.url).port) };
}

/**
 * Sends bytes over a connection of their own, and answers all that comes back.
 * @param isWhole whether they are a request that asks to close it. Of anything else the server would
 *   await the rest, so an end is sent; but then Node breaks off answers that are still under way.
 */
const exchange = (port: number, bytes: Buffer, isWhole: boolean): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
    // A refusal may close before all was sent.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      resolve(answer);
    });
    socket.write(bytes);
    if (!isWhole) socket.end();
  });

/** What must hold of every answer, whatever was asked; there may be several on a connection. */
function checkAnswers(received: string): void {
  // Where HTTP allows no answer, there is none.
  if (received === '') return;
  const end = received.indexOf('\r\n\r\n') + 4;
  const head = received.slice(0, end);
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]);
  expect(status, received).toBeGreaterThanOrEqual(100);
  // Not implemented, or another version of HTTP.
  expect(status < 500 || status === 501 || status === 505, received).toBe(true);
  // HEAD is answered with the length of a body that does not come.
  const isNext = received.startsWith('HTTP/', end);
  const length = isNext ? 0 : Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
  const body = received.slice(end, end + length);
  if (body !== '' && (status >= 400 || /content-type: application\/json/i.test(head))) {
    const answer = JSON.parse(body) as { error_message?: unknown };
    const text = expect.any(String) as string;
    // Observed: what a request's schema refuses has a second message. Nothing else has.
    const second = status === 400 && answer.error_message !== undefined;
    const refusal = { status: 'error', message: text, ...(second && { error_message: text }) };
    if (status >= 400) expect(answer).toEqual(refusal);
  }
  // What has no length, such as the metrics, is the last.
  if (status !== 200 || length > 0) checkAnswers(received.slice(end + length));
}

const ids: Ids = {
  ...{ definition: 'test_case_1', batch: 'test_batch_1', run: 'test_job_1' },
  ...{ llm: 'llm_1', flow: 'flow_1', agent: 'agent_1' },
  ...{ number: '+14155550100', call: 'call_1', pastCall: 'call_2' },
  listener: 'listener_1',
  ...objectIds('object_1'),
  ...{ chat: 'chat_1', pastChat: 'chat_2' },
};
const operations = [...loadContract('retell').operations, ...loadContract('control').operations];
const controlBodies: Partial<Record<string, object>> = {
  setClock: { mode: 'manual', now: 1 },
  advanceClock: { by: '1ms' },
  changeSettings: { concurrency: 2, outcomes: { pass: 1 }, progression: { polls: 2 } },
  addOutcomeRule: { match: { name: 'a' }, outcome: { status: 'pass' }, times: 1 },
  addCallRule: { match: { toNumber: '+1*' }, outcome: { ring: '1s' }, times: 1 },
  addChatRule: { match: { content: '*a*' }, outcome: { messages: [] }, times: 1 },
  receiveCall: { from_number: '+14155550101', to_number: '+14155550100' },
  sayInCall: { role: 'user', content: 'Hello' },
  hangUpCall: { by: 'user' },
  endCall: { disconnectionReason: 'dial_busy' },
  addFault: { match: { path: '/nothing' }, error: { status: 500 } },
  loadFixtures: { definitions: [], batchTests: [{ response_engine: {}, runs: [{}] }] },
  findRequests: { operation: 'getBatchTest', body: { a: 1 } },
};

/** A request that is right but for one place in its body or its address. */
const mutated = fc
  .record({
    operation: fc.constantFrom(...operations),
    place: fc.nat(),
    weird: weirdJson,
    query: fc.oneof(fc.constant(''), fc.string({ maxLength: 30 })),
    header: fc.constantFrom('x: y', 'prefer: code=429', 'x-emulator-progression: polls=2'),
    segment: fc.oneof(
      fc.constant('x'),
      fc.constantFrom('..', '%00', '%2e%2e%2f', '%zz', '__proto__', 'a'.repeat(9000), '%E0%A4%A'),
      fc.string({ minLength: 1, maxLength: 10 }).map(encodeURIComponent),
    ),
  })
  .map(({ operation, place, weird, query, segment, header }) => {
    const example = exampleRequests[operation.id];
    const path = operation.path.replaceAll(/\{\w+\}/g, segment);
    const content = example?.body?.(ids) ?? controlBodies[operation.id] ?? {};
    const isForm = example?.isForm === true;
    const text = isForm ? formText(content) : JSON.stringify(content);
    // Somewhere a value is replaced by another that is odd.
    const values = [...text.matchAll(/"(?:[^"\\]|\\.)*"(?!:)|-?\d+|true|false|null/g)];
    const hit = values[place % (values.length + 1)];
    const body =
      hit === undefined
        ? weird
        : text.slice(0, hit.index) + weird + text.slice(hit.index + hit[0].length);
    const odd = encodeURI(query).replaceAll('#', '%23');
    // Otherwise a wait for what never happens would last half a minute.
    const parts = [...(path.endsWith('/wait') ? ['timeout=0'] : []), ...(odd === '' ? [] : [odd])];
    const safeQuery = parts.length === 0 ? '' : `?${parts.join('&')}`;
    const method = operation.method.toUpperCase();
    const type = isForm ? formType : 'application/json';
    return toBytes(method, path + safeQuery, Buffer.from(body, 'latin1'), [header], type);
  });

const toBytes = (
  method: string,
  path: string,
  body: Buffer,
  extra: string[] = [],
  type = 'application/json',
): Buffer =>
  Buffer.concat([
    Buffer.from(
      [
        `${method} ${path} HTTP/1.1`,
        ...['host: 127.0.0.1', 'connection: close', 'authorization: Bearer key_fuzz'],
        ...[`content-type: ${type}`, `content-length: ${String(body.length)}`],
        ...extra,
        ...['', ''],
      ].join('\r\n'),
      'latin1',
    ),
    body,
  ]);

/** What is hardly HTTP. */
const malformed = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  fc
    .record({
      method: fc.constantFrom(
        'GET',
        'POST',
        'BREW',
        'get',
        '',
        'PRI',
        'CONNECT',
        'HEAD',
        'OPTIONS',
      ),
      path: fc.oneof(fc.string({ maxLength: 40 }), fc.constantFrom('*', '//', '/%', 'http://x/')),
      version: fc.constantFrom('HTTP/1.1', 'HTTP/1.0', 'HTTP/9.9', 'HTTP/2.0', ''),
      headers: fc.array(fc.string({ maxLength: 60 }), { maxLength: 5 }),
      body: fc.string({ maxLength: 60 }),
    })
    .map(({ method, path, version, headers, body }) =>
      Buffer.from([`${method} ${path} ${version}`, ...headers, '', body].join('\r\n')),
    ),
  fc
    .constantFrom(
      ['content-length: 5', 'content-length: 6'],
      ['content-length: -1'],
      ['transfer-encoding: chunked', 'content-length: 3'],
      ['transfer-encoding: gzip'],
      ['content-encoding: gzip'],
      ['expect: 100-continue'],
      ['expect: something'],
      ['upgrade: h2c', 'connection: upgrade'],
      Array.from({ length: 3000 }, (_, index) => `x-${String(index)}: y`),
      [`x: ${'y'.repeat(20_000)}`],
      ['prefer: code=,delay=', 'x-emulator-progression: polls=0'],
      ['content-type: text/plain'],
    )
    .map((extra) => toBytes('POST', '/create-batch-test', Buffer.from('{"a"'), extra)),
);

const params = { numRuns: cases, endOnFailure: true };

describe('any request', () => {
  it(`gets an answer in the shape of the contract, in ${String(cases)} cases and more`, async () => {
    const { port, url, workspace } = await start();
    const inParallel = 20;
    const group = fc.array(mutated, { minLength: inParallel, maxLength: inParallel });
    await fc.assert(
      fc.asyncProperty(group, async (requests) => {
        const answers = await Promise.all(requests.map((bytes) => exchange(port, bytes, true)));
        for (const answer of answers) {
          expect(answer).not.toBe('');
          checkAnswers(answer);
        }
        // Nothing that came in keeps the rest from being read.
        await workspace('key_fuzz').requests.list();
      }),
      { ...params, numRuns: Math.ceil(cases / inParallel) },
    );
    // It still works, and nothing came through to what all objects share.
    expect((await fetch(`${url}/_emulator/ready`)).status).toBe(200);
    expect(({} as Record<string, unknown>)['a']).toBeUndefined();
    await workspace('key_fuzz').export();
  });

  it('may be data that is not HTTP', async () => {
    const { port, url } = await start();
    await fc.assert(
      fc.asyncProperty(fc.array(malformed, { minLength: 10, maxLength: 10 }), async (requests) => {
        const answers = await Promise.all(requests.map((bytes) => exchange(port, bytes, false)));
        for (const answer of answers) checkAnswers(answer);
      }),
      { ...params, numRuns: Math.ceil(cases / 40) },
    );
    expect((await fetch(`${url}/_emulator/ready`)).status).toBe(200);
  });
});
