import { afterAttempt, type DeliveryProgress } from '../domain/webhooks/delivery.js';
import type { Workspace } from '../simulation/workspaces/workspace.js';
import type { Workspaces } from '../simulation/workspaces/workspaces.js';
import type { WaitingDelivery } from '../store/deliveries.js';
import type { Store } from '../store/store.js';
import { latestTime, type Clock } from '../workspace/clock.js';
import type { AttemptResult, Attempts } from './attempt.js';
import type { DeliveryChange, DeliveryJournal, DeliveryRecord } from './delivery-journal.js';
import type { WorkspaceQueue } from './workspace-queues.js';

export interface DeliveryRequestParts {
  readonly clock: Clock;
  readonly store: Store;
  readonly workspaces: Pick<Workspaces, 'get'>;
  readonly journal: DeliveryJournal;
  readonly attempts: Attempts;
  /** Called when the storage fails. */
  readonly onError: (error: unknown) => void;
  /** Called with a line for the log. */
  readonly onWarning: (line: string) => void;
}

/** The requests of stored deliveries: from the start of one until its result is stored. */
export interface DeliveryRequests {
  /** Sends one that is due. False if it has to wait for the key that signs it. */
  start(queue: WorkspaceQueue, workspace: Workspace, delivery: WaitingDelivery): boolean;
  /** Notes that those that wait were deleted. */
  cancelWaiting(queue: WorkspaceQueue, workspaceName: string): void;
  /** Stores nothing any more. */
  readonly close: () => void;
}

/** Told of the end of a request, and of failures of the storage. */
interface RequestEvents {
  readonly onEnd: (queue: WorkspaceQueue, delivery: WaitingDelivery) => void;
  readonly onFailure: (queue: WorkspaceQueue, error: unknown) => void;
}

const unknownKey = 'the API key that signs is not known since the start: use it once';
const wasDeleted = 'the workspace was reset, or put back to a snapshot';

export function createDeliveryRequests(
  parts: DeliveryRequestParts,
  { onEnd, onFailure }: RequestEvents,
): DeliveryRequests {
  const { workspaces, journal, attempts } = parts;
  const results = resultStore(parts, onFailure);

  async function conclude(
    queue: WorkspaceQueue,
    name: string,
    delivery: WaitingDelivery,
    { record, result }: { record: DeliveryRecord; result: AttemptResult },
  ): Promise<void> {
    const progress = progressOf(workspaces.get(queue.id), delivery, record, result);
    const isThere = await results.store(queue, delivery, progress);
    if (isThere === undefined) return;
    queue.underWay.delete(delivery.key);
    if (progress.state !== 'waiting' || !isThere) queue.records.delete(delivery.key);
    journal.change(name, record, changeOf(result, progress, isThere));
    onEnd(queue, delivery);
  }

  return {
    start(queue, workspace, delivery) {
      const { name } = workspace;
      const record = recordOf(journal, queue, name, delivery);
      const unsent = unsentBecause(delivery, attempts.refusalOf(delivery.url));
      const key = attempts.keyOf(workspace);
      if (unsent === undefined && key === undefined) {
        journal.change(name, record, { state: 'waiting', error: unknownKey });
        if (!queue.isLocked) {
          parts.onWarning(`webhooks of the workspace ${name} wait: ${unknownKey}`);
        }
        queue.isLocked = true;
        return false;
      }
      record.state = 'sending';
      record.nextAttempt = undefined;
      queue.underWay.add(delivery.key);
      const { body, timeout } = delivery;
      const sending =
        key === undefined || unsent !== undefined
          ? Promise.resolve(unsent ?? { kind: 'suppressed' as const, reason: unknownKey })
          : attempts.make(workspace, record, { key, body, timeout });
      void sending.then((result) => conclude(queue, name, delivery, { record, result }));
      return true;
    },
    cancelWaiting(queue, name) {
      for (const [key, record] of queue.records) {
        if (queue.underWay.has(key)) continue;
        queue.records.delete(key);
        journal.change(name, record, { state: 'cancelled', error: wasDeleted });
      }
    },
    close: results.close,
  };
}

function unsentBecause(
  { dropped }: WaitingDelivery,
  refusal: string | undefined,
): AttemptResult | undefined {
  if (dropped === 1) return { kind: 'dropped', reason: 'a fault rule says so' };
  return refusal === undefined ? undefined : { kind: 'suppressed', reason: refusal };
}

/** What the journal has of a delivery; it has nothing of those from before the start of the process. */
function recordOf(
  journal: DeliveryJournal,
  queue: WorkspaceQueue,
  workspaceName: string,
  delivery: WaitingDelivery,
): DeliveryRecord {
  const known = queue.records.get(delivery.key);
  if (known !== undefined) return known;
  const { id, event, callId, url, body, happenedAt: time, attempts: earlierAttempts } = delivery;
  const { forgery, faultId } = delivery;
  const record = journal.add(workspaceName, {
    ...{ id, event, callId: callId ?? undefined, url, body, time, earlierAttempts },
    ...{ forgery: forgery ?? undefined, fault: faultId ?? undefined },
  });
  queue.records.set(delivery.key, record);
  return record;
}

function progressOf(
  { settings, now }: Workspace,
  { attempts }: WaitingDelivery,
  record: DeliveryRecord,
  { kind }: AttemptResult,
): DeliveryProgress {
  if (kind !== 'sent') return { state: 'failed', attempts };
  const status = record.attempts.at(-1)?.status;
  return afterAttempt(attempts, status, now, settings.webhooks.retries);
}

function changeOf(
  result: AttemptResult,
  progress: DeliveryProgress,
  isThere: boolean,
): DeliveryChange {
  if (result.kind !== 'sent') return { state: result.kind, error: result.reason };
  const { problem: error } = result;
  if (progress.state !== 'waiting') return { state: progress.state, error };
  if (!isThere) return { state: 'cancelled', error: wasDeleted };
  return { state: 'waiting', error, nextAttempt: progress.dueAt };
}

/** How long to wait after a failure of the storage. */
const retryMs = 1000;

/** Stores results until it succeeds, so that a failure of the disk sends nothing twice. */
function resultStore(
  { clock, store, workspaces, onError }: DeliveryRequestParts,
  onFailure: RequestEvents['onFailure'],
) {
  let isClosed = false;
  const write = (delivery: WaitingDelivery, progress: DeliveryProgress): Promise<boolean> =>
    store.runThenCommit(() =>
      store.together(({ deliveries }) => {
        const { key, workspaceId, callId, event } = delivery;
        if (progress.state === 'waiting') {
          return deliveries.retry(key, progress.attempts, Math.min(progress.dueAt, latestTime));
        }
        const time = workspaces.get(workspaceId).now;
        if (callId !== null) deliveries.release({ workspaceId, callId, time }, event);
        return deliveries.delete(key);
      }),
    );
  const pauses = new Set<{ cancel(): void }>();
  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = clock.wakeAt(clock.now() + retryMs, () => {
        pauses.delete(timer);
        resolve();
      });
      pauses.add(timer);
    });
  return {
    /** False if the delivery was deleted meanwhile; undefined if the emulator was closed. */
    async store(
      queue: WorkspaceQueue,
      delivery: WaitingDelivery,
      progress: DeliveryProgress,
    ): Promise<boolean | undefined> {
      while (!isClosed) {
        try {
          return await write(delivery, progress);
        } catch (error) {
          onError(error);
          onFailure(queue, error);
          await pause();
        }
      }
      return undefined;
    },
    close: (): void => {
      isClosed = true;
      for (const timer of pauses) timer.cancel();
    },
  };
}
