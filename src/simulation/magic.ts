import {
  endingNames,
  isEnding,
  isOutcome,
  magicVariables,
  outcomeOf,
  readVariable,
} from '../domain/ordered-outcome.js';
import { parseDuration } from '../workspace/settings.js';

/** What is wrong with dynamic variables that speak to the emulator; undefined if nothing is. */
export function findMagicFault(
  variables: Readonly<Record<string, string>>,
): { readonly name: string; readonly fault: string } | undefined {
  const status = readVariable(variables, magicVariables.outcome);
  if (status !== undefined && !isOutcome(status)) {
    return { name: magicVariables.outcome, fault: 'must be "pass", "fail" or "error"' };
  }
  const ending = readVariable(variables, magicVariables.ending);
  if (ending !== undefined && !isEnding(ending)) {
    return { name: magicVariables.ending, fault: `must be one of ${endingNames.join(', ')}` };
  }
  if (ending !== undefined && status !== undefined && status !== outcomeOf(ending)) {
    const fault = `must be "${outcomeOf(ending)}" for a run that ends by ${ending}`;
    return { name: magicVariables.outcome, fault };
  }
  const duration = readVariable(variables, magicVariables.duration);
  if (duration !== undefined && parseDuration(duration) === undefined) {
    const fault = 'must be a duration such as 2s, of at most 365d';
    return { name: magicVariables.duration, fault };
  }
  return undefined;
}
