import type { components } from '../contract/control.gen.js';
import { matchesGlob } from './glob.js';

type Schemas = components['schemas'];

/** Which requests fail, when, and how. */
export type FaultInput = Schemas['FaultInput'];

/** What made a request fail. */
export type FaultCause = Schemas['FaultCause'];

/** What a fault may match a request by. */
export interface RequestFacts {
  /** The id of the operation. */
  readonly operation: string;
  readonly path: string;
  /** Named in the path, or among those of a batch to create. */
  readonly definitionIds: readonly string[];
  readonly batchId: string | undefined;
}

export function matchesFault({ match = {} }: FaultInput, facts: RequestFacts): boolean {
  const { operation, path, testCaseDefinitionId, batchTestId } = match;
  return (
    (operation ?? facts.operation) === facts.operation &&
    (path === undefined || matchesGlob(path, facts.path)) &&
    (testCaseDefinitionId === undefined || facts.definitionIds.includes(testCaseDefinitionId)) &&
    (batchTestId ?? facts.batchId) === facts.batchId
  );
}

/** How far a fault has come. */
export interface FaultState {
  /** Requests that it matched before this one. */
  readonly seen: number;
  /** Those of them that it hit. */
  readonly hits: number;
  /** How long it has been there, in milliseconds of the workspace's clock. */
  readonly age: number;
}

/** Whether the time of a fault has come for a request that it matches. */
export function isFaultDue(
  fault: FaultInput,
  { seen, hits, age }: FaultState,
  lifetime: number,
  draw: () => number,
): boolean {
  const { times = Infinity, after = 0, every = 1, probability = 1 } = fault;
  return (
    hits < times &&
    seen >= after &&
    (seen - after + 1) % every === 0 &&
    age < lifetime &&
    draw() < probability
  );
}
