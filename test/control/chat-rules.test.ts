import { describe, expect, it } from 'vitest';
import { beginChat, chatsOn, endChat, readChat, textsOf, write } from '../support/chats.js';
import { advance } from '../support/control.js';
import type { TestClient } from '../support/emulator.js';

const addRule = (client: TestClient, rule: object) =>
  client.call<{ id: string; hits: number }>('POST', '/_emulator/chat-rules', rule);

const listRules = (client: TestClient) =>
  client.call<{ id: string; hits: number }[]>('GET', '/_emulator/chat-rules');

const says = (content: string) => ({ messages: [{ role: 'agent', content }] });

describe('a chat rule', () => {
  it('gives what the agent answers to what the user writes, with stars and in any case', async () => {
    const { client } = chatsOn();
    await addRule(client, { match: { content: '*REFUND*' }, outcome: says('It is on its way.') });
    const { chat_id: id } = await beginChat(client);
    expect(textsOf(await write(client, id, 'I want a refund, please'))).toEqual([
      'agent: It is on its way.',
    ]);
    expect(textsOf(await write(client, id, 'Hello'))).not.toContain('agent: It is on its way.');
    expect(await listRules(client)).toMatchObject([{ hits: 1 }]);
  });

  it('gives tools with their results, and variables that were found out', async () => {
    const { client } = chatsOn();
    await addRule(client, {
      outcome: {
        messages: [
          { role: 'tool', name: 'find_order', arguments: { id: 'A17' }, result: '{"ok":true}' },
          { role: 'agent', content: 'Your order was delivered.' },
        ],
        collectedVariables: { order_id: 'A17' },
      },
    });
    const { chat_id: id } = await beginChat(client);
    const messages = await write(client, id, 'Where is my order?');
    expect(messages).toMatchObject([
      { role: 'tool_call_invocation', name: 'find_order', arguments: '{"id":"A17"}' },
      { role: 'tool_call_result', content: '{"ok":true}', successful: true },
      { role: 'agent', content: 'Your order was delivered.' },
    ]);
    const [call, result] = messages as { tool_call_id?: string }[];
    expect(result?.tool_call_id).toBe(call?.tool_call_id);
    await endChat(client, id);
    expect(await readChat(client, id)).toMatchObject({
      collected_dynamic_variables: { order_id: 'A17' },
    });
  });

  it('goes through a sequence, as often as it says', async () => {
    const { client } = chatsOn();
    const sequence = [says('One.'), says('Two.')];
    await addRule(client, { times: 3, sequence });
    const { chat_id: id } = await beginChat(client);
    const answers: string[] = [];
    for (let turn = 0; turn < 3; turn += 1) answers.push(...textsOf(await write(client, id, 'Go')));
    expect(answers).toEqual(['agent: One.', 'agent: Two.', 'agent: Two.']);
    expect(textsOf(await write(client, id, 'Go'))).not.toContain('agent: Two.');
  });

  it('matches agent, metadata and variables', async () => {
    const { client } = chatsOn();
    const match = { agentId: 'agent_a', metadata: { vip: true }, dynamicVariables: { x: '1' } };
    await addRule(client, { match, outcome: says('Yes.') });
    const said = { metadata: { vip: true, b: 2 }, retell_llm_dynamic_variables: { x: '1' } };
    const answers = [];
    for (const body of [
      { agent_id: 'agent_a', ...said },
      { agent_id: 'agent_b', ...said },
      { agent_id: 'agent_a', ...said, metadata: {} },
      { agent_id: 'agent_a', metadata: said.metadata },
    ]) {
      const { chat_id: id } = await beginChat(client, body);
      answers.push(textsOf(await write(client, id, 'Hi')).includes('agent: Yes.'));
    }
    expect(answers).toEqual([true, false, false, false]);
  });

  it('ends the chat, with this status and analysis', async () => {
    const { client } = chatsOn();
    const analysis = { summary: 'Done.', userSentiment: 'Negative', successful: false };
    await addRule(client, { times: 1, outcome: { ...says('Bye.'), ends: 'ended', analysis } });
    await addRule(client, { outcome: { messages: [], ends: 'error', analysis: null } });
    const { chat_id: ended } = await beginChat(client);
    await write(client, ended, 'Stop');
    await advance(client, '2s');
    expect(await readChat(client, ended)).toMatchObject({
      chat_status: 'ended',
      chat_analysis: {
        ...{ chat_summary: 'Done.', user_sentiment: 'Negative', chat_successful: false },
      },
    });
    const { chat_id: failed } = await beginChat(client);
    expect(await write(client, failed, 'Stop')).toEqual([]);
    await advance(client, '1h');
    const chat = await readChat(client, failed);
    expect(chat).toMatchObject({ chat_status: 'error' });
    expect(chat).not.toHaveProperty('chat_analysis');
  });

  it('decides what is left out by the engine, and is analysed when it says', async () => {
    const { client } = chatsOn();
    await addRule(client, { outcome: { ends: 'ended', analysisDelay: '10s' } });
    const { chat_id: id } = await beginChat(client);
    expect(textsOf(await write(client, id, 'Hello'))).toHaveLength(1);
    await advance(client, '9s');
    expect(await readChat(client, id)).not.toHaveProperty('chat_analysis');
    await advance(client, '1s');
    expect(await readChat(client, id)).toHaveProperty('chat_analysis');
  });

  it('is refused if it contradicts itself, and deleted by its id', async () => {
    const { client } = chatsOn();
    const refusalOf = async (payload: object) => {
      const { status, body } = await client.send({
        ...{ method: 'POST', url: '/_emulator/chat-rules', payload },
      });
      return [status, String(body['message']).replace(/^.*reference\. /, '')];
    };
    expect(await refusalOf({})).toEqual([400, 'body must have either "outcome" or "sequence"']);
    expect(await refusalOf({ outcome: { analysis: null, analysisDelay: '1s' } })).toEqual([
      ...[400, 'body/outcome/analysisDelay does not go with an analysis that is null'],
    ]);
    const { id } = await addRule(client, { outcome: {} });
    await addRule(client, { outcome: {} });
    await client.call('DELETE', `/_emulator/chat-rules/${id}`);
    expect(await listRules(client)).toHaveLength(1);
    await client.call('DELETE', '/_emulator/chat-rules');
    expect(await listRules(client)).toEqual([]);
  });
});
