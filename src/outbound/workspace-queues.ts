import type { DeliveryRecord } from './delivery-journal.js';

/** What the queue of deliveries keeps of a workspace while webhooks of it wait or are under way. */
export interface WorkspaceQueue {
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

/** The queues of workspaces with webhooks, and the code that waits for changes in them. */
export interface WorkspaceQueues {
  readonly of: (workspaceId: number) => WorkspaceQueue;
  readonly all: () => readonly WorkspaceQueue[];
  /** Resolves at the next change in a workspace; rejects if something fails before. */
  nextChange(workspaceId: number): Promise<void>;
  /** Tells of a change, or of a failure. */
  readonly announce: (queue: WorkspaceQueue, error?: unknown) => void;
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export function createWorkspaceQueues(): WorkspaceQueues {
  const queues = new Map<number, WorkspaceQueue>();
  const waiters = new Map<number, Waiter[]>();
  return {
    of(id) {
      const queue = queues.get(id) ?? newQueue(id);
      queues.set(id, queue);
      return queue;
    },
    all: () => [...queues.values()],
    nextChange: (id) =>
      new Promise((resolve, reject) => {
        waiters.set(id, [...(waiters.get(id) ?? []), { resolve, reject }]);
      }),
    announce(queue, error) {
      const waiting = waiters.get(queue.id) ?? [];
      waiters.delete(queue.id);
      for (const { resolve, reject } of waiting) {
        if (error === undefined) resolve();
        else reject(error);
      }
      if (isIdle(queue)) queues.delete(queue.id);
    },
  };
}

const isIdle = ({ underWay, records, isInRound, isLocked }: WorkspaceQueue): boolean =>
  underWay.size === 0 && records.size === 0 && !isInRound && !isLocked;

const newQueue = (id: number): WorkspaceQueue => ({
  id,
  underWay: new Set(),
  records: new Map(),
  isInRound: false,
  isAskedAgain: false,
  isLocked: false,
});
