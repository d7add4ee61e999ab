import { describe, expect, it } from 'vitest';
import { advance, plainSettings, buildStoppedApp } from '../support/control.js';
import {
  someDefinition,
  someFlow,
  type Batch,
  type Run,
  type TestClient,
} from '../support/emulator.js';

type Json = Record<string, unknown>;

const create = (client: TestClient, kind: string, body: object): Promise<Json> =>
  client.call('POST', `/create-${kind}`, body);

describe('a batch on a known engine', () => {
  const on = (llm_id: string, version?: number) => ({
    ...{ type: 'retell-llm', llm_id },
    ...(version !== undefined && { version }),
  });

  // facts.md 14
  it('uses the latest version if none is given, and returns it', async () => {
    const { client } = buildStoppedApp({ settings: plainSettings });
    const { llm_id } = (await create(client, 'retell-llm', {})) as { llm_id: string };
    const batch = await client.createBatchTest(['a'], on(llm_id));
    expect(batch.response_engine).toEqual(on(llm_id, 0));
    const { agent_id } = await client.call('POST', '/create-agent', {
      ...{ voice_id: 'v', response_engine: on(llm_id) },
    });
    await client.call('POST', `/create-agent-version/${String(agent_id)}`, { base_version: 0 });
    const next = await client.createBatchTest(['a'], on(llm_id));
    expect(next.response_engine).toEqual(on(llm_id, 1));
    expect((await client.createBatchTest(['a'], on(llm_id, 0))).response_engine).toEqual(
      on(llm_id, 0),
    );
    const list = async (query: string) =>
      (
        await client.call<{ items: Batch[] }>(
          'GET',
          `/v2/list-batch-tests?type=retell-llm&llm_id=${llm_id}${query}`,
        )
      ).items.length;
    expect([await list(''), await list('&version=0'), await list('&version=1')]).toEqual([1, 2, 1]);
  });

  it('is refused for an unknown version', async () => {
    const { client } = buildStoppedApp();
    const { llm_id } = (await create(client, 'retell-llm', {})) as { llm_id: string };
    const { status, body } = await client.send({
      ...{ method: 'POST', url: '/create-batch-test' },
      payload: { test_case_definition_ids: ['a'], response_engine: on(llm_id, 7) },
    });
    expect(status).toBe(400);
    expect(body['message']).toContain(`version must be a version of ${llm_id}: there is no 7`);
  });

  it('can be required for batches, definitions and agents', async () => {
    const { client } = buildStoppedApp({
      settings: { ...plainSettings, unknownEngines: 'reject' },
    });
    const response_engine = on('llm_nowhere');
    for (const [url, payload] of [
      ['/create-batch-test', { test_case_definition_ids: ['a'], response_engine }],
      ['/create-test-case-definition', { ...someDefinition, response_engine }],
      ['/create-agent', { voice_id: 'v', response_engine }],
    ] as const) {
      const { status, body } = await client.send({ method: 'POST', url, payload });
      expect([url, status]).toEqual([url, 400]);
      expect(body['message']).toContain(
        'body/response_engine must be an engine: there is no llm_n',
      );
    }
    const custom = { type: 'custom-llm', llm_websocket_url: 'wss://llm.test' };
    await client.call('POST', '/create-agent', { voice_id: 'v', response_engine: custom });
  });

  // facts.md 14
  it('does not change the version in a definition', async () => {
    const { client } = buildStoppedApp({ settings: plainSettings });
    const { llm_id } = (await create(client, 'retell-llm', {})) as { llm_id: string };
    for (const engine of [on(llm_id), on(llm_id, 0), { ...on(llm_id), version: null }]) {
      const definition = await client.createDefinition({ response_engine: engine });
      expect(definition.response_engine).toEqual(engine);
    }
  });
});

describe('the transcript of a run on a known engine', () => {
  async function runs(client: TestClient, engine: object, content: object, count = 30) {
    // What is said depends on the definition, so each has a prompt of its own.
    const ids: string[] = [];
    for (let index = 0; index < count; index += 1) {
      const user_prompt = `You want thing ${String(index)}.`;
      ids.push(
        (await client.createDefinition({ ...content, user_prompt })).test_case_definition_id,
      );
    }
    const { test_case_batch_job_id: batch } = await client.createBatchTest(ids, engine);
    await advance(client, { until: 'idle' });
    return (await client.listRuns(batch)).items;
  }
  interface Entry {
    role: string;
    content?: string;
    name?: string;
    former_node_id: string;
    new_node_id: string;
    former_state_name: string;
    new_state_name: string;
  }
  const snapshotOf = (run: Run) =>
    run.transcript_snapshot as unknown as {
      transcript: Entry[];
      currentNodeId?: string;
      currentState?: string;
    } | null;

  it('begins with the engine’s message, and calls tools that the engine has', async () => {
    const { client } = buildStoppedApp({ settings: { outcomes: 'pass=1', concurrency: 100 } });
    const { llm_id } = await create(client, 'retell-llm', {
      begin_message: 'Welcome, {{name}}!',
      general_tools: [
        { type: 'custom', name: 'book', url: 'https://tools.test' },
        { type: 'custom', name: 'bill', url: 'https://tools.test' },
      ],
    });
    const mock = { input_match_rule: { type: 'any' }, output: '{}' };
    const items = await runs(
      client,
      { type: 'retell-llm', llm_id },
      {
        dynamic_variables: { name: 'Ann' },
        metrics: ['The agent calls book', 'Calls the tool bill', 'Calls unheard_of'],
        tool_mocks: [
          { ...mock, tool_name: 'book' },
          { ...mock, tool_name: 'unheard_of' },
        ],
      },
    );
    for (const run of items) {
      const entries = snapshotOf(run)?.transcript ?? [];
      expect(entries[0]).toMatchObject({ role: 'agent', content: 'Welcome, Ann!' });
      const called = entries.filter(({ role }) => role === 'tool_call_invocation');
      expect(called.map(({ name }) => name)).toEqual(['book', 'bill']);
      // facts.md 24, 61: a call that no mock fits goes to the real tool, and the run may still pass.
      expect(entries[entries.findIndex(({ name }) => name === 'bill') + 1]).toMatchObject({
        ...{ role: 'tool_call_result', successful: false },
      });
    }
  });

  // facts.md 27, 28
  it('follows a path of the flow’s nodes, from its start to the node in the snapshot', async () => {
    const { client } = buildStoppedApp({ settings: { outcomes: 'pass=1', concurrency: 100 } });
    const edge = (id: string, destination_node_id: string, prompt = 'next') => ({
      ...{ id, destination_node_id },
      transition_condition: { type: 'prompt', prompt },
    });
    const say = { type: 'prompt', text: 'Speak' };
    const nodes = [
      { id: 'end', type: 'end', name: 'The end' },
      {
        ...{ id: 'start', type: 'conversation', instruction: say },
        edges: [edge('e1', 'left'), edge('e2', 'right')],
      },
      { id: 'left', type: 'conversation', instruction: say, edges: [edge('e3', 'end')] },
      { id: 'right', type: 'branch', else_edge: edge('e4', 'loop', 'Else') },
      {
        ...{ id: 'loop', type: 'conversation', instruction: say },
        edges: [edge('e5', 'start'), edge('e6', 'end')],
      },
      { id: 'island', type: 'end' },
    ];
    const edges = new Set(['start left', 'start right', 'left end', 'right loop', 'loop end']);
    const { conversation_flow_id } = await create(client, 'conversation-flow', {
      ...{ ...someFlow, start_node_id: 'start', nodes },
    });
    const engine = { type: 'conversation-flow', conversation_flow_id };
    const items = await runs(client, engine, { response_engine: engine });
    const ways = new Set<string>();
    for (const run of items) {
      const snapshot = snapshotOf(run);
      const moves = (snapshot?.transcript ?? []).filter(({ role }) => role === 'node_transition');
      // facts.md 62: flows begin with a transition from `begin`; later ones have the flag.
      expect(moves[0]).toMatchObject({ former_node_id: 'begin', new_node_id: 'start' });
      expect(moves[0]).not.toHaveProperty('global_transition');
      for (const [index, move] of moves.entries()) {
        if (index === 0) continue;
        expect(edges).toContain(`${move.former_node_id} ${move.new_node_id}`);
        expect(move.former_node_id).toBe(moves[index - 1]?.new_node_id);
        expect(move).toMatchObject({ transition_type: 'normal', global_transition: false });
      }
      expect(snapshot?.currentNodeId).toBe(moves.at(-1)?.new_node_id);
      expect(snapshot?.currentNodeId).toBe('end');
      ways.add(moves.map(({ new_node_id }) => new_node_id).join(' '));
    }
    expect(ways).toEqual(new Set(['start left end', 'start right loop end']));
  });

  // facts.md 27, 28
  it('goes through the LLM’s states', async () => {
    const { client } = buildStoppedApp({ settings: { outcomes: 'pass=1' } });
    const to = (destination_state_name: string) => ({ destination_state_name, description: 'on' });
    const { llm_id } = await create(client, 'retell-llm', {
      starting_state: 'greet',
      states: [{ name: 'help' }, { name: 'greet', edges: [to('help')] }],
    });
    const [run] = await runs(client, { type: 'retell-llm', llm_id }, {}, 1);
    const snapshot = run && snapshotOf(run);
    expect(snapshot?.currentState).toBe('help');
    expect(snapshot?.transcript.filter(({ role }) => role === 'state_transition')).toMatchObject([
      { former_state_name: 'greet', new_state_name: 'help' },
    ]);
  });

  it('does not change if the engine is changed or deleted', async () => {
    const { client } = buildStoppedApp({ settings: plainSettings });
    const { llm_id } = await create(client, 'retell-llm', { begin_message: 'First' });
    const { test_case_batch_job_id: id } = await client.createBatchTest(['a'], {
      ...{ type: 'retell-llm', llm_id },
    });
    await client.call('PATCH', `/update-retell-llm/${String(llm_id)}`, { begin_message: 'Second' });
    await advance(client, { until: 'idle' });
    const before = await client.listRuns(id);
    expect(JSON.stringify(before)).toContain('"First"');
    await client.call('DELETE', `/delete-retell-llm/${String(llm_id)}`);
    expect(await client.listRuns(id)).toEqual(before);
    const state = await client.call('GET', '/_emulator/export');
    const { client: copy } = buildStoppedApp();
    await copy.call('POST', '/_emulator/fixtures', state);
    expect(await copy.listRuns(id)).toEqual(before);
    expect(await copy.call('GET', '/_emulator/export')).toEqual(state);
  });
});

describe('the journal of a batch on a known engine', () => {
  it('warns of tools without mocks, mocks without tools, and other engines', async () => {
    const { client } = buildStoppedApp({ settings: plainSettings });
    const { llm_id } = await create(client, 'retell-llm', {
      general_tools: [
        { type: 'end_call', name: 'end_call' },
        { type: 'custom', name: 'book', url: 'https://tools.test' },
      ],
      starting_state: 's',
      states: [{ name: 's', tools: [{ type: 'custom', name: 'bill', url: 'https://tools.test' }] }],
    });
    const engine = { type: 'retell-llm', llm_id };
    const mock = { input_match_rule: { type: 'any' }, output: '{}' };
    const { test_case_definition_id: mine } = await client.createDefinition({
      ...{ response_engine: engine, tool_mocks: [{ ...mock, tool_name: 'book' }] },
    });
    const { test_case_definition_id: others } = await client.createDefinition({
      tool_mocks: [...['book', 'bill', 'fax'].map((tool_name) => ({ ...mock, tool_name }))],
    });
    await client.createBatchTest([mine, others, mine], engine);
    const { items } = await client.call<{ items: { warnings: string[] }[] }>(
      'GET',
      '/_emulator/requests?operation=createBatchTest',
    );
    expect(items[0]?.warnings).toEqual([
      `${mine} has no mock for the tool bill: the real one is called`,
      `${others} mocks the tool fax, which the engine does not have`,
      `${others} was made for another engine, retell-llm:llm_1`,
    ]);
  });
});
