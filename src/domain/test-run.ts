import type { Outcome } from './batch-test.js';
import type { Order } from './ordered-outcome.js';

interface RunBase {
  readonly id: string;
  /** When its batch was created, in milliseconds since the epoch. */
  readonly createdAt: number;
}

/** What was settled when a run started. */
interface Started {
  readonly startedAt: number;
  /** When it ends, or ended. */
  readonly endsAt: number;
  readonly outcome: Outcome;
  /** The seed in force when it started; decides what is said in it. */
  readonly seed: string;
  /** What decided its outcome, if not chance. */
  readonly order: Order | null;
}

/** A run on its way: waiting, under way, or ended with an outcome. */
export type TestRun = RunBase &
  ({ readonly status: 'pending' } | ({ readonly status: 'in_progress' | Outcome } & Started));

export type EndedTestRun = RunBase & Started & { readonly status: Outcome };

export const hasEnded = (run: TestRun): run is EndedTestRun =>
  run.status !== 'pending' && run.status !== 'in_progress';

/** When the run last changed. */
export function modifiedAt(run: TestRun): number {
  if (run.status === 'pending') return run.createdAt;
  return run.status === 'in_progress' ? run.startedAt : run.endsAt;
}
