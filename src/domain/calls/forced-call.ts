import type { components } from '../../contract/control.gen.js';
import type { AnalysisItem } from './call-agent.js';
import { connectsBefore } from './call.js';

type Schemas = components['schemas'];

/** How a call must go. Chance decides what is left out. Times are texts, as in `2s`. */
export type ForcedCall = Schemas['ForcedCall'];

/** Something that is said or done in a call. */
export type CallEntryInput = Schemas['CallEntryInput'];

/** Returns the property that contradicts another one, and how; undefined if none does. */
export function findForcedCallProblem(
  forced: ForcedCall,
): { readonly name: keyof ForcedCall; readonly problem: string } | undefined {
  const { disconnectionReason: reason } = forced;
  if (reason !== undefined && !connectsBefore(reason)) {
    const name = (['duration', 'transcript'] as const).find((name) => forced[name] !== undefined);
    const problem = `does not go with "${reason}": nobody answers such a call`;
    if (name !== undefined) return { name, problem };
  }
  if (forced.transferDestination !== undefined && reason !== 'call_transfer') {
    return {
      name: 'transferDestination',
      problem: 'goes only with the disconnectionReason "call_transfer"',
    };
  }
  if (forced.analysis === null && forced.analysisDelay !== undefined) {
    return { name: 'analysisDelay', problem: 'does not go with an analysis that is null' };
  }
  return undefined;
}

/**
 * The values of an analysis that the agent's items define otherwise, each with what it must be. Names
 * that no item has are not among them: an agent may get more items later.
 */
export function findWrongValues(
  { analysis }: ForcedCall,
  items: readonly AnalysisItem[],
): { readonly name: string; readonly problem: string }[] {
  const values = analysis?.custom ?? {};
  return items.flatMap((item) => {
    const { name } = item;
    if (!Object.hasOwn(values, name) || fitsItem(values[name], item)) return [];
    const { type, choices = [] } = item;
    const allowed =
      type === 'enum' ? `one of ${choices.map((choice) => JSON.stringify(choice)).join()}` : type;
    return [{ name, problem: `must be ${allowed}, as the agent defines it` }];
  });
}

function fitsItem(value: unknown, { type, choices = [] }: AnalysisItem): boolean {
  switch (type) {
    case 'enum':
      return typeof value === 'string' && choices.includes(value);
    case 'string':
    case 'boolean':
    case 'number':
      return typeof value === type;
    // Presets have properties of the analysis that are not `custom`.
    default:
      return true;
  }
}

/** The names of values that no item of the agent has. */
export function findUnknownValues(
  { analysis }: ForcedCall,
  items: readonly AnalysisItem[],
): string[] {
  const known = new Set(items.map(({ name }) => name));
  return Object.keys(analysis?.custom ?? {}).filter((name) => !known.has(name));
}
