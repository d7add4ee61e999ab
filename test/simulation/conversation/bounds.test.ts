import { describe, expect, it } from 'vitest';
import { readEngine } from '../../../src/domain/engines/engine.js';
import type { AssetContent } from '../../../src/domain/engines/asset.js';
import type { TestCaseContent } from '../../../src/domain/testing/test-case.js';
import type { ToolMock } from '../../../src/domain/testing/tool-mock.js';
import { keyedChance } from '../../../src/random.js';
import { reply } from '../../../src/simulation/conversation/reply.js';
import { describeRun } from '../../../src/simulation/conversation/run-content.js';
import { toEntry } from '../../../src/simulation/conversation/transcript.js';
import { content, generate, run } from '../../support/ended-runs.js';

// None of these asserts a time: what grows faster than its input does not end within a test's time.

const many = <Item>(count: number, item: (index: number) => Item): Item[] =>
  Array.from({ length: count }, (_, index) => item(index));

const megabyte = 1_000_000;
const repeated = (part: string): string => part.repeat(Math.ceil(megabyte / part.length));

type Case = readonly [change: Partial<TestCaseContent>, engine?: AssetContent, isFlow?: 'flow'];

const mock = (name: string, args?: Record<string, unknown>): ToolMock => ({
  tool_name: name,
  input_match_rule: args === undefined ? { type: 'any' } : { type: 'partial_match', args },
  output: 'x'.repeat(15_000),
});
const custom = (name: string, more: object = {}) => ({ type: 'custom', name, ...more });
const edgeTo = (to: number, condition: object = { type: 'prompt', prompt: 'books' }) => ({
  id: `edge ${String(to)}`,
  destination_node_id: `node ${String(to)}`,
  transition_condition: condition,
});
const node = (at: number, more: object) => ({ id: `node ${String(at)}`, name: 'x', ...more });
const speaking = {
  type: 'conversation',
  instruction: { type: 'prompt', text: 'Ask for the date' },
};
const equations = many(5000, () => ({ left: '{{v}}', operator: 'not_contains', right: '{{w}}' }));
const callsMany = many(1000, (at) => {
  const names = many(5, (tool) => `book_table_${String(at * 5 + tool)}`);
  return `Calls ${names.join(' and ')}`;
});

const conversations: Readonly<Record<string, Case>> = {
  'a million metrics': [{ metrics: many(megabyte, () => 'a') }],
  'metrics of nothing but stops': [{ metrics: many(1000, () => `${'.'.repeat(5000)}a`) }],
  'a metric of megabytes': [{ metrics: [repeated('The agent books. ')] }],
  'a prompt of megabytes': [{ user_prompt: repeated('You want. ') }],
  'variables without number': [
    { dynamic_variables: Object.fromEntries(many(100_000, (at) => [`v${String(at)}`, 'x'])) },
  ],
  'a variable of megabytes, used again and again': [
    { dynamic_variables: { v: 'x'.repeat(megabyte) }, user_prompt: '{{v}}'.repeat(1000) },
    { begin_message: '{{v}}'.repeat(100_000) },
  ],
  'mocks of one tool without number': [{ tool_mocks: many(50_000, () => mock('book')) }],
  'mocks of tools without number': [
    { tool_mocks: many(50_000, (at) => mock(`book_table_${String(at)}`)), metrics: callsMany },
  ],
  'mocks with long rules': [
    {
      metrics: ['Calls book'],
      tool_mocks: many(20, (at) =>
        mock('book', { list: many(50_000, (index) => (index === 49_999 ? at : 1)) }),
      ),
    },
    { general_tools: [custom('book')] },
  ],
  'tools without number': [
    { metrics: callsMany },
    { general_tools: many(50_000, (at) => custom(`book_table_${String(at)}`)) },
  ],
  'tools with long names': [
    { metrics: many(100, () => 'The agent books the table') },
    { general_tools: many(4, (at) => custom(`book_${repeated('aB_')}${String(at)}`)) },
  ],
  'variables to extract without number': [
    { metrics: many(100, (at) => `Calls collect_data_${String(at)}`) },
    {
      general_tools: many(100, (at) => ({
        type: 'extract_dynamic_variable',
        name: `collect_data_${String(at)}`,
        variables: many(1000, (name) => ({ name: `v${String(name)}`, type: 'string' })),
      })),
    },
  ],
  'states without number': [
    { metrics: callsMany },
    {
      states: many(20_000, (at) => ({
        name: `state ${String(at)}`,
        edges: [{ destination_state_name: `state ${String((at + 1) % 20_000)}`, description: '' }],
        tools: [custom(`book_table_${String(at)}`)],
      })),
    },
  ],
  'nodes without number': [
    { metrics: callsMany },
    {
      tools: many(5000, (at) => custom(`book_table_${String(at)}`, { tool_id: `t${String(at)}` })),
      nodes: many(20_000, (at) =>
        node(at, {
          ...(at % 2 === 0 ? speaking : { type: 'function', tool_id: `t${String(at % 5000)}` }),
          edges: [edgeTo((at + 1) % 20_000), edgeTo((at * 7919) % 20_000)],
        }),
      ),
    },
    'flow',
  ],
  'edges without number': [
    {},
    {
      nodes: many(2, (at) => node(at, { ...speaking, edges: many(30_000, () => edgeTo(1 - at)) })),
    },
    'flow',
  ],
  'equations without number': [
    { dynamic_variables: { v: 'x'.repeat(megabyte), w: `y${'x'.repeat(megabyte / 2)}` } },
    {
      nodes: many(2, (at) =>
        node(at, {
          type: 'branch',
          edges: many(4, () => edgeTo(1 - at, { type: 'equation', operator: '&&', equations })),
          else_edge: edgeTo(1 - at),
        }),
      ),
    },
    'flow',
  ],
  'long names of nodes': [
    {},
    {
      nodes: many(2, (at) => ({
        ...{ ...speaking, id: `node ${String(at)}`, name: 'x'.repeat(2 * megabyte) },
        edges: [edgeTo(1 - at)],
      })),
    },
    'flow',
  ],
  'long texts of nodes': [
    {},
    {
      nodes: many(2, (at) => ({
        ...node(at, { type: 'conversation', edges: [edgeTo(1 - at)] }),
        instruction: { type: 'static_text', text: 'x '.repeat(megabyte) },
      })),
    },
    'flow',
  ],
};

describe.each(Object.entries(conversations))('a run with %s', (_, [change, engine, isFlow]) => {
  const told = content(change);
  const read = engine && readEngine(isFlow === 'flow' ? 'conversation-flow' : 'retell-llm', engine);

  it('has a transcript and an explanation of bounded length, however it ends', () => {
    for (const outcome of ['pass', 'fail', 'error'] as const) {
      const { transcript, explanation } = describeRun(run({ outcome }), told, read, generate);
      expect(JSON.stringify(transcript?.transcript).length).toBeLessThan(2 * megabyte);
      expect(explanation.length).toBeLessThan(megabyte);
    }
  });

  it('is answered in the playground', () => {
    const history = [{ role: 'user', content: `Please book a table. ${told.user_prompt}` }];
    const { tool_mocks: toolMocks, dynamic_variables: variables } = told;
    const { entries } = reply(
      { history, engine: read, toolMocks, variables, at: undefined, generate },
      keyedChance('test'),
    );
    const shown = entries.map((entry, at) => toEntry(entry, at, 'turn'));
    expect(JSON.stringify(shown).length).toBeLessThan(2 * megabyte);
  });
});

describe('metrics above the number that a conversation is about', () => {
  const metrics = many(250, (at) => `The agent says ${String(at)}`);

  it('are met, and are counted', () => {
    const { explanation } = describeRun(run(), content({ metrics }), undefined, generate);
    expect(explanation).toMatch(/^All metrics are met \(250 of 250\)\.\n/);
    expect(explanation).toContain('\n100. "The agent says 99": met. ');
    expect(explanation).toMatch(
      /\n101 to 250: met\. Nothing in the conversation speaks against them\.$/,
    );
  });

  it('are met even if others are not', () => {
    const failed = run({ outcome: 'fail' });
    const { explanation } = describeRun(failed, content({ metrics }), undefined, generate);
    expect(explanation).toMatch(/^\d+ of 250 metrics not met: /);
    expect(explanation).toMatch(/\n101 to 250: met\./);
  });
});
