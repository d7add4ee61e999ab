import type { WebhookEvent } from '../domain/webhooks/webhook-event.js';
import { ApiError } from '../errors.js';
import { derivedHex } from '../random.js';
import type { Workspace } from '../simulation/workspaces/workspace.js';
import { version } from '../version.js';
import type { Clock } from '../workspace/clock.js';
import {
  createDeliveryJournal,
  type AttemptRecord,
  type DeliveryJournal,
  type DeliveryRecord,
  type Forgery,
} from './delivery-journal.js';
import { destinationFinder, type OutboundRules } from './destination.js';
import { forge } from './forgery.js';
import type { Sender } from './sender.js';
import { sign, signatureHeader } from './signature.js';
import { createSigningKeys, type SigningKeys } from './signing-keys.js';

/** A webhook to send. */
export interface Webhook {
  readonly event: WebhookEvent;
  /** The id of the call or chat that it is about. */
  readonly callId: string | undefined;
  readonly url: string;
  /** JSON, as `JSON.stringify` writes it. */
  readonly body: string;
  /** When the event happened, by the workspace's clock. */
  readonly time: number;
  /** What is to be wrong with it. */
  readonly forgery?: Forgery;
}

/** Sends webhooks, and keeps what became of them. */
export interface Webhooks {
  readonly journal: DeliveryJournal;
  readonly keys: SigningKeys;
  /**
   * Sends one at once, once. Resolves when it was answered, or could not be.
   * @throws ApiError 409 if there is no key to sign with.
   */
  send(workspace: Workspace, webhook: Webhook): Promise<DeliveryRecord>;
  close(): void;
}

export interface WebhookOptions {
  readonly clock: Clock;
  /** Where webhooks may go besides this machine; nowhere if undefined. */
  readonly rules: OutboundRules | undefined;
  /** Deliveries that the journal of a workspace holds, and what all journals may take together. */
  readonly journal: { readonly entries: number; readonly bytes: number };
}

/** Documented: how long an agent that says nothing else waits for an answer. */
const defaultTimeoutMs = 10_000;

export function createWebhooks({ clock, rules, journal: limits }: WebhookOptions): Webhooks {
  const journal = createDeliveryJournal(limits);
  const keys = createSigningKeys();
  const sender = lazySender(clock, rules ?? { allow: [], rewrites: [] });
  return {
    journal,
    keys,
    async send(workspace, webhook) {
      const { name, settings, now } = workspace;
      const { signingKey = keys.get(name), signatureClock } = settings.webhooks;
      if (signingKey === undefined) {
        throw new ApiError('conflict', 'The API key that signs is not known: use it once.');
      }
      const realTime = clock.now();
      const stamp = signatureClock === 'real' ? realTime : now;
      const { forgery, url } = webhook;
      const { body, signature } =
        forgery === undefined
          ? { body: webhook.body, signature: sign(webhook.body, signingKey, stamp) }
          : forge(forgery, webhook.body, signingKey, stamp);
      const headers = headersWith(signature);
      const number = String(journal.nextNumber());
      const id = `delivery_${derivedHex(24, settings.seed, name, number, realTime)}`;
      const record = journal.add(name, { ...webhook, id, body, forgery });
      const attempt = newAttempt(now, realTime, url, headers);
      record.attempts.push(attempt);
      const sent = await (
        await sender.get()
      ).send({ url, headers, body, timeout: defaultTimeoutMs });
      if ('refused' in sent) {
        record.attempts.pop();
        journal.end(name, record, 'suppressed', sent.refused);
        return record;
      }
      const { target, status, body: answer, error, latency } = sent;
      Object.assign(attempt, { target, status, answer, error, latency });
      const isAccepted = status !== undefined && status >= 200 && status < 300;
      const problem = status === undefined ? error : `it was answered with ${String(status)}`;
      if (isAccepted) journal.end(name, record, 'delivered');
      else journal.end(name, record, 'failed', problem);
      return record;
    },
    close: sender.close,
  };
}

/** What sends is loaded when something is sent. */
function lazySender(clock: Clock, rules: OutboundRules) {
  let sender: Promise<Sender> | undefined;
  let isClosed = false;
  const open = async (): Promise<Sender> => {
    const { createSender } = await import('./sender.js');
    const opened = createSender(clock, destinationFinder(rules));
    if (isClosed) opened.close();
    return opened;
  };
  return {
    get: (): Promise<Sender> => (sender ??= open()),
    close: (): void => {
      isClosed = true;
      void sender?.then((opened) => {
        opened.close();
      });
    },
  };
}

const headersWith = (signature: string | undefined): Record<string, string> => ({
  'content-type': 'application/json',
  'user-agent': `retell-emulator/${version}`,
  ...(signature !== undefined && { [signatureHeader]: signature }),
});

const newAttempt = (
  time: number,
  realTime: number,
  target: string,
  headers: Record<string, string>,
): AttemptRecord => ({
  time,
  realTime,
  target,
  headers,
  status: undefined,
  answer: '',
  error: undefined,
  latency: undefined,
});
