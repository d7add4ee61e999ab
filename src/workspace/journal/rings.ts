import { newRecord, type JournalRecord } from './record.js';

/** The last records of each workspace. */
export interface JournalRings {
  /** Returns the object for the next record of a workspace, which will have this size. */
  readonly next: (workspace: string, size: number) => JournalRecord;
  /** Counts so many more bytes for a record. */
  readonly grow: (workspace: string, record: JournalRecord, bytes: number) => void;
  /** The records of a workspace, the newest last. */
  readonly list: (workspace: string) => readonly JournalRecord[];
  readonly clear: (workspace: string) => void;
  /** The workspaces that have records. */
  readonly listNames: () => string[];
}

/** A ring buffer of a workspace's records. The oldest of `count` is at `head`; indexes wrap around. */
interface Ring {
  readonly workspace: string;
  readonly records: JournalRecord[];
  head: number;
  count: number;
  size: number;
}

/** Fills a slot whose record was dropped. */
const nothing = newRecord();

/**
 * @param limits the most records of one workspace, and the most bytes of all workspaces together. Over
 *   the limit of bytes, one of the largest workspaces (at least half as large as the largest) loses its
 *   oldest records.
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
    const slot = ring.head;
    dropOldest(ring);
    // The record is not reused, so that its texts can be collected.
    ring.records[slot] = nothing;
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
      // Reuse the oldest record: new objects that live so long cost the collector more than the request itself.
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

/** Counts the bytes of each ring and finds a large one quickly. */
function ringSizes() {
  /** Rings by the number of binary digits of their size, so that a large one is found without a search. */
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
    /** A ring that is at least half as large as the largest. */
    largest(): Ring | undefined {
      const [ring] = bySize.findLast(({ size }) => size > 0) ?? [];
      return ring;
    },
  };
}
