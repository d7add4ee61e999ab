import { journalRings, type RingRecord } from '../../../workspace/journal/rings.js';

/** A frame that went over a connection, or something else that happened to it. */
export interface FrameRecord extends RingRecord {
  /** `note` is no frame: it says what happened. */
  direction: 'sent' | 'received' | 'note';
  /** By the workspace's clock. */
  time: number;
  /** By the machine's clock. */
  realTime: number;
  /** Cut if it is very long. */
  text: string;
}

/** The last frames of each call, in memory. */
export interface FrameJournal {
  add(callKey: number, record: Pick<FrameRecord, 'direction' | 'time' | 'realTime' | 'text'>): void;
  /** The newest last. */
  list(callKey: number): readonly FrameRecord[];
}

/** Frames of one call, characters of one frame, and bytes of all frames. */
const maxFrames = 500;
const maxCharacters = 20_000;
const maxBytes = 16 * 1024 * 1024;

/** What a record takes in memory beside its text. */
const recordSize = 200;

/** What a server sent for the browser of a web call. */
export interface MetadataRecord extends RingRecord {
  /** Counts what was sent in a call, from 0. */
  index: number;
  /** By the workspace's clock. */
  time: number;
  metadata: unknown;
}

/** The last metadata of each call, in memory. */
export interface MetadataJournal {
  add(callKey: number, record: Pick<MetadataRecord, 'time' | 'metadata'>): void;
  /** The newest last. */
  list(callKey: number): readonly MetadataRecord[];
}

export function createMetadataJournal(): MetadataJournal {
  const rings = journalRings<MetadataRecord>({
    ...{ entries: maxFrames, bytes: maxBytes },
    make: () => ({ size: 0, isKept: true, index: 0, time: 0, metadata: null }),
  });
  const list = (callKey: number) => rings.list(String(callKey));
  return {
    list,
    add(callKey, { time, metadata = null }) {
      const index = (list(callKey).at(-1)?.index ?? -1) + 1;
      const { length } = JSON.stringify(metadata);
      const record = rings.next(String(callKey), recordSize + length * 2);
      Object.assign(record, { index, time, metadata });
    },
  };
}

export function createFrameJournal(): FrameJournal {
  const rings = journalRings<FrameRecord>({
    ...{ entries: maxFrames, bytes: maxBytes },
    make: () => ({ size: 0, isKept: true, direction: 'note', time: 0, realTime: 0, text: '' }),
  });
  return {
    add(callKey, record) {
      const { length } = record.text;
      const text = length > maxCharacters ? `${record.text.slice(0, maxCharacters)}…` : record.text;
      Object.assign(rings.next(String(callKey), recordSize + text.length * 2), record, { text });
    },
    list: (callKey) => rings.list(String(callKey)),
  };
}
