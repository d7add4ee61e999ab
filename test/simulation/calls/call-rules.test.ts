import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { CallFacts, CallRuleInput } from '../../../src/domain/calls/call-rule.js';
import { takeCallRule } from '../../../src/simulation/calls/call-rules.js';
import { buildEmulator } from '../../support/emulator.js';

const numbers = ['+14155550100', '+14155550199', '+442071234567'] as const;
const patterns = ['*', '+1*', '+1415555010?', ...numbers, 'x'] as const;
const values = fc.constantFrom<unknown>('a', 'b', 1, { x: [1] }, null);
const texts = fc.dictionary(fc.constantFrom('n', 'm', 'toString'), fc.constantFrom('a', 'b'), {
  maxKeys: 2,
});
const metadata = fc.dictionary(fc.constantFrom('k', 'l'), values, { maxKeys: 2 });
const callType = fc.constantFrom('phone_call' as const, 'web_call' as const);
const direction = fc.constantFrom('inbound', 'outbound');
const agentId = fc.constantFrom('agent_1', 'agent_2');

const rule: fc.Arbitrary<CallRuleInput> = fc
  .record(
    {
      match: fc.record(
        {
          ...{ fromNumber: fc.constantFrom(...patterns), toNumber: fc.constantFrom(...patterns) },
          ...{
            agentId,
            direction,
            metadata,
            dynamicVariables: texts,
            callType,
          },
        },
        { requiredKeys: [] },
      ),
      times: fc.integer({ min: 1, max: 3 }),
    },
    { requiredKeys: [] },
  )
  .chain((said) =>
    fc.integer({ min: 0, max: 3 }).map((count) => {
      const outcome = (index: number) => ({ ring: `${String(index)}s` });
      return count === 0
        ? { ...said, outcome: outcome(0) }
        : { ...said, sequence: Array.from({ length: count }, (_, index) => outcome(index)) };
    }),
  );

const call: fc.Arbitrary<CallFacts> = fc.record({
  ...{ fromNumber: fc.constantFrom(...numbers), toNumber: fc.constantFrom(...numbers) },
  ...{ agentId, direction, metadata, dynamicVariables: texts, callType },
});

/** A pattern as a regular expression. */
const toExpression = (pattern: string): RegExp =>
  new RegExp(`^${pattern.replace('+', '\\+').replace('*', '.*').replace('?', '.')}$`);

/** Which rule decides each call, with the index of its outcome, written as plainly as can be. */
function model(rules: readonly CallRuleInput[], calls: readonly CallFacts[]) {
  const used = rules.map(() => 0);
  return calls.map((facts) => {
    for (const [index, { match = {}, times, sequence }] of rules.entries()) {
      const hits = used[index] ?? 0;
      if (times !== undefined && hits === times) continue;
      const { fromNumber = '*', toNumber = '*' } = match;
      if (!toExpression(fromNumber).test(facts.fromNumber)) continue;
      if (!toExpression(toNumber).test(facts.toNumber)) continue;
      if (match.agentId && match.agentId !== facts.agentId) continue;
      if (match.direction && match.direction !== facts.direction) continue;
      if (match.callType && match.callType !== facts.callType) continue;
      const lacks = (given: object, wanted: object = {}): boolean => {
        const has = new Map(
          Object.entries(given).map(([key, value]) => [key, JSON.stringify(value)]),
        );
        return Object.entries(wanted).some(
          ([key, value]) => has.get(key) !== JSON.stringify(value),
        );
      };
      if (lacks(facts.metadata, match.metadata)) continue;
      if (lacks(facts.dynamicVariables, match.dynamicVariables)) continue;
      used[index] = hits + 1;
      return { rule: index, outcome: Math.min(hits, (sequence?.length ?? 1) - 1) };
    }
    return undefined;
  });
}

describe('call rules', () => {
  it('decide as a small model says: the first match wins, and hits count', () => {
    const { emulator } = buildEmulator();
    onTestFinished(() => {
      emulator.close();
    });
    let workspaces = 0;
    fc.assert(
      fc.property(
        fc.array(rule, { maxLength: 5 }),
        fc.array(call, { minLength: 1, maxLength: 8 }),
        (rules, calls) => {
          workspaces += 1;
          const { id } = emulator.workspaces.open(`w${String(workspaces)}`);
          const decided = emulator.store.now((writer) => {
            for (const [index, rule] of rules.entries()) {
              writer.callRules.insert(id, String(index), rule);
            }
            return calls.map((facts) => takeCallRule(writer, id, facts));
          });
          const expected = model(rules, calls);
          expect(
            decided.map((found) =>
              found === undefined
                ? undefined
                : { rule: Number(found.rule), outcome: Number.parseInt(found.outcome.ring ?? '') },
            ),
          ).toEqual(expected);
          const hits = emulator.store.callRules.list(id).map(({ hits }) => hits);
          expect(hits).toEqual(
            rules.map((_, index) => expected.filter((found) => found?.rule === index).length),
          );
        },
      ),
      { numRuns: 200 },
    );
  });
});
