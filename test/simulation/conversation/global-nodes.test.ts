import { describe, expect, it } from 'vitest';
import { readEngine } from '../../../src/domain/engines/engine.js';
import { reply } from '../../../src/simulation/conversation/reply.js';
import { keyedChance } from '../../../src/random.js';
import { generate } from '../../support/ended-runs.js';
import {
  prompt,
  edge,
  equal,
  talk,
  end,
  checkFlowCase,
  pathOf,
  type FlowCase,
} from '../../support/flow-rows.js';

const rows: readonly FlowCase[] = [
  {
    kind: 'global node: entered if the story meets its condition, and left by its go-back condition',
    nodes: [
      talk('a', edge('b')),
      talk('b', edge('end')),
      end(),
      {
        ...talk('g'),
        global_node_setting: {
          condition: 'User asks about the refund policy',
          go_back_conditions: [
            { id: 'back', transition_condition: prompt('The question is answered') },
          ],
        },
      },
    ],
    prompt: 'You want to know the refund policy.',
    path: 'a !g <a b end',
  },
  {
    kind: 'global node: not entered if the story refuses what its condition says',
    nodes: [
      talk('a', edge('end')),
      end(),
      { ...talk('g'), global_node_setting: { condition: 'User wants a refund' } },
    ],
    prompt: 'You do not want a refund.',
    path: 'a end',
  },
  {
    kind: 'global node: left by its own edges',
    nodes: [
      talk('a', edge('end')),
      end(),
      { ...talk('g', edge('b')), global_node_setting: { condition: 'User wants a refund' } },
      talk('b'),
    ],
    prompt: 'You want a refund.',
    path: 'a !g b',
  },
  {
    kind: 'global node: entered for a tool that a metric asks for',
    nodes: [
      talk('a', edge('end')),
      end(),
      {
        ...{ id: 'g', type: 'transfer_call', edge: edge('a', 'Transfer failed') },
        global_node_setting: { condition: 'User wants to speak to a human' },
      },
    ],
    metrics: ['The agent calls transfer_call'],
    path: 'a !g',
  },
  {
    kind: 'global node: goes back only if the equation of its condition holds',
    nodes: [
      talk('a', edge('end')),
      end(),
      {
        ...talk('g', edge('b')),
        global_node_setting: {
          condition: 'User wants a refund',
          go_back_conditions: [equal('', ['{{done}}', '==', 'yes'])],
        },
      },
      talk('b'),
    ],
    prompt: 'You want a refund.',
    path: 'a !g b',
  },
];

describe('a run through a flow with a', () => {
  it.each(rows)('$kind', checkFlowCase);
});

describe('a reply in a flow with a global node', () => {
  const global = {
    ...talk('g'),
    global_node_setting: {
      condition: 'User asks about the refund policy',
      go_back_conditions: [{ id: 'back', transition_condition: prompt('Answered') }],
    },
  };
  const engine = readEngine('conversation-flow', {
    ...{ start_node_id: 'a', nodes: [talk('a', edge('b')), talk('b'), global] },
  });
  const open = { engine, toolMocks: [], variables: {}, generate };

  it("enters it when the user's words match its condition", () => {
    const history = [{ role: 'user', content: 'What is your refund policy?' }];
    const { entries, node } = reply({ ...open, history, at: 'a' }, keyedChance('x'));
    expect(node?.id).toBe('g');
    expect(pathOf(entries)).toBe('!g');
  });

  it('goes back to the node that it came from', () => {
    const history = [
      { role: 'user', content: 'What is your refund policy?' },
      { role: 'node_transition', former_node_id: 'a', new_node_id: 'g', transition_type: 'global' },
      { role: 'agent', content: 'This is g.' },
      { role: 'user', content: 'Good to know.' },
    ];
    const { entries, node } = reply({ ...open, history, at: 'g' }, keyedChance('x'));
    expect(node?.id).toBe('a');
    expect(pathOf(entries)).toBe('<a');
  });
});
