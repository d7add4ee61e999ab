import { memory } from '../memory.js';
import { lastRunOf, type BatchNumbers, type Neighbourhood } from '../random.js';
import type { Db } from './database.js';

/** Chooses numbers for batches, of which the ids are made, that are in no use in their workspace. */
export interface FreeNumbers {
  /** @param numbersOf gives others at each attempt, for when they are in use. */
  choose(workspaceId: number, numbersOf: (attempt: number) => BatchNumbers): BatchNumbers;
  /** To be called when ids are written that were not chosen here: they may be any. */
  readonly forget: () => void;
}

export function freeNumbersOf(db: Db): FreeNumbers {
  const areFree = db
    .prepare<Neighbourhood & { workspaceId: number }, 0 | 1>(
      `SELECT NOT EXISTS (
         SELECT 1 FROM batch_tests WHERE workspace_id = :workspaceId
           AND batch_test_id BETWEEN :firstBatch AND :lastBatch
       ) AND NOT EXISTS (
         SELECT 1 FROM test_runs WHERE workspace_id = :workspaceId
           AND test_run_id BETWEEN :firstRun AND :lastRun
       )`,
    )
    .pluck();
  // Neighbours differ from each other, so where all were free once, one need not be looked up.
  const known = memory<Neighbourhood, boolean>();
  const isFree = (workspaceId: number, numbers: BatchNumbers): boolean => {
    const { batch, firstRun, neighbourhood } = numbers;
    const whole = () => areFree.get({ workspaceId, ...neighbourhood }) === 1;
    if (known.get(neighbourhood, whole)) return true;
    const own = { firstBatch: batch, lastBatch: batch, firstRun, lastRun: lastRunOf(numbers) };
    return areFree.get({ workspaceId, ...own }) === 1;
  };
  return {
    choose(workspaceId, numbersOf) {
      for (let attempt = 1; ; attempt += 1) {
        const numbers = numbersOf(attempt);
        if (isFree(workspaceId, numbers)) return numbers;
      }
    },
    forget: known.clear,
  };
}
