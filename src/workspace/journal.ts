import { EventEmitter } from 'node:events';
import type { FaultCause } from '../domain/fault.js';

/** A request to the vendor's API; the last fields are filled in as it is answered. */
export interface JournalRecord {
  /** Rises from request to request. */
  readonly id: number;
  /** By the machine's clock. */
  readonly time: number;
  readonly method: string;
  /** With its query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  operation: string | undefined;
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

/** What is known of a request when it comes. */
export type Arrival = Pick<JournalRecord, 'time' | 'method' | 'url' | 'headers' | 'operation'>;

/** The last requests of each workspace, in memory. */
export interface Journal {
  /** @param size about how many bytes it takes to keep it. */
  add(workspace: string, arrival: Arrival, size: number): JournalRecord;
  /** Tells those who wait that a request was answered. */
  announce(workspace: string): void;
  /** The newest last. */
  list(workspace: string): readonly JournalRecord[];
  clear(workspace: string): void;
  subscribe(workspace: string, listener: () => void): () => void;
}

/** A queue that gives up its head without moving the rest, as `shift` would. */
interface Pages {
  records: { record: JournalRecord; size: number }[];
  /** Where the oldest stands; what is before it was dropped. */
  head: number;
  size: number;
}

/**
 * @param limits the most requests to keep of a workspace, and the most bytes of all. Where there
 *   are too many bytes, the workspace that has the most loses its oldest.
 */
export function createJournal(limits: { entries: number; bytes: number }): Journal {
  const pages = new Map<string, Pages>();
  const emitter = new EventEmitter();
  emitter.setMaxListeners(0);
  let lastId = 0;
  let bytes = 0;

  const dropOldest = (workspace: string, kept: Pages): void => {
    const size = kept.records[kept.head]?.size ?? 0;
    kept.head += 1;
    kept.size -= size;
    bytes -= size;
    if (kept.head === kept.records.length) pages.delete(workspace);
    else if (kept.head > limits.entries) {
      kept.records = kept.records.slice(kept.head);
      kept.head = 0;
    }
  };
  const dropOfLargest = (): void => {
    let largest: [string, Pages] | undefined;
    for (const entry of pages) if (entry[1].size > (largest?.[1].size ?? 0)) largest = entry;
    if (largest === undefined) bytes = 0;
    else dropOldest(...largest);
  };

  return {
    add(workspace, arrival, size) {
      lastId += 1;
      const record = newRecord(lastId, arrival);
      const kept = pages.get(workspace) ?? { records: [], head: 0, size: 0 };
      pages.set(workspace, kept);
      kept.records.push({ record, size });
      kept.size += size;
      bytes += size;
      if (kept.records.length - kept.head > limits.entries) dropOldest(workspace, kept);
      while (bytes > limits.bytes) dropOfLargest();
      return record;
    },
    announce: (workspace) => {
      emitter.emit(workspace);
    },
    list(workspace) {
      const kept = pages.get(workspace);
      return kept?.records.slice(kept.head).map(({ record }) => record) ?? [];
    },
    clear(workspace) {
      bytes -= pages.get(workspace)?.size ?? 0;
      pages.delete(workspace);
    },
    subscribe(workspace, listener) {
      emitter.on(workspace, listener);
      return () => {
        emitter.off(workspace, listener);
      };
    },
  };
}

function newRecord(id: number, arrival: Arrival): JournalRecord {
  const { time, method, url, headers, operation } = arrival;
  return {
    id,
    time,
    method,
    url,
    headers,
    operation,
    query: undefined,
    body: undefined,
    error: undefined,
    valid: true,
    fault: undefined,
    findWarnings: () => [],
    forwarded: false,
    status: undefined,
    duration: undefined,
  };
}
