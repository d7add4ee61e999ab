import { describe, expect, it } from 'vitest';
import {
  beginChat,
  chatsOn,
  endChat,
  listChats,
  readChat,
  textsOf,
  write,
} from '../support/chats.js';
import { advance } from '../support/control.js';
import type { TestClient } from '../support/emulator.js';
import { newYear } from '../support/manual-clock.js';

const send = async (
  client: TestClient,
  method: 'POST' | 'PUT' | 'PATCH' | 'GET' | 'DELETE',
  url: string,
  payload?: object,
) => {
  const { status, body } = await client.send({ method, url, ...(payload && { payload }) });
  return { status, message: (body as { message?: string }).message };
};

const hour = 3_600_000;

describe('a chat', () => {
  it('is ongoing, then ended, then analysed, each with its fields', async () => {
    const { client } = chatsOn();
    const said = { metadata: { customer: 7 }, retell_llm_dynamic_variables: { name: 'Ann' } };
    const created = await beginChat(client, said);
    expect(created).toEqual({
      chat_id: expect.stringMatching(/^chat_[0-9a-f]{27}$/) as string,
      ...{ chat_status: 'ongoing', chat_type: 'api_chat', agent_id: 'agent_1', version: 0 },
      ...{ ...said, start_timestamp: newYear },
      transcript: expect.stringMatching(/^Agent: /) as string,
      message_with_tool_calls: [
        {
          ...{ role: 'agent', content: expect.any(String) as string, created_timestamp: newYear },
          message_id: expect.stringMatching(/^message_[0-9a-f]{24}$/) as string,
        },
      ],
    });
    const id = created.chat_id;
    expect(await readChat(client, id)).toEqual(created);

    await advance(client, '5s');
    const answer = await write(client, id, 'Hello, I have a question.');
    expect(answer).toMatchObject([{ role: 'agent', created_timestamp: newYear + 5000 }]);
    const ongoing = await readChat(client, id);
    expect(ongoing.message_with_tool_calls).toEqual([
      ...(created.message_with_tool_calls ?? []),
      {
        ...{ role: 'user', content: 'Hello, I have a question.' },
        message_id: expect.any(String) as string,
        created_timestamp: newYear + 5000,
      },
      ...answer,
    ]);
    expect(ongoing.transcript).toBe(
      `${created.transcript ?? ''}\nUser: Hello, I have a question.\n${textsOf(answer).join('').replace('agent', 'Agent')}`,
    );

    await advance(client, '5s');
    await endChat(client, id);
    const ended = await readChat(client, id);
    expect(ended).toEqual({
      ...{ ...ongoing, chat_status: 'ended', end_timestamp: newYear + 10_000 },
      collected_dynamic_variables: {},
      chat_cost: {
        combined_cost: 0.4,
        product_costs: [{ product: 'gpt_4_1', unit_price: 0.2, cost: 0.4 }],
      },
    });

    await advance(client, '2s');
    expect(await readChat(client, id)).toEqual({
      ...ended,
      chat_analysis: {
        ...{
          chat_summary: expect.any(String) as string,
          user_sentiment: expect.any(String) as string,
        },
        ...{ chat_successful: expect.any(Boolean) as boolean, custom_analysis_data: {} },
      },
    });
  });

  it('ends by itself when nobody has written for an hour', async () => {
    const { client } = chatsOn();
    const { chat_id: id } = await beginChat(client);
    await advance(client, '59m');
    await write(client, id, 'Are you there?');
    await advance(client, '59m');
    expect(await readChat(client, id)).toMatchObject({ chat_status: 'ongoing' });
    await advance(client, '10m');
    expect(await readChat(client, id)).toMatchObject({
      ...{ chat_status: 'ended', end_timestamp: newYear + 59 * 60_000 + hour },
      chat_analysis: { chat_summary: expect.stringContaining('wrote no more') as string },
    });
  });

  it('ends when the user says goodbye', async () => {
    const { client } = chatsOn();
    const { chat_id: id } = await beginChat(client);
    expect(textsOf(await write(client, id, 'That is all, goodbye!'))).toHaveLength(1);
    expect(await readChat(client, id)).toMatchObject({ chat_status: 'ended' });
    const refused = await send(client, 'POST', '/create-chat-completion', {
      ...{ chat_id: id, content: 'One more thing' },
    });
    expect(refused).toEqual({ status: 422, message: 'The chat is not ongoing: it is ended.' });
    expect(await send(client, 'PATCH', `/end-chat/${id}`)).toMatchObject({ status: 422 });
  });

  it('is refused for a voice agent', async () => {
    const { client } = chatsOn();
    const { agent_id } = await client.call<{ agent_id: string }>('POST', '/create-agent', {
      ...{ response_engine: { type: 'retell-llm', llm_id: 'llm_1' }, voice_id: '11labs-Adrian' },
    });
    expect(await send(client, 'POST', '/create-chat', { agent_id })).toEqual({
      status: 422,
      message: 'Cannot start a chat session with selected agent',
    });
  });

  it('is refused for an unknown agent by policy, and warned of otherwise', async () => {
    const strict = chatsOn({ unknownEngines: 'reject' });
    expect(await send(strict.client, 'POST', '/create-chat', { agent_id: 'agent_9' })).toEqual({
      status: 404,
      message: 'Item agent_9 not found from agent',
    });
    const { client } = chatsOn();
    await beginChat(client, { agent_id: 'agent_9' });
    const { items } = await client.call<{ items: { warnings: string[] }[] }>(
      ...(['GET', '/_emulator/requests?operation=createChat'] as const),
    );
    expect(items[0]?.warnings).toEqual([
      'there is no chat agent agent_9: the chat is held with one that is made up',
    ]);
  });

  it('costs credit when it begins, at each answer, and at each new analysis', async () => {
    const { client } = chatsOn({}, { credit: 3 });
    const { chat_id: id } = await beginChat(client);
    await write(client, id, 'Hello');
    await endChat(client, id);
    await advance(client, '2s');
    await client.call('PUT', `/rerun-chat-analysis/${id}`);
    expect(await send(client, 'PUT', `/rerun-chat-analysis/${id}`)).toMatchObject({ status: 402 });
    expect(await send(client, 'POST', '/create-chat', { agent_id: 'a' })).toMatchObject({
      status: 402,
    });
  });

  it('is changed in what clients say of it, and only made stricter', async () => {
    const { client } = chatsOn();
    const { chat_id: id } = await beginChat(client);
    const changed = await client.call('PATCH', `/update-chat/${id}`, {
      metadata: { a: 1 },
      custom_attributes: { tier: 'gold' },
      override_dynamic_variables: { discount: '15%' },
      data_storage_setting: 'basic_attributes_only',
    });
    expect(changed).toMatchObject({ metadata: { a: 1 }, custom_attributes: { tier: 'gold' } });
    const looser = { data_storage_setting: 'everything' };
    expect(await send(client, 'PATCH', `/update-chat/${id}`, looser)).toMatchObject({
      status: 400,
    });
    await endChat(client, id);
    expect(await readChat(client, id)).toHaveProperty('transcript');
    await advance(client, '10m');
    const forgotten = await readChat(client, id);
    expect(forgotten).not.toHaveProperty('transcript');
    expect(forgotten).not.toHaveProperty('message_with_tool_calls');
    expect(forgotten).not.toHaveProperty('chat_analysis');
  });

  it('is gone once it is deleted', async () => {
    const { client } = chatsOn();
    const { chat_id: id } = await beginChat(client);
    await client.call('DELETE', `/delete-chat/${id}`);
    expect(await send(client, 'GET', `/get-chat/${id}`)).toEqual({
      status: 404,
      message: `Item ${id} not found from chat`,
    });
    await advance(client, '2h');
    expect((await listChats(client)).items).toEqual([]);
  });

  it('is analysed again with other findings, but not before it was analysed once', async () => {
    const { client } = chatsOn();
    const { chat_id: id } = await beginChat(client);
    await write(client, id, 'Hello');
    expect(await send(client, 'PUT', `/rerun-chat-analysis/${id}`)).toMatchObject({ status: 422 });
    await endChat(client, id);
    await advance(client, '2s');
    const sentiments = new Set<unknown>();
    for (let run = 0; run < 12; run += 1) {
      const again = await client.call<{ chat_analysis: { user_sentiment: string } }>(
        ...(['PUT', `/rerun-chat-analysis/${id}`] as const),
      );
      sentiments.add(again.chat_analysis.user_sentiment);
      expect(await readChat(client, id)).toEqual(again);
    }
    expect(sentiments.size).toBeGreaterThan(1);
  });

  it('is of one workspace', async () => {
    const { client, app } = chatsOn();
    const { chat_id: id } = await beginChat(client);
    const other = await app.inject({
      ...{ method: 'GET', url: `/get-chat/${id}`, headers: { authorization: 'Bearer key_other' } },
    });
    expect(other.statusCode).toBe(404);
  });
});

describe('a chat by SMS', () => {
  const numbers = { from_number: '+14157774444', to_number: '+12137774445' };

  it('begins with what the agent writes, as one of the number’s agents', async () => {
    const { client } = chatsOn();
    await client.call('POST', '/create-phone-number', {
      phone_number: numbers.from_number,
      outbound_sms_agents: [{ agent_id: 'agent_sms', weight: 1 }],
    });
    const { status, body } = await client.send({
      ...{ method: 'POST', url: '/create-sms-chat', payload: numbers },
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      ...{ chat_type: 'sms_chat', agent_id: 'agent_sms', chat_status: 'ongoing' },
      message_with_tool_calls: [{ role: 'agent' }],
    });
  });

  it('is refused without an agent, and for a number that is none', async () => {
    const { client } = chatsOn();
    expect(await send(client, 'POST', '/create-sms-chat', numbers)).toEqual({
      status: 400,
      message: 'No outbound agent id set up for phone number.',
    });
    const wrong = { ...numbers, to_number: '123', override_agent_id: 'agent_1' };
    expect(await send(client, 'POST', '/create-sms-chat', wrong)).toMatchObject({ status: 400 });
  });
});
