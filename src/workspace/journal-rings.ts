import { newRecord, type JournalRecord } from './journal-record.js';

/** The last records of each workspace. */
export interface JournalRings {
  /** Answers what the next record of a workspace is to be written to, which will be of this size. */
  readonly next: (workspace: string, size: number) => JournalRecord;
  /** Says that a record of a workspace takes so many bytes more. */
  readonly grow: (workspace: string, record: JournalRecord, bytes: number) => void;
  /** The newest last. */
  readonly list: (workspace: string) => readonly JournalRecord[];
  readonly clear: (workspace: string) => void;
  /** Of which workspaces there are any. */
  readonly listNames: () => string[];
}

/** The records of a workspace: the oldest of `count` stands at `head`, the place before the first is the last. */
interface Ring {
  readonly workspace: string;
  readonly records: JournalRecord[];
  head: number;
  count: number;
  size: number;
}

/** Stands where a record was. */
const nothing = newRecord();

/**
 * @param limits the most records to keep of a workspace, and the most bytes of all. Where there
 *   are too many bytes, a workspace that has the most, or no less than half of it, loses its oldest.
 */
export function journalRings(limits: { entries: number; bytes: number }): JournalRings {
  const rings = new Map<string, Ring>();
  const sizes = ringSizes();

  const forget = (ring: Ring): void => {
    for (const record of ring.records) record.isKept = false;
    sizes.delete(ring);
    rings.delete(ring.workspace);
  };
  const dropOldest = (ring: Ring): JournalRecord | undefined => {
    const oldest = ring.records[ring.head];
    if (oldest !== undefined) oldest.isKept = false;
    ring.head = (ring.head + 1) % limits.entries;
    ring.count -= 1;
    sizes.change(ring, -(oldest?.size ?? 0));
    return oldest;
  };
  const dropOfLargest = (): void => {
    const ring = sizes.largest();
    if (ring === undefined) return;
    const place = ring.head;
    dropOldest(ring);
    // Not kept to be used again: its texts are to go.
    ring.records[place] = nothing;
    if (ring.count === 0) forget(ring);
  };
  const keepWithinLimit = (): void => {
    while (sizes.total() > limits.bytes) dropOfLargest();
  };

  return {
    next(workspace, size) {
      const ring = rings.get(workspace) ?? newRing(workspace);
      if (ring.count === 0) rings.set(workspace, ring);
      const oldest = ring.count === limits.entries ? dropOldest(ring) : undefined;
      // What lives as long as this would cost the collector more than all else of a request.
      const record = oldest?.duration === undefined ? newRecord() : oldest;
      record.size = size;
      record.isKept = true;
      ring.records[(ring.head + ring.count) % limits.entries] = record;
      ring.count += 1;
      sizes.change(ring, size);
      keepWithinLimit();
      return record;
    },
    grow(workspace, record, more) {
      const ring = rings.get(workspace);
      if (ring === undefined || !record.isKept) return;
      record.size += more;
      sizes.change(ring, more);
      keepWithinLimit();
    },
    list(workspace) {
      const { records, head, count } = rings.get(workspace) ?? newRing(workspace);
      return [...records.slice(head), ...records.slice(0, head)].slice(0, count);
    },
    clear(workspace) {
      const ring = rings.get(workspace);
      if (ring !== undefined) forget(ring);
    },
    listNames: () => [...rings.keys()],
  };
}

const newRing = (workspace: string): Ring => ({
  workspace,
  records: [],
  head: 0,
  count: 0,
  size: 0,
});

/** Keeps count of the sizes of rings. */
function ringSizes() {
  /** By the binary digits of their size, so that one of the largest is at hand, however many there are. */
  const bySize = Array.from({ length: 33 }, () => new Set<Ring>());
  const setOf = ({ size }: Ring): Set<Ring> | undefined => bySize[32 - Math.clz32(size)];
  let total = 0;
  const change = (ring: Ring, difference: number): void => {
    const before = setOf(ring);
    ring.size += difference;
    total += difference;
    const after = setOf(ring);
    if (before === after) return;
    before?.delete(ring);
    after?.add(ring);
  };
  return {
    change,
    delete(ring: Ring): void {
      change(ring, -ring.size);
      setOf(ring)?.delete(ring);
    },
    total: () => total,
    /** One that has the most, or no less than half of it. */
    largest(): Ring | undefined {
      const [ring] = bySize.findLast(({ size }) => size > 0) ?? [];
      return ring;
    },
  };
}
