import {
  endingNames,
  isEnding,
  isOutcome,
  testVariables,
  outcomeOfEnding,
  readVariable,
} from '../../domain/testing/forced-outcome.js';
import { parseDuration } from '../../workspace/settings.js';

/** The first problem of a definition's test variables; undefined if there is none. */
export function findTestVariableProblem(
  variables: Readonly<Record<string, string>>,
): { readonly name: string; readonly problem: string } | undefined {
  const status = readVariable(variables, testVariables.outcome);
  if (status !== undefined && !isOutcome(status)) {
    return { name: testVariables.outcome, problem: 'must be "pass", "fail" or "error"' };
  }
  const ending = readVariable(variables, testVariables.ending);
  if (ending !== undefined && !isEnding(ending)) {
    return { name: testVariables.ending, problem: `must be one of ${endingNames.join(', ')}` };
  }
  if (ending !== undefined && status !== undefined && status !== outcomeOfEnding(ending)) {
    const problem = `must be "${outcomeOfEnding(ending)}" for a run that ends by ${ending}`;
    return { name: testVariables.outcome, problem };
  }
  const duration = readVariable(variables, testVariables.duration);
  if (duration !== undefined && parseDuration(duration) === undefined) {
    const problem = 'must be a duration such as 2s, of at most 365d';
    return { name: testVariables.duration, problem };
  }
  return undefined;
}
