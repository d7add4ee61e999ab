import { describe, expect, it } from 'vitest';
import { beginChat, chatsOn, endChat, listChats, readChat, write } from '../support/chats.js';
import { advance } from '../support/control.js';
import type { TestClient } from '../support/emulator.js';

const exportOf = (client: TestClient) => client.call<object>('GET', '/_emulator/export');

const load = (client: TestClient, fixtures: object) =>
  client.call('POST', '/_emulator/fixtures', fixtures);

describe('chats in fixtures', () => {
  it('come back from an export as they were, and go on as they would have', async () => {
    const { client } = chatsOn();
    await client.call('POST', '/_emulator/chat-rules', {
      ...{ match: { content: 'a*' }, outcome: { messages: [] } },
    });
    const { llm_id } = await client.call<{ llm_id: string }>('POST', '/create-retell-llm', {});
    const { agent_id } = await client.call<{ agent_id: string }>('POST', '/create-chat-agent', {
      response_engine: { type: 'retell-llm', llm_id },
    });
    const { chat_id: analysed } = await beginChat(client, { agent_id, metadata: { a: 1 } });
    await write(client, analysed, 'Hello');
    await endChat(client, analysed);
    await advance(client, '3s');
    const { chat_id: ended } = await beginChat(client);
    await endChat(client, ended);
    const { chat_id: open } = await beginChat(client, { agent_id });
    await write(client, open, 'abc');
    const exported = await exportOf(client);
    const other = chatsOn();
    await load(other.client, exported);
    expect(await exportOf(other.client)).toEqual(exported);
    for (const id of [analysed, ended, open]) {
      expect(await readChat(other.client, id)).toEqual(await readChat(client, id));
    }
    expect(await write(other.client, open, 'Yes')).toEqual(await write(client, open, 'Yes'));
    await advance(client, '2h');
    await advance(other.client, '2h');
    for (const id of [ended, open]) {
      expect(await readChat(other.client, id)).toEqual(await readChat(client, id));
    }
  });

  it('are taken as the API returns them', async () => {
    const { client } = chatsOn();
    await load(client, {
      chats: [
        {
          ...{ chat_id: 'chat_1', agent_id: 'agent_1', chat_status: 'ended' },
          message_with_tool_calls: [{ role: 'user', content: 'Hi' }],
          chat_analysis: { chat_summary: 'Short.', user_sentiment: 'Neutral' },
        },
        { agent_id: 'agent_2' },
      ],
    });
    expect(await readChat(client, 'chat_1')).toMatchObject({
      ...{ chat_status: 'ended', transcript: 'User: Hi' },
      chat_analysis: { chat_summary: 'Short.', user_sentiment: 'Neutral' },
    });
    expect((await listChats(client)).items).toHaveLength(2);
    const taken = { chats: [{ chat_id: 'chat_1', agent_id: 'agent_1' }] };
    const url = '/_emulator/fixtures';
    expect((await client.send({ method: 'POST', url, payload: taken })).status).toBe(409);
  });

  it('are in snapshots, and gone after a reset', async () => {
    const { client } = chatsOn();
    const { chat_id: id } = await beginChat(client);
    await client.call('POST', '/_emulator/snapshots/before');
    const before = await readChat(client, id);
    await write(client, id, 'Hello');
    await client.call('POST', '/_emulator/snapshots/before/restore');
    expect(await readChat(client, id)).toEqual(before);
    await client.call('POST', '/_emulator/reset');
    expect((await listChats(client)).items).toEqual([]);
  });
});
