import type { components } from '../../contract/control.gen.js';
import { sampleExtra, sampleSubject } from '../../domain/webhooks/sample-call.js';
import {
  isChatEvent,
  webhookBody,
  type Forgery,
  type WebhookEvent,
} from '../../domain/webhooks/webhook-event.js';
import { ApiError } from '../../errors.js';
import type { DeliveryRecord } from '../../outbound/delivery-journal.js';
import { forgeries as everyForgery } from '../../outbound/forgery.js';
import type { Webhook } from '../../outbound/webhooks.js';
import { derivedHex } from '../../random.js';
import type { Workspace } from '../../simulation/workspaces/workspace.js';
import { found, openSettledWorkspace, type ControlOperation } from './control-operation.js';
import { toDelivery } from './deliveries.js';

type Schemas = components['schemas'];

export const sendWebhook: ControlOperation<'sendWebhook'> = async (services, caller, { body }) => {
  const { webhooks } = services;
  const workspace = await openSettledWorkspace(services, caller);
  const number = webhooks.journal.nextNumber();
  return toDelivery(
    await webhooks.send(workspace, sampleWebhook(workspace, number, body.event, body)),
  );
};

/** One after the other, so that a receiver that tells what it gets tells them apart. */
export const forgeWebhook: ControlOperation<'forgeWebhook'> = async (
  services,
  caller,
  { body },
) => {
  const { webhooks } = services;
  const { event = 'call_ended', forgeries = everyForgery } = body;
  const workspace = await openSettledWorkspace(services, caller);
  const number = webhooks.journal.nextNumber();
  const webhook = sampleWebhook(workspace, number, event, body);
  const sent: { forgery: Forgery; record: DeliveryRecord }[] = [];
  for (const forgery of forgeries) {
    sent.push({ forgery, record: await webhooks.send(workspace, { ...webhook, forgery }) });
  }
  const those = (fits: (record: DeliveryRecord) => boolean): Forgery[] =>
    sent.filter(({ record }) => fits(record)).map(({ forgery }) => forgery);
  const isAnswered = ({ attempts }: DeliveryRecord) => attempts.at(-1)?.status !== undefined;
  return {
    accepted: those(({ state }) => state === 'delivered'),
    rejected: those((record) => record.state !== 'delivered' && isAnswered(record)),
    unanswered: those((record) => !isAnswered(record)),
    deliveries: sent.map(({ record }) => toDelivery(record)),
  };
};

export const redeliverWebhook: ControlOperation<'redeliverWebhook'> = async (
  services,
  caller,
  { params },
) => {
  const { webhooks } = services;
  const { delivery_id } = params;
  const before = found(
    webhooks.journal.list(caller.workspace).find(({ id }) => id === delivery_id),
  );
  if (before.forgery !== undefined) {
    throw new ApiError('conflict', 'It is forged: forge another one in its place.');
  }
  const { event, callId, url, body, time, ofFunction } = before;
  const workspace = await openSettledWorkspace(services, caller);
  return toDelivery(await webhooks.send(workspace, { event, callId, url, body, time, ofFunction }));
};

/** A webhook about a call that is made up for it. */
function sampleWebhook(
  { name, now, settings }: Workspace,
  number: number,
  event: WebhookEvent,
  { url = settings.webhooks.url, call = {} }: Schemas['WebhookToForge'],
): Webhook {
  if (url === undefined) {
    throw new ApiError('invalid_request', 'body must have "url", or the setting webhookUrl must.');
  }
  const hex = (length: number, purpose: string): string =>
    derivedHex(length, settings.seed, name, 'sample', number, purpose);
  const subject: Record<string, unknown> = { ...sampleSubject(event, { now, hex }), ...call };
  const id = subject[isChatEvent(event) ? 'chat_id' : 'call_id'];
  return {
    event,
    callId: typeof id === 'string' ? id : undefined,
    url,
    time: now,
    body: webhookBody(
      event,
      { subject, time: now, extra: sampleExtra(event) },
      settings.webhooks.form,
    ),
  };
}
