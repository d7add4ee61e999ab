import type { components } from '../../contract/control.gen.js';
import { outcomes, type Outcome } from './batch-test.js';

/** How a run must end. Chance decides what is left out. */
export type ForcedOutcome = Partial<components['schemas']['ForcedOutcome']>;

/** A reason for which a conversation ends early. */
export type Ending = components['schemas']['Ending'];

const outcomeByEnding: Record<Ending, Outcome> = {
  silence: 'fail',
  loop: 'error',
  tool: 'error',
  'agent-model': 'error',
  'user-model': 'error',
  judge: 'error',
};

export const endingNames = Object.keys(outcomeByEnding) as readonly Ending[];

export const isEnding = (text: string | undefined): text is Ending =>
  text !== undefined && Object.hasOwn(outcomeByEnding, text);

/** The outcome of a run whose conversation ends early for this reason. */
export const outcomeOfEnding = (ending: Ending): Outcome => outcomeByEnding[ending];

/** What forced a run's outcome, and what it says of the run. */
export interface ForcedBy {
  readonly source: 'rule' | 'dynamic-variable' | 'definition-id' | 'fixture';
  /** The rule's id. */
  readonly rule?: string;
  readonly ending?: Ending;
  readonly explanation?: string;
  readonly transcript?: NonNullable<ForcedOutcome['transcript']>;
}

/** Test variables: dynamic variables of a definition that force the outcome of its runs. */
export const testVariables = {
  outcome: 'emulator_outcome',
  ending: 'emulator_ending',
  explanation: 'emulator_explanation',
  duration: 'emulator_duration',
} as const;

export const isOutcome = (text: string | undefined): text is Outcome =>
  (outcomes as readonly (string | undefined)[]).includes(text);

export const readVariable = (
  variables: Readonly<Record<string, string>>,
  name: string,
): string | undefined => (Object.hasOwn(variables, name) ? variables[name] : undefined);

/** The outcome that a definition's test variables force; undefined if it has none. */
export function forcedByVariables(
  variables: Readonly<Record<string, string>>,
): ForcedOutcome | undefined {
  const status = readVariable(variables, testVariables.outcome);
  const ending = readVariable(variables, testVariables.ending);
  const explanation = readVariable(variables, testVariables.explanation);
  const duration = readVariable(variables, testVariables.duration);
  if ([status, ending, explanation, duration].every((value) => value === undefined)) {
    return undefined;
  }
  return {
    ...(isEnding(ending) && { ending, status: outcomeOfEnding(ending) }),
    ...(isOutcome(status) && { status }),
    ...(explanation !== undefined && { explanation }),
    ...(duration !== undefined && { duration }),
  };
}

/** The outcome that an unknown definition's id forces, by a prefix such as `test_case_fail`. */
export function forcedById(definitionId: string): ForcedOutcome | undefined {
  const status = outcomes.find((outcome) => definitionId.startsWith(`test_case_${outcome}`));
  return status && { status };
}
