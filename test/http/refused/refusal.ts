import { retellLlm } from '../../support/emulator.js';

/** [path of the operation, body that is good but for one thing, what names it, its source] */
export type Refusal = readonly [path: string, body: object, message: string, source: string];

/**
 * A rule in prose that is not enforced on purpose: [what the vendor says, its source, why it is taken
 * here, path and body that break it and are taken]
 */
export type NotEnforced = readonly [
  rule: string,
  source: string,
  reason: string,
  path: string,
  body: object,
];

export const observed = 'facts.md 46';
export const sdk = 'comments of retell-sdk 5.66.1';
export const reference = 'retell-contract.yaml';

export const agents = '/create-agent';
export const llms = '/create-retell-llm';
export const flows = '/create-conversation-flow';
export const definitions = '/create-test-case-definition';

export const agent = { voice_id: 'v', response_engine: retellLlm };
export const flow = (parts: object) => ({
  start_speaker: 'agent',
  model_choice: { type: 'cascading', model: 'gpt-4.1' },
  nodes: [],
  ...parts,
});
export const node = (type: string, parts: object) => flow({ nodes: [{ id: 'n', type, ...parts }] });
export const edge = (prompt: string) => ({
  ...{ id: 'e', destination_node_id: 'n' },
  transition_condition: { type: 'prompt', prompt },
});
export const say = { type: 'prompt', text: 'Say hello.' };
export const url = 'https://tools.test/t';
export const tool = (parts: object) => ({
  general_tools: [{ type: 'custom', name: 't', ...parts }],
});
export const endCall = (name: string) => ({ type: 'end_call', name });
/** An LLM with one state. */
export const state = (parts: object) => ({
  starting_state: 's',
  states: [{ name: 's', ...parts }],
});
export const text = (length: number) => 'x'.repeat(length);
