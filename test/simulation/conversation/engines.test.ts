import { Ajv } from 'ajv';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readEngine, type Engine } from '../../../src/domain/engines/engine.js';
import { newContent, type TestCaseContent } from '../../../src/domain/testing/test-case.js';
import { selectMock } from '../../../src/domain/testing/tool-mock.js';
import { simulateConversation, type RunInput } from '../../../src/simulation/conversation/run.js';
import { equationsHold } from '../../../src/simulation/conversation/equation.js';
import { variablesOf } from '../../../src/simulation/conversation/response-variables.js';
import { toolDemands } from '../../../src/simulation/conversation/tool-demands.js';
import { indexTools } from '../../../src/simulation/conversation/tool-index.js';
import type { Conversation, Entry } from '../../../src/simulation/conversation/entry.js';
import { keyedChance } from '../../../src/random.js';
import { anyRunInput } from '../../support/conversations.js';
import { generate } from '../../support/ended-runs.js';

const ajv = new Ajv({ strict: false, validateFormats: false });

type Call = Extract<Entry, { role: 'tool_call_invocation' }>;
const callsOf = ({ entries }: Conversation): Call[] =>
  entries.filter((entry) => entry.role === 'tool_call_invocation');

/** Visits the entries with the node or state in which each was written. */
function* placed({ entries }: Pick<Conversation, 'entries'>, { type, nodes, startId }: Engine) {
  let here = type === 'retell-llm' ? nodes.get(startId ?? '') : undefined;
  for (const [index, entry] of entries.entries()) {
    if ('to' in entry) here = nodes.get(entry.to.id);
    yield { entry, here, next: entries[index + 1] };
  }
}

const check = (test: (given: RunInput & { engine: Engine }) => void) => {
  fc.assert(fc.property(anyRunInput, test), { numRuns: 400 });
};

describe('the conversation of any run on any engine', () => {
  it('is the same for the same input', () => {
    check((given) => {
      expect(simulateConversation(given)).toEqual(simulateConversation(given));
    });
  });

  // facts.md 33
  it('calls tools with all properties of their schemas, and values that fit', () => {
    check((given) => {
      for (const { entry: call, here } of placed(simulateConversation(given), given.engine)) {
        if (call.role !== 'tool_call_invocation') continue;
        // Tools of the same name may have other schemas elsewhere.
        const callable = [here?.ownTool, ...(here?.tools ?? []), ...given.engine.generalTools];
        const called = callable.find((tool) => tool?.name === call.name);
        const schema = called?.parameters as
          { properties: Record<string, object>; required: string[] } | undefined;
        if (schema === undefined) continue;
        const args = JSON.parse(call.arguments) as Record<string, unknown>;
        for (const [name, property] of Object.entries(schema.properties)) {
          expect(Object.hasOwn(args, name)).toBe(true);
          const isLeftOut = args[name] === null && !schema.required.includes(name);
          if (!isLeftOut)
            expect([property, args[name], ajv.validate(property, args[name])]).toContain(true);
        }
      }
    });
  });

  // facts.md 32, 60
  it('has a result right after each call, except for end_call, which comes last', () => {
    check((given) => {
      const { entries, cause } = simulateConversation(given);
      for (const [index, entry] of entries.entries()) {
        if (entry.role !== 'tool_call_invocation') continue;
        const isLast = index === entries.length - 1;
        expect(entries[index + 1]?.role === 'tool_call_result').toBe(entry.name !== 'end_call');
        if (entry.name === 'end_call') expect([isLast, cause?.kind]).not.toContain(false);
      }
    });
  });

  // facts.md 24, 61
  it('has the output of a fitting mock, and an HTTP error for a tool without one', () => {
    check((given) => {
      const conversation = simulateConversation(given);
      for (const { entry, next } of placed(conversation, given.engine)) {
        if (entry.role !== 'tool_call_invocation' || next?.role !== 'tool_call_result') continue;
        const args = JSON.parse(entry.arguments) as Record<string, unknown>;
        const mock = selectMock(given.content.tool_mocks, entry.name, args);
        if (given.ending === 'tool') continue;
        if (mock !== undefined) {
          expect(next).toMatchObject({ content: mock.output, successful: mock.result ?? true });
        } else {
          expect(next.successful).toBe(entry.type !== 'custom');
        }
      }
    });
  });

  it('calls only tools of the node or state where it is', () => {
    check((given) => {
      const { generalTools } = given.engine;
      for (const { entry, here } of placed(simulateConversation(given), given.engine)) {
        if (entry.role !== 'tool_call_invocation') continue;
        const callable = [...generalTools, ...(here?.tools ?? []), here?.ownTool];
        expect(callable.map((tool) => tool?.name)).toContain(entry.name);
      }
    });
  });

  // facts.md 28, 62
  it('moves along edges, from the start node to the node of its snapshot', () => {
    check((given) => {
      const { engine } = given;
      const conversation = simulateConversation(given);
      const moves = conversation.entries.filter((entry) => 'to' in entry);
      for (const [index, { from, to }] of moves.entries()) {
        if (index === 0 && engine.type === 'conversation-flow') {
          expect([from.id, to.id]).toEqual(['begin', engine.startId]);
          continue;
        }
        expect(from.id).toBe(index === 0 ? engine.startId : moves[index - 1]?.to.id);
        const move = moves[index];
        const via = move?.role === 'node_transition' ? move.via : 'normal';
        if (via === 'normal') {
          expect(engine.nodes.get(from.id)?.edges.map((edge) => edge.to)).toContain(to.id);
        } else if (via === 'global') {
          expect(engine.nodes.get(from.id)?.speaks).toBe(true);
          expect(engine.nodes.get(to.id)?.global).toBeDefined();
        } else {
          expect(engine.nodes.get(from.id)?.global?.goBack.length).toBeGreaterThan(0);
          // Edges may have led to the global node again since.
          const entered = moves
            .slice(0, index)
            .filter((earlier) => earlier.role === 'node_transition' && earlier.via === 'global');
          const entry = entered.findLast((earlier) => earlier.to.id === from.id);
          expect(entry?.from.id).toBe(to.id);
        }
      }
      if (conversation.entries.length === 0) return;
      const end = engine.type === 'retell-llm' ? engine.startId : undefined;
      const last = moves.at(-1)?.to.id ?? (engine.nodes.has(end ?? '') ? end : undefined);
      expect(conversation.node?.id).toBe(last);
    });
  });

  it('follows an edge with equations only if they hold for the variables that calls set', () => {
    check((given) => {
      const { engine } = given;
      const known = new Map<string, unknown>(Object.entries(given.content.dynamic_variables));
      const { entries } = simulateConversation(given);
      if (given.ending !== undefined) return;
      for (const { entry, here, next } of placed({ entries }, engine)) {
        if (entry.role === 'tool_call_invocation' && next?.role === 'tool_call_result') {
          const called = [here?.ownTool, ...(here?.tools ?? []), ...engine.generalTools].find(
            (tool) => tool?.name === entry.name,
          );
          if (called === undefined) continue;
          const args = JSON.parse(entry.arguments) as Record<string, unknown>;
          const set = variablesOf(called, args, next);
          for (const [name, value] of Object.entries(set)) known.set(name, value);
        }
        if (entry.role !== 'node_transition' || entry.via !== 'normal') continue;
        const taken = engine.nodes.get(entry.from.id)?.edges.filter(({ to }) => to === entry.to.id);
        if (taken === undefined || taken.length === 0) continue;
        const fits = taken.some((edge) => edge.when !== 'equation' || equationsHold(edge, known));
        expect(fits).toBe(true);
      }
    });
  });

  it('does not enter a global node again before its cool down', () => {
    check((given) => {
      const moves = simulateConversation(given).entries.filter(
        (entry) => entry.role === 'node_transition',
      );
      for (const [index, move] of moves.entries()) {
        if (move.via !== 'global') continue;
        const earlier = moves
          .slice(0, index)
          .findLastIndex(({ to, via }) => to.id === move.to.id && via === 'global');
        const coolDown = given.engine.nodes.get(move.to.id)?.global?.coolDown ?? 0;
        if (earlier !== -1) expect(index - earlier).toBeGreaterThan(coolDown);
      }
    });
  });

  it('has no words of the agent in nodes that decide or act silently', () => {
    const wordless = ['branch', 'extract_dynamic_variables', 'sms', 'code'];
    check((given) => {
      for (const { entry, here } of placed(simulateConversation(given), given.engine)) {
        if (given.ending === undefined && entry.role === 'agent') {
          expect(wordless).not.toContain(here?.type);
        }
      }
    });
  });

  // facts.md 33
  it('calls required tools and no forbidden ones, as its verdict says', () => {
    check((given) => {
      const { content, engine, ending, outcome } = given;
      if (ending !== undefined || outcome === 'error') return;
      const conversation = simulateConversation(given);
      const called = new Set(callsOf(conversation).map(({ name }) => name));
      const local = [...engine.nodes.values()].flatMap(({ ownTool, tools }) =>
        ownTool === undefined ? tools : [ownTool, ...tools],
      );
      const index = indexTools([...engine.generalTools, ...local]);
      const demands = content.metrics.map((metric) => toolDemands(metric, index));
      const general = new Set(engine.generalTools.map(({ name }) => name));
      const isContradicted = (name: string) =>
        demands.some(({ asked }) => asked.some((tool) => tool.name === name)) &&
        demands.some(({ forbidden }) => forbidden.some((tool) => tool.name === name));
      expect(conversation.verdicts.every(({ met }) => met)).toBe(outcome === 'pass');
      for (const [at, { met, call }] of conversation.verdicts.entries()) {
        const { asked, forbidden } = demands[at] ?? { asked: [], forbidden: [] };
        const names = [...asked, ...forbidden].map(({ name }) => name);
        if (names.some(isContradicted)) continue;
        // The start of a flow cannot be gone around.
        const start = engine.nodes.get(engine.startId ?? '')?.ownTool?.name;
        if (met && forbidden.every(({ name }) => name !== start)) {
          for (const { name } of forbidden) expect([name, called.has(name)]).toEqual([name, false]);
        }
        // What the graph of a flow bars cannot be called.
        if (!asked.every(({ name }) => general.has(name))) continue;
        if (met) for (const { name } of asked) expect(called).toContain(name);
        else if (asked.length > 0) {
          const failed = call?.result?.successful === false;
          expect(failed || asked.some(({ name }) => !called.has(name))).toBe(true);
        }
        const [tool] = forbidden;
        if (!met && asked.length === 0 && tool !== undefined && general.has(tool.name)) {
          expect(called).toContain(tool.name);
        }
      }
    });
  });

  it('points to existing entries', () => {
    check((given) => {
      const { entries, verdicts } = simulateConversation(given);
      for (const { decidedAt, askedAt = 0, call } of verdicts) {
        expect(entries[askedAt]).toBeDefined();
        const deciding = entries[decidedAt];
        if (call === undefined) expect(['agent', 'user', undefined]).toContain(deciding?.role);
        else expect(deciding).toMatchObject({ role: 'tool_call_invocation', name: call.tool.name });
      }
    });
  });
});

describe('an extracted variable', () => {
  it('is known from then on, with a value of its type', () => {
    const variables = [
      { name: 'party', type: 'number', description: 'How many' },
      { name: 'vip', type: 'boolean', description: '' },
      { name: 'day', type: 'enum', choices: ['Monday', 'Friday'], description: '' },
      { name: 'email', type: 'string', description: '' },
    ];
    const edges = (to: string) => [
      { destination_node_id: to, transition_condition: { type: 'prompt', prompt: 'x' } },
    ];
    const content: TestCaseContent = newContent({
      name: 'x',
      response_engine: { type: 'retell-llm', llm_id: 'llm_1' },
      user_prompt: 'You want a table for 4 on Friday. Your mail is ann@example.org.',
      metrics: [],
    });
    const engine = readEngine('conversation-flow', {
      nodes: [
        { id: 'a', type: 'conversation', edges: edges('b') },
        { id: 'b', type: 'extract_dynamic_variables', variables, edges: edges('c') },
        {
          ...{ id: 'c', type: 'conversation' },
          instruction: { type: 'static_text', text: 'On {{day}}, for {{email}}.' },
        },
      ],
    });
    const draw = keyedChance('x');
    const { variables: known, entries } = simulateConversation({
      ...{ content, engine, generate, draw, outcome: 'pass', ending: undefined },
    });
    expect(Object.fromEntries(known)).toEqual({
      ...{ party: 4, vip: true, day: 'Friday', email: 'ann@example.org' },
    });
    expect(entries).toContainEqual({ role: 'agent', content: 'On Friday, for ann@example.org.' });
  });
});
