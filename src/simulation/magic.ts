import { isOutcome, magicVariables, readVariable } from '../domain/ordered-outcome.js';
import { parseDuration } from '../workspace/settings.js';

/** What is wrong with dynamic variables that speak to the emulator; undefined if nothing is. */
export function findMagicFault(
  variables: Readonly<Record<string, string>>,
): { readonly name: string; readonly fault: string } | undefined {
  const status = readVariable(variables, magicVariables.outcome);
  if (status !== undefined && !isOutcome(status)) {
    return { name: magicVariables.outcome, fault: 'must be "pass", "fail" or "error"' };
  }
  const duration = readVariable(variables, magicVariables.duration);
  if (duration !== undefined && parseDuration(duration) === undefined) {
    const fault = 'must be a duration such as 2s, of at most 365d';
    return { name: magicVariables.duration, fault };
  }
  return undefined;
}
