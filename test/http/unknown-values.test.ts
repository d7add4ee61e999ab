import { describe, expect, it, onTestFinished } from 'vitest';
import { startEmulator, type Fixtures } from '../../src/index.js';
import { buildTestApp, retellLlm, someDefinition, someFlow } from '../support/emulator.js';
import { unknownValueReporter } from '../../src/contract/open-values.js';

interface Entries {
  items: { warnings: string[] }[];
}

const agent = { voice_id: 'v', response_engine: retellLlm };

/** [operation's path, body with one value that the contract does not list, the value's place] */
const bodies: [path: string, body: object, place: string][] = [
  ['/create-test-case-definition', { ...someDefinition, llm_model: 'gpt-4.1-maxi' }, 'llm_model'],
  ['/create-retell-llm', { model: 'gpt-4o' }, 'model'],
  ['/create-retell-llm', { s2s_model: 'gpt-4o-realtime' }, 's2s_model'],
  ['/create-retell-llm', { general_tools: [{ type: 'fax', name: 'f' }] }, 'general_tools/0/type'],
  [
    '/create-retell-llm',
    { starting_state: 's', states: [{ name: 's', tools: [{ type: 'fax', name: 'f' }] }] },
    'states/0/tools/0/type',
  ],
  ['/create-conversation-flow', { ...someFlow, nodes: [{ id: 'n', type: 'x' }] }, 'nodes/0/type'],
  [
    '/create-conversation-flow',
    { ...someFlow, model_choice: { type: 'cascading', model: 'gpt-4o' } },
    'model_choice/model',
  ],
  [
    '/create-conversation-flow',
    { ...someFlow, components: [{ name: 'c', nodes: [{ id: 'n', type: 'x' }] }] },
    'components/0/nodes/0/type',
  ],
  ['/create-agent', { ...agent, voice_model: 'eleven_v9' }, 'voice_model'],
  ['/create-agent', { ...agent, ambient_sound: 'sea' }, 'ambient_sound'],
  ['/create-agent', { ...agent, language: 'tlh-KX' }, 'language'],
  ['/create-agent', { ...agent, language: ['en-US', 'tlh-KX'] }, 'language/1'],
  ['/create-agent', { ...agent, webhook_events: ['call_dreamt'] }, 'webhook_events/0'],
];

// facts.md 56
describe('a value that the contract does not list', () => {
  it.each(bodies)(
    'is accepted by %s and returned, with a warning: %j',
    async (url, body, place) => {
      const { client } = buildTestApp();
      expect(await client().call('POST', url, body)).toMatchObject(body);
      const { items } = await client().call<Entries>('GET', '/_emulator/requests');
      expect(items[0]?.warnings).toEqual([
        expect.stringMatching(
          new RegExp(`^body/${place} is ".+", which the contract does not list`),
        ),
      ]);
    },
  );

  it.each(bodies)(
    'is refused by %s if such values are rejected: %j',
    async (url, payload, place) => {
      const { client } = buildTestApp({ settings: { unknownValues: 'reject' } });
      const { status, body } = await client().send({ method: 'POST', url, payload });
      expect(body['message']).toContain(`body/${place} must be "`);
      expect(status).toBe(400);
    },
  );

  it.each(bodies)(
    'is accepted by %s without a warning if such values are accepted: %j',
    async (url, body) => {
      const { client } = buildTestApp();
      await client().call('PATCH', '/_emulator/settings', { unknownValues: 'accept' });
      expect(await client().call('POST', url, body)).toMatchObject(body);
      const { items } = await client().call<Entries>('GET', '/_emulator/requests');
      expect(items[0]?.warnings).toEqual([]);
    },
  );

  it('is named with the nearest one that is listed', async () => {
    const { client } = buildTestApp();
    await client().call('POST', '/create-retell-llm', { model: 'gpt-5.4-mimi' });
    const { items } = await client().call<Entries>('GET', '/_emulator/requests');
    expect(items[0]?.warnings).toEqual([
      'body/model is "gpt-5.4-mimi", which the contract does not list (did you mean "gpt-5.4-mini"?)',
    ]);
  });

  it('is named once for all items of a list', async () => {
    const { client } = buildTestApp();
    const nodes = ['a', 'b', 'c'].map((id) => ({ id, type: 'hologram' }));
    await client().call('POST', '/create-conversation-flow', { ...someFlow, nodes });
    const { items } = await client().call<Entries>('GET', '/_emulator/requests');
    expect(items[0]?.warnings).toEqual([
      'body/nodes/0/type is "hologram", which the contract does not list; 2 more of this kind have the same value',
    ]);
  });

  it("is refused if the emulator's behaviour depends on it", async () => {
    const { client } = buildTestApp({ settings: { unknownValues: 'accept' } });
    for (const [url, payload] of [
      ['/create-conversation-flow', { ...someFlow, start_speaker: 'nobody' }],
      ['/create-agent', { ...agent, response_engine: { type: 'brain', llm_id: 'x' } }],
      ['/create-batch-test', { test_case_definition_ids: ['a'], response_engine: { type: 'x' } }],
    ] as const) {
      expect((await client().send({ method: 'POST', url, payload })).status).toBe(400);
    }
  });
});

describe('values that the contract does not list, in fixtures', () => {
  const fixtures = {
    retellLlms: [{ llm_id: 'llm_1', model: 'gpt-4o', general_tools: [{ type: 'fax', name: 'f' }] }],
    agents: [{ agent_id: 'agent_1', ...agent, ambient_sound: 'sea' }],
    definitions: [{ ...someDefinition, llm_model: 'gpt-4o' }],
  } as unknown as Fixtures;
  const places = ['/definitions/0/llm_model', '/retellLlms/0/model', '/agents/0/ambient_sound'];

  it('are loaded, with warnings in the answer, and exported again', async () => {
    const { client } = buildTestApp();
    const { warnings } = await client().call<{ warnings: string[] }>(
      ...(['POST', '/_emulator/fixtures', fixtures] as const),
    );
    for (const place of places) expect(warnings.join()).toContain(`body${place} is "`);
    const state = await client().call('GET', '/_emulator/export');
    expect(state).toMatchObject(fixtures);
    const { client: other } = buildTestApp();
    await other().call('POST', '/_emulator/fixtures', state);
  });

  it('are logged at the start, each once', () => {
    const lines: string[] = [];
    const tell = unknownValueReporter((line) => lines.push(line));
    const unknown = { path: '/a/0/x', value: 'v', known: [], others: 0 };
    tell([unknown, { ...unknown, path: '/a/1/x' }, { ...unknown, value: 'w' }], 'f.yaml: ');
    expect(lines).toEqual([
      'f.yaml: /a/0/x is "v", which the contract does not list',
      'f.yaml: /a/0/x is "w", which the contract does not list',
    ]);
  });

  it('end the start if they are rejected', async () => {
    await expect(startEmulator({ fixtures, unknownValues: 'reject' })).rejects.toThrow(
      /fixtures\[0\]: \/definitions\/0\/llm_model must be "gpt-4\.1" or/,
    );
    const emulator = await startEmulator({ fixtures });
    onTestFinished(() => emulator.close());
    const { retellLlms } = await emulator.workspace('key').export();
    expect(retellLlms).toMatchObject(fixtures.retellLlms ?? []);
    const strict = await startEmulator({ unknownValues: 'reject' });
    onTestFinished(() => strict.close());
    await expect(strict.workspace('key').load(fixtures)).rejects.toThrow('must be "gpt-4.1"');
  });
});
