import { isDeepStrictEqual } from 'node:util';
import type { components } from '../../contract/control.gen.js';
import { matchesGlob } from '../glob.js';
import type { CallDirection } from './call.js';
import { findForcedCallProblem, type ForcedCall } from './forced-call.js';

export type CallRuleInput = components['schemas']['CallRuleInput'];

/** The facts of a call that call rules match on. */
export interface CallFacts {
  readonly fromNumber: string;
  readonly toNumber: string;
  readonly agentId: string;
  readonly callType: 'phone_call' | 'web_call';
  /** A web call has none. */
  readonly direction: CallDirection | undefined;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly dynamicVariables: Readonly<Record<string, string>>;
}

/** How a rule makes a call go, after `hits` other calls; undefined if it does not apply. */
export function applyCallRule(
  rule: CallRuleInput,
  hits: number,
  facts: CallFacts,
): ForcedCall | undefined {
  if (rule.times !== undefined && hits >= rule.times) return undefined;
  if (!matches(rule.match ?? {}, facts)) return undefined;
  return rule.outcome ?? rule.sequence?.[Math.min(hits, rule.sequence.length - 1)];
}

function matches(match: NonNullable<CallRuleInput['match']>, facts: CallFacts): boolean {
  const { fromNumber, toNumber, agentId = facts.agentId, direction = facts.direction } = match;
  const { callType = facts.callType } = match;
  return (
    callType === facts.callType &&
    agentId === facts.agentId &&
    direction === facts.direction &&
    (fromNumber === undefined || matchesGlob(fromNumber, facts.fromNumber)) &&
    (toNumber === undefined || matchesGlob(toNumber, facts.toNumber)) &&
    hasAll(facts.metadata, match.metadata ?? {}) &&
    hasAll(facts.dynamicVariables, match.dynamicVariables ?? {})
  );
}

const hasAll = (
  values: Readonly<Record<string, unknown>>,
  wanted: Readonly<Record<string, unknown>>,
): boolean =>
  Object.entries(wanted).every(
    ([name, value]) => Object.hasOwn(values, name) && isDeepStrictEqual(values[name], value),
  );

/** The outcomes that a rule may give, each with its path in the rule. */
export const outcomesOf = ({
  outcome,
  sequence = [],
}: CallRuleInput): (readonly [path: string, outcome: ForcedCall])[] => [
  ...(outcome === undefined ? [] : [['/outcome', outcome] as const]),
  ...sequence.map((forced, index) => [`/sequence/${String(index)}`, forced] as const),
];

/** Says where a rule contradicts itself, and how; undefined if it does not. */
export function findCallRuleMistake(
  rule: CallRuleInput,
): { readonly path: string; readonly problem: string } | undefined {
  if ((rule.outcome === undefined) === (rule.sequence === undefined)) {
    return { path: '', problem: 'must have either "outcome" or "sequence"' };
  }
  for (const [path, forced] of outcomesOf(rule)) {
    const found = findForcedCallProblem(forced);
    if (found !== undefined) return { path: `${path}/${found.name}`, problem: found.problem };
  }
  return undefined;
}
