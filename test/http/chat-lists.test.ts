import { describe, expect, it } from 'vitest';
import { beginChat, chatsOn, endChat, listChats, readChat, write } from '../support/chats.js';
import { advance } from '../support/control.js';
import type { TestClient } from '../support/emulator.js';
import { newYear } from '../support/manual-clock.js';

const statusOf = async (
  client: TestClient,
  method: 'GET' | 'POST',
  url: string,
  payload?: object,
) => (await client.send({ method, url, ...(payload && { payload }) })).status;

describe('the lists of chats', () => {
  it('page in the order of the start, without messages, and count', async () => {
    const { client } = chatsOn();
    const ids: string[] = [];
    for (let number = 0; number < 5; number += 1) {
      ids.push((await beginChat(client)).chat_id);
      await advance(client, '1s');
    }
    const first = await listChats(client, { limit: 3, include_total: true });
    expect(first.items.map(({ chat_id }) => chat_id)).toEqual(ids.toReversed().slice(0, 3));
    expect(first).toMatchObject({ has_more: true, total: 5 });
    for (const item of first.items) {
      expect(item).not.toHaveProperty('transcript');
      expect(item).not.toHaveProperty('message_with_tool_calls');
    }
    const rest = await listChats(client, { limit: 3, pagination_key: first.pagination_key });
    expect(rest.items.map(({ chat_id }) => chat_id)).toEqual(ids.toReversed().slice(3));
    expect(rest.has_more).toBe(false);
    const rising = await listChats(client, { sort_order: 'ascending', skip: 1, limit: 2 });
    expect(rising.items.map(({ chat_id }) => chat_id)).toEqual(ids.slice(1, 3));
    const other = { limit: 2, sort_order: 'ascending', pagination_key: first.pagination_key };
    expect(await statusOf(client, 'POST', '/v3/list-chats', other)).toBe(400);
  });

  it('filter by what is known of a chat', async () => {
    const { client } = chatsOn();
    const { chat_id: over } = await beginChat(client, { agent_id: 'agent_a' });
    await write(client, over, 'Hello');
    await advance(client, '10s');
    await endChat(client, over);
    await advance(client, '2s');
    const { chat_id: open } = await beginChat(client, { agent_id: 'agent_b' });
    await client.call('PATCH', `/update-chat/${open}`, { custom_attributes: { tier: 'gold' } });
    const { chat_analysis: found } = await readChat(client, over);
    const idsBy = async (filter_criteria: object) =>
      (await listChats(client, { filter_criteria })).items.map(({ chat_id }) => chat_id);
    const oneOf = (...value: unknown[]) => ({ type: 'enum', op: 'in', value });
    const number = (op: string, value: number) => ({ type: 'number', op, value });
    expect(await idsBy({ agent: [{ agent_id: 'agent_a' }] })).toEqual([over]);
    expect(await idsBy({ agent: [{ agent_id: 'agent_a', version: [3] }] })).toEqual([]);
    expect(await idsBy({ chat_status: oneOf('ongoing') })).toEqual([open]);
    expect(await idsBy({ chat_id: { type: 'string', op: 'eq', value: over } })).toEqual([over]);
    expect(await idsBy({ duration_ms: number('ge', 10_000) })).toEqual([over]);
    expect(await idsBy({ duration_ms: number('lt', 10_000) })).toEqual([]);
    expect(await idsBy({ combined_cost: number('eq', 0.4) })).toEqual([over]);
    expect(await idsBy({ end_timestamp: number('gt', newYear) })).toEqual([over]);
    expect(await idsBy({ start_timestamp: number('gt', newYear) })).toEqual([open]);
    expect(await idsBy({ disconnection_reason: oneOf('manual_stopped') })).toEqual([over]);
    expect(await idsBy({ user_sentiment: oneOf(found?.user_sentiment) })).toEqual([over]);
    const successful = { type: 'boolean', op: 'eq', value: found?.chat_successful };
    expect(await idsBy({ chat_successful: successful })).toEqual([over]);
    const gold = { type: 'string', op: 'eq', key: 'tier', value: 'gold' };
    expect(await idsBy({ custom_attributes: [gold] })).toEqual([open]);
  });

  it('have a legacy form, an array with the messages, under the setting deprecated', async () => {
    const { client } = chatsOn();
    const first = await beginChat(client);
    await advance(client, '1s');
    const second = await beginChat(client);
    expect(await client.call('GET', '/list-chat')).toEqual([second, first]);
    const url = `/list-chat?sort_order=ascending&limit=1&pagination_key=${first.chat_id}`;
    expect(await client.call('GET', url)).toEqual([second]);
    await client.call('PATCH', '/_emulator/settings', { deprecated: 'reject' });
    expect(await statusOf(client, 'GET', '/list-chat')).toBe(400);
  });
});
