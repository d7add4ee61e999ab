import { describe, expect, it } from 'vitest';
import { beginChat, chatsOn, readChat, textsOf, write } from '../support/chats.js';
import { advance } from '../support/control.js';
import type { TestClient } from '../support/emulator.js';
import { newYear } from '../support/manual-clock.js';

describe('a chat with a chat agent', () => {
  const createAgent = async (client: TestClient, engine: object, said: object = {}) => {
    const { llm_id } = await client.call<{ llm_id: string }>('POST', '/create-retell-llm', engine);
    const { agent_id } = await client.call<{ agent_id: string }>('POST', '/create-chat-agent', {
      ...{ response_engine: { type: 'retell-llm', llm_id }, ...said },
    });
    return agent_id;
  };

  it('begins with its begin message, and calls its tools', async () => {
    const { client } = chatsOn();
    const agent_id = await createAgent(client, {
      begin_message: 'Hello {{name}}, this is the shop.',
      general_tools: [
        {
          ...{ type: 'custom', name: 'cancel_order', description: 'Cancels an order.' },
          ...{ url: 'https://shop.example/cancel', speak_after_execution: true },
          parameters: { type: 'object', properties: { order: { type: 'string' } } },
        },
        { type: 'end_call', name: 'end_call', description: 'Ends the chat.' },
      ],
    });
    const variables = { retell_llm_dynamic_variables: { name: 'Ann' } };
    const created = await beginChat(client, { agent_id, ...variables });
    expect(created).toMatchObject({
      transcript: 'Agent: Hello Ann, this is the shop.',
      version: 0,
    });
    const messages = await write(client, created.chat_id, 'Please cancel my order.');
    expect(messages.map(({ role }) => role)).toEqual([
      ...['tool_call_invocation', 'tool_call_result', 'agent'],
    ]);
    const parted = await write(client, created.chat_id, 'Goodbye');
    expect(parted.at(-1)).toMatchObject({ role: 'tool_call_invocation', name: 'end_call' });
    expect(await readChat(client, created.chat_id)).toMatchObject({ chat_status: 'ended' });
  });

  it('waits for a user who speaks first', async () => {
    const { client } = chatsOn();
    const agent_id = await createAgent(client, { start_speaker: 'user' });
    const created = await beginChat(client, { agent_id });
    expect(created).toMatchObject({ transcript: '', message_with_tool_calls: [] });
    expect(textsOf(await write(client, created.chat_id, 'Hello'))).toHaveLength(1);
  });

  it('closes after the time of the agent, with its last message, and finds what it asks for', async () => {
    const { client } = chatsOn();
    const agent_id = await createAgent(
      client,
      {},
      {
        ...{ end_chat_after_silence_ms: 120_000, auto_close_message: 'We are closed now.' },
        post_chat_analysis_data: [
          { type: 'enum', name: 'mood', description: 'The mood.', choices: ['good', 'bad'] },
        ],
      },
    );
    const { chat_id: id } = await beginChat(client, { agent_id });
    await write(client, id, 'Hello');
    await advance(client, '122s');
    const chat = await readChat(client, id);
    expect(chat).toMatchObject({ chat_status: 'ended', end_timestamp: newYear + 120_000 });
    expect(textsOf(chat.message_with_tool_calls ?? []).at(-1)).toBe('agent: We are closed now.');
    expect(['good', 'bad']).toContain(chat.chat_analysis?.custom_analysis_data?.['mood']);
  });

  it('goes from node to node of a flow', async () => {
    const { client } = chatsOn();
    const { conversation_flow_id } = await client.call<{ conversation_flow_id: string }>(
      'POST',
      '/create-conversation-flow',
      {
        start_speaker: 'agent',
        model_choice: { type: 'cascading', model: 'gpt-4.1' },
        start_node_id: 'greet',
        nodes: [
          {
            ...{ id: 'greet', name: 'Greet', type: 'conversation' },
            instruction: { type: 'static_text', text: 'Hello, what do you need?' },
            edges: [
              {
                id: 'edge_1',
                destination_node_id: 'book',
                transition_condition: { type: 'prompt', prompt: 'The user wants to book a table' },
              },
            ],
          },
          {
            ...{ id: 'book', name: 'Book', type: 'conversation' },
            instruction: { type: 'static_text', text: 'For how many people?' },
          },
        ],
      },
    );
    const response_engine = { type: 'conversation-flow', conversation_flow_id };
    const { agent_id } = await client.call<{ agent_id: string }>('POST', '/create-chat-agent', {
      response_engine,
    });
    const { chat_id: id, message_with_tool_calls: begun } = await beginChat(client, { agent_id });
    expect(begun).toMatchObject([
      { role: 'node_transition', former_node_id: 'begin', new_node_id: 'greet' },
      { role: 'agent', content: 'Hello, what do you need?' },
    ]);
    expect(await write(client, id, 'I want to book a table')).toMatchObject([
      { role: 'node_transition', new_node_id: 'book', transition_type: 'normal' },
      { role: 'agent', content: 'For how many people?' },
    ]);
  });
});
