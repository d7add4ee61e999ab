import type { DeliveryRecord } from './delivery-journal.js';

/** What the queue of deliveries keeps of a workspace while webhooks of it wait or are under way. */
export interface Lane {
  readonly id: number;
  /** Keys of the deliveries whose requests are under way. */
  readonly underWay: Set<number>;
  /** What the journal has of the deliveries that are under way or wait for another attempt, by key. */
  readonly records: Map<number, DeliveryRecord>;
  isInRound: boolean;
  /** True if another round is to follow. */
  isAskedAgain: boolean;
  /** True if somebody was told that the key which signs is not known. */
  isLocked: boolean;
}

/** The lanes of workspaces with webhooks, and the code that waits for changes in them. */
export interface Lanes {
  readonly of: (workspaceId: number) => Lane;
  readonly all: () => readonly Lane[];
  /** Resolves at the next change in a workspace; rejects if something fails before. */
  nextChange(workspaceId: number): Promise<void>;
  /** Tells of a change, or of a failure. */
  readonly tell: (lane: Lane, error?: unknown) => void;
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export function createLanes(): Lanes {
  const lanes = new Map<number, Lane>();
  const waiters = new Map<number, Waiter[]>();
  return {
    of(id) {
      const lane = lanes.get(id) ?? newLane(id);
      lanes.set(id, lane);
      return lane;
    },
    all: () => [...lanes.values()],
    nextChange: (id) =>
      new Promise((resolve, reject) => {
        waiters.set(id, [...(waiters.get(id) ?? []), { resolve, reject }]);
      }),
    tell(lane, error) {
      const waiting = waiters.get(lane.id) ?? [];
      waiters.delete(lane.id);
      for (const { resolve, reject } of waiting) {
        if (error === undefined) resolve();
        else reject(error);
      }
      if (isIdle(lane)) lanes.delete(lane.id);
    },
  };
}

const isIdle = ({ underWay, records, isInRound, isLocked }: Lane): boolean =>
  underWay.size === 0 && records.size === 0 && !isInRound && !isLocked;

const newLane = (id: number): Lane => ({
  id,
  underWay: new Set(),
  records: new Map(),
  isInRound: false,
  isAskedAgain: false,
  isLocked: false,
});
