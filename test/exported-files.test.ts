import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startEmulator, type Fixtures } from '../src/index.js';
import { pull } from '../src/pull/pull.js';
import { buildTestApp } from './support/emulator.js';
import { temporaryFolder } from './support/files.js';

const folder = join(import.meta.dirname, 'fixtures/exports');

interface Kind {
  /** In fixtures. */
  readonly list: 'agents' | 'retellLlms' | 'conversationFlows' | 'definitions';
  readonly create: string;
  /** Said by the emulator, and by no client. */
  readonly own: readonly string[];
}
const versioned = ['version', 'base_version', 'is_published', 'last_modification_timestamp'];
const kinds: Record<string, Kind> = {
  agent: { list: 'agents', create: '/create-agent', own: ['agent_id', ...versioned] },
  llm: { list: 'retellLlms', create: '/create-retell-llm', own: ['llm_id', ...versioned] },
  flow: {
    list: 'conversationFlows',
    create: '/create-conversation-flow',
    own: ['conversation_flow_id', ...versioned],
  },
  'test-case': {
    list: 'definitions',
    create: '/create-test-case-definition',
    own: ['test_case_definition_id', 'type', 'creation_timestamp', 'user_modified_timestamp'],
  },
};

/** By file: the places of the values in it that the contract does not list. facts.md 56. */
const unknownValues: Record<string, string[]> = {
  'agent-newer-options.json': [
    ...['voice_model', 'voice_emotion', 'ambient_sound', 'language/1', 'webhook_events/1'],
    ...['data_storage_setting', 'pronunciation_dictionary/0/alphabet'],
    ...['voicemail_option/action/type', 'ivr_option/action/type'],
    ...['post_call_analysis_data/0/type', 'post_call_analysis_data/1/name'],
    ...['post_call_analysis_model', 'custom_stt_config/provider', 'vocab_specialization'],
    ...['denoising_mode', 'pii_config/mode', 'pii_config/categories/1'],
    ...['guardrail_config/output_topics/1', 'guardrail_config/input_topics/0'],
  ],
  'agent-retired-voice.json': ['voice_model', 'ambient_sound', 'post_call_analysis_model'],
  'flow-components.json': [
    ...['model_choice/model', 'components/0/tools/1/type', 'components/0/nodes/1/component_type'],
    ...['components/0/nodes/2/type', 'components/1/nodes/0/tools/0/type'],
  ],
  'flow-every-edge.json': [],
  'flow-mcp.json': [],
  'flow-newer-nodes.json': [
    ...['model_choice/model', 'tools/0/type', 'nodes/0/model_choice/type'],
    ...['nodes/0/model_choice/model', 'nodes/0/instruction/type', 'nodes/0/stt_mode'],
    ...['nodes/0/edges/0/transition_condition/type', 'nodes/1/type', 'nodes/2/type'],
    ...['nodes/0/edges/1/transition_condition/operator'],
    ...['nodes/0/edges/1/transition_condition/equations/0/operator'],
    ...['nodes/3/tool_type', 'nodes/4/instruction/type'],
  ],
  'flow-transfers.json': [
    ...['nodes/0/transfer_destination/type', 'nodes/0/transfer_option/on_hold_music'],
    ...['nodes/0/transfer_option/public_handoff_option/type', 'nodes/1/transfer_option/type'],
    ...['nodes/2/post_call_analysis_setting', 'nodes/2/webhook_setting'],
  ],
  'llm-newer-model.json': [
    ...['model', 'general_tools/0/type', 'general_tools/2/method'],
    ...['general_tools/2/execution_message_type', 'general_tools/3/sms_content/template'],
  ],
  'llm-retired-model.json': ['model', 'states/0/tools/0/type'],
  'llm-speech-model.json': ['s2s_model'],
  'test-case-newer-model.json': ['llm_model'],
  'test-case-retired-model.json': ['llm_model'],
};

type Item = Record<string, unknown>;

const files = readdirSync(folder).map((name) => {
  const kind = kinds[/^(agent|llm|flow|test-case)-/.exec(name)?.[1] ?? ''];
  if (kind === undefined) throw new Error(`${name} is of no kind`);
  const item = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Item;
  return { name, kind, item, unknown: unknownValues[name] ?? [] };
});

/** What a client says of it. */
const said = ({ item, kind }: { item: Item; kind: Kind }): Item =>
  Object.fromEntries(Object.entries(item).filter(([name]) => !kind.own.includes(name)));

const placesOf = (warnings: readonly string[], before: string): string[] =>
  warnings.map((warning) => /^(\S+) is "/.exec(warning)?.[1]?.replace(before, '') ?? warning);

interface Entries {
  items: { path: string; warnings: string[] }[];
}

/** The warnings of the last request about values. Others are of what the emulator does not know. */
const valueWarnings = ({ items }: Entries): string[] =>
  (items[0]?.warnings ?? []).filter((text) => text.includes('which the contract does not list'));

describe('files as users export them', () => {
  it('are all listed, with the values that the contract does not list', () => {
    expect(files.map(({ name }) => name).sort()).toEqual(Object.keys(unknownValues).sort());
  });

  describe.each(files)('$name', (file) => {
    const { kind, item, unknown } = file;
    const fixtures = { [kind.list]: [item] };

    it('is taken by the operation that creates it, with a warning for each such value', async () => {
      const { client } = buildTestApp();
      const made = await client().call('POST', kind.create, item);
      expect(made).toMatchObject(said(file));
      const entries = await client().call<Entries>('GET', '/_emulator/requests');
      expect(placesOf(valueWarnings(entries), 'body/').sort()).toEqual([...unknown].sort());
    });

    it('loads, is exported, and loads again', async () => {
      const { client } = buildTestApp();
      const { warnings = [] } = await client().call<{ warnings?: string[] }>(
        ...(['POST', '/_emulator/fixtures', fixtures] as const),
      );
      const values = warnings.filter((text) => text.includes('which the contract does not list'));
      expect(placesOf(values, `body/${kind.list}/0/`).sort()).toEqual([...unknown].sort());
      const state = await client().call('GET', '/_emulator/export');
      expect((state[kind.list] as Item[])[0]).toMatchObject(said(file));
      await client('key_b').call('POST', '/_emulator/fixtures', state);
      const again = await client('key_b').call('GET', '/_emulator/export');
      expect(again[kind.list]).toEqual(state[kind.list]);
    });

    it('is accepted without a warning if unknown values are accepted', async () => {
      const { client } = buildTestApp({ settings: { unknownValues: 'accept' } });
      await client().call('POST', kind.create, item);
      const entries = await client().call<Entries>('GET', '/_emulator/requests');
      expect(valueWarnings(entries)).toEqual([]);
      const { warnings = [] } = await client().call<{ warnings?: string[] }>(
        ...(['POST', '/_emulator/fixtures', fixtures] as const),
      );
      expect(warnings.join()).not.toContain('which the contract does not list');
    });

    it('is refused if it has unknown values and these are rejected', async () => {
      const { client } = buildTestApp({ settings: { unknownValues: 'reject' } });
      for (const [url, payload] of [
        [kind.create, item],
        ['/_emulator/fixtures', fixtures],
      ] as const) {
        const { status } = await client().send({ method: 'POST', url, payload });
        if (unknown.length > 0) expect(status).toBe(400);
        else expect(status).toBeLessThan(300);
      }
    });
  });

  const all: Record<string, Item[]> = {};
  for (const { kind, item } of files) (all[kind.list] ??= []).push(item);

  it('can be pulled from an account, and then loaded', async () => {
    const account = await startEmulator({ fixtures: all as unknown as Fixtures });
    onTestFinished(() => account.close());
    const pulled = await pull({
      upstream: account.url,
      apiKey: 'key_account',
      ...{ agents: [], calls: 0, keepsPersonalData: false },
      deadline: () => new AbortController().signal,
      sleep: () => Promise.resolve(),
      log: (line) => expect.fail(line),
    });
    const copy = await startEmulator({ fixtures: pulled, validateResponses: true });
    onTestFinished(() => copy.close());
    const state = await copy.workspace('key').export();
    for (const { list, own } of Object.values(kinds)) {
      const id = own[0] ?? '';
      const byId = (items: readonly unknown[] = []) =>
        new Map((items as Item[]).map((item) => [item[id], item]));
      const copied = byId(state[list]);
      expect([...copied.keys()].sort()).toEqual([...byId(all[list]).keys()].sort());
      for (const file of files.filter(({ kind }) => kind.list === list)) {
        expect(copied.get(file.item[id])).toMatchObject(said(file));
      }
    }
  });

  it('load together from a file at the start, which fails if they are rejected', async () => {
    const name = join(temporaryFolder(), 'account.json');
    writeFileSync(name, JSON.stringify(all));
    const emulator = await startEmulator({ fixtures: name, validateResponses: true });
    onTestFinished(() => emulator.close());
    const state = (await emulator.workspace('key').export()) as unknown as Record<
      string,
      unknown[]
    >;
    for (const [list, items] of Object.entries(all)) expect(state[list]).toHaveLength(items.length);
    await expect(
      startEmulator({ fixtures: all as unknown as Fixtures, unknownValues: 'reject' }),
    ).rejects.toThrow(/fixtures\[0\]: \/\w+\/\d+\/\S+ must be "/);
  });
});
