import type { components } from '../../contract/control.gen.js';
import { matchesGlob } from '../glob.js';
import type { ForcedOutcome } from './forced-outcome.js';

export type OutcomeRuleInput = components['schemas']['OutcomeRuleInput'];

/** The facts of a run that outcome rules match on. */
export interface RunFacts {
  readonly definitionId: string;
  readonly name: string;
  readonly engineId: string;
  readonly batchOrdinal: number;
  readonly dynamicVariables: Readonly<Record<string, string>>;
}

/** The outcome that a rule forces for a run, after `hits` other runs; undefined if it does not apply. */
export function applyRule(
  rule: OutcomeRuleInput,
  hits: number,
  facts: RunFacts,
): ForcedOutcome | undefined {
  if (rule.times !== undefined && hits >= rule.times) return undefined;
  if (!matches(rule.match ?? {}, facts)) return undefined;
  return rule.outcome ?? rule.sequence?.[Math.min(hits, rule.sequence.length - 1)];
}

function matches(match: NonNullable<OutcomeRuleInput['match']>, facts: RunFacts): boolean {
  const { testCaseDefinitionId = facts.definitionId, engineId = facts.engineId } = match;
  return (
    testCaseDefinitionId === facts.definitionId &&
    engineId === facts.engineId &&
    (match.batchOrdinal ?? facts.batchOrdinal) === facts.batchOrdinal &&
    (match.name === undefined || matchesGlob(match.name, facts.name)) &&
    Object.entries(match.dynamicVariables ?? {}).every(
      ([name, value]) =>
        Object.hasOwn(facts.dynamicVariables, name) && facts.dynamicVariables[name] === value,
    )
  );
}
