import type { components } from '../contract/control.gen.js';
import { outcomes, type Outcome } from './batch-test.js';

/** How some run is to end; what is left out is left to chance. */
export type OrderedOutcome = Partial<components['schemas']['OrderedOutcome']>;

/** What makes a conversation break off. */
export type Ending = components['schemas']['Ending'];

const endings: Record<Ending, Outcome> = {
  silence: 'fail',
  loop: 'error',
  tool: 'error',
  'agent-model': 'error',
  'user-model': 'error',
  judge: 'error',
};

export const endingNames = Object.keys(endings) as readonly Ending[];

export const isEnding = (text: string | undefined): text is Ending =>
  text !== undefined && Object.hasOwn(endings, text);

/** The outcome of a run whose conversation breaks off like this. */
export const outcomeOf = (ending: Ending): Outcome => endings[ending];

/** Why a run ends as it does where that was ordered, with what is to be told of it. */
export interface Order {
  readonly source: 'rule' | 'dynamic-variable' | 'definition-id' | 'fixture';
  /** The rule's id. */
  readonly rule?: string;
  readonly ending?: Ending;
  readonly explanation?: string;
  readonly transcript?: NonNullable<OrderedOutcome['transcript']>;
}

/** Dynamic variables of a definition that decide the outcome of its runs. */
export const magicVariables = {
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

/** What a definition's dynamic variables order; undefined if nothing. */
export function orderedByVariables(
  variables: Readonly<Record<string, string>>,
): OrderedOutcome | undefined {
  const status = readVariable(variables, magicVariables.outcome);
  const ending = readVariable(variables, magicVariables.ending);
  const explanation = readVariable(variables, magicVariables.explanation);
  const duration = readVariable(variables, magicVariables.duration);
  if ([status, ending, explanation, duration].every((ordered) => ordered === undefined)) {
    return undefined;
  }
  return {
    ...(isEnding(ending) && { ending, status: outcomeOf(ending) }),
    ...(isOutcome(status) && { status }),
    ...(explanation !== undefined && { explanation }),
    ...(duration !== undefined && { duration }),
  };
}

/** What an id that no definition has orders, by beginning with `test_case_fail` or the like. */
export function orderedById(definitionId: string): OrderedOutcome | undefined {
  const status = outcomes.find((outcome) => definitionId.startsWith(`test_case_${outcome}`));
  return status && { status };
}
