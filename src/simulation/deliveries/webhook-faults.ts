import { pastEvents } from '../../domain/calls/call.js';
import type { CallRecord } from '../../domain/calls/call-record.js';
import { matchesWebhookFault, type WebhookFault } from '../../domain/requests/fault.js';
import type { WebhookEvent } from '../../domain/webhooks/webhook-event.js';
import { derivedHex } from '../../random.js';
import type { NewDelivery } from '../../store/deliveries.js';
import type { StoreWriter } from '../../store/store.js';
import { parseDurationDistribution } from '../../workspace/settings.js';
import { takeFault, type TakenFault } from '../take-fault.js';
import { drawDuration } from '../testing/outcome.js';
import type { Workspace } from '../workspaces/workspace.js';

/** What a delivery has of which nothing is wrong. */
export const withoutFault = { forgery: null, dropped: 0, heldUntil: null, faultId: null } as const;

/** What a webhook has in the place of what requests for functions have. */
export const asWebhook = { tool: null, method: 'POST', headers: null, retries: null } as const;

/** A call or chat that a webhook is about. */
export interface WebhookSubject {
  readonly id: string;
  readonly agentId: string;
  /** True if an event of it has happened before this moment. */
  readonly hasHappened: (event: WebhookEvent) => boolean;
}

export function subjectOfCall({ id, agentId, plan, state }: CallRecord): WebhookSubject {
  const before = { ...state, passed: state.passed - 1 };
  return {
    ...{ id, agentId },
    hasHappened: (event) => pastEvents(plan, before).some(({ name }) => name === event),
  };
}

/** Stores a webhook of a call or chat, with what the first fault rule that hits it does to it. */
export function insertWithFault(
  writer: StoreWriter,
  workspace: Workspace,
  subject: WebhookSubject,
  delivery: NewDelivery,
): void {
  const { event, url, tool } = delivery;
  const faults = writer.faults.list(workspace.id);
  const facts = { event, url, tool, callId: subject.id, agentId: subject.agentId };
  const taken =
    faults.length === 0
      ? undefined
      : takeFault(writer, workspace, faults, (fault) => matchesWebhookFault(fault, facts));
  if (taken?.fault.webhook === undefined) {
    writer.deliveries.insert(delivery);
    return;
  }
  const { webhook } = taken.fault;
  const isHeld =
    webhook.holdUntil !== undefined && isToCome(writer, subject, delivery, webhook.holdUntil);
  const changed = withFault(delivery, isHeld, taken, webhook);
  writer.deliveries.insert(changed);
  for (let copy = 1; copy <= (webhook.duplicates ?? 0); copy += 1) {
    const id = `delivery_${derivedHex(24, delivery.id, 'copy', copy)}`;
    writer.deliveries.insert({ ...changed, id });
  }
}

/** True if an event of a call or chat has not happened before this moment, or was not delivered yet. */
function isToCome(
  { deliveries }: StoreWriter,
  { id, hasHappened }: WebhookSubject,
  { workspaceId }: NewDelivery,
  event: WebhookEvent,
): boolean {
  return !hasHappened(event) || deliveries.waits(workspaceId, id, event);
}

function withFault(
  delivery: NewDelivery,
  isHeld: boolean,
  { id, chance }: TakenFault,
  { drop, delay, holdUntil, forgery }: WebhookFault,
): NewDelivery {
  const duration = delay === undefined ? undefined : parseDurationDistribution(delay);
  return {
    ...delivery,
    faultId: id,
    forgery: forgery ?? null,
    dropped: drop === true ? 1 : 0,
    dueAt: delivery.dueAt + (duration === undefined ? 0 : drawDuration(duration, chance)),
    heldUntil: isHeld ? (holdUntil ?? null) : null,
  };
}

interface SubjectAtEnd {
  readonly workspaceId: number;
  readonly id: string;
  readonly isOver: boolean;
  /** When something happens next in it; null if nothing does by itself. */
  readonly nextAt: number | null;
}

/** Lets those go, at the end of a call or chat, that are held until an event which does not happen any more. */
export function releaseAtEnd(
  { deliveries }: StoreWriter,
  { workspaceId, id, isOver, nextAt }: SubjectAtEnd,
  time: number,
): void {
  if (nextAt === null && isOver) deliveries.releaseRest({ workspaceId, callId: id, time });
}
