import type { Outcome, Tally } from '../domain/testing/batch-test.js';
import type { ForcedBy } from '../domain/testing/forced-outcome.js';
import { bulkInserter, type Value } from './database/bulk-insert.js';
import type { Db } from './database/database.js';
import type { RunPosition } from './test-runs.js';

/** A run in progress, whose outcome and end are decided. */
export interface RunningRun extends RunPosition {
  readonly endsAt: number;
  readonly outcome: Outcome;
}

/** A run that has started. */
export interface StartedRun extends RunningRun {
  readonly startedAt: number;
  readonly seedKey: number;
  /** What forced the outcome; null if chance decided. */
  readonly forcedBy: ForcedBy | null;
}

/** The runs of one batch that ended. */
export interface EndedRuns {
  readonly batchKey: number;
  readonly ended: Tally;
  readonly lastEndsAt: number;
}

export interface RunningReader {
  /** The runs that end by `until`, in the order of their ends. */
  listEnding(workspaceId: number, until: number, limit: number): RunningRun[];
  nextEnd(workspaceId: number): number | undefined;
}

export interface RunningWriter extends RunningReader {
  /** Starts runs, including those that end at once. */
  start(workspaceId: number, runs: readonly StartedRun[], over: ReadonlySet<RunningRun>): void;
  end(workspaceId: number, runs: readonly RunningRun[]): void;
  /** Ends the first runs that end by `until`, and returns their outcomes. */
  endFirst(workspaceId: number, until: number, limit: number): EndedRuns[];
}

export function runningStore(db: Db): RunningWriter {
  const listEnding = db.prepare<{ workspaceId: number; until: number; limit: number }, RunningRun>(
    `SELECT batch_key AS batchKey, run_index AS runIndex, ends_at AS endsAt, outcome
     FROM running_test_runs
     WHERE workspace_id = :workspaceId AND ends_at <= :until
     ORDER BY ends_at, batch_key, run_index LIMIT :limit`,
  );
  const end = db.prepare<{ workspaceId: number; runs: string }>(
    `DELETE FROM running_test_runs
     WHERE workspace_id = :workspaceId AND (ends_at, batch_key, run_index) IN (
       SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(:runs)
     )`,
  );
  const nextEnd = db
    .prepare<{ workspaceId: number }, number | null>(
      'SELECT MIN(ends_at) FROM running_test_runs WHERE workspace_id = :workspaceId',
    )
    .pluck();
  return {
    start: starter(db),
    listEnding: (workspaceId, until, limit) => listEnding.all({ workspaceId, until, limit }),
    end(workspaceId, runs) {
      if (runs.length === 0) return;
      const keys = runs.map(({ endsAt, batchKey, runIndex }) => [endsAt, batchKey, runIndex]);
      end.run({ workspaceId, runs: JSON.stringify(keys) });
    },
    endFirst: ender(db),
    nextEnd: (workspaceId) => nextEnd.get({ workspaceId }) ?? undefined,
  };
}

/** One statement for all runs, because calling a statement costs more than writing the row. */
function starter(db: Db): RunningWriter['start'] {
  const record = bulkInserter(db, 'started_test_runs', [
    'batch_key',
    'run_index',
    'started_at',
    'ends_at',
    'outcome',
    'seed_key',
    'ordered',
  ]);
  const add = bulkInserter(db, 'running_test_runs', [
    'workspace_id',
    'ends_at',
    'batch_key',
    'run_index',
    'outcome',
  ]);
  return (workspaceId, runs, over) => {
    const recorded: Value[] = [];
    const added: Value[] = [];
    for (const run of runs) {
      const { batchKey, runIndex, startedAt, endsAt, outcome, seedKey, forcedBy } = run;
      const ordered = forcedBy === null ? null : JSON.stringify(forcedBy);
      recorded.push(batchKey, runIndex, startedAt, endsAt, outcome, seedKey, ordered);
      if (!over.has(run)) added.push(workspaceId, endsAt, batchKey, runIndex, outcome);
    }
    record(recorded);
    add(added);
  };
}

interface Bound extends RunPosition {
  readonly endsAt: number;
}

function ender(db: Db): RunningWriter['endFirst'] {
  const findLast = db.prepare<{ workspaceId: number; until: number; offset: number }, Bound>(
    `SELECT ends_at AS endsAt, batch_key AS batchKey, run_index AS runIndex
     FROM running_test_runs
     WHERE workspace_id = :workspaceId AND ends_at <= :until
     ORDER BY ends_at, batch_key, run_index LIMIT 1 OFFSET :offset`,
  );
  const isWithin = `workspace_id = :workspaceId
    AND (ends_at, batch_key, run_index) <= (:endsAt, :batchKey, :runIndex)`;
  const count = db.prepare<
    Bound & { workspaceId: number },
    { batchKey: number; outcome: Outcome; count: number; lastEndsAt: number }
  >(
    `SELECT batch_key AS batchKey, outcome, COUNT(*) AS count, MAX(ends_at) AS lastEndsAt
     FROM running_test_runs WHERE ${isWithin} GROUP BY batch_key, outcome`,
  );
  const end = db.prepare<Bound & { workspaceId: number }>(
    `DELETE FROM running_test_runs WHERE ${isWithin}`,
  );
  return (workspaceId, until, limit) => {
    const last = findLast.get({ workspaceId, until, offset: limit - 1 });
    const all = { endsAt: until, batchKey: Number.MAX_SAFE_INTEGER, runIndex: 0 };
    const bound = { ...(last ?? all), workspaceId };
    const batches = new Map<number, EndedRuns>();
    for (const { batchKey, outcome, count: ended, lastEndsAt } of count.all(bound)) {
      const before = batches.get(batchKey) ?? { ended: { pass: 0, fail: 0, error: 0 }, lastEndsAt };
      batches.set(batchKey, {
        batchKey,
        ended: { ...before.ended, [outcome]: ended },
        lastEndsAt: Math.max(before.lastEndsAt, lastEndsAt),
      });
    }
    if (batches.size > 0) end.run(bound);
    return [...batches.values()];
  };
}
