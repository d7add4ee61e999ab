import fc from 'fast-check';
import { outcomes } from '../../src/domain/testing/batch-test.js';
import { readEngine, type Engine } from '../../src/domain/engines/engine.js';
import { newContent } from '../../src/domain/testing/test-case.js';
import { endingNames, outcomeOfEnding } from '../../src/domain/testing/forced-outcome.js';
import type { ToolMock } from '../../src/domain/testing/tool-mock.js';
import type { RunInput } from '../../src/simulation/conversation/run.js';
import { generate } from './ended-runs.js';
import { keyedChance } from '../../src/random.js';

const toolNames = ['book_table', 'cancel_order', 'get_balance', 'create_ticket', 'update_profile'];

const property = fc.oneof(
  fc.record({ type: fc.constant('string') }),
  fc.record({ type: fc.constant('string'), enum: fc.constant(['red', 'green']) }),
  fc.record({
    type: fc.constant('string'),
    minLength: fc.nat(8),
    maxLength: fc.integer({ min: 8, max: 20 }),
  }),
  fc.record({
    type: fc.constant('string'),
    pattern: fc.constantFrom('^[A-Z]{3}-\\d{4}$', '^\\+1\\d{10}$'),
  }),
  fc.record({
    type: fc.constantFrom('number', 'integer'),
    minimum: fc.integer({ min: -5, max: 90 }),
  }),
  fc.record({ type: fc.constant('integer'), multipleOf: fc.constantFrom(5, 7) }),
  fc.record({ type: fc.constant('boolean') }),
  fc.record({
    type: fc.constant('array'),
    items: fc.record({ type: fc.constantFrom('string', 'number') }),
    minItems: fc.nat(3),
  }),
  fc.record({
    type: fc.constant('object'),
    properties: fc.constant({ zip: { type: 'string' }, size: { type: 'integer', maximum: 3 } }),
    required: fc.constantFrom(['zip'], ['zip', 'size']),
  }),
  fc.record({ anyOf: fc.constant([{ type: 'integer' }, { type: 'null' }]) }),
);
const propertyName = fc.constantFrom(
  ...[
    'name',
    'phone',
    'email',
    'date',
    'party_size',
    'amount',
    'reason',
    'order_id',
    'x',
    '__proto__',
  ],
);
export const parameters = fc
  .dictionary(propertyName, property, { maxKeys: 5 })
  .chain((properties) =>
    fc
      .subarray(Object.keys(properties))
      .map((required) => ({ type: 'object', properties, required })),
  );
const tool = (name: string) =>
  fc.record({
    name: fc.constant(name),
    tool_id: fc.constant(`id of ${name}`),
    type: fc.constant('custom'),
    url: fc.constant('https://tools.test/x'),
    parameters,
    response_variables: fc.constantFrom({}, { x: '$.x', y: 'data[0].y' }),
    speak_during_execution: fc.boolean(),
  });
const tools = fc.subarray(toolNames).chain((names) => fc.tuple(...names.map(tool)));
const endCall = { type: 'end_call', name: 'end_call' };
const transfer = { type: 'transfer_call', name: 'transfer_call' };

const llm = fc
  .record({
    general: tools,
    extra: fc.subarray([endCall, transfer]),
    states: fc.nat(3),
    local: tools,
  })
  .map(({ general, extra, states, local }) => ({
    general_tools: [...general, ...extra],
    states: Array.from({ length: states }, (_, index) => ({
      name: `state ${String(index)}`,
      tools: local
        .filter(({ name }) => general.every((other) => other.name !== name))
        .slice(index, index + 1),
      edges: [
        { destination_state_name: `state ${String(index + 1)}`, description: 'go on' },
        { destination_state_name: 'state 0', description: 'go back' },
      ],
    })),
  }));

const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
const edge = fc.constantFrom(...ids).map((destination_node_id) => ({
  destination_node_id,
  transition_condition: { type: 'prompt', prompt: 'x' },
}));
const equation = fc.record({
  left: fc.constantFrom('{{x}}', '{{y}}'),
  operator: fc.constantFrom('==', '!=', '>', 'exists', 'not_exist'),
  right: fc.constantFrom('1', 'a'),
});
const equationEdge = fc
  .record({
    destination_node_id: fc.constantFrom(...ids),
    equations: fc.array(equation, { minLength: 1, maxLength: 2 }),
    operator: fc.constantFrom('&&', '||'),
  })
  .map(({ destination_node_id, ...condition }) => ({
    destination_node_id,
    transition_condition: { type: 'equation', ...condition },
  }));
const anyEdge = fc.oneof({ weight: 3, arbitrary: edge }, { weight: 1, arbitrary: equationEdge });
const global_node_setting = fc.option(
  fc.record({
    condition: fc.constantFrom('User wants to book a table', 'User asks for a human', 'x'),
    go_back_conditions: fc.array(anyEdge, { maxLength: 2 }),
    cool_down: fc.integer({ min: 1, max: 4 }),
  }),
  { nil: undefined, freq: 3 },
);
const node = (id: string) => {
  const common = {
    ...{ id: fc.constant(id), global_node_setting },
    edges: fc.array(anyEdge, { maxLength: 3 }),
  };
  return fc.oneof(
    fc.record({
      ...common,
      type: fc.constant('conversation'),
      instruction: fc.constantFrom(
        { type: 'prompt', text: 'Ask for the name.' },
        { type: 'static_text', text: 'Hello {{x}}.' },
      ),
      skip_response_edge: fc.option(edge, { nil: undefined, freq: 5 }),
      always_edge: fc.option(edge, { nil: undefined, freq: 5 }),
    }),
    fc.record({
      ...common,
      type: fc.constant('code'),
      response_variables: fc.constantFrom({}, { x: 'x' }, { y: '$.a.b[0]' }),
      else_edge: edge,
    }),
    fc.record({ ...common, type: fc.constant('subagent'), tools }),
    fc.record({
      ...common,
      type: fc.constant('function'),
      tool_id: fc.constantFrom(...toolNames).map((name) => `id of ${name}`),
      else_edge: edge,
    }),
    fc.record({ ...common, type: fc.constant('branch'), else_edge: edge }),
    fc.record({
      ...common,
      type: fc.constant('extract_dynamic_variables'),
      variables: fc.constant([{ name: 'x', type: 'number', description: '' }]),
    }),
    fc.record({
      id: fc.constant(id),
      type: fc.constant('sms'),
      success_edge: edge,
      failed_edge: edge,
    }),
    fc.record({ id: fc.constant(id), type: fc.constant('transfer_call'), edge }),
    fc.record({ id: fc.constant(id), type: fc.constant('end') }),
    fc.record({ ...common, type: fc.constant('of the future') }),
  );
};
const flow = fc
  .record({ tools, nodes: fc.tuple(...ids.map(node)), talks: fc.boolean() })
  .map(({ tools, nodes: [first, ...others], talks }) => ({
    tools,
    start_node_id: 'a',
    nodes: [talks ? { ...first, type: 'conversation' } : first, ...others],
  }));

export const engine = fc.oneof(
  llm.map((content) => readEngine('retell-llm', content)),
  flow.map((content) => readEngine('conversation-flow', content)),
);

const metric = fc.constantFrom(
  'The agent books the table',
  'The agent never books a table',
  'Calls cancel_order',
  'The agent must not call cancel_order',
  'The order was not cancelled',
  'get_balance is called',
  'The agent transfers the call',
  'The agent must not transfer the call',
  'Creates a ticket and updates the profile',
  'Never updates the profile before asking',
  'The agent is polite',
  'The price was told',
);
const mock = (name: string): fc.Arbitrary<ToolMock> =>
  fc.record({
    tool_name: fc.constant(name),
    input_match_rule: fc.constantFrom<ToolMock['input_match_rule'][]>(
      { type: 'any' },
      { type: 'partial_match', args: {} },
    ),
    output: fc.oneof(fc.string(), fc.constantFrom('{"x":1}', '{"x":"a","data":[{"y":2}]}')),
    result: fc.constantFrom(true, false, null),
  });
const definition = fc.record({
  user_prompt: fc.constantFrom(
    'You are Ann Lee. You want to book a table for 4 on 2027-05-01.',
    'Cancel my order, create a ticket and tell me the balance.',
    'You want to speak to a human.',
    'Você quer reservar uma mesa. No quiere cancelar.',
    '',
  ),
  metrics: fc.uniqueArray(metric, { maxLength: 5 }),
  tool_mocks: fc
    .subarray([...toolNames, 'end_call', 'transfer_call', 'code'])
    .chain((names) => fc.tuple(...names.map(mock))),
});

/** What any run may depend on. */
export const anyRunInput = fc
  .record({
    definition,
    engine,
    outcome: fc.constantFrom(...outcomes),
    ending: fc.option(fc.constantFrom(...endingNames), { nil: undefined, freq: 8 }),
    seed: fc.string(),
  })
  .map(({ definition, engine, outcome, ending, seed }): RunInput & { engine: Engine } => ({
    content: newContent({
      name: 'x',
      response_engine: { type: 'retell-llm', llm_id: 'llm_1' },
      ...definition,
    }),
    ...{ engine, ending, generate, draw: keyedChance(seed) },
    outcome: ending === undefined ? outcome : outcomeOfEnding(ending),
  }));
