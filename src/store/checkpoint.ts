import { closeSync, fdatasync, fdatasyncSync, openSync } from 'node:fs';
import { promisify } from 'node:util';
import { linkWatch, type DatabaseFile } from './database-file.js';
import { required, sqliteError, type Db } from './database.js';

/**
 * Brings what was committed from the log into the database's file, without holding the event loop
 * while the disk works, for which a slow one takes tens of milliseconds.
 *
 * The order is that of SQLite's own checkpoints, so that the power may fail at any moment: nothing
 * is copied before the log is on the disk, and nothing is committed, by which the log would be begun
 * anew, before the copy is.
 */
export interface Checkpoint {
  /** To be called after each commit. */
  afterCommit(): void;
  /** Resolves when something may be committed again, if a copy is on its way to the disk now. */
  pause(): Promise<void> | undefined;
  /** Waits at once for what is on its way, so that something may be committed. @throws SqliteError */
  endPause(): void;
  /** False once the log was deleted: what is committed then would be lost if the process were killed. */
  hasLog(): boolean;
  /** To be called after `endPause`, before the database is closed. */
  close(): void;
}

/** What has written content stay when the power fails. */
export interface Disk {
  sync(descriptor: number): Promise<void>;
  syncNow(descriptor: number): void;
}

const machine: Disk = { sync: promisify(fdatasync), syncNow: fdatasyncSync };

/** Pages to be copied at once, which takes the event loop a few milliseconds. */
const mostPages = 1000;

/** Of a database in memory, which has no log. */
export const noCheckpoint: Checkpoint = {
  afterCommit: () => undefined,
  pause: () => undefined,
  endPause: () => undefined,
  hasLog: () => true,
  close: () => undefined,
};

/**
 * Takes the checkpoints of a database over from SQLite.
 * @param longLog pages in the log at which to begin.
 */
export function checkpointOf(
  db: Db,
  file: Pick<DatabaseFile, 'descriptor' | 'isInPlace'>,
  disk: Disk = machine,
  longLog = mostPages,
): Checkpoint {
  const copier = logCopier(db, longLog);
  const log = openLog(db);
  const hasLog = linkWatch(log);
  let logState: 'short' | 'being synced' | 'synced' = 'short';
  let commits = 0;
  let isFileSynced = true;
  let pause: Promise<void> | undefined;

  /** Most of the log, so that little is left to sync when it is copied. */
  async function syncLog(): Promise<void> {
    logState = 'being synced';
    const before = commits;
    const isSynced = await hasSucceeded(disk.sync(log));
    logState = isSynced ? 'synced' : 'short';
    if (!isSynced) copier.putOff();
    // If a transaction is open, its commit is followed by the copy.
    else if (commits === before && !db.inTransaction) copyLog();
  }

  function copyLog(): void {
    logState = 'short';
    // The log lies beside whatever is at the path now. Were it begun anew, it would not fit that.
    if (!file.isInPlace()) copier.putOff();
    else if (copier.copy()) syncFile();
  }

  function syncFile(): void {
    isFileSynced = false;
    const ended = hasSucceeded(disk.sync(file.descriptor)).then((isSynced) => {
      if (pause !== ended) return;
      pause = undefined;
      isFileSynced = isSynced;
    });
    pause = ended;
  }

  function syncRestOfLog(): boolean {
    try {
      disk.syncNow(log);
      return true;
    } catch {
      logState = 'short';
      copier.putOff();
      return false;
    }
  }

  return {
    afterCommit() {
      commits += 1;
      copier.mayWriteEarly();
      if (logState === 'synced' && syncRestOfLog()) copyLog();
      else if (logState === 'short' && copier.isDue()) void syncLog();
    },
    pause: () => pause,
    endPause() {
      if (isFileSynced) return;
      try {
        disk.syncNow(file.descriptor);
      } catch (error) {
        throw sqliteError((error as Error).message, 'SQLITE_IOERR_FSYNC');
      }
      pause = undefined;
      isFileSynced = true;
    },
    hasLog,
    close() {
      // What is under way must find nothing to do.
      logState = 'being synced';
      commits = Infinity;
      closeSync(log);
    },
  };
}

const hasSucceeded = (work: Promise<void>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  );

function openLog(db: Db): number {
  // As SQLite has resolved it. The log is there from the start: `openDatabase` has looked at it.
  const path = db
    .prepare<[], string>(`SELECT file FROM pragma_database_list WHERE name = 'main'`)
    .pluck()
    .get();
  return openSync(`${required(path)}-wal`, 'r+');
}

/** Copies the log without syncing anything. */
function logCopier(db: Db, longLog: number) {
  db.exec('PRAGMA wal_autocheckpoint = 0');
  const look = db.prepare<[], { log: number; checkpointed: number }>('PRAGMA wal_checkpoint(NOOP)');
  const copy = db.prepare('PRAGMA wal_checkpoint(PASSIVE)');
  /** When last looked at. */
  let pagesLeft = 0;
  let enough = longLog;
  let writesEarly = true;
  const putOff = (): void => {
    enough = pagesLeft + longLog;
  };
  // Their work is done when they are compiled, so that they can't be prepared once.
  const set = (pragma: string): void => {
    db.exec(`PRAGMA ${pragma}`);
  };
  return {
    isDue(): boolean {
      const { log, checkpointed } = required(look.get());
      pagesLeft = log - checkpointed;
      return pagesLeft >= enough;
    },
    putOff,
    /** Answers whether it was copied. As with SQLite's own, what can't be stays in the log. */
    copy(): boolean {
      try {
        // From now on a transaction whose pages do not fit into the cache must not write them early.
        set('cache_spill = OFF');
        writesEarly = false;
        set('synchronous = OFF');
        try {
          copy.get();
        } finally {
          set('synchronous = NORMAL');
        }
        enough = longLog;
        return true;
      } catch {
        // The disk is full, for example.
        putOff();
        return false;
      }
    },
    /** To be called when no transaction is open, and all is on the disk. */
    mayWriteEarly(): void {
      if (!writesEarly) set('cache_spill = ON');
      writesEarly = true;
    },
  };
}
