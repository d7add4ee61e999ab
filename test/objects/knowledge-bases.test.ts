import { createHash } from 'node:crypto';
import Retell, { toFile } from 'retell-sdk';
import OlderRetell from 'retell-sdk-4';
import { afterAll, describe, expect, it } from 'vitest';
import { advance } from '../support/control.js';
import { buildTestApp, type TestClient } from '../support/emulator.js';
import { asForm } from '../support/forms.js';
import { newYear } from '../support/manual-clock.js';
import { someKnowledgeBase } from '../support/object-example-requests.js';

const { app, client: clientOf } = buildTestApp({
  initialClock: () => ({ mode: 'manual', time: newYear }),
  atEnd: afterAll,
});
let keys = 0;
const newKey = () => `key_knowledge_${String((keys += 1))}`;
const newClient = () => clientOf(newKey());

interface KnowledgeBase {
  knowledge_base_id: string;
  status: string;
  knowledge_base_sources?: { type: string; source_id: string }[];
  last_refreshed_timestamp?: number;
  error_messages?: string[];
}

async function create(client: TestClient, body: object = someKnowledgeBase) {
  const url = '/create-knowledge-base';
  const { status, body: created } = await client.send({ method: 'POST', url, ...asForm(body) });
  expect(status, JSON.stringify(created)).toBe(201);
  return created as unknown as KnowledgeBase;
}

const read = (client: TestClient, id: string) =>
  client.call<KnowledgeBase>('GET', `/get-knowledge-base/${id}`);

async function addSources(client: TestClient, id: string, body: object) {
  const url = `/add-knowledge-base-sources/${id}`;
  const { status, body: changed } = await client.send({ method: 'POST', url, ...asForm(body) });
  expect(status, JSON.stringify(changed)).toBe(201);
  return changed as unknown as KnowledgeBase;
}

const typesOf = ({ knowledge_base_sources: sources }: KnowledgeBase) =>
  sources?.map(({ type }) => type);

describe('a knowledge base', () => {
  it('is in progress without sources, and complete with them when its time is over', async () => {
    const client = newClient();
    const created = await create(client);
    expect(created).toMatchObject({
      ...{ knowledge_base_name: 'Opening hours', status: 'in_progress' },
      ...{ max_chunk_size: 2000, min_chunk_size: 400 },
    });
    expect(created.knowledge_base_id).toMatch(/^knowledge_base_[0-9a-f]{16}$/);
    expect(created).not.toHaveProperty('knowledge_base_sources');
    const id = created.knowledge_base_id;
    await advance(client, '1999ms');
    expect(await read(client, id)).toEqual(created);
    await advance(client, '1ms');
    const complete = await read(client, id);
    expect(complete).toMatchObject({ status: 'complete' });
    expect(typesOf(complete)).toEqual(['text', 'url', 'document']);
    expect(complete.knowledge_base_sources?.[2]).toEqual({
      ...{ type: 'document', filename: 'README.md', file_size: 12 },
      source_id: expect.stringMatching(/^source_/) as string,
      file_url: expect.stringMatching(/README\.md$/) as string,
    });
    expect(await client.call('GET', '/list-knowledge-bases')).toEqual([complete]);
  });

  it('fails if the settings say so, and says what could not be read', async () => {
    const client = newClient();
    await client.call('PATCH', '/_emulator/settings', {
      ...{ knowledgeBaseOutcomes: 'error=1', knowledgeBaseDuration: '10s' },
    });
    const { knowledge_base_id: id } = await create(client);
    await advance(client, { until: 'idle' });
    expect(await read(client, id)).toMatchObject({
      status: 'error',
      error_messages: ['Hours', 'https://www.example.com', 'README.md'].map(
        (name) => `Could not index ${name}.`,
      ),
    });
    await client.call('PATCH', '/_emulator/settings', { knowledgeBaseOutcomes: 'complete=1' });
    expect(await addSources(client, id, { knowledge_base_urls: ['https://b'] })).toMatchObject({
      status: 'refreshing_in_progress',
    });
    await advance(client, '10s');
    const mended = await read(client, id);
    expect(mended).toMatchObject({ status: 'complete' });
    expect(mended).not.toHaveProperty('error_messages');
    expect(typesOf(mended)).toEqual(['url']);
  });

  it('keeps its sources while more are added, and stays complete if these fail', async () => {
    const client = newClient();
    const { knowledge_base_id: id } = await create(client);
    await advance(client, '2s');
    const more = { knowledge_base_texts: [{ title: 'B', text: 'b' }] };
    const refreshing = await addSources(client, id, more);
    expect(refreshing).toMatchObject({ status: 'refreshing_in_progress' });
    expect(typesOf(refreshing)).toEqual(['text', 'url', 'document']);
    await advance(client, '2s');
    expect(typesOf(await read(client, id))).toEqual(['text', 'url', 'document', 'text']);
    await client.call('PATCH', '/_emulator/settings', { knowledgeBaseOutcomes: 'error=1' });
    await addSources(client, id, more);
    await advance(client, '2s');
    const failed = await read(client, id);
    expect(failed).toMatchObject({
      status: 'complete',
      error_messages: ['Could not index B.'],
    });
    expect(typesOf(failed)).toHaveLength(4);
  });

  it('takes more sources before it is complete', async () => {
    const client = newClient();
    const { knowledge_base_id: id } = await create(client, { knowledge_base_name: 'Empty' });
    await advance(client, '1s');
    expect(await addSources(client, id, { knowledge_base_urls: ['https://b'] })).toMatchObject({
      status: 'in_progress',
    });
    await advance(client, '2s');
    expect(typesOf(await read(client, id))).toEqual(['url']);
  });

  it('loses a source that is deleted, and is gone when it is deleted itself', async () => {
    const client = newClient();
    const { knowledge_base_id: id } = await create(client);
    await advance(client, '2s');
    const { knowledge_base_sources: [first] = [] } = await read(client, id);
    const url = `/delete-knowledge-base-source/${id}/source/${first?.source_id ?? ''}`;
    expect(typesOf(await client.call('DELETE', url))).toEqual(['url', 'document']);
    expect(await client.send({ method: 'DELETE', url })).toMatchObject({
      status: 404,
      body: { message: `Item ${first?.source_id ?? ''} not found from source` },
    });
    await client.call('DELETE', `/delete-knowledge-base/${id}`);
    expect(await client.send({ method: 'GET', url: `/get-knowledge-base/${id}` })).toMatchObject({
      status: 404,
      body: { message: `Item ${id} not found from knowledge-base` },
    });
    expect(await client.call('GET', '/list-knowledge-bases')).toEqual([]);
  });

  it('reads its URLs again once a day, and lets the clock come to rest', async () => {
    const client = newClient();
    const body = { ...someKnowledgeBase, enable_auto_refresh: true };
    const { knowledge_base_id: id } = await create(client, body);
    await advance(client, { until: 'idle' });
    const first = newYear + 2000;
    expect(await read(client, id)).toMatchObject({
      ...{ status: 'complete', enable_auto_refresh: true, last_refreshed_timestamp: first },
    });
    await advance(client, '24h');
    expect(await read(client, id)).toMatchObject({
      ...{ status: 'refreshing_in_progress', last_refreshed_timestamp: first },
    });
    await advance(client, '2s');
    expect(await read(client, id)).toMatchObject({
      ...{ status: 'complete', last_refreshed_timestamp: first + 24 * 3_600_000 + 2000 },
    });
  });

  it('is complete at the first read under the progression immediate', async () => {
    const client = newClient();
    await client.call('PATCH', '/_emulator/settings', { progression: 'immediate' });
    const created = await create(client);
    expect(created.status).toBe('in_progress');
    expect(await read(client, created.knowledge_base_id)).toMatchObject({ status: 'complete' });
  });

  it.each([
    [{}, "must have required property 'knowledge_base_name'"],
    [{ knowledge_base_name: 'x'.repeat(40) }, 'NOT have more than 39 characters'],
    [{ knowledge_base_name: 'A', max_chunk_size: 599 }, 'max_chunk_size must be >= 600'],
    [
      { knowledge_base_name: 'A', max_chunk_size: 600, min_chunk_size: 600 },
      'min_chunk_size must be < max_chunk_size',
    ],
    [{ knowledge_base_name: 'A', knowledge_base_texts: [{ title: 'x' }] }, 'texts/0'],
    [{ knowledge_base_name: 'A', knowledge_base_files: ['text'] }, 'files/0 must be a file'],
    [{ knowledge_base_name: 'A', enable_auto_refresh: 'yes' }, 'auto_refresh must be boolean'],
  ])('is refused if it is %j', async (body, problem) => {
    const url = '/create-knowledge-base';
    const refused = await newClient().send({ method: 'POST', url, ...asForm(body) });
    expect(refused).toMatchObject({ status: 400 });
    expect(refused.body['message']).toContain(problem);
  });

  it('is refused without credit', async () => {
    const client = newClient();
    await client.call('PUT', '/_emulator/credit', { remaining: 0 });
    const url = '/create-knowledge-base';
    const refused = await client.send({ method: 'POST', url, ...asForm(someKnowledgeBase) });
    expect(refused.status).toBe(402);
  });

  it('is refused as JSON, and JSON operations refuse a form', async () => {
    const client = newClient();
    const url = '/create-knowledge-base';
    const asJson = await client.send({ method: 'POST', url, payload: someKnowledgeBase });
    expect(asJson).toMatchObject({ status: 415 });
    expect(asJson.body['message']).toContain('multipart/form-data');
    const form = await client.send({ method: 'POST', url: '/create-agent', ...asForm({}) });
    expect(form).toMatchObject({ status: 415 });
    expect(form.body['message']).toContain('application/json');
  });
});

describe('knowledge bases in fixtures, exports and snapshots', () => {
  it('are there again, with what is still to come', async () => {
    const client = newClient();
    const { knowledge_base_id: id } = await create(client);
    await advance(client, '1s');
    const before = await client.call('GET', '/_emulator/export');
    await client.call('POST', '/_emulator/snapshots/half_way');
    await advance(client, '1s');
    const complete = await read(client, id);
    await client.call('POST', '/_emulator/snapshots/half_way/restore');
    expect(await read(client, id)).toMatchObject({ status: 'in_progress' });
    expect(await client.call('GET', '/_emulator/export')).toEqual(before);
    await advance(client, '1s');
    expect(await read(client, id)).toEqual(complete);

    const other = newClient();
    const url = '/_emulator/fixtures?replace=true';
    expect(await other.call('POST', url, before)).toMatchObject({ objects: 1 });
    expect(await other.call('GET', '/_emulator/export')).toEqual(before);
    await advance(other, '1s');
    expect(await read(other, id)).toEqual(complete);
    await client.call('POST', '/_emulator/reset');
    expect(await client.call('GET', '/list-knowledge-bases')).toEqual([]);
  });

  it('may be in any state, and stay there if the fixtures say so', async () => {
    const client = newClient();
    await client.call('POST', '/_emulator/fixtures', {
      knowledgeBases: [
        { knowledge_base_id: 'kb_done', knowledge_base_name: 'A' },
        { knowledge_base_id: 'kb_on', knowledge_base_name: 'B', status: 'in_progress' },
        {
          ...{ knowledge_base_id: 'kb_stuck', knowledge_base_name: 'C' },
          ...{ status: 'in_progress', nextStateAt: null },
        },
      ],
    });
    expect(await read(client, 'kb_done')).toMatchObject({ status: 'complete' });
    await advance(client, { until: 'idle' });
    expect(await read(client, 'kb_on')).toMatchObject({ status: 'complete' });
    expect(await read(client, 'kb_stuck')).toMatchObject({ status: 'in_progress' });
  });
});

interface ClientOptions {
  readonly apiKey: string;
  readonly baseURL: string;
}

/** The address of the app, which listens from its first use on. */
let listening: Promise<string> | undefined;
const address = () => (listening ??= app.listen({ port: 0, host: '127.0.0.1' }));

describe.each([
  ['5.66', (options: ClientOptions) => new Retell(options)],
  ['4.66', (options: ClientOptions) => new OlderRetell(options) as unknown as Retell],
])('retell-sdk %s', (_version, clientWith) => {
  it('creates a knowledge base with texts, URLs and files', async () => {
    const url = await address();
    const key = newKey();
    const { knowledgeBase } = clientWith({ apiKey: key, baseURL: url });
    const created = await knowledgeBase.create({
      knowledge_base_name: 'Sample KB',
      enable_auto_refresh: true,
      max_chunk_size: 3000,
      knowledge_base_files: [
        await toFile(Buffer.from('Example data'), 'README.md'),
        await toFile(Buffer.from('More'), 'b.txt'),
      ],
      knowledge_base_texts: [{ title: 'A, "quoted"', text: '[1]' }],
      knowledge_base_urls: ['https://a', 'https://b'],
    });
    await advance(clientOf(key), '2s');
    const complete = await knowledgeBase.retrieve(created.knowledge_base_id);
    expect(complete).toMatchObject({ max_chunk_size: 3000, enable_auto_refresh: true });
    expect(complete.knowledge_base_sources).toMatchObject([
      { title: 'A, "quoted"' },
      { url: 'https://a' },
      { url: 'https://b' },
      { filename: 'README.md', file_size: 12 },
      { filename: 'b.txt', file_size: 4 },
    ]);
    expect(await knowledgeBase.addSources(created.knowledge_base_id, {})).toMatchObject({
      status: 'refreshing_in_progress',
    });
  });
});

it('keeps only the digest of a file', async () => {
  const client = newClient();
  await create(client);
  await advance(client, '2s');
  const exported = JSON.stringify(await client.call('GET', '/_emulator/export'));
  expect(exported).toContain(createHash('sha256').update('Example data').digest('hex'));
  expect(exported).not.toContain('Example data');
});
