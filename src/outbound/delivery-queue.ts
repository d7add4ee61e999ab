import { ApiError } from '../errors.js';
import { createDueTimes } from '../simulation/clockwork/due-times.js';
import { createSharedTimer } from '../simulation/clockwork/shared-timer.js';
import {
  createWorkspaceQueues,
  type WorkspaceQueue,
  type WorkspaceQueues,
} from './workspace-queues.js';
import {
  createDeliveryRequests,
  type DeliveryRequestParts,
  type DeliveryRequests,
} from './delivery-requests.js';
import type { SigningKeys } from './signing-keys.js';
import { createSlots, type SlotLimits, type Slots } from './slots.js';

/**
 * Sends the webhooks that the simulation has stored, each once the clock of its workspace has come to its
 * due time, until it was answered with a 2xx or has failed for good. It neither waits for another, nor for
 * more than its own receiver. What is stored survives a crash: what was not acknowledged, or whose
 * acknowledgement was not stored, is sent again.
 *
 * The price: each request waits for the commit of what it tells of, and its result for a commit of its own.
 * Both are shared with all else that is written in the same turn of the event loop. A workspace that has
 * no webhooks costs nothing. One with webhooks costs memory for the requests that are under way, and not
 * for those that wait.
 *
 * A workspace is in one of these states:
 *
 * - **idle**. Nothing is due, and nothing is under way. What is due later is stored. The timer, somebody who
 *   moves the clock, or a new webhook starts a round: sending.
 * - **sending**. A round waits for the commit, and then starts each request that is due and has a slot.
 *   Each end of a request is stored, and starts a round. It ends with nothing that is due: idle; or with no
 *   slot for what is due: full.
 * - **full**. As many requests are under way as may be, in all or to one receiver. Time in `pass` stands
 *   still. The end of any request starts a round: sending.
 * - **locked**. What is due cannot be signed, because its key was not used since the start of the process.
 *   Nobody waits for it. The first use of the key starts a round: sending.
 * - **failing**. A result, or what is due, cannot be written or read. Code in `pass` gets the error. After a
 *   second it is tried again, and nothing is sent twice because of that: sending.
 *
 * A reset or restore deletes the rows, from any state: idle. Requests that are under way then end, and
 * nothing is stored of them. `close` breaks them off, and their rows stay: the next process sends them.
 */
export interface DeliveryQueue {
  /** Sends what is due. To be called when webhooks were stored. */
  readonly wake: (workspaceId: number) => void;
  /** To be called when the clock of a workspace was changed. */
  readonly reschedule: (workspaceId: number) => void;
  /** When the first one is due, those under way included; Infinity if nobody has to wait for any. */
  readonly nextDue: (workspaceId: number) => number;
  /**
   * Lets the time of the workspace come to `time`, and resolves when nothing that is due by then is left:
   * each was delivered, has failed, or is to be tried again later.
   * @throws ApiError 503 if the emulator is closed meanwhile
   */
  pass(workspaceId: number, time: number): Promise<void>;
  /** To be called after a reset or restore, which have deleted what was to be sent. */
  readonly restart: (workspaceId: number) => void;
  close(): void;
}

export interface DeliveryQueueParts extends DeliveryRequestParts {
  readonly keys: Pick<SigningKeys, 'onAdded'>;
  readonly limits?: SlotLimits;
}

export function createDeliveryQueue(parts: DeliveryQueueParts): DeliveryQueue {
  const { store, workspaces, attempts, keys } = parts;
  const { deliveries } = store;
  const queues = createWorkspaceQueues();
  const rounds = createRounds(parts, queues);
  const wake = (id: number): void => {
    void rounds.run(id);
  };
  const isLocked = (id: number): boolean => attempts.keyOf(workspaces.get(id)) === undefined;
  keys.onAdded((name) => {
    for (const queue of queues.all()) {
      if (!queue.isLocked || workspaces.get(queue.id).name !== name) continue;
      queue.isLocked = false;
      wake(queue.id);
    }
  });
  for (const id of deliveries.listWorkspaces()) wake(id);
  return {
    wake,
    reschedule(id) {
      if (deliveries.nextDue(id) === Infinity) rounds.forget(id);
      else wake(id);
    },
    nextDue(id) {
      const due = deliveries.nextDue(id);
      return due === Infinity || isLocked(id) ? Infinity : due;
    },
    async pass(id, time) {
      store.together((writer) => {
        writer.workspaces.addProgress({ id, runningDelta: 0, settledAt: time });
      });
      wake(id);
      while (deliveries.nextDue(id) <= time && !isLocked(id)) {
        if (rounds.isOver()) throw new ApiError('unavailable');
        await queues.nextChange(id);
      }
    },
    restart: rounds.cancel,
    close: rounds.close,
  };
}

/** Requests under way: of a workspace, and of those to one receiver. */
const defaultLimits: SlotLimits = { workspace: 64, origin: 16 };

/** How long to wait after a failure of the storage. */
const retryMs = 1000;

/**
 * Rounds, one at a time in each workspace. A round starts what is due, and tells those that wait for a change.
 * It runs once more if it was asked for meanwhile.
 */
function createRounds(parts: DeliveryQueueParts, queues: WorkspaceQueues) {
  const { clock, store, workspaces, limits = defaultLimits } = parts;
  const slots = createSlots(limits);
  const dueTimes = createDueTimes((id) => workspaces.get(id).clock);
  const failed = new Set<number>();
  const timer = createSharedTimer(clock, async () => {
    const ids = new Set([...failed, ...dueTimes.listDueBy(clock.now())]);
    failed.clear();
    await Promise.all([...ids].map(run));
    timer.scheduleBy(dueTimes.nextWall());
  });
  const requests = createDeliveryRequests(parts, {
    onEnd(queue, { origin }) {
      slots.release(queue.id, origin);
      void run(queue.id);
    },
    onFailure: queues.announce,
  });
  let isClosed = false;
  const isOver = (): boolean => isClosed;

  async function run(id: number): Promise<void> {
    const queue = queues.of(id);
    queue.isAskedAgain = true;
    if (queue.isInRound || isOver()) return;
    queue.isInRound = true;
    let failure: unknown;
    try {
      while (queue.isAskedAgain) {
        queue.isAskedAgain = false;
        // What is told must not be lost by a crash after it was told.
        await store.runThenCommit(() => undefined);
        if (isOver()) return;
        const next = startDue(parts, { slots, requests, most: limits.origin }, queue);
        timer.scheduleBy(dueTimes.set(id, next));
      }
    } catch (error) {
      failure = error;
      parts.onError(error);
      // It would fail again at once.
      failed.add(id);
      timer.postponeUntil(clock.now() + retryMs);
    }
    queue.isInRound = false;
    queues.announce(queue, failure);
  }

  return {
    run,
    isOver,
    /** Nothing waits any more. */
    forget: (id: number) => dueTimes.set(id, Infinity),
    cancel: (id: number): void => {
      const queue = queues.of(id);
      requests.cancelWaiting(queue, workspaces.get(id).name);
      queues.announce(queue);
    },
    close: (): void => {
      isClosed = true;
      timer.stop();
      requests.close();
      for (const queue of queues.all()) queues.announce(queue);
    },
  };
}

/** Starts what is due and has a slot. Returns when something is due next. */
function startDue(
  { store, workspaces }: DeliveryQueueParts,
  { slots, requests, most }: { slots: Slots; requests: DeliveryRequests; most: number },
  queue: WorkspaceQueue,
): number {
  const workspace = workspaces.get(queue.id);
  const { id, now } = workspace;
  const { deliveries } = store;
  for (const origin of deliveries.listDueOrigins(id, now)) {
    if (!slots.isFree(id, origin)) continue;
    // Those that are under way are due, too. With these there are no more than there are slots.
    const keys = deliveries.listDue({ workspaceId: id, origin, until: now, limit: most });
    for (const key of keys) {
      if (queue.underWay.has(key)) continue;
      if (!slots.take(id, origin)) break;
      const delivery = deliveries.find(key);
      const isStarted = delivery !== undefined && requests.start(queue, workspace, delivery);
      if (!isStarted) slots.release(id, origin);
    }
  }
  return deliveries.nextDueAfter(id, now);
}
