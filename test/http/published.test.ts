import { describe, expect, it } from 'vitest';
import { create, createAgent, createLlm, createVersion, get, publish } from '../support/agents.js';
import { buildStoppedApp } from '../support/control.js';
import { someFlow, type TestClient } from '../support/emulator.js';

async function refusal(
  client: TestClient,
  method: 'PATCH' | 'DELETE' | 'POST',
  url: string,
  payload?: object,
) {
  const { status, body } = await client.send({ method, url, ...(payload && { payload }) });
  return [status, body['message']];
}

// facts.md 43, "Errors", Published things.
describe('a published version', () => {
  it('refuses changes in the vendor’s words', async () => {
    const { client } = buildStoppedApp();
    const { id, llmId } = await create(client);
    const { conversation_flow_id: flowId } = await client.call(
      'POST',
      '/create-conversation-flow',
      {
        ...someFlow,
      },
    );
    const flow = { type: 'conversation-flow', conversation_flow_id: flowId };
    await publish(client, await createAgent(client, flow));
    await publish(client, id);
    const agentWords = [422, 'Cannot update published agent other than version title'];
    for (const [url, change, words] of [
      [`retell-llm/${llmId}`, { begin_message: 'No' }, [400, 'Cannot update published LLM']],
      [`retell-llm/${llmId}?version=0`, {}, [400, 'Cannot update published LLM']],
      [
        `conversation-flow/${String(flowId)}`,
        { global_prompt: 'No' },
        [400, 'Cannot update published conversation flow'],
      ],
      [`agent/${id}`, { agent_name: 'No' }, agentWords],
      [`agent/${id}?version=latest_published`, { version_description: 'No' }, agentWords],
      [`agent/${id}`, { version_title: 'Yes', agent_name: 'No' }, agentWords],
      [`agent/${id}`, { response_engine: flow }, agentWords],
    ] as const) {
      expect(await refusal(client, 'PATCH', `/update-${url}`, change)).toEqual(words);
    }
    expect(await get(client, `agent/${id}`)).not.toHaveProperty('version_title');
    await client.call('PATCH', `/update-agent/${id}`, { version_title: 'Yes' });
    expect(await get(client, `agent/${id}`)).toMatchObject({ version_title: 'Yes' });
  });

  // facts.md 64
  it('is found as latest_published, and without one that is not found', async () => {
    const { client } = buildStoppedApp();
    const { id } = await create(client);
    const tag = `agent/${id}?version=latest_published`;
    expect((await client.send({ method: 'GET', url: `/get-${tag}` })).status).toBe(404);
    await publish(client, id);
    await createVersion(client, id);
    expect(await get(client, tag)).toMatchObject({ version: 0 });
    expect(await get(client, `agent/${id}?version=latest`)).toMatchObject({ version: 1 });
    await publish(client, id, 1);
    expect(await get(client, tag)).toMatchObject({ version: 1 });
  });
});

describe('the engine of an agent', () => {
  const words = 'Cannot update response engine after agent versions have been created';

  it('can be another one until the agent has versions', async () => {
    const { client } = buildStoppedApp();
    const { id, llmId } = await create(client);
    const engine = (llm_id: string, version?: number | null) => ({
      response_engine: { type: 'retell-llm', llm_id, ...(version !== undefined && { version }) },
    });
    const update = (change: object, version = '') =>
      refusal(client, 'PATCH', `/update-agent/${id}${version}`, change);
    const second = await createLlm(client);
    expect(await update(engine(second))).toEqual([200, undefined]);
    expect(await get(client, `agent/${id}`)).toMatchObject(engine(second, 0));
    await client.call('PATCH', `/update-agent/${id}`, engine(llmId));
    await createVersion(client, id);
    expect(await update(engine(second))).toEqual([400, words]);
    expect(await update(engine(second), '?version=0')).toEqual([400, words]);
    expect(await update(engine(llmId, 0))).toEqual([400, words]);
    const custom = { type: 'custom-llm', llm_websocket_url: 'wss://llm.test' };
    expect(await update({ response_engine: custom })).toEqual([400, words]);
    const before = await get(client, `agent/${id}`);
    for (const same of [engine(llmId), engine(llmId, null), engine(llmId, 1)]) {
      expect(await client.call('PATCH', `/update-agent/${id}`, same)).toEqual(before);
    }
    expect(
      await client.call('PATCH', `/update-agent/${id}?version=0`, engine(llmId)),
    ).toMatchObject(engine(llmId, 0));
    await client.call('DELETE', `/delete-agent-version/${id}?version=0`);
    expect(await update(engine(second))).toEqual([400, words]);
  });

  // facts.md 54
  it.each(['retell-llm', 'conversation-flow'])('is not deleted unless forced: %s', async (kind) => {
    const { client } = buildStoppedApp();
    const idName = kind === 'retell-llm' ? 'llm_id' : 'conversation_flow_id';
    const body = kind === 'retell-llm' ? {} : someFlow;
    const engineId = String((await client.call('POST', `/create-${kind}`, body))[idName]);
    const engine = { type: kind, [idName]: engineId };
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1) ids.push(await createAgent(client, engine));
    for (const query of ['', '?force_delete=false']) {
      const [status, message] = await refusal(
        client,
        'DELETE',
        `/delete-${kind}/${engineId}${query}`,
      );
      expect(status).toBe(400);
      expect(message).toBe(
        `Cannot delete a response engine that agents use: ${engineId} is used by ${ids.slice(0, 3).join(', ')} and 2 more; force_delete=true deletes it anyway.`,
      );
    }
    await client.call('DELETE', `/delete-${kind}/${engineId}?force_delete=true`);
    const { status } = await client.send({ method: 'GET', url: `/get-${kind}/${engineId}` });
    expect(status).toBe(404);
    // Documented: its agents are left as they are.
    const [id = ''] = ids;
    expect(await get(client, `agent/${id}`)).toMatchObject({ response_engine: engine });
    await client.call('POST', `/agent-playground-completion/${id}`, { messages: [] });
    await createVersion(client, id);
    await publish(client, id, 1);
  });

  it('can be deleted after its agents', async () => {
    const { client } = buildStoppedApp();
    const { id, llmId } = await create(client);
    await client.call('DELETE', `/delete-agent/${id}`);
    await client.call('DELETE', `/delete-retell-llm/${llmId}`);
  });
});

// facts.md 55, "Engines and agents".
describe('a flow that is updated', () => {
  it('has the nodes of the request, each with skippable', async () => {
    const { client } = buildStoppedApp();
    const node = (id: string) => ({ id, type: 'end' });
    const { conversation_flow_id: id } = await client.call('POST', '/create-conversation-flow', {
      ...{ ...someFlow, nodes: [node('a'), node('b')] },
    });
    const url = `/update-conversation-flow/${String(id)}`;
    expect(await client.call('PATCH', url, { global_prompt: 'P' })).toMatchObject({
      nodes: [node('a'), node('b')],
    });
    const nodes = [{ ...node('b'), skippable: true }, node('c')];
    expect((await client.call('PATCH', url, { nodes }))['nodes']).toEqual([
      { ...node('b'), skippable: true },
      { ...node('c'), skippable: false },
    ]);
  });
});
