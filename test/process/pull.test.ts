import { writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import Retell from 'retell-sdk';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { startEmulator, type Fixtures } from '../../src/index.js';
import { temporaryFolder } from '../support/files.js';
import { spawnCli, startCli } from '../support/process.js';
import { serve } from '../support/serve.js';

/** An account to pull from, on an emulator of its own. */
async function startAccount() {
  const emulator = await startEmulator({ now: '2026-01-01T00:00:00Z' });
  onTestFinished(() => emulator.close());
  const workspace = emulator.workspace('key_account');
  const client = new Retell({ apiKey: workspace.apiKey, baseURL: workspace.url, maxRetries: 0 });
  const agents = [];
  for (const name of ['Reception', 'Billing']) {
    const llm = await client.llm.create({
      begin_message: `${name} here`,
      general_tools: [{ type: 'end_call', name: 'end_call' }],
    });
    const response_engine = { type: 'retell-llm', llm_id: llm.llm_id } as const;
    agents.push(await client.agent.create({ agent_name: name, voice_id: 'v', response_engine }));
    for (let index = 0; index < 3; index += 1) {
      await client.tests.createTestCaseDefinition({
        ...{ name: `${name} ${String(index)}`, response_engine },
        ...{ user_prompt: 'You want help.', metrics: ['It helps'] },
      });
    }
  }
  const [first] = agents;
  await client.agent.publish(first?.agent_id ?? '', { version: 0 });
  await client.agent.createVersion(first?.agent_id ?? '', { base_version: 0 });
  await client.conversationFlow.create({
    start_speaker: 'agent',
    model_choice: { type: 'cascading', model: 'gpt-4.1' },
    nodes: [{ id: 'a', type: 'end' }],
  });
  await workspace.requests.clear();
  return { emulator, workspace, client, agents };
}

async function runPull(url: string, args: readonly string[] = []) {
  const cwd = temporaryFolder();
  const flags = ['pull', '--upstream', url, '--api-key', 'key_account', ...args];
  const command = spawnCli({ cwd, args: flags });
  const { code } = await command.end();
  const { stdout, stderr } = command;
  return { code, stdout, stderr, fixtures: parse(stdout) as Fixtures };
}

describe('retell-emulator pull', () => {
  it('reads an account into fixtures that load with the same ids', async () => {
    const { emulator, workspace, agents } = await startAccount();
    const { code, stdout, fixtures } = await runPull(emulator.url);
    expect(code).toBe(0);
    expect(fixtures.agents?.map(({ agent_id, version }) => [agent_id, version])).toEqual([
      [agents[0]?.agent_id, 1],
      [agents[1]?.agent_id, 0],
    ]);
    const asked = (await workspace.requests.list({ limit: 1000 })).items;
    expect(asked.length).toBeGreaterThan(5);
    for (const { method, path, valid } of asked) {
      expect([method === 'GET' || path === '/v2/list-agents', valid]).toEqual([true, true]);
    }

    const folder = temporaryFolder();
    writeFileSync(join(folder, 'fixtures.yaml'), stdout);
    const copy = await startEmulator({ fixtures, now: '2027-01-01T00:00:00Z' });
    onTestFinished(() => copy.close());
    const state = await copy.workspace('key_copy').export();
    const original = await workspace.export();
    const idsOf = ({ agents, retellLlms, conversationFlows, definitions }: Fixtures) => ({
      agents: agents?.map(({ agent_id }) => agent_id).sort(),
      llms: [...new Set(retellLlms?.map(({ llm_id }) => llm_id))].sort(),
      flows: conversationFlows?.map(({ conversation_flow_id }) => conversation_flow_id),
      definitions: definitions
        ?.map(({ test_case_definition_id: id, name }) => `${String(id)} ${name}`)
        .sort(),
    });
    // Earlier versions of agents are not read.
    expect(idsOf(state)).toEqual({
      ...idsOf(original),
      agents: [...new Set(idsOf(original).agents)],
    });
  });

  it('reads the last calls, scrubbed unless told otherwise, into fixtures that load', async () => {
    const { emulator, workspace, client, agents } = await startAccount();
    const sides = { from_number: '+14157774444', to_number: '+12137774445' };
    const override_agent_id = agents[0]?.agent_id ?? '';
    await client.call.createPhoneCall({ ...sides, override_agent_id });
    await workspace.settle();
    const kept = await runPull(emulator.url, ['--calls', '5', '--keep-personal-data']);
    expect(kept).toMatchObject({ code: 0, stderr: '', fixtures: { calls: [sides] } });
    const { code, stdout, fixtures } = await runPull(emulator.url, ['--calls', '5']);
    expect(code).toBe(0);
    expect(stdout).not.toContain('transcript');
    expect(fixtures.calls).toMatchObject([{ from_number: '+12015550100' }]);
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'fixtures.yaml'), stdout);
    const copy = await startCli({ cwd: folder, args: ['--fixtures', 'fixtures.yaml'] });
    const copied = new Retell({ apiKey: 'key_local', baseURL: copy.url, maxRetries: 0 });
    const { items } = await copied.call.list({});
    expect(items).toMatchObject([{ from_number: '+12015550100', agent_id: override_agent_id }]);
  });

  it('reads one agent with its engine and definitions only', async () => {
    const { emulator, agents } = await startAccount();
    const id = agents[1]?.agent_id ?? '';
    const { code, fixtures } = await runPull(emulator.url, ['--agent', id]);
    expect(code).toBe(0);
    expect(fixtures.agents).toMatchObject([{ agent_id: id }]);
    expect(fixtures.retellLlms).toMatchObject([{ begin_message: 'Billing here' }]);
    expect(fixtures.conversationFlows).toEqual([]);
    expect(fixtures.definitions?.map(({ name }) => name)).toEqual([
      ...['Billing 0', 'Billing 1', 'Billing 2'],
    ]);
  });

  it('tries again after 429', async () => {
    const { emulator, workspace } = await startAccount();
    const headers = { 'Retry-After': '0' };
    await workspace.faults.add({ every: 2, times: 6, error: { status: 429, headers } });
    const { code, stderr, fixtures } = await runPull(emulator.url);
    expect(code).toBe(0);
    expect(fixtures.definitions).toHaveLength(6);
    expect(stderr).toContain(`retell-emulator: ${emulator.url} answers 429; trying again in 0 s\n`);
    expect((await workspace.faults.list())[0]?.hits).toBeGreaterThan(2);
  });

  it.each<[string[], number, RegExp]>([
    [['--upstream', 'nowhere', '--api-key', 'k'], 2, /--upstream is "nowhere".* must be a URL/],
    [['--upstream', 'ftp://127.0.0.1', '--api-key', 'k'], 2, /--upstream is .* must be a URL/],
    [['--upstream', 'http://127.0.0.1:1'], 2, /--api-key or RETELL_API_KEY must be given/],
    [['--api-key', 'k'], 2, /--upstream <URL>/],
    [['--upstream', 'http://127.0.0.1:1', '--api-key', 'k'], 1, /cannot read http:\/\/127/],
    [
      ['--upstream', 'http://127.0.0.1:1', '--api-key', 'k', '--calls', '1e2'],
      2,
      /--calls is "1e2"; it must be a whole number from 0 to 10000/,
    ],
    [
      ['--upstream', 'http://127.0.0.1:1', '--api-key', 'k', '--calls', '10001'],
      2,
      /--calls is "10001"; it must be a whole number from 0 to 10000/,
    ],
  ])('ends with one line that says why: %j', async (args, code, message) => {
    const env = { RETELL_API_KEY: '' };
    const command = spawnCli({ cwd: temporaryFolder(), env, args: ['pull', ...args] });
    expect(await command.end()).toMatchObject({ code });
    expect(command.stderr).toMatch(message);
    expect(command.stderr.trim()).not.toContain('\n');
    expect(command.stdout).toBe('');
  });

  it("shows the server's message if it refuses", async () => {
    const { emulator } = await startAccount();
    const args = ['pull', '--upstream', emulator.url, '--api-key', 'key_unauthorized'];
    const command = spawnCli({ cwd: temporaryFolder(), args });
    expect(await command.end()).toMatchObject({ code: 1 });
    expect(command.stderr).toContain('answers 401 to');
  });

  it.each<[string, RequestListener]>([
    ['answers no JSON', (_request, response) => response.end('<!doctype html>')],
    ['answers JSON, but', (_request, response) => response.end('null')],
    ['answers JSON, but', (_request, response) => response.end('{"items":[null]}')],
    ['answers JSON, but', (_request, response) => response.end('{}')],
    [
      'cannot read',
      (_request, response) => {
        response.writeHead(200, { 'content-length': '99' });
        response.write('{"items":', () => response.destroy());
      },
    ],
  ])('ends with one line if a server %s', async (message, answer) => {
    const url = await serve(answer);
    const { code, stdout, stderr } = await runPull(url);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^retell-emulator: [^\n]+\n$/);
    expect(stderr).toContain(message);
    expect(stderr).toContain(`${url}/v2/list-`);
    expect(stdout).toBe('');
  });

  it('leaves out engines that the account does not have, and says so', async () => {
    const { emulator, client, agents } = await startAccount();
    const dangling = [
      { type: 'retell-llm', llm_id: 'llm_gone' },
      { type: 'conversation-flow', conversation_flow_id: 'flow_gone' },
    ] as const;
    const ids = [];
    for (const response_engine of dangling) {
      ids.push((await client.agent.create({ voice_id: 'v', response_engine })).agent_id);
    }
    const { code, stderr, fixtures } = await runPull(emulator.url);
    expect(code).toBe(0);
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(`left out the engine of agent ${String(ids[0])}: .*llm_gone`),
      expect.stringMatching(`left out the engine of agent ${String(ids[1])}: .*flow_gone`),
    ]);
    expect(fixtures.definitions).toHaveLength(6);
    expect(fixtures.agents).toHaveLength(agents.length + 2);
    const copy = await startEmulator({ fixtures, unknownEngines: 'reject' });
    await copy.close();
  });

  it('shows defaults in its help only for options that have one', async () => {
    const command = spawnCli({ cwd: temporaryFolder(), args: ['pull', '--help'] });
    expect(await command.end()).toMatchObject({ code: 0 });
    expect(command.stdout).not.toContain('default');
  });
});
