import type { Outcome } from '../domain/batch-test.js';
import type { Db } from './database.js';

export interface NewTestRun {
  readonly id: string;
  readonly testCaseDefinitionId: string;
}

/** A run in its batch. */
export interface RunPosition {
  readonly batchKey: number;
  /** Its place in the batch, from 0. */
  readonly runIndex: number;
}

/** A run that waits for its turn. */
export interface QueuedRun extends RunPosition {
  readonly batchOrdinal: number;
  /** When its batch was created. */
  readonly queuedAt: number;
}

/** A run that has been started: how it ends and when is settled then. */
export interface StartedRun extends RunPosition {
  readonly startedAt: number;
  readonly endsAt: number;
  readonly outcome: Outcome;
}

export interface TestRunStore {
  insertAll(batch: { workspaceId: number; batchKey: number }, runs: readonly NewTestRun[]): void;
  /** Runs under way that end by `until`, the first to end first. */
  listEnding(workspaceId: number, until: number, limit: number): StartedRun[];
  /** Runs not yet started, first in first out. */
  listQueued(workspaceId: number, limit: number): QueuedRun[];
  recordStart(run: StartedRun): void;
  recordEnd(run: StartedRun): void;
}

export function testRunStore(db: Db): TestRunStore {
  const insert = db.prepare<NewTestRun & RunPosition & { workspaceId: number }>(
    `INSERT INTO test_runs (batch_key, run_index, workspace_id, test_run_id,
                            test_case_definition_id)
     VALUES (:batchKey, :runIndex, :workspaceId, :id, :testCaseDefinitionId)`,
  );
  const listEnding = db.prepare<{ workspaceId: number; until: number; limit: number }, StartedRun>(
    `SELECT batch_key AS batchKey, run_index AS runIndex, started_at AS startedAt,
            ends_at AS endsAt, outcome
     FROM test_runs
     WHERE workspace_id = :workspaceId AND status = 'in_progress' AND ends_at <= :until
     ORDER BY ends_at, batch_key, run_index LIMIT :limit`,
  );
  const listQueued = db.prepare<{ workspaceId: number; limit: number }, QueuedRun>(
    `SELECT test_runs.batch_key AS batchKey, run_index AS runIndex, ordinal AS batchOrdinal,
            created_at AS queuedAt
     FROM batch_tests
     JOIN test_runs ON test_runs.batch_key = batch_tests.batch_key
       AND test_runs.run_index >= batch_tests.started_count
     WHERE batch_tests.workspace_id = :workspaceId AND started_count < total_count
     ORDER BY ordinal, run_index LIMIT :limit`,
  );
  const record = (status: string) =>
    db.prepare<StartedRun>(
      `UPDATE test_runs
       SET status = ${status}, outcome = :outcome, started_at = :startedAt, ends_at = :endsAt
       WHERE batch_key = :batchKey AND run_index = :runIndex`,
    );
  const recordStart = record(`'in_progress'`);
  const recordEnd = record(':outcome');

  return {
    insertAll(batch, runs) {
      for (const [runIndex, run] of runs.entries()) insert.run({ ...run, ...batch, runIndex });
    },
    listEnding: (workspaceId, until, limit) => listEnding.all({ workspaceId, until, limit }),
    listQueued: (workspaceId, limit) => listQueued.all({ workspaceId, limit }),
    recordStart: (run) => recordStart.run(run),
    recordEnd: (run) => recordEnd.run(run),
  };
}
