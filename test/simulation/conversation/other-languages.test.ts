import { describe, expect, it } from 'vitest';
import { readEngine } from '../../../src/domain/engines/engine.js';
import { newContent } from '../../../src/domain/testing/test-case.js';
import { simulateConversation } from '../../../src/simulation/conversation/run.js';
import { toolDemands } from '../../../src/simulation/conversation/tool-demands.js';
import { indexTools } from '../../../src/simulation/conversation/tool-index.js';
import { keyedChance } from '../../../src/random.js';
import { generate } from '../../support/ended-runs.js';

const settings = { type: 'custom', url: 'https://tools.test/x' };
const engine = readEngine('retell-llm', {
  general_tools: [
    { type: 'transfer_call', name: 'transfer_call' },
    ...['book_table', 'reservar_mesa', 'cancel_order'].map((name) => ({ name, ...settings })),
  ],
});
const index = indexTools(engine.tools);

/** Metric, names of the tools that it asks for, and of those that it forbids. */
const metrics: readonly [metric: string, asked: string, forbidden?: string][] = [
  ['El agente llama a book_table', 'book_table'],
  ['El agente no llama a transfer_call', '', 'transfer_call'],
  ['No debe usar transfer_call ni book_table', '', 'transfer_call book_table'],
  ['Llama a book_table y no a cancel_order', 'book_table', 'cancel_order'],
  ['El agente nunca transfiere la llamada', '', 'transfer_call'],
  ['El agente reserva la mesa', 'reservar_mesa'],
  ['O agente não chama transfer_call', '', 'transfer_call'],
  ['O agente deve chamar book_table', 'book_table'],
  ['O agente reserva a mesa sem chamar cancel_order', 'reservar_mesa', 'cancel_order'],
  ['L’agent n’appelle pas transfer_call', '', 'transfer_call'],
  ["L'agent n'utilise jamais transfer_call", '', 'transfer_call'],
  ['L’agent appelle book_table', 'book_table'],
  ['Der Agent ruft transfer_call nicht auf', '', 'transfer_call'],
  ['Der Agent ruft nicht transfer_call, sondern book_table auf', 'book_table', 'transfer_call'],
  ['Es wird kein transfer_call ausgelöst', '', 'transfer_call'],
  ['Der Agent muss book_table aufrufen', 'book_table'],
  ["L'agente non chiama mai transfer_call", '', 'transfer_call'],
  ['De agent roept transfer_call niet aan', '', 'transfer_call'],
  ['Agent nie wywołuje transfer_call', '', 'transfer_call'],
  ['Агент не вызывает transfer_call', '', 'transfer_call'],
  ['एजेंट transfer_call को कॉल नहीं करता', '', 'transfer_call'],
  ['एजेंट book_table को कॉल करता है', 'book_table'],
  ['代理不得调用 transfer_call', '', 'transfer_call'],
  ['エージェントは transfer_call を呼び出さない', '', 'transfer_call'],
];

describe('a metric in another language', () => {
  it.each(metrics)('%s', (metric = '', asked, forbidden = '') => {
    const demands = toolDemands(metric, index);
    expect(demands.asked.map(({ name }) => name).join(' ')).toBe(asked);
    expect(demands.forbidden.map(({ name }) => name).join(' ')).toBe(forbidden);
  });

  it.each(metrics)('is true of the calls in a run with a verdict on it: %s', (metric = '') => {
    const { asked, forbidden } = toolDemands(metric, index);
    for (const outcome of ['pass', 'fail'] as const) {
      for (const seed of ['one', 'two', 'three']) {
        const { entries } = simulateConversation({
          content: newContent({
            ...{ name: 'x', response_engine: { type: 'retell-llm', llm_id: 'llm_1' } },
            ...{ user_prompt: 'You want to book a table.', metrics: [metric] },
          }),
          ...{ engine, outcome, ending: undefined, generate, draw: keyedChance(seed) },
        });
        const calls = entries.filter((entry) => entry.role === 'tool_call_invocation');
        const called = new Set(calls.map(({ name }) => name));
        const isSuccessful = (name: string): boolean =>
          entries.some((entry, at) => {
            const next = entries[at + 1];
            const isCall = entry.role === 'tool_call_invocation' && entry.name === name;
            return isCall && next?.role === 'tool_call_result' && next.successful;
          });
        const isMet =
          asked.every(({ name }) => called.has(name)) &&
          forbidden.every(({ name }) => !called.has(name));
        if (outcome === 'pass') expect(isMet).toBe(true);
        else expect(isMet && asked.every(({ name }) => isSuccessful(name))).toBe(false);
      }
    }
  });
});
