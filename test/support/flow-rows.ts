import { expect } from 'vitest';
import { readEngine } from '../../src/domain/engines/engine.js';
import type { JsonObject } from '../../src/domain/json.js';
import { newContent } from '../../src/domain/testing/test-case.js';
import type { ToolMock } from '../../src/domain/testing/tool-mock.js';
import type { Entry } from '../../src/simulation/conversation/entry.js';
import { simulateConversation } from '../../src/simulation/conversation/run.js';
import { keyedChance } from '../../src/random.js';
import { generate } from './ended-runs.js';

/** A flow with one kind of node or edge, and what a run through it shows. */
export interface FlowCase {
  readonly kind: string;
  readonly nodes: readonly JsonObject[];
  readonly flow?: JsonObject;
  readonly prompt?: string;
  readonly metrics?: readonly string[];
  readonly mocks?: readonly ToolMock[];
  readonly given?: Readonly<Record<string, string>>;
  /** Ids of the nodes in the order in which they are entered; `!` for a global entry, `<` for going back. */
  readonly path: string;
  readonly variables?: JsonObject;
  readonly says?: string;
}

export const says = (text: string) => ({ instruction: { type: 'static_text', text } });
export const prompt = (text: string) => ({ type: 'prompt', prompt: text });
export const edge = (to: string, text = 'x') => ({
  ...{ id: `to ${to}`, destination_node_id: to },
  transition_condition: prompt(text),
});
export const equal = (to: string, ...equations: [string, string, string?][]) => ({
  ...{ id: `to ${to}`, destination_node_id: to },
  transition_condition: {
    ...{ type: 'equation', operator: '&&' },
    equations: equations.map(([left, operator, right]) => ({ left, operator, right })),
  },
});
export const either = (to: string, ...equations: [string, string, string?][]) => {
  const made = equal(to, ...equations);
  return { ...made, transition_condition: { ...made.transition_condition, operator: '||' } };
};
export const talk = (id: string, ...edges: object[]) => ({
  ...{ id, type: 'conversation', edges },
  ...says(`This is ${id}.`),
});
export const end = (id = 'end') => ({ id, type: 'end' });
export const tool = (name: string, more: JsonObject = {}) => ({
  ...{ name, tool_id: `id of ${name}`, type: 'custom', url: 'https://tools.test/x' },
  parameters: { type: 'object', properties: {} },
  ...more,
});
export const mock = (tool_name: string, output: string, result = true): ToolMock => ({
  ...{ tool_name, output, result, input_match_rule: { type: 'any' } },
});
export const callOf = (name: string, id: string, ...edges: object[]) => ({
  ...{ id, type: 'function', tool_id: `id of ${name}`, tool_type: 'local', edges },
});

/** Nodes in which the agent says nothing of its own. */
const wordless = [
  'branch',
  'extract_dynamic_variables',
  'code',
  'sms',
  'press_digit',
  'function',
  'mcp',
];

export const runFlow = (row: FlowCase, seed: string) =>
  simulateConversation({
    content: newContent({
      ...{ name: 'x', response_engine: { type: 'conversation-flow', conversation_flow_id: 'f' } },
      ...{ user_prompt: row.prompt ?? 'You have a question.', metrics: [...(row.metrics ?? [])] },
      ...{ tool_mocks: [...(row.mocks ?? [])], dynamic_variables: { ...row.given } },
    }),
    engine: readEngine('conversation-flow', {
      ...{ start_node_id: 'a', start_speaker: 'agent', nodes: row.nodes, ...row.flow },
    }),
    ...{ outcome: 'pass', ending: undefined, generate, draw: keyedChance(seed) },
  });

const signs = { normal: '', global: '!', global_go_back: '<' };
export const pathOf = (entries: readonly Entry[]): string =>
  entries
    .flatMap((entry) =>
      entry.role === 'node_transition' ? [`${signs[entry.via]}${entry.to.id}`] : [],
    )
    .join(' ');

/** Runs a row with several seeds, and expects what it says. */
export function checkFlowCase(row: FlowCase): void {
  for (const seed of ['one', 'two', 'three', 'four']) {
    const { entries, variables } = runFlow(row, seed);
    expect(pathOf(entries)).toBe(row.path);
    expect(Object.fromEntries(variables)).toMatchObject(row.variables ?? {});
    if (row.variables === undefined) {
      expect(Object.fromEntries(variables)).toEqual(row.given ?? {});
    }
    if (row.says !== undefined) {
      expect(entries).toContainEqual({ role: 'agent', content: row.says });
    }
    let here: string | undefined;
    for (const entry of entries) {
      if (entry.role === 'node_transition') {
        here = row.nodes.find(({ id }) => id === entry.to.id)?.['type'] as string | undefined;
      }
      if (entry.role === 'agent') expect(wordless).not.toContain(here);
    }
  }
}
