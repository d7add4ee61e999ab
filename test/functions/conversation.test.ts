import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { disconnectionReasons } from '../../src/domain/calls/call.js';
import { readCallAgent } from '../../src/domain/calls/call-agent.js';
import type { Engine } from '../../src/domain/engines/engine.js';
import { newTool } from '../../src/domain/engines/engine-tool.js';
import type { JsonObject } from '../../src/domain/json.js';
import { keyedChance } from '../../src/random.js';
import { holdCall } from '../../src/simulation/calls/speech.js';
import { findFacts } from '../../src/simulation/conversation/facts.js';
import {
  functionArguments,
  type FunctionResults,
} from '../../src/simulation/conversation/function-calls.js';
import { Effort } from '../../src/simulation/conversation/schema-effort.js';
import { engine, parameters } from '../support/conversations.js';
import { generate } from '../support/ended-runs.js';

interface AnyCall {
  readonly engine: Engine;
  readonly seed: string;
  readonly reason: (typeof disconnectionReasons)[number];
}

const conversationOf = ({ engine, seed, reason }: AnyCall, results: FunctionResults) =>
  holdCall({
    ...{ engine, generate, reason, direction: 'outbound', variables: {} },
    ...{ agent: readCallAgent({}), counterpart: 'person', ordered: undefined, tools: undefined },
    functions: { results, last: undefined },
    draw: keyedChance(seed),
  });

const answers = fc.record({
  content: fc.constantFrom('{"x":1}', '{"x":"a","data":[{"y":2}]}', 'no JSON', ''),
  successful: fc.boolean(),
});

/** One that does not break the conversation off. */
const wholeConversation = fc.constantFrom<AnyCall['reason'][]>('user_hangup', 'agent_hangup');

describe('the conversation of a call', () => {
  it('stays as it is up to a custom function, whatever the function gives back', () => {
    let most = 0;
    fc.assert(
      fc.property(
        fc.record({ engine, seed: fc.string(), reason: wholeConversation }),
        fc.array(answers, { minLength: 12, maxLength: 12 }),
        (call, given) => {
          const results = new Map<string, (typeof given)[number]>();
          let before = conversationOf(call, results).entries;
          for (const answer of given) {
            const at = before.findIndex(
              (entry) =>
                entry.role === 'tool_call_invocation' &&
                entry.functionKey !== undefined &&
                !results.has(entry.functionKey),
            );
            const invocation = before[at];
            if (invocation?.role !== 'tool_call_invocation') break;
            results.set(invocation.functionKey ?? '', answer);
            const after = conversationOf(call, results).entries;
            expect(after.slice(0, at + 1)).toEqual(before.slice(0, at + 1));
            expect(after[at + 1]).toEqual({ role: 'tool_call_result', ...answer });
            before = after;
          }
          most = Math.max(most, results.size);
        },
      ),
      { numRuns: 150 },
    );
    // The property says something of conversations with several functions.
    expect(most).toBeGreaterThan(1);
  });

  it('goes on after the last result with what was not said before it', () => {
    fc.assert(
      fc.property(
        fc.record({
          ...{ engine, seed: fc.string() },
          reason: fc.constantFrom(...disconnectionReasons),
        }),
        answers,
        (call, answer) => {
          const first = conversationOf(call, new Map());
          const at = first.entries.findIndex((entry) => 'functionKey' in entry);
          const invocation = first.entries[at];
          if (invocation?.role !== 'tool_call_invocation') return;
          const last = invocation.functionKey ?? '';
          const results = new Map([[last, answer]]);
          const rest = holdCall({
            ...{ engine: call.engine, generate, reason: call.reason, direction: 'outbound' },
            ...{ agent: readCallAgent({}), counterpart: 'person', ordered: undefined },
            ...{ tools: undefined, variables: {}, draw: keyedChance(call.seed) },
            functions: { results, last },
          });
          expect(
            rest.entries.some((entry) => 'functionKey' in entry && entry.functionKey === last),
          ).toBe(false);
          const whole = conversationOf(call, results).entries;
          const said = whole.findIndex(
            (entry) => 'functionKey' in entry && entry.functionKey === last,
          );
          if (said !== -1) expect(rest.entries).toEqual(whole.slice(said + 2));
        },
      ),
      { numRuns: 100 },
    );
  });
});

const ajv = new Ajv2020({ strict: false, validateFormats: false });

const text = fc.constantFrom('red', 'a b', '2027-01-01', '');
const leaf = fc.oneof(
  fc.constantFrom<JsonObject>(
    { type: 'string' },
    { type: 'string', format: 'date' },
    { type: 'string', format: 'email' },
    { type: 'string', pattern: '^[a-z]{2}\\d$' },
    { type: 'number', exclusiveMinimum: 0, maximum: 2 },
    { type: 'boolean' },
    { type: 'null' },
    { type: ['string', 'null'] },
    {},
  ),
  fc.record({
    type: fc.constant('integer'),
    minimum: fc.nat(9),
    maximum: fc.integer({ min: 9, max: 12 }),
  }),
  fc.record({ type: fc.constant('string'), enum: fc.uniqueArray(text, { minLength: 1 }) }),
  fc.record({ type: fc.constant('string'), const: text }),
  fc.record({
    type: fc.constant('string'),
    minLength: fc.nat(4),
    maxLength: fc.integer({ min: 4, max: 9 }),
  }),
);
const { schema } = fc.letrec<{ schema: JsonObject; object: JsonObject }>((tie) => ({
  schema: fc.oneof(
    { depthSize: 'small' },
    leaf,
    tie('object'),
    fc.record({
      ...{ type: fc.constant('array'), items: tie('schema') },
      ...{ minItems: fc.nat(2), maxItems: fc.integer({ min: 2, max: 4 }) },
    }),
    fc.record({ anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }) }),
  ),
  object: fc
    .dictionary(fc.constantFrom('name', 'guests', 'day', 'id', 'email'), tie('schema'), {
      maxKeys: 4,
    })
    .chain((properties) =>
      fc.record({
        ...{ type: fc.constant('object'), properties: fc.constant(properties) },
        required: fc.subarray(Object.keys(properties)),
        additionalProperties: fc.boolean(),
      }),
    ),
}));

describe('the arguments of a custom function', () => {
  const argumentsFor = (parameters: JsonObject, seed: string) => {
    const draw = keyedChance(seed);
    const facts = findFacts('You are Ann Lee, ann@test.example. You want a table for 4.', {}, draw);
    const tool = newTool('book_table', 'custom', { url: 'http://127.0.0.1/', parameters });
    return functionArguments(tool, { facts, generate, draw, effort: new Effort() });
  };

  it('are allowed by its schema, and are the same for the same seed', () => {
    const root = fc
      .dictionary(fc.constantFrom('name', 'day', 'x', 'party_size'), schema)
      .chain((properties) =>
        fc.record({
          ...{ type: fc.constant('object'), properties: fc.constant(properties) },
          required: fc.subarray(Object.keys(properties)),
          additionalProperties: fc.boolean(),
        }),
      );
    fc.assert(
      fc.property(fc.oneof(root, parameters), fc.string(), (given, seed) => {
        const args = argumentsFor(given, seed);
        const isAllowed = ajv.compile(given);
        expect(isAllowed(args), JSON.stringify([args, isAllowed.errors])).toBe(true);
        expect(argumentsFor(given, seed)).toEqual(args);
      }),
      { numRuns: 150 },
    );
  });
});
