import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { buildTestApp } from '../support/emulator.js';
import { exchange, listenLocally } from '../support/raw.js';

interface Document {
  readonly components: Record<string, Record<string, object>>;
}

describe('requests without a key', () => {
  it('answers health checks', async () => {
    const { app, clock } = buildTestApp();
    clock.jump(2500);
    const response = await app.inject('/_emulator/health');
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(response.json()).toEqual({ status: 'ok', version, uptime: 2.5 });
  });

  it('is ready once the socket listens', async () => {
    const { app } = buildTestApp();
    const early = await app.inject('/_emulator/ready');
    expect(early.statusCode).toBe(503);
    expect(early.json()).toMatchObject({ status: 'error' });
    await app.listen({ host: '127.0.0.1', port: 0 });
    const ready = await app.inject('/_emulator/ready');
    expect([ready.statusCode, ready.json()]).toEqual([200, { status: 'ready' }]);
  });

  it.each([
    ['openapi', 'openapi/retell.yaml'],
    ['_emulator/openapi', 'openapi/control.yaml'],
  ])('serves the contract at /%s, in one piece', async (path, file) => {
    const { app } = buildTestApp();
    const { body } = await app.inject(`/${path}.json`);
    const document = JSON.parse(body) as Document;
    expect(parse((await app.inject(`/${path}.yaml`)).body)).toEqual(document);
    const written = readFileSync(file, 'utf8').replaceAll('retell.yaml#', '#');
    expect(document).toMatchObject(parse(written) as object);
    const refs = [...body.matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref = '']) => ref);
    expect(refs.length).toBeGreaterThan(20);
    for (const ref of refs) {
      const [, kind = '', name = ''] = /^#\/components\/(\w+)\/(\w+)$/.exec(ref) ?? [];
      expect([ref, typeof document.components[kind]?.[name]]).toEqual([ref, 'object']);
    }
  });

  it('serves no two schemas under one name', () => {
    const schemasOf = (name: string) =>
      (parse(readFileSync(`openapi/${name}.yaml`, 'utf8')) as Document).components['schemas'] ?? {};
    const control = schemasOf('control');
    const both = Object.keys(schemasOf('retell')).filter((name) => name in control);
    expect(both).toEqual([]);
  });

  it.each(['/', '/?x=1'])('redirects a browser from %s to the reference', async (url) => {
    const { app, client } = buildTestApp();
    const { statusCode, headers } = await app.inject(url);
    expect([statusCode, headers.location]).toEqual([302, '/docs']);
    const journal = await client('key_local').call('GET', '/_emulator/requests');
    expect(journal).toEqual({ items: [], hasMore: false });
  });

  it('serves llms.txt, and the pages that it links to', async () => {
    const { app, client } = buildTestApp();
    const { statusCode, headers, body } = await app.inject('/llms.txt');
    expect([statusCode, headers['content-type']]).toEqual([200, 'text/plain; charset=utf-8']);
    expect(body).toBe(readFileSync('llms.txt', 'utf8'));
    const links = [...body.matchAll(/\]\(([^)]+)\)/g)].map(([, link = '']) => link);
    expect(links.length).toBeGreaterThan(8);
    for (const link of links) {
      const page = await app.inject(new URL(link, 'http://localhost/llms.txt').pathname);
      expect([link, page.statusCode]).toEqual([link, 200]);
      expect(page.headers['content-type']).toBe('text/markdown; charset=utf-8');
      expect(page.body).toBe(readFileSync(link, 'utf8'));
    }
    const journal = await client('key_local').call('GET', '/_emulator/requests');
    expect(journal).toEqual({ items: [], hasMore: false });
  });

  it.each([
    ['GET', '/docs/none.md', 404],
    ['GET', '/docs/none.html', 404],
    ['GET', '/docs/static/none.js', 404],
    ['GET', '/docs/..%2fpackage.md', 404],
    ['GET', '/docs/%2e%2e/README.md', 404],
    ['POST', '/llms.txt', 405],
  ] as const)('refuses %s %s with %i', async (method, url, status) => {
    const { app } = buildTestApp();
    const answer = await app.inject({ method, url });
    expect([answer.statusCode, answer.json()]).toEqual([status, refusal]);
  });

  it('shows the reference at /docs from this server alone', async () => {
    const { app } = buildTestApp();
    const page = await app.inject('/docs');
    expect(page.statusCode).toBe(200);
    expect(page.headers['content-type']).toContain('text/html');
    const links = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link ?? '');
    expect(links.length).toBeGreaterThan(2);
    for (const link of links) {
      expect(link).not.toMatch(/^(https?:)?\/\//);
      const asset = await app.inject(new URL(link, 'http://localhost/docs/').pathname);
      expect([link, asset.statusCode]).toEqual([link, 200]);
    }
    const starter = await app.inject('/docs/static/swagger-initializer.js');
    expect(starter.body).toContain('/openapi.json');
    expect(starter.body).toContain('/_emulator/openapi.json');
  });
});

describe('--validate-responses', () => {
  it.each([
    [true, 500],
    [false, 200],
  ])(
    'set to %s answers %i to an operation whose answer breaks the contract',
    async (validateResponses, status) => {
      const { client, emulator } = buildTestApp({ validateResponses });
      const { test_case_batch_job_id: id } = await client().createBatchTest();
      const batch = emulator.store.batchTests.find(1, id);
      const broken = batch && { ...batch, totalCount: 1.5 };
      vi.spyOn(emulator.store.batchTests, 'find').mockReturnValueOnce(broken);
      const answer = await client().send({ method: 'GET', url: `/get-batch-test/${id}` });
      expect(answer.status).toBe(status);
    },
  );
});

describe('the log', () => {
  function capture() {
    const lines: Record<string, unknown>[] = [];
    const write = (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>);
    return { lines, logger: pino({ level: 'trace', base: null }, { write }) };
  }

  it('has one line for each request and never a key', async () => {
    const { lines, logger } = capture();
    const { client, app } = buildTestApp({ logger });
    await client('key_secret').createBatchTest();
    await client('key_secret').send({ method: 'GET', url: '/get-batch-test/x?api_key=key_secret' });
    await client('key_secret').send({ method: 'GET', url: '/nothing' });
    await app.inject('/get-batch-test/%zz');
    expect(lines).toMatchObject([
      { operation: 'createBatchTest', status: 201, msg: 'POST /create-batch-test' },
      {
        ...{ operation: 'getBatchTest', status: 404, msg: 'GET /get-batch-test/x' },
        reason: 'Item x not found from batch-test',
      },
      { status: 404, msg: 'GET /nothing' },
      { status: 400, msg: 'GET /get-batch-test/%zz' },
    ]);
    const [first, second] = lines;
    expect(first?.['requestId']).not.toBe(second?.['requestId']);
    expect(first?.['workspace']).toMatch(/^[0-9a-f]{32}$/);
    expect(first?.['workspace']).toBe(second?.['workspace']);
    expect(first?.['durationMs']).toEqual(expect.any(Number));
    expect(JSON.stringify(lines)).not.toContain('key_secret');
  });

  it.each<[what: string, path: string, status: number | undefined, leaves: boolean]>([
    ['reset', '/get-batch-test/ID', undefined, false],
    ['empty-response', '/get-batch-test/ID', undefined, false],
    ['garbage', '/get-batch-test/ID', undefined, false],
    ['truncate', '/get-batch-test/ID', 200, false],
    ['hang', '/get-batch-test/ID', undefined, true],
    ['a client that leaves', '/_emulator/requests/wait?count=9', undefined, true],
  ])('has the line, as the metrics count it, of a request broken by %s', async (...row) => {
    const [what, path, status, leaves] = row;
    const { lines, logger } = capture();
    // It does not rest on the journal.
    const { app, client, clock } = buildTestApp({ logger, journalSize: 0 });
    const { test_case_batch_job_id: id } = await client().createBatchTest();
    const fault = path.startsWith('/_emulator')
      ? undefined
      : await client().call('POST', '/_emulator/faults', { connection: what });
    await app.listen({ host: '127.0.0.1', port: 0 });
    const before = lines.length;
    const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
    socket.on('error', () => undefined).resume();
    socket.write(`GET ${path.replace('ID', id)} HTTP/1.1\r\nhost: x.localhost\r\n`);
    socket.write('authorization: Bearer key_a\r\n\r\n');
    await once(app.server, 'request');
    await clock.turn();
    if (leaves) {
      expect(lines).toHaveLength(before);
      socket.destroy();
    }
    while (lines.length === before) await clock.turn();
    const operation = fault === undefined ? 'waitForRequests' : 'getBatchTest';
    const { fault: met, status: told, ...line } = lines[before] ?? {};
    expect(line).toMatchObject({ operation, durationMs: expect.any(Number) as number });
    expect(told).toBe(status);
    expect(met).toEqual(fault && { source: 'rule', rule: fault['id'] });
    const { body } = await app.inject('/_emulator/metrics');
    const labels = `operation="${operation}",status="${String(status ?? 'none')}"`;
    expect(body).toContain(`duration_seconds_count{${labels}} 1\n`);
  });
});

const refusal = { status: 'error', message: expect.any(String) as string };

describe('a request that does not arrive in time', () => {
  const head = 'POST /create-batch-test HTTP/1.1\r\nhost: x\r\nauthorization: Bearer a\r\n';
  const type = 'content-type: application/json\r\n';
  it.each([
    ['headers', head],
    ['body', `${head}${type}content-length: 9\r\n\r\n{`],
  ])('gets 408 when the rest of its %s is late', async (_what, text) => {
    const { app } = buildTestApp();
    const server = app.server as typeof app.server & { connectionsCheckingInterval: number };
    expect([server.requestTimeout, server.headersTimeout]).toEqual([60_000, 60_000]);
    expect(server.connectionsCheckingInterval).toBe(2000);
    // Nobody waits a minute for a test.
    Object.assign(server, { requestTimeout: 1, headersTimeout: 1, connectionsCheckingInterval: 1 });
    const answer = await exchange(await listenLocally(app), text);
    expect(answer.head).toMatch(/^HTTP\/1.1 408 /);
    expect(answer.body).toEqual(refusal);
  });
});
