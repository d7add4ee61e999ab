import type { Forgery, QueuedEvent, WebhookEvent } from '../domain/webhooks/webhook-event.js';
import type { Db } from './database/database.js';

/** A webhook, or a request for a custom function, that nobody has taken yet. */
export interface WaitingDelivery {
  readonly key: number;
  readonly workspaceId: number;
  readonly id: string;
  readonly event: QueuedEvent;
  readonly callId: string | null;
  readonly url: string;
  /** Scheme, host and port of the URL. */
  readonly origin: string;
  /** JSON, as it was when the event happened. */
  readonly body: string;
  /** Milliseconds of the machine's clock in which an answer must come. */
  readonly timeout: number;
  /** When the event happened, by the workspace's clock. */
  readonly happenedAt: number;
  /** When the next request is due, by the workspace's clock. */
  readonly dueAt: number;
  /** Requests that were made. */
  readonly attempts: number;
  /** What is wrong with it on purpose. */
  readonly forgery: Forgery | null;
  /** 1 if it is not to be sent, on purpose. */
  readonly dropped: 0 | 1;
  /** The event of the same call before which it is not sent. It is never due as long as it has one. */
  readonly heldUntil: WebhookEvent | null;
  /** The rule that hit it. */
  readonly faultId: string | null;
  /** The name of the custom function. The rest is for requests of functions, too. */
  readonly tool: string | null;
  readonly method: string;
  /** JSON: the headers of the tool. */
  readonly headers: string | null;
  /** How often it is tried again; as often as the settings say if null. */
  readonly retries: number | null;
}

export type NewDelivery = Omit<WaitingDelivery, 'key' | 'attempts'>;

export interface DeliveryReader {
  /** Undefined once somebody took it, it has failed for good, or it was dropped. */
  find(key: number): WaitingDelivery | undefined;
  /** The origins to which something is due by `until`, in the order of what is due to them first. */
  listDueOrigins(workspaceId: number, until: number): string[];
  /** The keys of those that are due to an origin by `until`, the first first. */
  listDue(due: DueDeliveries): number[];
  /** When the first is due; Infinity if none waits. */
  nextDue(workspaceId: number): number;
  /** The same for those that are due later than at `time`. */
  nextDueAfter(workspaceId: number, time: number): number;
  /** True if a webhook of this event of a call waits or is under way. */
  waits(workspaceId: number, callId: string, event: QueuedEvent): boolean;
  /** The workspaces with deliveries that wait. */
  listWorkspaces(): number[];
  /** How many wait, of all workspaces: for their time, for an answer, or for another attempt. */
  count(): number;
}

export interface DueDeliveries {
  readonly workspaceId: number;
  readonly origin: string;
  readonly until: number;
  readonly limit: number;
}

export interface DeliveryWriter extends DeliveryReader {
  insert(delivery: NewDelivery): void;
  /** Notes an attempt after which there is to be another one. False if the delivery was deleted. */
  retry(key: number, attempts: number, dueAt: number): boolean;
  /** Deletes one of which nothing more is to be sent. False if it was deleted before. */
  delete(key: number): boolean;
  /** Makes those of a call due at `time` that are held until this event. */
  release(held: HeldDeliveries, until: QueuedEvent): void;
  /** The same for those that wait for an event which is not itself to be sent. */
  releaseRest(held: HeldDeliveries): void;
}

export interface HeldDeliveries {
  readonly workspaceId: number;
  readonly callId: string;
  readonly time: number;
}

/** Later than any clock shows: when those are due that are held. */
const never = 9e15;

const columns = `delivery_key AS key, workspace_id AS workspaceId, delivery_id AS id, event,
  call_id AS callId, url, origin, body, timeout, happened_at AS happenedAt, due_at AS dueAt, attempts,
  forgery, dropped, held_until AS heldUntil, fault_id AS faultId, tool, method, headers, retries`;

export function deliveryStore(db: Db): DeliveryWriter {
  const insert = db.prepare<NewDelivery>(
    `INSERT INTO deliveries (workspace_id, delivery_id, event, call_id, url, origin, body, timeout,
                             happened_at, due_at, forgery, dropped, held_until, fault_id, tool, method,
                             headers, retries)
     VALUES (:workspaceId, :id, :event, :callId, :url, :origin, :body, :timeout, :happenedAt, :dueAt,
             :forgery, :dropped, :heldUntil, :faultId, :tool, :method, :headers, :retries)`,
  );
  const find = db.prepare<{ key: number }, WaitingDelivery>(
    `SELECT ${columns} FROM deliveries WHERE delivery_key = :key`,
  );
  // From one origin to the next by the index, so that it does not read all that waits for a slow one.
  const listOrigins = db.prepare<{ workspaceId: number }, { origin: string; dueAt: number }>(
    `WITH RECURSIVE origins (origin) AS (
       SELECT MIN(origin) FROM deliveries WHERE workspace_id = :workspaceId
       UNION ALL
       SELECT (SELECT MIN(deliveries.origin) FROM deliveries
               WHERE workspace_id = :workspaceId AND deliveries.origin > origins.origin)
       FROM origins WHERE origins.origin IS NOT NULL
     )
     SELECT origin, (SELECT MIN(due_at) FROM deliveries
                     WHERE workspace_id = :workspaceId AND deliveries.origin = origins.origin) AS dueAt
     FROM origins WHERE origin IS NOT NULL`,
  );
  const listDue = db
    .prepare<DueDeliveries, number>(
      `SELECT delivery_key FROM deliveries
       WHERE workspace_id = :workspaceId AND origin = :origin AND due_at <= :until
       ORDER BY due_at, delivery_key LIMIT :limit`,
    )
    .pluck();
  const nextDueAfter = db
    .prepare<{ workspaceId: number; time: number }, number | null>(
      'SELECT MIN(due_at) FROM deliveries WHERE workspace_id = :workspaceId AND due_at > :time',
    )
    .pluck();
  const waits = db
    .prepare<{ workspaceId: number; callId: string; event: QueuedEvent }, number>(
      `SELECT 1 FROM deliveries
       WHERE workspace_id = :workspaceId AND call_id = :callId AND event = :event LIMIT 1`,
    )
    .pluck();
  const listWorkspaces = db
    .prepare<[], number>('SELECT DISTINCT workspace_id FROM deliveries')
    .pluck();
  const count = db.prepare<[], number>('SELECT COUNT(*) FROM deliveries').pluck();
  const retry = db.prepare<{ key: number; attempts: number; dueAt: number }>(
    'UPDATE deliveries SET attempts = :attempts, due_at = :dueAt WHERE delivery_key = :key',
  );
  const remove = db.prepare<{ key: number }>('DELETE FROM deliveries WHERE delivery_key = :key');
  const isHeld = `workspace_id = :workspaceId AND call_id = :callId AND held_until IS NOT NULL`;
  const isAnyHeld = db
    .prepare<{ workspaceId: number; callId: string }, number>(
      `SELECT 1 FROM deliveries WHERE ${isHeld} LIMIT 1`,
    )
    .pluck();
  const release = db.prepare<HeldDeliveries & { until: QueuedEvent }>(
    `UPDATE deliveries SET due_at = :time, held_until = NULL WHERE ${isHeld} AND held_until = :until`,
  );
  const releaseRest = db.prepare<HeldDeliveries>(
    `UPDATE deliveries SET due_at = :time, held_until = NULL
     WHERE ${isHeld} AND held_until NOT IN (
       SELECT event FROM deliveries AS sent
       WHERE sent.workspace_id = :workspaceId AND sent.call_id = :callId AND sent.held_until IS NULL
     )`,
  );
  const nextAfter = (workspaceId: number, time: number): number => {
    const next = nextDueAfter.get({ workspaceId, time }) ?? never;
    return next < never ? next : Infinity;
  };
  return {
    insert: (delivery) =>
      insert.run(delivery.heldUntil === null ? delivery : { ...delivery, dueAt: never }),
    find: (key) => find.get({ key }),
    listDueOrigins: (workspaceId, until) =>
      listOrigins
        .all({ workspaceId })
        .filter(({ dueAt }) => dueAt <= until)
        .sort((a, b) => a.dueAt - b.dueAt)
        .map(({ origin }) => origin),
    listDue: (due) => listDue.all(due),
    nextDue: (workspaceId) => nextAfter(workspaceId, Number.MIN_SAFE_INTEGER),
    nextDueAfter: nextAfter,
    waits: (workspaceId, callId, event) => waits.get({ workspaceId, callId, event }) === 1,
    listWorkspaces: () => listWorkspaces.all(),
    count: () => count.get() ?? 0,
    retry: (key, attempts, dueAt) => retry.run({ key, attempts, dueAt }).changes > 0,
    delete: (key) => remove.run({ key }).changes > 0,
    // hot path: hardly any is held, and to find that out costs less than to write nothing.
    release: ({ workspaceId, callId, time }, until) => {
      if (isAnyHeld.get({ workspaceId, callId }) === undefined) return;
      release.run({ workspaceId, callId, time, until });
    },
    releaseRest: (held) => {
      const { workspaceId, callId } = held;
      if (isAnyHeld.get({ workspaceId, callId }) !== undefined) releaseRest.run(held);
    },
  };
}
