import { describe, expect, it } from 'vitest';
import {
  edge,
  equal,
  either,
  talk,
  end,
  checkFlowCase,
  runFlow,
  type FlowCase,
} from '../../support/flow-rows.js';

const rows: readonly FlowCase[] = [
  {
    kind: 'conversation, end',
    nodes: [talk('a', edge('b')), talk('b', edge('end')), end()],
    path: 'a b end',
  },
  {
    kind: 'skip_response_edge: the agent goes on without waiting',
    nodes: [
      { ...talk('a', edge('c')), skip_response_edge: edge('b', 'Skip response') },
      talk('b', edge('end')),
      talk('c'),
      end(),
    ],
    path: 'a b end',
  },
  {
    kind: 'always_edge: whatever the user says',
    nodes: [
      { ...talk('a', edge('c', 'books')), always_edge: edge('b', 'Always') },
      talk('b', edge('end')),
      talk('c'),
      end(),
    ],
    prompt: 'You want to make somebody read books.',
    path: 'a b end',
  },
  {
    kind: 'prompt edges: the one whose condition fits the story',
    nodes: [
      talk('a', edge('refund', 'wants a refund'), edge('order', 'wants to order pizza')),
      talk('refund'),
      talk('order'),
    ],
    prompt: 'You want to order a pizza.',
    path: 'a order',
  },
  {
    kind: 'extract_dynamic_variables, equations of numbers',
    nodes: [
      talk('a', edge('e')),
      {
        ...{ id: 'e', type: 'extract_dynamic_variables' },
        variables: [{ name: 'party_size', type: 'number', description: '' }],
        edges: [
          equal('other', ['{{party_size}}', '>', '6']),
          equal('b', ['{{party_size}}', '<=', '6']),
        ],
      },
      talk('b'),
      talk('other'),
    ],
    prompt: 'You want a table for 4 people.',
    path: 'a e b',
    variables: { party_size: 4 },
  },
  {
    kind: 'branch: the first equation that holds',
    nodes: [
      talk('a', edge('x')),
      {
        ...{ id: 'x', type: 'branch' },
        edges: [
          equal('other', ['{{plan}}', '==', 'gold'], ['{{city}}', 'not_exist']),
          either('b', ['{{plan}}', 'contains', 'ol'], ['{{city}}', '!=', 'Paris']),
        ],
        else_edge: edge('other', 'Else'),
      },
      talk('b'),
      talk('other'),
    ],
    given: { plan: 'gold', city: 'Paris' },
    path: 'a x b',
  },
  {
    kind: 'branch: else_edge if no condition fits',
    nodes: [
      talk('a', edge('x')),
      {
        ...{ id: 'x', type: 'branch', edges: [edge('b', 'The user is angry about the invoice')] },
        else_edge: edge('other', 'Else'),
      },
      talk('b'),
      talk('other'),
    ],
    prompt: 'You want to order a pizza.',
    path: 'a x other',
  },
];

describe('a run through a flow with', () => {
  it.each(rows)('$kind', checkFlowCase);
  it('a node that skips the response gives the user no turn in it', () => {
    const [row] = rows.filter(({ kind }) => kind.startsWith('skip_response_edge'));
    if (row === undefined) throw new Error('There is no such row.');
    const { entries } = runFlow(row, 'x');
    const [first, last] = ['a', 'b'].map((id) =>
      entries.findIndex((entry) => entry.role === 'node_transition' && entry.to.id === id),
    );
    expect(entries.slice(first, last).map(({ role }) => role)).toEqual([
      'node_transition',
      'agent',
    ]);
  });
});
