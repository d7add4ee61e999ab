import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Retell from 'retell-sdk';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/files.js';
import { startCli } from '../support/process.js';

async function arrange(args: readonly string[] = []) {
  const { url } = await startCli({
    cwd: temporaryFolder(),
    args: ['--database', ':memory:', '--run-duration', '5ms', ...args],
  });
  const env = { RETELL_BASE_URL: url, RETELL_API_KEY: 'key_client' };
  const client = new Retell({ apiKey: env.RETELL_API_KEY, baseURL: url, maxRetries: 0 });
  /** Runs a client script as it is, with nothing but its environment pointing here. */
  const run = (script: string, ...args: string[]) =>
    new Promise<{ code: number | string; stdout: string; stderr: string }>((resolve) => {
      const command = [join('test/clients', script), ...args];
      const options = { env: { ...process.env, ...env } };
      execFile(process.execPath, command, options, (error, stdout, stderr) => {
        resolve({ code: error?.code ?? 0, stdout, stderr });
      });
    });
  const order = async (path: string, body: object) => {
    const headers = { authorization: 'Bearer key_client', 'content-type': 'application/json' };
    const request = { method: 'POST', headers, body: JSON.stringify(body) };
    expect((await fetch(`${url}/_emulator${path}`, request)).ok).toBe(true);
  };
  return { client, run, order };
}

const tool = (name: string) => ({
  ...{ type: 'custom' as const, name, url: 'https://tools.test' },
});
const mock = (tool_name: string) => ({
  ...{ tool_name, input_match_rule: { type: 'any' as const }, output: '{}' },
});
const define = (client: Retell, llm_id: string, content: object = {}) =>
  client.tests.createTestCaseDefinition({
    ...{ name: 'Case', user_prompt: 'You want help.', metrics: ['It helps'] },
    ...{ response_engine: { type: 'retell-llm', llm_id }, ...content },
  });

describe('a client script', () => {
  // facts.md 24, 52
  it('refuses tools that are not mocked, then runs, and closes the gate on failures', async () => {
    const { client, run, order } = await arrange(['--outcomes', 'pass=1']);
    const general_tools = [tool('book'), { type: 'end_call' as const, name: 'end_call' }];
    const { llm_id } = await client.llm.create({ general_tools });
    const { agent_id } = await client.agent.create({
      ...{ voice_id: 'v', response_engine: { type: 'retell-llm', llm_id } },
    });
    const { test_case_definition_id: id } = await define(client, llm_id, { name: 'Refund' });
    expect(await run('unmocked-gate.js', agent_id)).toMatchObject({
      ...{ code: 3, stdout: 'Refund: book is not mocked\n' },
    });
    await client.tests.updateTestCaseDefinition(id, { tool_mocks: [mock('book')] });
    expect(await run('unmocked-gate.js', agent_id)).toMatchObject({
      ...{ code: 0, stdout: '1/1 passed\n' },
    });
    await order('/outcome-rules', { outcome: { status: 'fail' } });
    expect(await run('unmocked-gate.js', agent_id)).toMatchObject({ code: 1 });
  });

  // facts.md 15, 52
  it('compares models, and leaves the LLM as it was', async () => {
    const { client, run, order } = await arrange(['--outcomes', 'pass=1']);
    const { llm_id } = await client.llm.create({ model: 'gpt-5' });
    for (let index = 0; index < 4; index += 1) await define(client, llm_id);
    await order('/outcome-rules', {
      match: { batchOrdinal: 1 },
      times: 3,
      outcome: { status: 'fail' },
    });
    const answer = await run('compare-models.js', llm_id, 'gpt-4.1-mini', 'claude-4.5-haiku');
    expect(answer).toMatchObject({ code: 0, stdout: 'gpt-4.1-mini\t4/4\nclaude-4.5-haiku\t1/4\n' });
    expect(await client.llm.retrieve(llm_id)).toMatchObject({ model: 'gpt-5' });
    await order('/faults', { match: { path: '/v2/list-test-runs/*' }, error: { status: 400 } });
    expect(await run('compare-models.js', llm_id, 'gpt-5-mini')).toMatchObject({ code: 1 });
    expect(await client.llm.retrieve(llm_id)).toMatchObject({ model: 'gpt-5' });
  });

  // facts.md 23
  it('updates definitions from a file, and creates deleted ones again', async () => {
    const { client, run } = await arrange();
    const file = join(temporaryFolder(), 'definitions.json');
    const base = {
      ...{ user_prompt: 'You want help.', metrics: ['It helps'] },
      response_engine: { type: 'retell-llm', llm_id: 'llm_1' },
    };
    writeFileSync(file, JSON.stringify(['A', 'B'].map((name) => ({ ...base, name }))));
    expect(await run('sync-definitions.js', file)).toMatchObject({
      ...{ code: 0, stdout: 'created A\ncreated B\n' },
    });
    const [first] = JSON.parse(readFileSync(file, 'utf8')) as { id: string }[];
    await client.tests.deleteTestCaseDefinition(first?.id ?? '');
    expect(await run('sync-definitions.js', file)).toMatchObject({
      ...{ code: 0, stdout: 'created A\nupdated B\n' },
    });
    const { items } = await client.tests.listTestCaseDefinitions({
      ...{ type: 'retell-llm', llm_id: 'llm_1' },
    });
    expect(items.map(({ name }) => name)).toEqual(['A', 'B']);
  });

  // facts.md 48
  it('deletes definitions page by page, and waits after 429', async () => {
    const { client, run, order } = await arrange();
    const names = Array.from({ length: 1100 }, (_, index) =>
      index % 100 === 0 ? `tmp ${String(index)}` : `keep ${String(index)}`,
    );
    await order('/fixtures', {
      definitions: names.map((name) => ({
        ...{ name, user_prompt: 'You want help.', metrics: ['It helps'] },
        response_engine: { type: 'retell-llm', llm_id: 'llm_1' },
      })),
    });
    const match = { operation: 'deleteTestCaseDefinition' };
    await order('/faults', { match, every: 3, error: { status: 429 } });
    expect(await run('sweep.js', 'llm_1', 'tmp')).toMatchObject({
      code: 0,
      stdout: 'deleted 11\n',
    });
    expect(await run('sweep.js', 'llm_1', 'tmp')).toMatchObject({ code: 0, stdout: 'deleted 0\n' });
    const page = await client.tests.listTestCaseDefinitions({
      ...{ type: 'retell-llm', llm_id: 'llm_1', limit: 1000 },
    });
    expect(page.has_more).toBe(true);
  });
});

describe('the steps from nothing to a verdict', () => {
  // facts.md 11
  it('are those of the vendor, with the SDK', async () => {
    const { client } = await arrange(['--outcomes', 'pass=1']);
    const llm = await client.llm.create({
      begin_message: 'Hello!',
      general_tools: [tool('book'), tool('bill')],
    });
    const engine = { type: 'retell-llm', llm_id: llm.llm_id } as const;
    const agent = await client.agent.create({ voice_id: 'v', response_engine: engine });
    await client.agent.publish(agent.agent_id, { version: 0 });
    await client.agent.createVersion(agent.agent_id, { base_version: 0 });
    expect(await client.agent.retrieve(agent.agent_id)).toMatchObject({ version: 1 });
    const tool_mocks = [mock('book'), mock('bill')];
    const ids: string[] = [];
    for (const name of ['One', 'Two']) {
      ids.push((await define(client, llm.llm_id, { name, tool_mocks })).test_case_definition_id);
    }
    const runBatch = async () => {
      let batch = await client.tests.createBatchTest({
        ...{ response_engine: engine, test_case_definition_ids: ids },
      });
      while (batch.status === 'in_progress') {
        batch = await client.tests.getBatchTest(batch.test_case_batch_job_id);
      }
      return batch;
    };
    const first = await runBatch();
    expect(first).toMatchObject({ pass_count: 2, response_engine: { ...engine, version: 1 } });
    const { items } = await client.tests.listTestRuns(first.test_case_batch_job_id);
    expect(JSON.stringify(items[0]?.transcript_snapshot)).toContain('Hello!');
    await client.llm.update(llm.llm_id, { model: 'gpt-5', begin_message: 'Good day!' });
    const second = await runBatch();
    const { items: later } = await client.tests.listTestRuns(second.test_case_batch_job_id);
    expect(JSON.stringify(later[0]?.transcript_snapshot)).toContain('Good day!');
    const said = await client.playground.completion(agent.agent_id, { messages: [] });
    expect(said.messages).toMatchObject([{ role: 'agent', content: 'Good day!' }]);
    for (const id of ids) await client.tests.deleteTestCaseDefinition(id);
    await client.agent.delete(agent.agent_id);
    await client.llm.delete(llm.llm_id);
    expect((await client.agent.list({})).items).toEqual([]);
    expect((await client.llm.list()).items).toEqual([]);
    expect((await client.tests.listTestRuns(first.test_case_batch_job_id)).items).toEqual(items);
  });
});
