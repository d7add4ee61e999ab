import type { ResponseEngine } from '../engines/response-engine.js';

/** How a run can end. */
export const outcomes = ['pass', 'fail', 'error'] as const;
export type Outcome = (typeof outcomes)[number];

/** Ended runs by outcome. */
export type Tally = Record<Outcome, number>;

export interface BatchTest {
  readonly id: string;
  readonly responseEngine: ResponseEngine;
  readonly ended: Tally;
  readonly totalCount: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly modifiedAt: number;
  /** When the batch becomes complete, after its last run has ended; null if not known yet, or past. */
  readonly completesAt: number | null;
}

/** A batch is complete when all its runs have ended, and the delay after that is over. */
export function batchStatus(
  batch: Pick<BatchTest, 'ended' | 'totalCount' | 'completesAt'>,
): 'complete' | 'in_progress' {
  const { ended, totalCount, completesAt } = batch;
  const allEnded = ended.pass + ended.fail + ended.error === totalCount;
  return allEnded && completesAt === null ? 'complete' : 'in_progress';
}
