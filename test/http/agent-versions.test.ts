import { describe, expect, it } from 'vitest';
import { create, createAgent, createVersion, get, publish, type Json } from '../support/agents.js';
import { advance, plainSettings, buildStoppedApp } from '../support/control.js';
import { someFlow } from '../support/emulator.js';
import { newYear } from '../support/manual-clock.js';

// facts.md 53, "Engines and agents", Versions.
describe('publishing a version of an agent', () => {
  it('publishes it in place with its engine, and creates no draft', async () => {
    const { client } = buildStoppedApp();
    const { id, llmId } = await create(client);
    await advance(client, '1s');
    await publish(client, id, 0, { version_description: 'First', version_title: 'One' });
    const published = {
      ...{ version: 0, is_published: true, version_title: 'One', version_description: 'First' },
      response_engine: { type: 'retell-llm', llm_id: llmId, version: 0 },
      last_modification_timestamp: newYear + 1000,
    };
    expect(await get(client, `agent/${id}`)).toMatchObject(published);
    expect(await client.call('GET', `/get-agent-versions/${id}`)).toMatchObject([published]);
    expect(await client.call('GET', `/get-agent-versions/${id}`)).toHaveLength(1);
    expect(await get(client, `retell-llm/${llmId}`)).toMatchObject({
      ...{ version: 0, is_published: true },
    });
  });

  it('again is allowed, sets title and description, and warns in the journal', async () => {
    const { client } = buildStoppedApp();
    const { id } = await create(client);
    await publish(client, id, 0, { version_title: 'One' });
    const before = await get(client, `agent/${id}`);
    await advance(client, '1s');
    await publish(client, id);
    expect(await get(client, `agent/${id}`)).toEqual(before);
    await publish(client, id, 0, { version_title: 'Two' });
    expect(await get(client, `agent/${id}`)).toEqual({
      ...{ ...before, version_title: 'Two', last_modification_timestamp: newYear + 1000 },
    });
    const { items } = await client.call<{ items: Json[] }>(
      ...(['GET', '/_emulator/requests?operation=publishAgentVersion'] as const),
    );
    const warning = `version 0 of ${id} was published already`;
    expect(items.map(({ warnings }) => warnings)).toEqual([[], [warning], [warning]]);
  });

  it('fixes the version of an engine that was created after the agent', async () => {
    const { client } = buildStoppedApp();
    const id = await createAgent(client, { type: 'retell-llm', llm_id: 'llm_late' });
    await client.call('POST', '/_emulator/fixtures', {
      retellLlms: [{ llm_id: 'llm_late', version: 4, begin_message: 'Late' }],
    });
    await publish(client, id);
    const engine = { type: 'retell-llm', llm_id: 'llm_late', version: 4 };
    expect(await get(client, `agent/${id}`)).toMatchObject({ response_engine: engine });
    expect(await get(client, 'retell-llm/llm_late')).toMatchObject({ is_published: true });
  });

  // facts.md 53, 57
  it('by the retired operation creates a draft, and names the operation to use instead', async () => {
    const { client } = buildStoppedApp();
    const { id, llmId } = await create(client);
    for (const version of [0, 1]) {
      const { status, headers } = await client.send({
        method: 'POST',
        url: `/publish-agent/${id}`,
      });
      expect(status).toBe(200);
      expect(headers['link']).toContain(`/publish-agent-version/${id}`);
      for (const path of [`agent/${id}`, `retell-llm/${llmId}`]) {
        expect(await get(client, `${path}?version=${String(version)}`)).toMatchObject({
          is_published: true,
        });
        const draft = { version: version + 1, is_published: false };
        expect(await get(client, path)).toMatchObject(draft);
      }
    }
    expect(await client.call<Json[]>('GET', '/list-agents')).toHaveLength(3);
  });
});

describe('a new version of an agent', () => {
  it('comes with a copy of its engine with the same number', async () => {
    const { client } = buildStoppedApp();
    const { id, llmId } = await create(client);
    await publish(client, id);
    expect(await createVersion(client, id)).toMatchObject({
      ...{ version: 1, base_version: 0, is_published: false },
      response_engine: { type: 'retell-llm', llm_id: llmId, version: 1 },
    });
    await client.call('PATCH', `/update-retell-llm/${llmId}?version=1`, { begin_message: 'New' });
    const llm = (version: string) => get(client, `retell-llm/${llmId}${version}`);
    expect(await llm('?version=0')).toMatchObject({ begin_message: 'Hi', is_published: true });
    expect(await llm('')).toMatchObject({ begin_message: 'New', is_published: false, version: 1 });
  });

  it('skips numbers that the engine has used, if agents share it', async () => {
    const { client } = buildStoppedApp();
    const { id, llmId } = await create(client);
    const other = await createAgent(client, { type: 'retell-llm', llm_id: llmId });
    const engine = (version: number) => ({ type: 'retell-llm', llm_id: llmId, version });
    expect(await createVersion(client, id)).toMatchObject({
      version: 1,
      response_engine: engine(1),
    });
    expect(await createVersion(client, other)).toMatchObject({
      version: 2,
      response_engine: engine(2),
    });
    expect(await createVersion(client, id)).toMatchObject({
      version: 3,
      response_engine: engine(3),
    });
    // One that speaks through a later version than its own number begins with that.
    const late = await createAgent(client, engine(3));
    await client.call('PATCH', `/update-retell-llm/${llmId}?version=3`, { begin_message: '3' });
    expect(await createVersion(client, late)).toMatchObject({
      version: 4,
      response_engine: engine(4),
    });
    expect(await get(client, `retell-llm/${llmId}`)).toMatchObject({ begin_message: '3' });
  });

  it('continues from its own number if that is higher than the engine’s', async () => {
    const { client } = buildStoppedApp();
    await client.call('POST', '/_emulator/fixtures', {
      conversationFlows: [{ ...someFlow, conversation_flow_id: 'flow', global_prompt: 'P' }],
      agents: [
        {
          ...{ agent_id: 'agent_old', version: 6, voice_id: 'v' },
          response_engine: { type: 'conversation-flow', conversation_flow_id: 'flow', version: 0 },
        },
      ],
    });
    const made = await createVersion(client, 'agent_old', 6);
    expect(made).toMatchObject({ version: 7, response_engine: { version: 7 } });
    const flow = { version: 7, global_prompt: 'P', is_published: false };
    expect(await get(client, 'conversation-flow/flow?version=7')).toMatchObject(flow);
  });

  it.each<[string, object, object]>([
    ['not here, with its number', { version: 3 }, { version: 1 }],
    ['not here, and of no version', {}, {}],
    ['the client’s own', { type: 'custom-llm', llm_websocket_url: 'wss://llm.test' }, {}],
  ])('keeps an engine that is %s', async (_what, named, kept) => {
    const { client } = buildStoppedApp();
    const engine =
      'type' in named ? named : { type: 'retell-llm', llm_id: 'llm_elsewhere', ...named };
    const id = await createAgent(client, engine);
    expect((await createVersion(client, id))['response_engine']).toEqual({ ...engine, ...kept });
    await publish(client, id, 1);
  });

  it('is deleted with its copy of the engine, unless others use that', async () => {
    const { client } = buildStoppedApp();
    const { id, llmId } = await create(client);
    await createVersion(client, id);
    const engine = { type: 'retell-llm', llm_id: llmId, version: 1 };
    const other = await createAgent(client, engine);
    await client.call('DELETE', `/delete-agent-version/${id}?version=1`);
    expect(await get(client, `retell-llm/${llmId}`)).toMatchObject({ version: 1 });
    await client.call('DELETE', `/delete-agent/${other}`);
    await createVersion(client, id);
    expect(await get(client, `retell-llm/${llmId}`)).toMatchObject({ version: 2 });
    await client.call('DELETE', `/delete-agent-version/${id}?version=2`);
    expect(await get(client, `retell-llm/${llmId}`)).toMatchObject({ version: 1 });
  });

  it('has a number that no copy, export or fixture uses again', async () => {
    const { client } = buildStoppedApp();
    const { id, llmId } = await create(client);
    await createVersion(client, id);
    await client.call('DELETE', `/delete-agent-version/${id}?version=1`);
    const state = await client.call('GET', '/_emulator/export');
    const { client: copy } = buildStoppedApp();
    await copy.call('POST', '/_emulator/fixtures', state);
    expect(await copy.call('GET', '/_emulator/export')).toEqual(state);
    for (const one of [client, copy]) {
      expect(await createVersion(one, id)).toMatchObject({
        version: 2,
        response_engine: { version: 2 },
      });
      expect(await get(one, `retell-llm/${llmId}`)).toMatchObject({ version: 2 });
    }
  });

  it('is used by a batch on its engine, but not by a batch on an earlier version', async () => {
    const { client } = buildStoppedApp({ settings: plainSettings });
    const { id, llmId } = await create(client);
    await publish(client, id);
    await createVersion(client, id);
    await client.call('PATCH', `/update-retell-llm/${llmId}`, { begin_message: 'Draft' });
    const saidOn = async (version: object) => {
      const engine = { type: 'retell-llm', llm_id: llmId, ...version };
      const batch = await client.createBatchTest(['a'], engine);
      await advance(client, { until: 'idle' });
      return JSON.stringify((await client.listRuns(batch.test_case_batch_job_id)).items);
    };
    expect(await saidOn({})).toContain('"Draft"');
    expect(await saidOn({ version: 0 })).toContain('"Hi"');
  });
});
