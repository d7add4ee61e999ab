import type { Db } from './database.js';

/** The checks that a checkpoint needs. */
export interface CheckpointProbes {
  /** Bytes of the log's file. */
  readonly logSize: () => number;
  /** True if the database's path still names its file. */
  readonly isInPlace: () => boolean;
}

/** A checkpoint is due after so many commits, or when the log's file has grown by so many bytes. */
const maxCommits = 250;
const maxGrowth = 4 * 1024 * 1024;

/**
 * Turns SQLite's own checkpoints off and returns a function that runs them. Call it after each commit.
 *
 * A checkpoint copies the log into the file, and the log then starts again. SQLite would also do that after
 * the file was moved or replaced. The log is beside the path and not beside the moved file: it would no
 * longer fit the file that is now there, and the next start would find a damaged database.
 */
export function checkpointAfterCommits(
  db: Db,
  { logSize, isInPlace }: CheckpointProbes,
): () => void {
  db.prepare('PRAGMA wal_autocheckpoint = 0').get();
  // Shortens the log's file when the log starts again, so that growth can be seen.
  db.prepare(`PRAGMA journal_size_limit = ${String(maxGrowth)}`).get();
  const copyLog = db.prepare('PRAGMA wal_checkpoint(PASSIVE)');
  let commits = 0;
  let lastSize = logSize();
  return () => {
    commits += 1;
    if (commits < maxCommits && logSize() - lastSize < maxGrowth) return;
    commits = 0;
    try {
      if (isInPlace()) copyLog.get();
    } catch {
      // The log keeps what could not be copied; the next checkpoint tries again.
    }
    lastSize = Math.min(logSize(), maxGrowth);
  };
}
