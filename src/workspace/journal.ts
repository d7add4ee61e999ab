import { EventEmitter } from 'node:events';
import type { FaultCause } from '../domain/fault.js';

/** What is known of a request when it comes. */
export interface Arrival {
  /** By the machine's clock. */
  time: number;
  method: string;
  /** With its query. */
  url: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  operation: string | undefined;
}

/**
 * A request to the vendor's API; the last fields are filled in as it is answered. Once it is over
 * and forgotten, the object serves for another: who reads it copies what is to be kept.
 */
export interface JournalRecord extends Arrival {
  /** Rises from request to request. */
  id: number;
  /** About how many bytes it takes to keep it. */
  size: number;
  query: unknown;
  body: unknown;
  /** Why it was refused. */
  error: string | undefined;
  /** False if it was not as the contract has it. */
  valid: boolean;
  fault: FaultCause | undefined;
  /** Find out what bites though it was answered; asked when somebody reads it. */
  findWarnings: () => string[];
  /** True if another server answered it. */
  forwarded: boolean;
  /** Undefined until something was answered. */
  status: number | undefined;
  /** Milliseconds; undefined until the answer was over. */
  duration: number | undefined;
}

/** The last requests of each workspace, in memory. */
export interface Journal {
  /** @param size about how many bytes it takes to keep it. The record is the request's till its end. */
  add(workspace: string, arrival: Arrival, size: number): JournalRecord;
  /** Tells those who wait that a request was answered. */
  announce(workspace: string): void;
  /** The newest last. */
  list(workspace: string): readonly JournalRecord[];
  clear(workspace: string): void;
  subscribe(workspace: string, listener: () => void): () => void;
}

/** A ring: the oldest stands at `head`, and is `count` records old. */
interface Ring {
  readonly records: JournalRecord[];
  head: number;
  count: number;
  size: number;
}

/**
 * @param limits the most requests to keep of a workspace, and the most bytes of all. Where there
 *   are too many bytes, the workspace that has the most loses its oldest.
 */
export function createJournal(limits: { entries: number; bytes: number }): Journal {
  const rings = new Map<string, Ring>();
  const emitter = new EventEmitter();
  emitter.setMaxListeners(0);
  let lastId = 0;
  let bytes = 0;

  const dropOldest = (ring: Ring): JournalRecord | undefined => {
    const oldest = ring.records[ring.head];
    const size = oldest?.size ?? 0;
    ring.head = (ring.head + 1) % limits.entries;
    ring.count -= 1;
    ring.size -= size;
    bytes -= size;
    return oldest;
  };
  const dropOfLargest = (): void => {
    let largest: Ring | undefined;
    for (const ring of rings.values()) if (ring.size > (largest?.size ?? 0)) largest = ring;
    if (largest === undefined) return;
    const place = largest.head;
    dropOldest(largest);
    // It is not there to be used again, so that its texts go with it.
    largest.records[place] = newRecord();
  };

  return {
    add(workspace, arrival, size) {
      lastId += 1;
      const ring = rings.get(workspace) ?? newRing();
      if (ring.count === 0) rings.set(workspace, ring);
      const oldest = ring.count === limits.entries ? dropOldest(ring) : undefined;
      // What lives as long as this would cost the collector more than all else of a request.
      const record = oldest?.duration === undefined ? newRecord() : oldest;
      begin(record, lastId, arrival, size);
      ring.records[(ring.head + ring.count) % limits.entries] = record;
      ring.count += 1;
      ring.size += size;
      bytes += size;
      while (bytes > limits.bytes) dropOfLargest();
      return record;
    },
    announce: (workspace) => {
      emitter.emit(workspace);
    },
    list(workspace) {
      const { records, head, count } = rings.get(workspace) ?? newRing();
      return [...records.slice(head), ...records.slice(0, head)].slice(0, count);
    },
    clear(workspace) {
      bytes -= rings.get(workspace)?.size ?? 0;
      rings.delete(workspace);
    },
    subscribe(workspace, listener) {
      emitter.on(workspace, listener);
      return () => {
        emitter.off(workspace, listener);
      };
    },
  };
}

const newRing = (): Ring => ({ records: [], head: 0, count: 0, size: 0 });

const newRecord = (): JournalRecord => ({
  ...{ id: 0, size: 0, time: 0, method: '', url: '', headers: {}, operation: undefined },
  ...{ query: undefined, body: undefined, error: undefined, valid: true, fault: undefined },
  ...{ findWarnings: findNone, forwarded: false, status: undefined, duration: undefined },
});

const findNone = (): string[] => [];

/** Makes a record that of another request. */
function begin(record: JournalRecord, id: number, arrival: Arrival, size: number): void {
  record.id = id;
  record.size = size;
  record.time = arrival.time;
  record.method = arrival.method;
  record.url = arrival.url;
  record.headers = arrival.headers;
  record.operation = arrival.operation;
  record.query = undefined;
  record.body = undefined;
  record.error = undefined;
  record.valid = true;
  record.fault = undefined;
  record.findWarnings = findNone;
  record.forwarded = false;
  record.status = undefined;
  record.duration = undefined;
}
