import { describe, expect, it } from 'vitest';
import { advance, buildStoppedApp } from './support/control.js';
import { buildTestApp, retellLlm } from './support/emulator.js';

/** What was observed of the real service (facts.md, by its lines), where no other test shows it. */

interface Entry {
  role: string;
  content?: string;
  name?: string;
  tool_call_id?: string;
  successful?: boolean;
}

/** Runs such definitions on an LLM with these tools, and returns what was said and done in each. */
async function converse(tools: object[], definition: object, count = 20) {
  const { client } = buildStoppedApp({ settings: { outcomes: { pass: 1, fail: 0, error: 0 } } });
  const { llm_id } = await client.call('POST', '/create-retell-llm', { general_tools: tools });
  const engine = { type: 'retell-llm', llm_id };
  const { test_case_definition_id: id } = await client.createDefinition({
    ...{ response_engine: engine, ...definition },
  });
  const ids = Array.from({ length: count }, () => id);
  const { test_case_batch_job_id: batch } = await client.createBatchTest(ids, engine);
  await advance(client, { until: 'idle' });
  const { items } = await client.listRuns(batch);
  return items.map(({ transcript_snapshot: snapshot }) => ({
    entries: (snapshot as unknown as { transcript: Entry[] }).transcript,
    ended: (snapshot as unknown as { callEnded: boolean }).callEnded,
  }));
}

const callsOf = (entries: readonly Entry[], name: string) =>
  entries.filter((entry) => entry.role === 'tool_call_invocation' && entry.name === name);
const resultOf = (entries: readonly Entry[], call: Entry | undefined) =>
  entries.find(
    ({ role, tool_call_id: id }) => role === 'tool_call_result' && id === call?.tool_call_id,
  );

describe('tools in a run', () => {
  const transfer = {
    ...{ type: 'transfer_call', name: 'to_person', description: 'Transfers to a person.' },
    transfer_destination: { type: 'predefined', number: '+14155550123' },
    transfer_option: { type: 'cold_transfer' },
  };
  const wantsPerson = {
    user_prompt: 'You want to talk to a person.',
    metrics: ['The agent transfers the call to a person'],
  };

  // facts.md 32, 62
  it('of a transfer without a mock give the observed result, and such a call can end the conversation', async () => {
    const runs = await converse([transfer], wantsPerson);
    const transferred = runs.filter(({ entries }) => callsOf(entries, 'to_person').length > 0);
    expect(transferred.length).toBeGreaterThan(0);
    for (const { entries } of transferred) {
      const [call] = callsOf(entries, 'to_person');
      expect(resultOf(entries, call)).toMatchObject({
        ...{ content: '{"status":"transferred successfully"}', successful: true },
      });
    }
    const last = transferred.filter(({ entries }) => entries.at(-1)?.role === 'tool_call_result');
    expect(last.length).toBeGreaterThan(0);
    for (const { ended } of last) expect(ended).toBe(true);
  });

  // facts.md 19
  it('are not mocked if they are tools of an MCP server', async () => {
    const tool = { type: 'mcp', name: 'find_order', description: 'Finds an order.', mcp_id: 'm' };
    const runs = await converse([tool], {
      user_prompt: 'You want to know where your order is.',
      metrics: ['The agent calls find_order'],
      tool_mocks: [{ tool_name: 'find_order', input_match_rule: { type: 'any' }, output: 'MOCK' }],
    });
    const called = runs.filter(({ entries }) => callsOf(entries, 'find_order').length > 0);
    expect(called.length).toBeGreaterThan(0);
    for (const { entries } of called) {
      const [call] = callsOf(entries, 'find_order');
      expect(resultOf(entries, call)).toMatchObject({ successful: false });
      expect(JSON.stringify(entries)).not.toContain('MOCK');
    }
  });

  // facts.md 19
  it("get a placeholder in place of the user's phone number", async () => {
    const runs = await converse([], {
      user_prompt: 'You want a call back to +14155550199 tomorrow.',
      metrics: ['The agent repeats the phone number'],
    });
    const said = runs.flatMap(({ entries }) =>
      entries.filter(({ role }) => role === 'user').map(({ content = '' }) => content),
    );
    expect(said.join('\n')).toContain('[phone number]');
    expect(said.join('\n')).not.toMatch(/\d{7}/);
  });
});

describe('a batch', () => {
  // facts.md 10
  it('has a run for each id as soon as it is created, and counts none of them yet', async () => {
    const { client } = buildStoppedApp();
    const batch = await client.createBatchTest(['a', 'b', 'a']);
    const { items } = await client.listRuns(batch.test_case_batch_job_id);
    expect(items.map(({ status }) => status)).toHaveLength(3);
    expect([batch.pass_count, batch.fail_count, batch.error_count]).toEqual([0, 0, 0]);
    expect(batch.total_count).toBe(3);
  });

  // facts.md 17, 63
  it('can have the times of the real service by settings', async () => {
    const { client } = buildStoppedApp({
      settings: {
        concurrency: 29,
        runDuration: '15s/0.78',
        batchStartDelay: '10s',
        batchCompletionDelay: '12s..58s',
      },
    });
    const definition = await client.createDefinition();
    const { creation_timestamp: createdAt, test_case_batch_job_id: id } =
      await client.createBatchTest(
        Array.from({ length: 29 }, () => definition.test_case_definition_id),
      );
    await advance(client, { until: 'idle' });
    const batch = await client.getBatchTest(id);
    const { items } = await client.listRuns(id);
    const firsts = items.map(({ transcript_snapshot: snapshot }) => {
      const { transcript } = snapshot as unknown as { transcript: { created_timestamp: number }[] };
      return transcript[0]?.created_timestamp ?? 0;
    });
    expect(Math.min(...firsts)).toBeGreaterThanOrEqual(createdAt + 10_000);
    const lastEnd = Math.max(...items.map((run) => run.user_modified_timestamp));
    expect(batch.user_modified_timestamp - lastEnd).toBeGreaterThanOrEqual(12_000);
    expect(batch.user_modified_timestamp - lastEnd).toBeLessThanOrEqual(58_000);
  });
});

describe('a definition', () => {
  // facts.md 23
  it('may have the name of another, and both are in the list', async () => {
    const { client } = buildTestApp();
    const ids = [];
    for (const metrics of [['It is polite'], ['It is quick']]) {
      const made = await client().createDefinition({ name: 'Twin', metrics });
      ids.push(made.test_case_definition_id);
    }
    const { items } = await client().call<{ items: object[] }>(
      'GET',
      `/v2/list-test-case-definitions?type=retell-llm&llm_id=${retellLlm.llm_id}`,
    );
    expect(items).toMatchObject(
      ids.reverse().map((id) => ({ test_case_definition_id: id, name: 'Twin' })),
    );
  });

  // facts.md 22
  it('has every property in the answer, with the model of the vendor', async () => {
    const { client } = buildTestApp();
    expect(await client().createDefinition()).toMatchObject({
      ...{ dynamic_variables: {}, tool_mocks: [], llm_model: 'gpt-4.1', type: 'simulation' },
      creation_timestamp: expect.any(Number) as number,
      user_modified_timestamp: expect.any(Number) as number,
    });
  });
});

describe('refusals', () => {
  // facts.md 44, 48
  it.each(['Trial over quota, please add payment.', 'Credit balance exhausted'])(
    'for lack of credit can have the observed words: %s',
    async (creditMessage) => {
      const { client } = buildTestApp({ settings: { creditMessage }, credit: 0 });
      const payload = { test_case_definition_ids: ['a'], response_engine: retellLlm };
      const { status, body } = await client().send({
        ...{ method: 'POST', url: '/create-batch-test', payload },
      });
      expect([status, body]).toEqual([402, { status: 'error', message: creditMessage }]);
    },
  );
});
