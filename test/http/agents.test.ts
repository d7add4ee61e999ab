import { describe, expect, it } from 'vitest';
import { buildStoppedApp } from '../support/control.js';
import { buildTestApp, someFlow, type TestClient } from '../support/emulator.js';
import { newYear } from '../support/manual-clock.js';

type Json = Record<string, unknown>;

async function createAgent(client: TestClient, content: object = {}) {
  const { llm_id } = await client.call('POST', '/create-retell-llm', { begin_message: 'Hi' });
  const agent = await client.call('POST', '/create-agent', {
    ...{ voice_id: 'v', response_engine: { type: 'retell-llm', llm_id } },
    ...content,
  });
  return { agent, id: String(agent['agent_id']), llmId: String(llm_id) };
}

const get = (client: TestClient, id: string, version?: number): Promise<Json> =>
  client.call(
    'GET',
    `/get-agent/${id}${version === undefined ? '' : `?version=${String(version)}`}`,
  );

describe('an agent', () => {
  // facts.md 55
  it('is created as version 0, on the latest version of its engine', async () => {
    const { client } = buildStoppedApp();
    const { agent, id, llmId } = await createAgent(client, { agent_name: 'Ann', mystery: [1] });
    expect(id).toMatch(/^agent_[0-9a-f]{26}$/);
    expect(agent).toEqual({
      ...{ agent_id: id, version: 0, base_version: null, is_published: false },
      ...{ channel: 'voice', language: 'en-US' },
      ...{ voice_id: 'v', agent_name: 'Ann', mystery: [1] },
      response_engine: { type: 'retell-llm', llm_id: llmId, version: 0 },
      last_modification_timestamp: newYear,
    });
    expect(await get(client, id)).toEqual(agent);
    const { status } = await client.send({ method: 'GET', url: `/get-agent/${id}?version=prod` });
    expect(status).toBe(404);
  });

  // facts.md 53
  it('has versions that are created, listed and deleted, and numbers that are never reused', async () => {
    const { client } = buildStoppedApp();
    const { id } = await createAgent(client, { agent_name: 'Zero' });
    const made = await client.call('POST', `/create-agent-version/${id}`, { base_version: 0 });
    expect(made).toMatchObject({ version: 1, base_version: 0, agent_name: 'Zero' });
    await client.call('PATCH', `/update-agent/${id}`, { agent_name: 'One' });
    expect(await get(client, id, 0)).toMatchObject({ agent_name: 'Zero' });
    await client.call('DELETE', `/delete-agent-version/${id}?version=1`);
    expect(await get(client, id)).toMatchObject({ version: 0 });
    const next = await client.call('POST', `/create-agent-version/${id}`, { base_version: 0 });
    expect(next['version']).toBe(2);
    const versions = await client.call<Json[]>('GET', `/get-agent-versions/${id}`);
    expect(versions.map(({ version }) => version)).toEqual([2, 0]);
    const page = await client.call('GET', `/list-agent-versions/${id}?limit=1`);
    expect(page).toMatchObject({ items: [{ version: 2, base_version: 0 }], has_more: true });
    const rest = await client.call(
      'GET',
      `/list-agent-versions/${id}?limit=1&pagination_key=${String(page['pagination_key'])}`,
    );
    expect(rest).toMatchObject({ items: [{ version: 0 }], has_more: false });
    for (const url of [`/create-agent-version/${id}`, '/create-agent-version/agent_x']) {
      const payload = { base_version: 1 };
      expect((await client.send({ method: 'POST', url, payload })).status).toBe(404);
    }
    await client.call('DELETE', `/delete-agent-version/${id}?version=2`);
    const only = await client.send({
      ...{ method: 'DELETE', url: `/delete-agent-version/${id}?version=0` },
    });
    expect(only.body['message']).toContain(`version 0 is the only one of ${id}`);
  });

  it('is found in lists by name and channel', async () => {
    const { client } = buildTestApp();
    const names = ['Reception', 'Billing', undefined];
    const ids = [];
    for (const agent_name of names) {
      ids.push((await createAgent(client(), agent_name === undefined ? {} : { agent_name })).id);
    }
    const find = async (filter_criteria?: object, query = '') => {
      const body = filter_criteria && { filter_criteria };
      const page = await client().call<{ items: Json[] }>('POST', `/v2/list-agents${query}`, body);
      return page.items.map(({ agent_name }) => agent_name);
    };
    const [, , third] = ids;
    expect(await find()).toEqual([third, 'Billing', 'Reception']);
    expect(await find({ query: 'bill' })).toEqual(['Billing']);
    expect(await find({ query: third })).toEqual([third]);
    expect(await find({}, '?limit=1&sort_order=ascending')).toEqual(['Reception']);
    const channel = (op: string, value: string) => ({ channel: { op, type: 'string', value } });
    expect(await find(channel('eq', 'chat'))).toEqual([]);
    expect(await find(channel('ne', 'chat'))).toHaveLength(3);
    await client().call('POST', `/create-agent-version/${String(ids[0])}`, { base_version: 0 });
    expect(await client().call<Json[]>('GET', '/list-agents')).toHaveLength(4);
    expect(await client().call<Json[]>('GET', '/list-agents?is_latest=true')).toHaveLength(3);
  });

  it('is part of snapshots, resets, exports and fixtures', async () => {
    const { client } = buildStoppedApp();
    const { id } = await createAgent(client, { agent_name: 'A' });
    await client.call('POST', `/publish-agent/${id}`);
    await client.call('DELETE', `/delete-agent-version/${id}?version=1`);
    await client.call('POST', '/_emulator/snapshots/s');
    const state = await client.call('GET', '/_emulator/export');
    const goOn = async () => {
      const version = await client.call('POST', `/create-agent-version/${id}`, { base_version: 0 });
      const { agent } = await createAgent(client);
      return [version, agent];
    };
    const first = await goOn();
    expect(first[0]).toMatchObject({ version: 2 });
    await client.call('POST', '/_emulator/snapshots/s/restore');
    expect(await client.call('GET', '/_emulator/export')).toEqual(state);
    expect(await goOn()).toEqual(first);
    await client.call('POST', '/_emulator/reset', {});
    expect((await client.send({ method: 'GET', url: `/get-agent/${id}` })).status).toBe(404);
    await client.call('POST', '/_emulator/fixtures', state);
    expect(await client.call('GET', '/_emulator/export')).toEqual(state);
    expect(await goOn()).toEqual(first);
  });
});

describe('the playground', () => {
  const ask = (client: TestClient, id: string, body: object) =>
    client.call<{ messages: Json[]; call_ended: boolean } & Json>(
      ...(['POST', `/agent-playground-completion/${id}`, body] as const),
    );

  it('begins, listens, calls mocked tools once, and says goodbye, and stores nothing', async () => {
    const { client } = buildStoppedApp();
    const { id } = await createAgent(client);
    const messages: Json[] = [];
    const tool_mocks = [
      { tool_name: 'book', input_match_rule: { type: 'any' }, output: '{"ok":true}' },
    ];
    const turn = async (content?: string) => {
      if (content !== undefined) messages.push({ role: 'user', content });
      const answer = await ask(client, id, { messages, tool_mocks });
      expect(await ask(client, id, { messages, tool_mocks })).toEqual(answer);
      messages.push(...answer.messages);
      return answer;
    };
    expect((await turn()).messages).toMatchObject([{ role: 'agent', content: 'Hi' }]);
    expect((await turn()).messages).toEqual([]);
    // The engine has no such tool, so it is not called.
    expect((await turn('A table for two')).messages.map(({ role }) => role)).toEqual(['agent']);
    const { llm_id } = (await get(client, id))['response_engine'] as { llm_id: string };
    const general_tools = [{ type: 'custom', name: 'book', url: 'https://tools.test' }];
    await client.call('PATCH', `/update-retell-llm/${llm_id}`, { general_tools });
    expect((await turn('Please book it')).messages).toMatchObject([
      { role: 'tool_call_invocation', name: 'book', arguments: '{}' },
      { role: 'tool_call_result', content: '{"ok":true}', successful: true },
      { role: 'agent' },
    ]);
    const then = await turn('Is it done?');
    expect(then).toMatchObject({ call_ended: false, messages: [{ role: 'agent' }] });
    expect(await turn('That is all, goodbye')).toMatchObject({ call_ended: true });
  });

  it('fills in the default variables of the engine', async () => {
    const { client } = buildStoppedApp();
    const { id } = await createAgent(client);
    const { llm_id } = (await get(client, id))['response_engine'] as { llm_id: string };
    await client.call('PATCH', `/update-retell-llm/${llm_id}`, {
      ...{ begin_message: 'Hi {{name}}', default_dynamic_variables: { name: 'Ann' } },
    });
    expect(await ask(client, id, { messages: [] })).toMatchObject({
      messages: [{ content: 'Hi Ann' }],
      dynamic_variables: { name: 'Ann' },
    });
    const own = await ask(client, id, { messages: [], dynamic_variables: { name: 'Bo' } });
    expect(own.messages).toMatchObject([{ content: 'Hi Bo' }]);
  });

  it('waits for the user if the engine does', async () => {
    const { client } = buildStoppedApp();
    const { id } = await createAgent(client);
    const { llm_id } = (await get(client, id))['response_engine'] as { llm_id: string };
    await client.call('PATCH', `/update-retell-llm/${llm_id}`, { start_speaker: 'user' });
    expect((await ask(client, id, { messages: [] })).messages).toEqual([]);
  });

  it('goes from node to node of a flow', async () => {
    const { client } = buildStoppedApp();
    const node = { type: 'conversation', instruction: { type: 'prompt', text: 'x' } };
    const nodes = [
      {
        ...{ ...node, id: 'a' },
        edges: [
          {
            id: 'e',
            destination_node_id: 'b',
            transition_condition: { type: 'prompt', prompt: 'x' },
          },
        ],
      },
      { ...node, id: 'b' },
    ];
    const { conversation_flow_id } = await client.call('POST', '/create-conversation-flow', {
      ...{ ...someFlow, start_node_id: 'a', nodes },
    });
    const { agent_id } = await client.call('POST', '/create-agent', {
      ...{ voice_id: 'v', response_engine: { type: 'conversation-flow', conversation_flow_id } },
    });
    const messages = [{ role: 'user', content: 'Hello' }];
    const first = await ask(client, String(agent_id), { messages });
    expect(first).toMatchObject({
      current_node_id: 'b',
      messages: [{ role: 'node_transition' }, {}],
    });
    const then = await ask(client, String(agent_id), { messages, current_node_id: 'b' });
    expect(then).toMatchObject({ current_node_id: 'b' });
    expect(then.messages).toHaveLength(1);
  });
});
