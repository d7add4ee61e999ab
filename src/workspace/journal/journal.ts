import { begin, newRecord, type Arrival, type JournalRecord } from './record.js';
import { journalRings } from './rings.js';
import { createListeners } from '../listeners.js';

/** The last requests of each workspace, in memory. */
export interface Journal {
  /** Adds a record. It belongs to the request until `end`. */
  add(workspace: string, arrival: Arrival): JournalRecord;
  /** Keeps the JSON of a request, unless it is too long. */
  readonly keepBody: (record: JournalRecord, text: string) => void;
  /** Keeps the body of an answer, unless it is too long. */
  readonly keepResponse: (record: JournalRecord, text: string) => void;
  /** Counts the record's final size after it was answered, and notifies the subscribers. */
  end(workspace: string, record: JournalRecord): void;
  /** The records of a workspace, the newest last. */
  list(workspace: string): readonly JournalRecord[];
  clear(workspace: string): void;
  /** Workspaces that have records. */
  listNames(): string[];
  /** Calls back with each answered record, until the returned function is called. */
  subscribe(workspace: string, listener: JournalListener): () => void;
}

/** Called without a record when the journal was emptied. */
export type JournalListener = (record: JournalRecord | undefined) => void;

/** Bodies and answers up to this many characters are kept. */
const maxTextLength = 64 * 1024;

/**
 * Bytes that a record, and each of its headers, take beside their texts. Measured by
 * `bench/journal-sizes.js`: at most 670 for the only record of a workspace, 290 for its first header, and
 * 163 for each of many headers that no other request has.
 */
const recordSize = 900;
const headerSize = 170;

/** @param limits the most records of one workspace, and the most bytes of all workspaces together. */
export function createJournal(limits: { entries: number; bytes: number }): Journal {
  const { next, grow, clear, ...rings } = journalRings<JournalRecord>({ ...limits, make: reuse });
  const listeners = createListeners<JournalRecord>();
  let lastId = 0;
  // Clients send the same URL and headers again and again: equal ones are kept once, and counted each time.
  let latestUrl = '';
  let latestHeaders: Arrival['headers'] = {};
  let headersSize = 0;
  let latestBody = '';
  let latestResponse = '';
  return {
    ...rings,
    add(workspace, arrival) {
      lastId += 1;
      const { url, headers, requestId } = arrival;
      if (!areEqual(latestHeaders, headers)) {
        latestHeaders = headers;
        headersSize = sizeOfHeaders(headers);
      }
      if (url !== latestUrl) latestUrl = url;
      const size = recordSize + headersSize + url.length + requestId.length;
      const record = next(workspace, size);
      begin(record, lastId, arrival, latestUrl, latestHeaders);
      return record;
    },
    keepBody(record, text) {
      if (text.length > maxTextLength) return;
      if (text !== latestBody) latestBody = text;
      record.body = latestBody;
    },
    keepResponse(record, text) {
      if (text.length > maxTextLength) return;
      if (text !== latestResponse) latestResponse = text;
      record.responseBody = latestResponse;
    },
    end(workspace, record) {
      const { body = '', responseBody = '', error = '', warningsSize } = record;
      grow(workspace, record, sizeOf(body) + sizeOf(responseBody) + sizeOf(error) + warningsSize);
      listeners.call(workspace, record);
    },
    clear(workspace) {
      clear(workspace);
      listeners.call(workspace, undefined);
    },
    subscribe: listeners.add,
  };
}

/** New objects that live so long cost the collector more than the request itself. */
const reuse = (oldest: JournalRecord | undefined): JournalRecord =>
  oldest?.duration === undefined ? newRecord() : oldest;

/** Bytes of a text in memory: one for each character, or two if any is not in Latin-1. */
const sizeOf = (text: string): number =>
  Buffer.byteLength(text) === text.length ? text.length : text.length * 2;

function areEqual(headers: Arrival['headers'], others: Arrival['headers']): boolean {
  const names = Object.keys(headers);
  return (
    names.length === Object.keys(others).length &&
    names.every((name) => headers[name] === others[name])
  );
}

const sizeOfHeaders = (headers: Arrival['headers']): number =>
  Object.entries(headers).reduce(
    (size, [name, value = '']) => size + headerSize + name.length + value.length,
    0,
  );
