/** What a journal keeps. */
export interface RingRecord {
  /** About how many bytes it takes to keep it. */
  size: number;
  /** False once the journal dropped it. */
  isKept: boolean;
}

/** The last records of each workspace. */
export interface JournalRings<Kept extends RingRecord> {
  /** Returns the object for the next record of a workspace, which will have this size. */
  readonly next: (workspace: string, size: number) => Kept;
  /** Counts so many more bytes for a record. */
  readonly grow: (workspace: string, record: Kept, bytes: number) => void;
  /** The records of a workspace, the newest last. */
  readonly list: (workspace: string) => readonly Kept[];
  readonly clear: (workspace: string) => void;
  /** The workspaces that have records. */
  readonly listNames: () => string[];
}

/** A ring buffer of a workspace's records. The oldest of `count` is at `head`; indexes wrap around. */
interface Ring<Kept extends RingRecord> {
  readonly workspace: string;
  readonly records: Kept[];
  head: number;
  count: number;
  size: number;
}

export interface Limits<Kept> {
  /** The most records of one workspace. */
  readonly entries: number;
  /**
   * The most bytes of all workspaces together. Over it, one of the largest workspaces (at least half as
   * large as the largest) loses its oldest records.
   */
  readonly bytes: number;
  /** Makes a record, given the one that it takes the place of, which is dropped. It may use that again. */
  readonly make: (oldest: Kept | undefined) => Kept;
}

export function journalRings<Kept extends RingRecord>(limits: Limits<Kept>): JournalRings<Kept> {
  const rings = new Map<string, Ring<Kept>>();
  /** Fills a slot whose record was dropped. */
  const nothing = limits.make(undefined);
  const sizes = ringSizes<Kept>();

  const forget = (ring: Ring<Kept>): void => {
    for (const record of ring.records) record.isKept = false;
    sizes.delete(ring);
    rings.delete(ring.workspace);
  };
  const dropOldest = (ring: Ring<Kept>): Kept | undefined => {
    const oldest = ring.records[ring.head];
    if (oldest !== undefined) oldest.isKept = false;
    ring.head = (ring.head + 1) % limits.entries;
    ring.count -= 1;
    sizes.change(ring, -(oldest?.size ?? 0));
    return oldest;
  };
  const keepWithinLimit = (): void => {
    while (sizes.total() > limits.bytes) {
      const ring = sizes.largest();
      if (ring === undefined) return;
      const slot = ring.head;
      dropOldest(ring);
      // The record is not reused, so that its texts can be collected.
      ring.records[slot] = nothing;
      if (ring.count === 0) forget(ring);
    }
  };
  return {
    next(workspace, size) {
      const ring = rings.get(workspace) ?? newRing<Kept>(workspace);
      if (ring.count === 0) rings.set(workspace, ring);
      const oldest = ring.count === limits.entries ? dropOldest(ring) : undefined;
      const record = limits.make(oldest);
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
      const { records, head, count } = rings.get(workspace) ?? newRing<Kept>(workspace);
      return [...records.slice(head), ...records.slice(0, head)].slice(0, count);
    },
    clear(workspace) {
      const ring = rings.get(workspace);
      if (ring !== undefined) forget(ring);
    },
    listNames: () => [...rings.keys()],
  };
}

const newRing = <Kept extends RingRecord>(workspace: string): Ring<Kept> => ({
  workspace,
  records: [],
  head: 0,
  count: 0,
  size: 0,
});

/** Counts the bytes of each ring and finds a large one quickly. */
function ringSizes<Kept extends RingRecord>() {
  /** Rings by the number of binary digits of their size, so that a large one is found without a search. */
  const bySize = Array.from({ length: 33 }, () => new Set<Ring<Kept>>());
  const setOf = ({ size }: Ring<Kept>): Set<Ring<Kept>> | undefined =>
    bySize[32 - Math.clz32(size)];
  let total = 0;
  const change = (ring: Ring<Kept>, difference: number): void => {
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
    delete(ring: Ring<Kept>): void {
      change(ring, -ring.size);
      setOf(ring)?.delete(ring);
    },
    total: () => total,
    /** A ring that is at least half as large as the largest. */
    largest(): Ring<Kept> | undefined {
      const [ring] = bySize.findLast(({ size }) => size > 0) ?? [];
      return ring;
    },
  };
}
