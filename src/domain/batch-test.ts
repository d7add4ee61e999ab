import type { ResponseEngine } from './response-engine.js';

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
}

/** A batch is complete exactly when all its runs have ended; there is no other state to forget. */
export function batchStatus({ ended, totalCount }: Pick<BatchTest, 'ended' | 'totalCount'>) {
  return ended.pass + ended.fail + ended.error === totalCount ? 'complete' : 'in_progress';
}
