import {
  afterAttempt,
  type DeliveryProgress,
  type RetryPolicy,
} from '../domain/webhooks/delivery.js';
import { keyedChance } from '../random.js';
import type { FunctionAnswers } from '../simulation/deliveries/function-answers.js';
import type { Workspace } from '../simulation/workspaces/workspace.js';
import type { Workspaces } from '../simulation/workspaces/workspaces.js';
import type { WaitingDelivery } from '../store/deliveries.js';
import type { Store } from '../store/store.js';
import { latestTime, type Clock } from '../workspace/clock.js';
import type { FunctionResult } from '../simulation/calls/functions.js';
import type { AttemptResult, Attempts } from './attempt.js';
import type {
  DeliveryChange,
  DeliveryJournal,
  DeliveryRecord,
  FunctionParts,
} from './delivery-journal.js';
import type { WorkspaceQueue } from './workspace-queues.js';

export interface DeliveryRequestParts {
  readonly clock: Clock;
  readonly store: Store;
  readonly workspaces: Pick<Workspaces, 'get'>;
  readonly journal: DeliveryJournal;
  readonly attempts: Attempts;
  /** Gives results of custom functions to the calls that wait for them. */
  readonly functions: FunctionAnswers;
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
const isNotAwaited = 'the call was over before';

export function createDeliveryRequests(
  parts: DeliveryRequestParts,
  { onEnd, onFailure }: RequestEvents,
): DeliveryRequests {
  const { workspaces, journal, attempts, functions } = parts;
  const results = resultStore(parts, onFailure);

  async function conclude(
    queue: WorkspaceQueue,
    name: string,
    delivery: WaitingDelivery,
    { record, result }: { record: DeliveryRecord; result: AttemptResult },
  ): Promise<void> {
    const progress = progressOf(workspaces.get(queue.id), delivery, record, result);
    if (isOfFunction(delivery)) await functions.prepare();
    const isThere = await results.store(queue, delivery, progress, functionResult(record, result));
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
      const unsent = unsentBecause(delivery, attempts.refusalOf(delivery.url), functions);
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
          : attempts.make(workspace, record, { key, body, timeout, ofFunction: record.ofFunction });
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

const isOfFunction = ({ event }: WaitingDelivery): boolean => event === 'custom_function';

/** What the request for a custom function has besides. */
function functionPartsOf({ tool, method, headers }: WaitingDelivery): FunctionParts | undefined {
  if (tool === null) return undefined;
  return {
    ...{ tool, method: method as FunctionParts['method'] },
    headers: JSON.parse(headers ?? '{}') as FunctionParts['headers'],
  };
}

/** What a custom function has come to after an attempt. */
function functionResult({ attempts }: DeliveryRecord, result: AttemptResult): FunctionResult {
  const problem = result.kind === 'sent' ? result.problem : result.reason;
  return problem === undefined
    ? { content: attempts.at(-1)?.answer ?? '', successful: true }
    : { content: problem, successful: false };
}

function unsentBecause(
  delivery: WaitingDelivery,
  refusal: string | undefined,
  functions: FunctionAnswers,
): AttemptResult | undefined {
  if (isOfFunction(delivery) && !functions.isAwaited(delivery)) {
    return { kind: 'cancelled', reason: isNotAwaited };
  }
  if (delivery.dropped === 1) return { kind: 'dropped', reason: 'a fault rule says so' };
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
    ofFunction: functionPartsOf(delivery),
    ...{ id, event, callId: callId ?? undefined, url, body, time, earlierAttempts },
    ...{ forgery: forgery ?? undefined, fault: faultId ?? undefined },
  });
  queue.records.set(delivery.key, record);
  return record;
}

function progressOf(
  { settings, now }: Workspace,
  delivery: WaitingDelivery,
  record: DeliveryRecord,
  result: AttemptResult,
): DeliveryProgress {
  const { attempts } = delivery;
  if (result.kind !== 'sent') return { state: 'failed', attempts };
  const status = result.problem === undefined ? record.attempts.at(-1)?.status : undefined;
  return afterAttempt(attempts, status, now, policyOf(delivery, settings.webhooks.retries));
}

/** The most by which a pause before a custom function is longer than usual, as a share of it. */
const maxJitter = 0.25;

/** Documented: a tool says how often it is tried again, with pauses that double and vary. */
function policyOf({ id, attempts, retries }: WaitingDelivery, usual: RetryPolicy): RetryPolicy {
  if (retries === null) return usual;
  const jitter = keyedChance(id)('pause', attempts) * maxJitter;
  return { retries, firstPause: Math.round(usual.firstPause * (1 + jitter)) };
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
  { clock, store, workspaces, functions, onError }: DeliveryRequestParts,
  onFailure: RequestEvents['onFailure'],
) {
  let isClosed = false;
  const write = (
    delivery: WaitingDelivery,
    progress: DeliveryProgress,
    result: FunctionResult,
  ): Promise<boolean> =>
    store.runThenCommit(() => {
      const { isThere, isAnswered } = store.together((writer) => {
        const { deliveries } = writer;
        const { key, workspaceId, callId, event } = delivery;
        if (progress.state === 'waiting') {
          const dueAt = Math.min(progress.dueAt, latestTime);
          return { isThere: deliveries.retry(key, progress.attempts, dueAt), isAnswered: false };
        }
        const time = workspaces.get(workspaceId).now;
        if (callId !== null) deliveries.release({ workspaceId, callId, time }, event);
        const isThere = deliveries.delete(key);
        const isAnswered = isThere && isOfFunction(delivery);
        return { isThere, isAnswered: isAnswered && functions.take(writer, delivery, result) };
      });
      if (isAnswered) functions.schedule(delivery.workspaceId);
      return isThere;
    });
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
      result: FunctionResult,
    ): Promise<boolean | undefined> {
      while (!isClosed) {
        try {
          return await write(delivery, progress, result);
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
