import { describe, it } from 'vitest';
import {
  callOf,
  says,
  edge,
  equal,
  talk,
  end,
  tool,
  mock,
  checkFlowCase,
  type FlowCase,
} from '../../support/flow-rows.js';

const look = { tools: [tool('look', { response_variables: { tier: '$.customer.tier' } })] };
const lookFlow = (...edges: object[]) => [
  talk('a', edge('f')),
  { ...callOf('look', 'f', ...edges), else_edge: edge('other', 'Else') },
  talk('gold'),
  talk('other'),
];

const rows: readonly FlowCase[] = [
  {
    kind: 'subagent with a tool that sets a variable, and an equation over it',
    nodes: [
      talk('a', edge('s')),
      {
        ...{ id: 's', type: 'subagent', tool_ids: ['id of look'] },
        instruction: { type: 'prompt', text: 'Help.' },
        edges: [equal('gold', ['{{tier}}', '==', 'gold']), edge('other')],
      },
      talk('gold'),
      talk('other'),
    ],
    flow: look,
    metrics: ['The agent calls look'],
    mocks: [mock('look', '{"customer":{"tier":"gold"}}')],
    path: 'a s gold',
    variables: { tier: 'gold' },
  },
  {
    kind: 'function: response variables of a mock, by their JSON path',
    nodes: lookFlow(equal('gold', ['{{tier}}', '==', 'gold'])),
    flow: look,
    mocks: [mock('look', '{"customer":{"tier":"gold"}}')],
    path: 'a f gold',
    variables: { tier: 'gold' },
  },
  {
    kind: 'function: a failed call sets no variable, and leads to the else edge',
    nodes: lookFlow(edge('gold')),
    flow: look,
    mocks: [mock('look', '{"customer":{"tier":"gold"}}', false)],
    path: 'a f other',
  },
  {
    kind: 'function: a failed call leads to the edge about a failure',
    nodes: [
      ...lookFlow(edge('gold', 'The look-up worked'), edge('end', 'The look-up failed')),
      end(),
    ],
    flow: look,
    mocks: [mock('look', 'no', false)],
    path: 'a f end',
  },
  {
    kind: 'function: a result that is no JSON sets no variable',
    nodes: lookFlow(equal('gold', ['{{tier}}', 'exists'])),
    flow: look,
    mocks: [mock('look', 'gold')],
    path: 'a f other',
  },
  {
    kind: 'code: silent, and its result sets the variables',
    nodes: [
      talk('a', edge('c')),
      {
        ...{ id: 'c', type: 'code', code: 'return 1', wait_for_result: true },
        response_variables: { total: '$.sum.total', city: 'city' },
        edges: [equal('b', ['{{total}}', 'exists'], ['{{city}}', '==', 'Paris'])],
        else_edge: edge('other', 'Else'),
      },
      { ...talk('b'), ...says('In {{city}}.') },
      talk('other'),
    ],
    given: { city: 'Paris' },
    path: 'a c b',
    variables: { city: 'Paris' },
    says: 'In Paris.',
  },
  {
    kind: 'code: a mock gives its result',
    nodes: [
      talk('a', edge('c')),
      {
        ...{ id: 'c', type: 'code', code: 'return 1', wait_for_result: true },
        response_variables: { total: 'sums[1]' },
        edges: [equal('b', ['{{total}}', '>', '9'])],
        else_edge: edge('other', 'Else'),
      },
      talk('b'),
      talk('other'),
    ],
    mocks: [mock('code', '{"sums":[1,10]}')],
    path: 'a c b',
    variables: { total: 10 },
  },
];

describe('a run through a flow whose nodes set variables with', () => {
  it.each(rows)('$kind', checkFlowCase);
});
