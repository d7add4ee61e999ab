import type { Db } from './database/database.js';

/** Batches that become complete some time after their last run has ended. */
export interface CompletionReader {
  /** When the next batch becomes complete. */
  nextCompletion(workspaceId: number): number | undefined;
}

export interface CompletionWriter extends CompletionReader {
  /** Makes batches whose runs have all ended complete at a later time. */
  delayCompletion(batches: readonly { batchKey: number; completesAt: number }[]): void;
  /** Completes the first batches that are due by `until`. Returns when each became complete. */
  completeDue(workspaceId: number, until: number, limit: number): number[];
}

/** @param onChange called for each batch that is written. */
export function completionStore(db: Db, onChange: (batchKey: number) => void): CompletionWriter {
  const delay = db.prepare<{ batches: string }>(
    `UPDATE batch_tests SET completes_at = given.completes_at
     FROM (
       SELECT value ->> 0 AS batch_key, value ->> 1 AS completes_at FROM json_each(:batches)
     ) AS given
     WHERE batch_tests.batch_key = given.batch_key`,
  );
  const complete = db.prepare<
    { workspaceId: number; until: number; limit: number },
    { batchKey: number; completedAt: number }
  >(
    `UPDATE batch_tests SET modified_at = MAX(modified_at, completes_at), completes_at = NULL
     WHERE batch_key IN (
       SELECT batch_key FROM batch_tests
       WHERE workspace_id = :workspaceId AND completes_at <= :until
       ORDER BY completes_at LIMIT :limit
     )
     RETURNING batch_key AS batchKey, modified_at AS completedAt`,
  );
  const next = db
    .prepare<{ workspaceId: number }, number | null>(
      `SELECT MIN(completes_at) FROM batch_tests
       WHERE workspace_id = :workspaceId AND completes_at IS NOT NULL`,
    )
    .pluck();
  return {
    delayCompletion(batches) {
      if (batches.length === 0) return;
      const given = batches.map(({ batchKey, completesAt }) => {
        onChange(batchKey);
        return [batchKey, completesAt];
      });
      delay.run({ batches: JSON.stringify(given) });
    },
    completeDue: (workspaceId, until, limit) =>
      complete.all({ workspaceId, until, limit }).map(({ batchKey, completedAt }) => {
        onChange(batchKey);
        return completedAt;
      }),
    nextCompletion: (workspaceId) => next.get({ workspaceId }) ?? undefined,
  };
}
