import { describe, expect, it } from 'vitest';
import { advance, buildStoppedApp } from '../support/control.js';
import { buildTestApp, someFlow, type TestClient } from '../support/emulator.js';
import { newYear } from '../support/manual-clock.js';

type Json = Record<string, unknown>;
const kinds = [
  ['retell-llm', 'llm_id', /^llm_[0-9a-f]{28}$/, {}],
  ['conversation-flow', 'conversation_flow_id', /^conversation_flow_[0-9a-f]{12}$/, someFlow],
] as const;

const create = (client: TestClient, kind: string, body: object): Promise<Json> =>
  client.call('POST', `/create-${kind}`, body);

describe.each(kinds)('a %s', (kind, idName, format, least) => {
  // facts.md 55, 56
  it('is created as version 0, and keeps all properties, known or not', async () => {
    const { client } = buildStoppedApp();
    const graph = { anything: [{ goes: { here: null } }], tools: undefined };
    const created = await create(client, kind, {
      ...least,
      ...graph,
      is_published: true,
      version: 9,
    });
    expect(created[idName]).toMatch(format);
    expect(created).toMatchObject({
      ...{ ...least, anything: graph.anything, version: 0, is_published: false },
      last_modification_timestamp: newYear,
    });
    expect(await client.call('GET', `/get-${kind}/${String(created[idName])}`)).toEqual(created);
  });

  it('is changed in the given properties, and not by the same request again', async () => {
    const { client } = buildStoppedApp();
    const created = await create(client, kind, { ...least, global_prompt: 'A', extra: { a: 1 } });
    const url = `/update-${kind}/${String(created[idName])}`;
    await advance(client, '1s');
    expect(await client.call('PATCH', url, { extra: { a: 1 } })).toEqual(created);
    const changed = await client.call('PATCH', url, { extra: null, start_speaker: 'user' });
    expect(changed).toEqual({
      ...{ ...created, extra: null, start_speaker: 'user' },
      last_modification_timestamp: newYear + 1000,
    });
    expect(await client.call('PATCH', `${url}?version=0`, { global_prompt: 'B' })).toMatchObject({
      global_prompt: 'B',
    });
    const { status } = await client.send({ method: 'PATCH', url: `${url}?version=1`, payload: {} });
    expect(status).toBe(404);
  });

  it('is listed newest first or oldest first, page by page', async () => {
    const { client } = buildTestApp();
    const ids: unknown[] = [];
    for (let index = 0; index < 5; index += 1) {
      ids.push((await create(client(), kind, least))[idName]);
    }
    const walk = async (order: string) => {
      const seen: unknown[] = [];
      for (let key = ''; ;) {
        const query = `limit=2&sort_order=${order}${key && `&pagination_key=${key}`}`;
        const page = await client().call<{ items: Json[]; pagination_key?: string }>(
          'GET',
          `/v2/list-${kind}s?${query}`,
        );
        seen.push(...page.items.map((item) => item[idName]));
        if (page.pagination_key === undefined) return seen;
        key = page.pagination_key;
      }
    };
    expect(await walk('ascending')).toEqual(ids);
    expect(await walk('descending')).toEqual(ids.toReversed());
    const old = await client().call<Json[]>('GET', `/list-${kind}s?limit=2`);
    expect(old.map((item) => item[idName])).toEqual(ids.toReversed().slice(0, 2));
    const rest = await client().call<Json[]>(
      'GET',
      `/list-${kind}s?pagination_key=${String(ids[3])}&pagination_key_version=0`,
    );
    expect(rest.map((item) => item[idName])).toEqual(ids.toReversed().slice(2));
    // Documented: the old list of LLMs has no most, that of flows has.
    const { status } = await client().send({ method: 'GET', url: `/list-${kind}s?limit=1001` });
    expect(status).toBe(kind === 'retell-llm' ? 200 : 400);
  });

  it('does not exist after it was deleted', async () => {
    const { client } = buildTestApp();
    const id = String((await create(client(), kind, least))[idName]);
    await client().call('DELETE', `/delete-${kind}/${id}`);
    for (const request of [
      { method: 'GET' as const, url: `/get-${kind}/${id}` },
      { method: 'DELETE' as const, url: `/delete-${kind}/${id}` },
    ]) {
      const { status } = await client().send(request);
      expect(status).toBe(404);
    }
    expect(await client().call('GET', `/v2/list-${kind}s`)).toEqual({ items: [], has_more: false });
  });
});

describe('a bound of the contract', () => {
  it.each<[string, object, RegExp]>([
    ['/create-retell-llm', { model: 7 }, /body\/model must be string/],
    [
      '/create-retell-llm',
      { general_tools: [{ type: 'custom' }] },
      /general_tools\/0 must have req/,
    ],
    ['/create-retell-llm', { general_tools: [{ type: 7, name: 'y' }] }, /general_tools\/0\/type/],
    ['/create-retell-llm', { states: [{}] }, /states\/0 must have required property 'name'/],
    ['/create-retell-llm', { kb_config: { top_k: 11 } }, /kb_config\/top_k must be <= 10/],
    [
      '/create-conversation-flow',
      { ...someFlow, start_speaker: undefined },
      /must have required property 'start_speaker'/,
    ],
    [
      '/create-conversation-flow',
      { ...someFlow, model_choice: undefined },
      /must have required property 'model_choice'/,
    ],
    [
      '/create-conversation-flow',
      { ...someFlow, nodes: undefined },
      /must have required property 'nodes'/,
    ],
    [
      '/create-conversation-flow',
      { ...someFlow, nodes: [{ id: 'a' }] },
      /nodes\/0 must have required property 'type'/,
    ],
    [
      '/create-conversation-flow',
      { ...someFlow, model_temperature: 2 },
      /model_temperature must be <= 1/,
    ],
    ['/create-agent', { voice_id: 'v' }, /must have required property 'response_engine'/],
    [
      '/create-agent',
      { voice_id: 'v', response_engine: { type: 'x' } },
      /response_engine\/type must be "retell-llm" or "custom-llm" or "conversation-flow"/,
    ],
    [
      '/create-agent',
      { voice_id: 'v', response_engine: { type: 'retell-llm', llm_id: 'l' }, ring_duration_ms: 1 },
      /ring_duration_ms must be >= 5000/,
    ],
  ])('%s refuses %j', async (url, payload, message) => {
    const { client } = buildTestApp();
    const { status, body } = await client().send({ method: 'POST', url, payload });
    expect(status).toBe(400);
    expect(body['message']).toMatch(message);
  });
});
