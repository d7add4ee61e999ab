import { retellLlm, someDefinition } from '../../support/emulator.js';
import { definitions, reference, text, type Refusal } from './refusal.js';

const batch = { test_case_definition_ids: ['test_case_1'], response_engine: retellLlm };
const customLlm = { type: 'custom-llm', llm_websocket_url: 'wss://llm.test' };
const mock = { tool_name: 'book', input_match_rule: { type: 'any' }, output: '{}' };
const mocked = (parts: object) => ({ ...someDefinition, tool_mocks: [{ ...mock, ...parts }] });
const without = (name: string) => ({ ...someDefinition, [name]: undefined });

/** Of test case definitions, which fixtures may hold. */
export const definitionRefusals: Refusal[] = [
  ...['name', 'response_engine', 'user_prompt', 'metrics'].map((name): Refusal => [
    ...([definitions, without(name)] as const),
    `must have required property '${name}'`,
    reference,
  ]),
  [
    definitions,
    { ...someDefinition, response_engine: customLlm },
    'response_engine/type must be "retell-llm" or "conversation-flow"',
    `${reference}; facts.md 14`,
  ],
  [
    definitions,
    { ...someDefinition, response_engine: { type: 'retell-llm' } },
    "must have required property 'llm_id'",
    reference,
  ],
  [
    definitions,
    { ...someDefinition, dynamic_variables: { guests: 4 } },
    'dynamic_variables/guests must be string',
    reference,
  ],
  [definitions, mocked({ output: {} }), 'tool_mocks/0/output must be string', reference],
  [
    definitions,
    mocked({ output: text(15_001) }),
    'tool_mocks/0/output must NOT have more than 15000 characters',
    `${reference}; facts.md 24`,
  ],
  [
    definitions,
    mocked({ input_match_rule: { type: 'partial_match' } }),
    "input_match_rule must have required property 'args'",
    reference,
  ],
  [
    definitions,
    mocked({ input_match_rule: undefined }),
    "must have required property 'input_match_rule'",
    reference,
  ],
];

/** Of what is asked for, and no fixture holds. */
export const requestRefusals: Refusal[] = [
  [
    '/create-batch-test',
    { ...batch, test_case_definition_ids: [] },
    'test_case_definition_ids must NOT have fewer than 1 items',
    `${reference}; facts.md 13`,
  ],
  [
    '/create-batch-test',
    { ...batch, test_case_definition_ids: Array(1001).fill('test_case_1') },
    'test_case_definition_ids must NOT have more than 1000 items',
    `${reference}; facts.md 13`,
  ],
  [
    '/create-batch-test',
    { ...batch, response_engine: customLlm },
    'response_engine/type must be "retell-llm" or "conversation-flow"',
    `${reference}; facts.md 14`,
  ],
  ['/create-agent-version/a', {}, "must have required property 'base_version'", reference],
  ['/create-agent-version/a', { base_version: -1 }, 'base_version must be >= 0', reference],
  [
    '/create-agent-version/a',
    { base_version: 0, title: 'x' },
    'body must NOT have the unknown property "title"',
    reference,
  ],
  ['/publish-agent-version/a', {}, "must have required property 'version'", reference],
  ['/publish-agent-version/a', { version: -1 }, 'version must be >= 0', reference],
  ['/agent-playground-completion/a', {}, "must have required property 'messages'", reference],
];
