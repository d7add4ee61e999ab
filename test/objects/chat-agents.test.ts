import { afterAll, describe, expect, it } from 'vitest';
import { buildTestApp, type TestClient } from '../support/emulator.js';

const { client: clientOf } = buildTestApp({ atEnd: afterAll });
let keys = 0;
const newClient = () => clientOf(`key_chat_agents_${String((keys += 1))}`);

interface Agent {
  agent_id: string;
  version: number;
  channel: string;
  is_published: boolean;
  response_engine: { llm_id: string; version: number };
}

/** A chat agent and a voice agent, each with an LLM of its own. */
async function createAgents(client: TestClient) {
  const newEngine = async () => {
    const { llm_id } = await client.call<{ llm_id: string }>('POST', '/create-retell-llm', {});
    return { type: 'retell-llm', llm_id };
  };
  const chat = await client.call<Agent>('POST', '/create-chat-agent', {
    ...{ agent_name: 'Writes', response_engine: await newEngine(), channel: 'voice' },
    end_chat_after_silence_ms: 120_000,
  });
  const voice = await client.call<Agent>('POST', '/create-agent', {
    ...{ agent_name: 'Speaks', response_engine: await newEngine(), voice_id: 'retell-Cimo' },
    channel: 'chat',
  });
  return { chat, voice };
}

const listed = async (client: TestClient, filter: object = {}) => {
  const { items } = await client.call<{ items: { agent_id: string; channel: string }[] }>(
    ...(['POST', '/v2/list-agents', { filter_criteria: filter }] as const),
  );
  return items;
};

describe('chat agents', () => {
  it('have what clients said, the engine’s version, and their channel', async () => {
    const client = newClient();
    const { chat } = await createAgents(client);
    expect(chat).toMatchObject({
      ...{ agent_name: 'Writes', channel: 'chat', version: 0, is_published: false },
      ...{ end_chat_after_silence_ms: 120_000, language: 'en-US' },
      response_engine: { type: 'retell-llm', version: 0 },
    });
    expect(chat).not.toHaveProperty('voice_id');
    expect(await client.call('GET', `/get-chat-agent/${chat.agent_id}`)).toEqual(chat);
    const change = { auto_close_message: 'Bye.', channel: 'voice' };
    const url = `/update-chat-agent/${chat.agent_id}`;
    expect(await client.call('PATCH', url, change)).toMatchObject({
      ...{ channel: 'chat', auto_close_message: 'Bye.' },
    });
  });

  it('and voice agents are not there for the other’s operations', async () => {
    const client = newClient();
    const { chat, voice } = await createAgents(client);
    for (const [id, path] of [
      [chat.agent_id, 'get-agent'],
      [chat.agent_id, 'get-agent-versions'],
      [voice.agent_id, 'get-chat-agent'],
      [voice.agent_id, 'get-chat-agent-versions'],
    ] as const) {
      expect(await client.send({ method: 'GET', url: `/${path}/${id}` })).toMatchObject({
        status: 404,
        body: { message: `Item ${id} not found from agent` },
      });
    }
    for (const url of [`/delete-agent/${chat.agent_id}`, `/delete-chat-agent/${voice.agent_id}`]) {
      expect(await client.send({ method: 'DELETE', url })).toMatchObject({ status: 404 });
    }
    expect(
      await client.send({ method: 'POST', url: `/publish-agent/${chat.agent_id}` }),
    ).toMatchObject({ status: 404 });
  });

  it('share the list with voice agents, which tells their channels', async () => {
    const client = newClient();
    const { chat, voice } = await createAgents(client);
    expect(await listed(client)).toMatchObject([
      { agent_id: voice.agent_id, channel: 'voice' },
      { agent_id: chat.agent_id, channel: 'chat' },
    ]);
    const only = { channel: { type: 'string', op: 'eq', value: 'chat' } };
    expect(await listed(client, only)).toMatchObject([{ agent_id: chat.agent_id }]);
    expect(await client.call('GET', '/list-chat-agents')).toMatchObject([{ channel: 'chat' }]);
    expect(await client.call('GET', '/list-agents')).toMatchObject([{ channel: 'voice' }]);
    const second = await client.call<Agent>('POST', '/create-chat-agent', {
      response_engine: chat.response_engine,
    });
    const rest = `/list-chat-agents?limit=1&pagination_key=${second.agent_id}&pagination_key_version=0`;
    expect(await client.call('GET', rest)).toMatchObject([{ agent_id: chat.agent_id }]);
  });

  it('have versions as voice agents have', async () => {
    const client = newClient();
    const { chat } = await createAgents(client);
    const id = chat.agent_id;
    await client.call('POST', `/publish-agent-version/${id}`, { version: 0 });
    const refused = await client.send({
      ...{ method: 'PATCH', url: `/update-chat-agent/${id}`, payload: { agent_name: 'New' } },
    });
    expect(refused.status).toBe(422);
    const draft = await client.call<Agent>('POST', `/create-agent-version/${id}`, {
      base_version: 0,
    });
    expect(draft).toMatchObject({ version: 1, channel: 'chat', response_engine: { version: 1 } });
    const url = `/update-chat-agent/${id}?version=1`;
    expect(await client.call('PATCH', url, { agent_name: 'New' })).toMatchObject({ version: 1 });
    const latest = `/get-chat-agent/${id}?version=latest_published`;
    expect(await client.call('GET', latest)).toMatchObject({ version: 0, is_published: true });
    await client.call('POST', `/publish-chat-agent/${id}`);
    expect(await client.call('GET', `/get-chat-agent-versions/${id}`)).toMatchObject([
      { version: 2, is_published: false },
      { version: 1, is_published: true },
      { version: 0, is_published: true },
    ]);
    await client.call('DELETE', `/delete-agent-version/${id}?version=2`);
    await client.call('DELETE', `/delete-chat-agent/${id}`);
    expect(await listed(client)).toHaveLength(1);
  });

  it('keep an engine from being deleted', async () => {
    const client = newClient();
    const { chat } = await createAgents(client);
    const url = `/delete-retell-llm/${chat.response_engine.llm_id}`;
    const refused = await client.send({ method: 'DELETE', url });
    expect(refused.body['message']).toContain(chat.agent_id);
  });

  it('are in fixtures and exports, in a list of their own', async () => {
    const client = newClient();
    const { chat, voice } = await createAgents(client);
    await client.call('POST', `/publish-agent-version/${chat.agent_id}`, { version: 0 });
    await client.call('POST', `/create-agent-version/${chat.agent_id}`, { base_version: 0 });
    const exported = await client.call<{ agents: object[]; chatAgents: object[] }>(
      ...(['GET', '/_emulator/export'] as const),
    );
    expect(exported.agents).toMatchObject([{ agent_id: voice.agent_id }]);
    expect(exported.chatAgents).toMatchObject([{ version: 0 }, { version: 1 }]);
    const other = newClient();
    await other.call('POST', '/_emulator/fixtures?replace=true', exported);
    expect(await other.call('GET', '/_emulator/export')).toEqual(exported);
    expect(await other.call('GET', `/get-chat-agent/${chat.agent_id}`)).toMatchObject({
      ...{ version: 1, channel: 'chat' },
    });
  });

  it('are refused with two analysis items of one name, and without an engine', async () => {
    const client = newClient();
    const item = { type: 'string', name: 'a', description: 'A.' };
    const payload = {
      response_engine: { type: 'retell-llm', llm_id: 'llm_1' },
      post_chat_analysis_data: [item, item],
    };
    const request = { method: 'POST', url: '/create-chat-agent' } as const;
    expect(await client.send({ ...request, payload })).toMatchObject({ status: 400 });
    expect(await client.send({ ...request, payload: {} })).toMatchObject({ status: 400 });
  });
});

describe('repairing an agent', () => {
  it('takes knowledge bases that do not exist from its draft engine', async () => {
    const client = newClient();
    await client.call('POST', '/_emulator/fixtures', {
      knowledgeBases: [{ knowledge_base_id: 'kb_a', knowledge_base_name: 'A' }],
    });
    const llm = { knowledge_base_ids: ['kb_a', 'kb_gone'] };
    const { llm_id: id } = await client.call<{ llm_id: string }>('POST', '/create-retell-llm', llm);
    const agent = await client.call<Agent>('POST', '/create-agent', {
      ...{ voice_id: 'retell-Cimo', response_engine: { type: 'retell-llm', llm_id: id } },
    });
    const url = `/repair-agent/${agent.agent_id}`;
    expect(await client.call('POST', url)).toEqual(agent);
    const engine = await client.call('GET', `/get-retell-llm/${id}`);
    expect(engine['knowledge_base_ids']).toEqual(['kb_a']);
    await client.call('POST', `/publish-agent-version/${agent.agent_id}`, { version: 0 });
    expect(await client.send({ method: 'POST', url })).toMatchObject({ status: 422 });
  });
});
