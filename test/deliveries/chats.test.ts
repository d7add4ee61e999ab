import { expect, it } from 'vitest';
import { beginChat, chatsOn, endChat, write } from '../support/chats.js';
import { advance } from '../support/control.js';
import { startReceiver } from '../support/receiver.js';

it('tells of a chat: that it began, was written in, ended and was analysed, each event once', async () => {
  const receiver = await startReceiver((_, response) => {
    response.writeHead(200).end();
  });
  const { client } = chatsOn();
  const { llm_id } = await client.call<{ llm_id: string }>('POST', '/create-retell-llm', {});
  const { agent_id } = await client.call<{ agent_id: string }>('POST', '/create-chat-agent', {
    response_engine: { type: 'retell-llm', llm_id },
    webhook_url: receiver.url,
    webhook_events: ['chat_started', 'chat_ended', 'chat_analyzed', 'transcript_updated'],
  });
  const { chat_id: id } = await beginChat(client, { agent_id });
  await write(client, id, 'Hello');
  await endChat(client, id);
  await advance(client, '2s');
  await advance(client, '2h');
  const { items } = await client.call<{
    items: { event: string; callId: string; state: string; body: { chat: object } }[];
  }>('GET', '/_emulator/webhooks');
  expect(items.map(({ event, state }) => `${event} ${state}`).sort()).toEqual([
    'chat_analyzed delivered',
    'chat_ended delivered',
    'chat_started delivered',
    ...Array.from({ length: 3 }, () => 'transcript_updated delivered'),
  ]);
  for (const { callId, body } of items) {
    expect(callId).toBe(id);
    expect(body.chat).toMatchObject({ chat_id: id });
  }
});
