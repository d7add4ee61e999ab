import { afterAll, describe, expect, it } from 'vitest';
import { advance } from '../support/control.js';
import { buildTestApp, type TestClient } from '../support/emulator.js';
import { asForm } from '../support/forms.js';
import { newYear } from '../support/manual-clock.js';

const { client: clientOf } = buildTestApp({
  initialClock: () => ({ mode: 'manual', time: newYear }),
  atEnd: afterAll,
});
let keys = 0;
const newClient = () => clientOf(`key_objects_${String((keys += 1))}`);

const node = (id: string, more: object = {}) => ({
  ...{ id, type: 'conversation', instruction: { type: 'prompt', text: id }, ...more },
});

interface Page {
  items: Record<string, unknown>[];
  has_more: boolean;
  pagination_key?: string;
}

const createApp = (client: TestClient, body: object = {}) =>
  client.call<{ app_id: string }>('POST', '/create-app', {
    ...{ provider: 'hubspot', type: 'crm', name: 'CRM', ...body },
  });

describe('shared flow components', () => {
  const create = (client: TestClient, name = 'Payment') =>
    client.call<{ conversation_flow_component_id: string }>(
      ...(['POST', '/create-conversation-flow-component'] as const),
      { name, nodes: [node('pay')], x_unknown: 1, user_modified_timestamp: 7 },
    );

  it('know the flows that use them, whose drafts get a copy when they are deleted', async () => {
    const client = newClient();
    const { conversation_flow_component_id: id } = await create(client);
    const flow = await client.call('POST', '/create-conversation-flow', {
      ...{ start_speaker: 'agent', model_choice: { type: 'cascading', model: 'gpt-4.1' } },
      nodes: [
        {
          ...{ id: 'a', type: 'component', component_id: id, component_type: 'shared' },
          else_edge: {
            ...{ id: 'e', destination_node_id: 'a' },
            transition_condition: { type: 'prompt', prompt: 'Else' },
          },
        },
      ],
    });
    const url = `/get-conversation-flow-component/${id}`;
    expect(await client.call('GET', url)).toMatchObject({
      ...{ name: 'Payment', x_unknown: 1, user_modified_timestamp: newYear },
      linked_conversation_flow_ids: [flow['conversation_flow_id']],
    });
    await client.call('DELETE', `/delete-conversation-flow-component/${id}`);
    expect(
      await client.call('GET', `/get-conversation-flow/${String(flow['conversation_flow_id'])}`),
    ).toMatchObject({
      components: [{ component_id: id, name: 'Payment' }],
      nodes: [{ component_id: id, component_type: 'local' }],
    });
    expect(await client.send({ method: 'GET', url })).toMatchObject({
      status: 404,
      body: { message: `Item ${id} not found from conversation-flow-component` },
    });
  });

  it('are listed in pages, and by older SDKs at once', async () => {
    const client = newClient();
    for (const name of ['A', 'B', 'C']) await create(client, name);
    const url = '/v2/list-conversation-flow-components?limit=2&sort_order=ascending';
    const first = await client.call<Page>('GET', url);
    expect(first).toMatchObject({ items: [{ name: 'A' }, { name: 'B' }], has_more: true });
    const rest = await client.call<Page>(
      'GET',
      `${url}&pagination_key=${first.pagination_key ?? ''}`,
    );
    expect(rest).toMatchObject({ items: [{ name: 'C' }], has_more: false });
    const legacy = { method: 'GET', url: '/list-conversation-flow-components' } as const;
    const { body, headers } = await client.send(legacy);
    expect(body).toMatchObject([{ name: 'C' }, { name: 'B' }, { name: 'A' }]);
    expect(headers['deprecation']).toBe('@0');
    await client.call('PATCH', '/_emulator/settings', { deprecated: 'reject' });
    expect(await client.send(legacy)).toMatchObject({ status: 400 });
  });

  it('change in place', async () => {
    const client = newClient();
    const { conversation_flow_component_id: id } = await create(client);
    await advance(client, '1s');
    const url = `/update-conversation-flow-component/${id}`;
    expect(await client.call('PATCH', url, { name: 'New' })).toMatchObject({
      ...{ name: 'New', nodes: [{ id: 'pay' }], user_modified_timestamp: newYear + 1000 },
    });
  });
});

describe('apps', () => {
  it('keep no secrets, and are connected once they were tested', async () => {
    const client = newClient();
    const auth = { type: 'basic', username: 'ann', password: 'secret' };
    const app = await createApp(client, { auth_config: auth });
    expect(app).toMatchObject({
      ...{ provider: 'hubspot', connection_status: 'not_connected' },
      ...{ created_timestamp: newYear, user_modified_timestamp: newYear },
      auth_config: { type: 'basic', username: 'ann' },
    });
    const test = `/test-app-auth/${app.app_id}`;
    expect(await client.call('POST', test)).toEqual({ success: true });
    const url = `/get-app/${app.app_id}`;
    expect(await client.call('GET', url)).toMatchObject({ connection_status: 'connected' });
    const change = `/update-app/${app.app_id}`;
    expect(await client.call('PATCH', change, { name: 'B' })).toMatchObject({
      connection_status: 'connected',
    });
    expect(await client.call('PATCH', change, { tenant_url: 'https://b' })).toMatchObject({
      ...{ name: 'B', provider: 'hubspot', connection_status: 'not_connected' },
    });
    expect(JSON.stringify(await client.call('GET', '/_emulator/export'))).not.toContain('secret');
    const { app_id: bare } = await createApp(client);
    expect(await client.call('POST', `/test-app-auth/${bare}`)).toEqual({ success: false });
  });

  it('that an agent uses are not deleted, unless by force', async () => {
    const client = newClient();
    const { app_id: id } = await createApp(client);
    const { llm_id } = await client.call('POST', '/create-retell-llm', { x_app: { app_id: id } });
    const agent = await client.call('POST', '/create-agent', {
      ...{ voice_id: 'v', agent_name: 'Ann', response_engine: { type: 'retell-llm', llm_id } },
    });
    expect(await client.call('GET', `/list-app-usages/${id}`)).toMatchObject({
      items: [{ agent_id: agent['agent_id'], agent_name: 'Ann', agent_versions: [0] }],
    });
    await client.call('POST', '/update-crm-config', { app_id: id });
    const url = `/delete-app/${id}`;
    expect(await client.send({ method: 'DELETE', url })).toMatchObject({ status: 400 });
    await client.call('DELETE', `${url}?force_delete=true`);
    expect(await client.call('GET', '/get-crm-config')).not.toHaveProperty('app_id');
    expect(await client.call('GET', '/list-apps')).toMatchObject({ items: [] });
  });

  it('are twenty of one provider at most', async () => {
    const client = newClient();
    for (let count = 0; count < 20; count += 1) await createApp(client);
    const payload = { provider: 'hubspot', type: 'crm' };
    const request = { method: 'POST', url: '/create-app' } as const;
    expect(await client.send({ ...request, payload })).toMatchObject({ status: 400 });
    await createApp(client, { provider: 'other' });
  });
});

describe('the CRM', () => {
  it('is synced once at a time, on the clock', async () => {
    const client = newClient();
    const run = { method: 'POST', url: '/run-sync-job' } as const;
    expect(await client.send(run)).toMatchObject({ status: 400 });
    const { app_id } = await createApp(client);
    await client.call('POST', '/update-crm-config', { app_id });
    expect(await client.call('GET', '/get-sync-job-status')).toEqual({ status: 'idle' });
    const queued = { status: 'queued', start_timestamp: newYear, triggered_by: 'manual' };
    expect(await client.call('POST', '/run-sync-job')).toMatchObject(queued);
    expect(await client.send(run)).toMatchObject({ status: 422 });
    await advance(client, '1s');
    const url = '/get-sync-job-status';
    expect(await client.call('GET', url)).toMatchObject({ status: 'running' });
    await client.call('POST', '/_emulator/snapshots/running');
    await advance(client, '1s');
    expect(await client.call('GET', url)).toMatchObject({ status: 'idle' });
    const last = { last_sync_timestamp: newYear + 2000 };
    expect(await client.call('GET', '/get-crm-config')).toMatchObject(last);
    await client.call('POST', '/_emulator/snapshots/running/restore');
    expect(await client.call('GET', url)).toMatchObject({ status: 'running' });
    expect(await client.call('GET', '/get-crm-config')).not.toHaveProperty('last_sync_timestamp');
  });

  it('refuses fields and mappings that do not fit together', async () => {
    const client = newClient();
    const plan = { name: 'plan', type: 'string' };
    const mapping = { analysis_data_name: 'a', field_name: 'plan', update_mode: 'overwrite' };
    const change = (payload: object) =>
      client.send({ method: 'POST', url: '/update-crm-config', payload });
    const good = { custom_fields: [plan], crm_analysis_data_mappings: [mapping] };
    expect(await change(good)).toMatchObject({ status: 200, body: good });
    for (const bad of [
      { custom_fields: [] },
      { custom_fields: [plan, plan] },
      { custom_fields: [plan, { name: 'phone_number', type: 'string' }] },
      { custom_fields: [plan, { name: 'contact_x', type: 'string' }] },
      { custom_fields: [plan, { name: 'e', type: 'enum' }] },
      { crm_analysis_data_mappings: [{ ...mapping, field_name: 'phone_number' }] },
    ]) {
      expect((await change(bad)).status, JSON.stringify(bad)).toBe(400);
    }
    expect(await change({ app_id: 'none' })).toMatchObject({ status: 404 });
    expect(await client.call('GET', '/get-crm-config')).toMatchObject(good);
    const { app_id } = await createApp(client);
    expect(await change({ app_id })).toMatchObject({ body: { app_id, ...good } });
    expect(await client.call('GET', '/get-crm-schema')).toMatchObject({ provider: 'hubspot' });
    expect((await change({ app_id: null })).body).not.toHaveProperty('app_id');
  });
});

describe('the account', () => {
  it('has export requests of fixtures, which are completed on the clock', async () => {
    const client = newClient();
    await client.call('POST', '/_emulator/fixtures', {
      exportRequests: [
        { channel: 'call', timezone: 'America/New_York' },
        { export_request_id: 'e', channel: 'chat', status: 'created' },
      ],
    });
    const states = async () =>
      (await client.call<Page>('GET', '/v2/list-export-requests')).items.map(
        ({ status }) => status,
      );
    expect(await states()).toEqual(['created', 'completed']);
    await advance(client, '1s');
    expect(await states()).toEqual(['processing', 'completed']);
    await advance(client, { until: 'idle' });
    const { items } = await client.call<Page>('GET', '/v2/list-export-requests');
    expect(items[0]).toEqual({
      ...{ export_request_id: 'e', channel: 'chat', status: 'completed' },
      ...{ created_timestamp: newYear, url: expect.stringContaining('e.csv') as string },
    });
  });

  it('names its key by the label of the workspace', async () => {
    const client = newClient();
    expect(await client.call('GET', '/get-api-key-info')).toEqual({
      ...{ api_key_name: null, org_name: 'retell-emulator' },
    });
  });

  it('takes images and sounds of 10 MB at most', async () => {
    const client = newClient();
    const upload = (file: string, content: string) =>
      client.send({ method: 'POST', url: '/create-asset', ...asForm({ file: { file, content } }) });
    expect(await upload('a.mp3', 'sound')).toMatchObject({
      status: 201,
      body: { file_name: 'a.pcm', file_size: 5, created_timestamp: newYear },
    });
    expect(await upload('a.png', 'x')).toMatchObject({ body: { file_name: 'a.png' } });
    expect(await upload('a.pdf', 'x')).toMatchObject({ status: 400 });
    expect(await upload('a.png', 'x'.repeat(10 * 1024 ** 2 + 1))).toMatchObject({ status: 413 });
  });

  it('lists the MCP tools that an engine names for a server', async () => {
    const client = newClient();
    const { llm_id } = await client.call('POST', '/create-retell-llm', {
      general_tools: [
        {
          ...{ type: 'mcp', name: 'look_up', description: 'Looks up.', mcp_id: 'mcp_1' },
          input_schema: { city: 'The city' },
        },
      ],
    });
    const agent = await client.call('POST', '/create-agent', {
      ...{ voice_id: 'v', response_engine: { type: 'retell-llm', llm_id } },
    });
    const url = `/get-mcp-tools/${String(agent['agent_id'])}`;
    expect(await client.call('GET', `${url}?mcp_id=mcp_1`)).toEqual([
      {
        ...{ name: 'look_up', description: 'Looks up.' },
        inputSchema: {
          type: 'object',
          properties: { city: { type: 'string', description: 'The city' } },
        },
      },
    ]);
    expect(await client.call('GET', `${url}?mcp_id=other`)).toEqual([]);
  });
});

it('all of it survives an export', async () => {
  const client = newClient();
  const { app_id } = await createApp(client);
  await client.call('POST', '/update-crm-config', { app_id });
  await client.call('POST', '/run-sync-job');
  await client.call('POST', '/_emulator/fixtures', {
    exportRequests: [{ channel: 'chat', status: 'created' }],
    conversationFlowComponents: [{ name: 'A', nodes: [node('a')] }],
    uploadedAssets: [{ file_name: 'a.png' }],
  });
  await advance(client, '500ms');
  const exported = await client.call('GET', '/_emulator/export');
  const other = newClient();
  await other.call('POST', '/_emulator/fixtures?replace=true', exported);
  expect(await other.call('GET', '/_emulator/export')).toEqual(exported);
  await advance(other, { until: 'idle' });
  expect(await other.call('GET', '/get-sync-job-status')).toMatchObject({ status: 'idle' });
});
