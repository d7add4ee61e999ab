import { describe, it } from 'vitest';
import { edge, talk, mock, checkFlowCase, type FlowCase } from '../../support/flow-rows.js';

const rows: readonly FlowCase[] = [
  {
    kind: 'sms: success_edge',
    nodes: [
      talk('a', edge('s')),
      { id: 's', type: 'sms', success_edge: edge('b', 'Sent'), failed_edge: edge('c', 'Failed') },
      talk('b'),
      talk('c'),
    ],
    path: 'a s b',
  },
  {
    kind: 'sms: failed_edge',
    nodes: [
      talk('a', edge('s')),
      { id: 's', type: 'sms', success_edge: edge('b', 'Sent'), failed_edge: edge('c', 'Failed') },
      talk('b'),
      talk('c'),
    ],
    mocks: [mock('send_sms', 'no', false)],
    path: 'a s c',
  },
  {
    kind: 'transfer_call that succeeds ends the conversation',
    nodes: [
      talk('a', edge('t')),
      { id: 't', type: 'transfer_call', edge: edge('b', 'Transfer failed') },
      talk('b'),
    ],
    path: 'a t',
  },
  {
    kind: 'transfer_call that fails: its edge',
    nodes: [
      talk('a', edge('t')),
      { id: 't', type: 'transfer_call', edge: edge('b', 'Transfer failed') },
      talk('b'),
    ],
    mocks: [mock('transfer_call', 'busy', false)],
    path: 'a t b',
  },
  {
    kind: 'agent_swap that fails: its edge',
    nodes: [
      talk('a', edge('t')),
      { id: 't', type: 'agent_swap', edge: edge('b', 'Transfer failed') },
      talk('b'),
    ],
    mocks: [mock('agent_swap', 'no', false)],
    path: 'a t b',
  },
  {
    kind: 'bridge_transfer ends the conversation',
    nodes: [talk('a', edge('t')), { id: 't', type: 'bridge_transfer' }],
    path: 'a t',
  },
  {
    kind: 'cancel_transfer',
    nodes: [talk('a', edge('t')), { id: 't', type: 'cancel_transfer' }],
    path: 'a t',
  },
  {
    kind: 'press_digit',
    nodes: [
      talk('a', edge('d')),
      {
        id: 'd',
        type: 'press_digit',
        instruction: { type: 'prompt', text: '1' },
        edges: [edge('b')],
      },
      talk('b'),
    ],
    path: 'a d b',
  },
  {
    kind: 'mcp: no mock catches it, so it fails and sets no variable',
    nodes: [
      talk('a', edge('m')),
      {
        ...{ id: 'm', type: 'mcp', mcp_id: 'mcp', mcp_tool_name: 'search' },
        response_variables: { tier: 'tier' },
        edges: [edge('b', 'It worked')],
        else_edge: edge('other', 'Else'),
      },
      talk('b'),
      talk('other'),
    ],
    mocks: [mock('search', '{"tier":"gold"}')],
    path: 'a m other',
  },
  {
    kind: 'component: its nodes, then its own edges',
    nodes: [
      talk('a', edge('k')),
      {
        id: 'k',
        type: 'component',
        component_id: 'c1',
        component_type: 'local',
        else_edge: edge('b', 'Else'),
      },
      talk('b'),
    ],
    flow: {
      components: [
        { component_id: 'c1', start_node_id: 'in', nodes: [talk('in', edge('in2')), talk('in2')] },
      ],
    },
    path: 'a k in in2 b',
  },
  {
    kind: 'component that the emulator does not have: its own edges',
    nodes: [
      talk('a', edge('k')),
      {
        id: 'k',
        type: 'component',
        component_id: 'c9',
        component_type: 'shared',
        else_edge: edge('b', 'Else'),
      },
      talk('b'),
    ],
    path: 'a k b',
  },
];

describe('a run through a flow with', () => {
  it.each(rows)('$kind', checkFlowCase);
});
