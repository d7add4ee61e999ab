import type { Outcome } from './batch-test.js';
import type { ForcedBy } from './forced-outcome.js';

interface RunBase {
  readonly id: string;
  /** How many batches of the workspace were created before its own. */
  readonly batchOrdinal: number;
  /** Its index in its batch, from 0. */
  readonly runIndex: number;
  /** When its batch was created, in milliseconds since the epoch. */
  readonly createdAt: number;
}

/** What was decided when the run started. */
interface Started {
  readonly startedAt: number;
  /** When it ends, or ended. */
  readonly endsAt: number;
  readonly outcome: Outcome;
  /** The seed in force when it started. The transcript depends on it. */
  readonly seed: string;
  /** What decided its outcome, if not chance. */
  readonly forcedBy: ForcedBy | null;
}

/** A run: pending, in progress, or ended with an outcome. */
export type TestRun = RunBase &
  ({ readonly status: 'pending' } | ({ readonly status: 'in_progress' | Outcome } & Started));

export type EndedTestRun = RunBase & Started & { readonly status: Outcome };

export const hasEnded = (run: TestRun): run is EndedTestRun =>
  run.status !== 'pending' && run.status !== 'in_progress';

/**
 * The creation time that answers have. Observed: the times of a batch's runs rise in the order of the
 * request; here by a millisecond each.
 */
export const reportedCreation = ({ createdAt, runIndex }: RunBase): number => createdAt + runIndex;

/** The start time that answers have: not before the creation time. */
export const reportedStart = (run: RunBase & Started): number =>
  Math.max(reportedCreation(run), run.startedAt);
