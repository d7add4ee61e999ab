import { EventEmitter } from 'node:events';
import { begin, newRecord, type Arrival, type JournalRecord } from './journal-record.js';
import { journalRings } from './journal-rings.js';

/** The last requests of each workspace, in memory. */
export interface Journal {
  /** @param size about how many bytes it takes to keep it. The record is the request's till its end. */
  add(workspace: string, arrival: Arrival, size: number): JournalRecord;
  /** Tells those who wait that a request was answered. */
  announce(workspace: string): void;
  /** The newest last. */
  list(workspace: string): readonly JournalRecord[];
  clear(workspace: string): void;
  /** Workspaces that have asked something. */
  listNames(): string[];
  subscribe(workspace: string, listener: () => void): () => void;
}

/** @param limits the most requests to keep of a workspace, and the most bytes of all. */
export function createJournal(limits: { entries: number; bytes: number }): Journal {
  const { next, ...rings } = journalRings(limits);
  const emitter = new EventEmitter();
  emitter.setMaxListeners(0);
  let lastId = 0;
  let latest = newRecord();
  return {
    add(workspace, arrival, size) {
      lastId += 1;
      const record = next(workspace, size);
      begin(record, lastId, arrival, latest);
      latest = record;
      return record;
    },
    announce: (workspace) => {
      emitter.emit(workspace);
    },
    ...rings,
    subscribe(workspace, listener) {
      emitter.on(workspace, listener);
      return () => {
        emitter.off(workspace, listener);
      };
    },
  };
}
