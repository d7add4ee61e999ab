import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { startEmulator, type RetellEmulator, type Workspace } from '../src/index.js';
import { connectWebClient, RetellWebClient } from '../src/web-client.js';
import { startLlmServer } from './support/llm-server.js';

let emulator: RetellEmulator;
beforeAll(async () => {
  emulator = await startEmulator({ webCallJoin: 'manual' });
});
afterAll(() => emulator.close());

const events = [
  ...['call_started', 'call_ready', 'call_ended', 'agent_start_talking', 'agent_stop_talking'],
  ...['update', 'node_transition', 'metadata', 'error'],
];

interface Update {
  transcript: { role: string; content: string }[];
}

/** A client of a workspace, what it told, and the answers to what it sent. */
function createClient(apiKey: string) {
  const sent: Promise<Response>[] = [];
  const counting: typeof fetch = (...args) => {
    const answer = fetch(...args);
    sent.push(answer);
    return answer;
  };
  connectWebClient({ url: emulator.url, apiKey, pollInterval: 5, fetch: counting });
  const client = new RetellWebClient();
  const told: [name: string, ...args: unknown[]][] = [];
  for (const name of events) client.on(name, (...args: unknown[]) => told.push([name, ...args]));
  onTestFinished(() => {
    client.stopCall();
  });
  const next = (name: string) =>
    new Promise<unknown>((resolve) => {
      client.once(name, resolve);
    });
  return { client, told, next, sent, namesOf: () => told.map(([name]) => name) };
}

async function post<Body>({ apiKey, url }: Workspace, path: string, body: object): Promise<Body> {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return (await response.json()) as Body;
}

const createCall = (workspace: Workspace, body: object = {}) =>
  post<{ call_id: string; access_token: string }>(workspace, '/v3/create-web-call', {
    ...{ agent_id: 'agent_1', ...body },
  });

const transcript = [
  { role: 'agent', content: 'Hello, how can I help you today?' },
  { role: 'user', content: 'A table for two, please.' },
  { role: 'tool', name: 'book', result: '{}' },
  { role: 'agent', content: 'It is booked.' },
] as const;

const orderCall = (workspace: Workspace) =>
  workspace.callRules.add({
    outcome: { disconnectionReason: 'user_hangup', duration: '20s', transcript: [...transcript] },
  });

describe('the stand-in for the browser client', () => {
  it('tells metadata that the server of a custom LLM sends', async () => {
    const server = await startLlmServer({
      onFrame: ({ interaction_type: type, response_id }, { say, respond }) => {
        if (type !== 'response_required') return;
        for (const slide of [1, 2]) say({ response_type: 'metadata', metadata: { slide } });
        respond(response_id, 'Done', { end_call: true });
      },
    });
    const workspace = emulator.workspace('key_metadata');
    await workspace.callRules.add({ outcome: { transcript: [{ role: 'user', content: 'Hi' }] } });
    const { agent_id } = await post<{ agent_id: string }>(workspace, '/create-agent', {
      response_engine: { type: 'custom-llm', llm_websocket_url: server.url },
      voice_id: '11labs-Adrian',
    });
    const { access_token: accessToken } = await createCall(workspace, { agent_id });
    const { client, told, next } = createClient(workspace.apiKey);
    await client.startCall({ accessToken });
    const ended = next('call_ended');
    await workspace.settle();
    await ended;
    expect(told.filter(([name]) => name === 'metadata')).toEqual([
      ['metadata', { event_type: 'metadata', metadata: { slide: 1 } }],
      ['metadata', { event_type: 'metadata', metadata: { slide: 2 } }],
    ]);
  });

  it('joins a call, tells of each turn, and ends with the call', async () => {
    const workspace = emulator.workspace('key_whole');
    await orderCall(workspace);
    const { access_token: accessToken, call_id: id } = await createCall(workspace);
    const { client, told, next, namesOf } = createClient(workspace.apiKey);
    await client.startCall({ accessToken });
    expect(namesOf()).toEqual(['call_started', 'call_ready']);
    expect(await workspace.calls.explain(id)).toMatchObject({ status: 'ongoing' });
    const ended = next('call_ended');
    await workspace.settle();
    await ended;
    expect(namesOf()).toEqual([
      ...['call_started', 'call_ready'],
      ...['agent_start_talking', 'update', 'agent_stop_talking'],
      'update',
      ...['agent_start_talking', 'update', 'agent_stop_talking'],
      'call_ended',
    ]);
    const updates = told.flatMap(([name, event]) => (name === 'update' ? [event as Update] : []));
    const turns = transcript.filter(({ role }) => role !== 'tool');
    expect(updates.map((update) => update.transcript)).toEqual(
      turns.map((_, index) => turns.slice(0, index + 1)),
    );
    expect(client.isAgentTalking).toBe(false);
  });

  it("follows the workspace's clock within a turn", async () => {
    const workspace = emulator.workspace('key_within');
    await orderCall(workspace);
    const { access_token: accessToken, call_id: id } = await createCall(workspace);
    const { client, next } = createClient(workspace.apiKey);
    await client.startCall({ accessToken });
    const starts = next('agent_start_talking');
    const updated = next('update');
    const isSpoken = async () =>
      (await workspace.calls.conversation(id)).entries.some(({ endedAt }) => endedAt === null);
    while (!(await isSpoken())) await workspace.clock.advance('100ms');
    await starts;
    const { transcript: said } = (await updated) as Update;
    expect(said).toHaveLength(1);
    expect('Hello, how can I help you today?').toContain(said[0]?.content);
    const stops = next('agent_stop_talking');
    await workspace.clock.advance('10s');
    await stops;
  });

  it('leaves a call, and says so at once', async () => {
    const workspace = emulator.workspace('key_leaves');
    const { access_token: accessToken, call_id: id } = await createCall(workspace);
    const { client, namesOf, sent } = createClient(workspace.apiKey);
    await client.startCall({ accessToken });
    client.mute();
    expect(client.isMuted).toBe(true);
    client.unmute();
    expect(client.isMuted).toBe(false);
    client.stopCall();
    client.stopCall();
    expect(namesOf()).toEqual(['call_started', 'call_ready', 'call_ended']);
    await sent.at(-1);
    expect(await workspace.calls.explain(id)).toMatchObject({
      ...{ status: 'ended', plan: { disconnectionReason: 'user_hangup' } },
    });
  });

  it('takes a call that was joined by itself', async () => {
    const workspace = emulator.workspace('key_itself');
    await workspace.settings.change({ webCallJoin: '200ms' });
    const { access_token: accessToken } = await createCall(workspace);
    await workspace.clock.advance('1s');
    const { client, namesOf } = createClient(workspace.apiKey);
    await client.startCall({ accessToken });
    expect(namesOf().slice(0, 2)).toEqual(['call_started', 'call_ready']);
  });

  it.each([
    ['that does not exist', () => Promise.resolve('call_1.x')],
    [
      'that was joined too late',
      async (workspace: Workspace) => {
        const { access_token: accessToken } = await createCall(workspace);
        await workspace.clock.advance('30s');
        return accessToken;
      },
    ],
  ])('tells of an error for a call %s', async (what, tokenOf) => {
    const workspace = emulator.workspace(`key_${String(what.length)}`);
    await workspace.info();
    const accessToken = await tokenOf(workspace);
    const { client, told } = createClient(workspace.apiKey);
    await client.startCall({ accessToken });
    client.stopCall();
    expect(told).toEqual([['error', 'Error starting call', expect.any(Error)]]);
  });

  it('tells of transitions between the nodes of a flow', async () => {
    const workspace = emulator.workspace('key_flow');
    const headers = { authorization: 'Bearer key_flow', 'content-type': 'application/json' };
    const post = async (path: string, body: object) => {
      const init = { method: 'POST', headers, body: JSON.stringify(body) };
      return (await (await fetch(emulator.url + path, init)).json()) as Record<string, string>;
    };
    const say = (id: string, edges: object[]) => ({
      ...{ id, type: 'conversation', edges, instruction: { type: 'static_text', text: id } },
    });
    const condition = { type: 'prompt', prompt: 'always' };
    const flow = await post('/create-conversation-flow', {
      ...{ start_speaker: 'agent', model_choice: { type: 'cascading', model: 'gpt-4.1' } },
      nodes: [
        say('first', [{ id: 'e', destination_node_id: 'second', transition_condition: condition }]),
        say('second', []),
      ],
      start_node_id: 'first',
    });
    const { conversation_flow_id } = flow;
    const response_engine = { type: 'conversation-flow', conversation_flow_id };
    const { agent_id } = await post('/create-agent', { voice_id: 'v', response_engine });
    const { access_token: accessToken } = await createCall(workspace, { agent_id });
    const { client, told, next } = createClient(workspace.apiKey);
    await client.startCall({ accessToken });
    const ended = next('call_ended');
    await workspace.settle();
    await ended;
    expect(told.filter(([name]) => name === 'node_transition').map(([, event]) => event)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ event_type: 'node_transition', new_node_id: 'second' }),
      ]),
    );
  });

  it('goes on while the timers of a test are fake', async () => {
    const workspace = emulator.workspace('key_fake');
    const { access_token: accessToken } = await createCall(workspace);
    const { client, next } = createClient(workspace.apiKey);
    await client.startCall({ accessToken });
    vi.useFakeTimers();
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const ended = next('call_ended');
    await workspace.settle();
    await ended;
  });
});
