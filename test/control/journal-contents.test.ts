import { describe, expect, it } from 'vitest';
import type { JournalPage } from '../../src/library/workspace.js';
import { plainSettings, buildStoppedApp } from '../support/control.js';
import type { TestClient } from '../support/emulator.js';

const url = '/_emulator/requests';
const list = (client: TestClient, query = '') => client.call<JournalPage>('GET', `${url}?${query}`);
const last = async (client: TestClient) => (await list(client)).items.at(-1);
const get = (client: TestClient, path: string) => client.send({ method: 'GET', url: path });

describe('the journal', () => {
  it('keeps answers, with refusals and faults, unless they are too long', async () => {
    const { client } = buildStoppedApp({ settings: plainSettings });
    const batch = await client.createBatchTest(['a']);
    expect((await last(client))?.responseBody).toEqual(batch);
    const { body: refusal } = await get(client, '/get-batch-test/x');
    expect((await last(client))?.responseBody).toEqual(refusal);
    await client.call('POST', '/_emulator/faults', { error: { status: 502, body: '<html>' } });
    await client.send({ method: 'GET', url: '/get-batch-test/x' }).catch(() => undefined);
    expect((await last(client))?.responseBody).toBe('<html>');
    await client.call('DELETE', '/_emulator/faults');
    await client.createDefinition({ user_prompt: 'x'.repeat(70_000) });
    expect(await last(client)).toMatchObject({ status: 201 });
    expect(await last(client)).not.toHaveProperty('responseBody');
    await client.send({ method: 'HEAD', url: `/get-batch-test/${batch.test_case_batch_job_id}` });
    expect(await last(client)).toMatchObject({ method: 'HEAD', status: 200 });
    expect(await last(client)).not.toHaveProperty('responseBody');
  });

  it('does not warn of unknown properties that an engine keeps', async () => {
    const { client } = buildStoppedApp({ settings: plainSettings });
    const tool = { type: 'custom', name: 'book', url: 'https://example.com', description: 'Books' };
    const payload = {
      general_tools: [{ ...tool, parameters: { type: 'object', properties: {} } }],
      own_note: 'x',
    };
    const { body } = await client.send({ method: 'POST', url: '/create-retell-llm', payload });
    expect(body).toMatchObject(payload);
    expect(await last(client)).toMatchObject({ status: 201, warnings: [] });
  });

  it("has the request id of each answer: the client's, or a generated one", async () => {
    const { client, app } = buildStoppedApp();
    const named = { method: 'GET', url: '/get-batch-test/x' } as const;
    const ids: unknown[] = [];
    for (const given of ['mine-1', undefined, 'no good', 'x'.repeat(200)]) {
      const { headers } = await client.send({
        ...named,
        headers: given === undefined ? {} : { 'x-request-id': given },
      });
      ids.push(headers['x-request-id']);
    }
    const made = expect.stringMatching(/^req_\w+$/) as string;
    expect(ids).toEqual(['mine-1', made, made, made]);
    expect(new Set(ids).size).toBe(4);
    expect((await list(client)).items.map(({ requestId }) => requestId)).toEqual(ids);
    for (const url of ['/_emulator/health', '/nothing', '/%zz', '/openapi.json']) {
      expect((await app.inject(url)).headers['x-request-id']).toEqual(made);
    }
  });

  it('shows no credential of headers, query, body or answer', async () => {
    const { client } = buildStoppedApp();
    const secrets = Object.fromEntries(
      [
        ...[
          'x-api-key',
          'api-key',
          'x-auth-token',
          'proxy-authorization',
          'cookie',
          'x-emulator-api-key',
        ],
        ...['x-amz-security-token', 'ocp-apim-subscription-key', 'x-custom-secret'],
      ].map((name) => [name, 'hush']),
    );
    const harmless = { 'idempotency-key': 'shown-1', 'x-mine': 'shown-2' };
    const url = '/create-retell-llm?access_token=hush&pagination_key=shown-3';
    const tool = {
      ...{ type: 'custom', name: 'book', description: 'Books', speak_after_execution: true },
      url: 'https://user:hush@example.com/book?api_key=hush&day=shown-4',
      headers: { Authorization: 'Bearer hush', 'X-Key': 'hush', 'X-Plain': 'shown-5' },
    };
    const mcps = [
      { name: 'm', url: 'https://example.com', query_params: { token: 'hush', a: 'shown-6' } },
    ];
    await client.send({
      ...{ method: 'POST', url, headers: { ...secrets, ...harmless } },
      payload: { general_tools: [tool], mcps, default_dynamic_variables: { password: 'hush' } },
    });
    const entry = await last(client);
    expect(entry).toMatchObject({ status: 201, query: { pagination_key: 'shown-3' } });
    const text = JSON.stringify(entry);
    expect(text).not.toContain('hush');
    expect(text).not.toContain('key_a');
    for (let index = 1; index <= 6; index += 1) expect(text).toContain(`shown-${String(index)}`);
    expect(entry?.headers).toMatchObject({ 'x-api-key': '[redacted]' });
    expect(JSON.stringify(entry?.responseBody)).toContain('[redacted]');
  });
});
