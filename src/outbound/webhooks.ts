import type { Forgery, WebhookEvent } from '../domain/webhooks/webhook-event.js';
import { ApiError } from '../errors.js';
import { derivedHex } from '../random.js';
import type { Workspace } from '../simulation/workspaces/workspace.js';
import type { Workspaces } from '../simulation/workspaces/workspaces.js';
import type { Store } from '../store/store.js';
import type { Clock } from '../workspace/clock.js';
import { createAttempts } from './attempt.js';
import {
  createDeliveryJournal,
  type DeliveryJournal,
  type DeliveryRecord,
} from './delivery-journal.js';
import { createDeliveryQueue, type DeliveryQueue } from './delivery-queue.js';
import type { DeliveryRequestParts } from './delivery-requests.js';
import type { OutboundRules } from './destination.js';
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
  /** Those that are stored until somebody takes them. */
  readonly queue: DeliveryQueue;
  /**
   * Sends one at once, once. Resolves when it was answered, or could not be.
   * @throws ApiError 409 if there is no key to sign with.
   */
  send(workspace: Workspace, webhook: Webhook): Promise<DeliveryRecord>;
  close(): void;
}

export interface WebhookOptions {
  readonly clock: Clock;
  readonly store: Store;
  readonly workspaces: Pick<Workspaces, 'get'>;
  readonly tell: Pick<DeliveryRequestParts, 'onError' | 'onWarning'>;
  /** Where webhooks may go besides this machine; nowhere if undefined. */
  readonly rules: OutboundRules | undefined;
  /** Deliveries that the journal of a workspace holds, and what all journals may take together. */
  readonly journal: { readonly entries: number; readonly bytes: number };
}

/** Documented: how long an agent that says nothing else waits for an answer. */
const defaultTimeoutMs = 10_000;

export function createWebhooks(options: WebhookOptions): Webhooks {
  const { clock, store, workspaces } = options;
  const journal = createDeliveryJournal(options.journal);
  const keys = createSigningKeys();
  const attempts = createAttempts(clock, keys, options.rules);
  const parts = { clock, store, workspaces, journal, attempts, keys };
  const queue = createDeliveryQueue({ ...parts, ...options.tell });
  return {
    journal,
    keys,
    queue,
    async send(workspace, webhook) {
      const { name, settings } = workspace;
      const key = attempts.keyOf(workspace);
      if (key === undefined) {
        throw new ApiError('conflict', 'The API key that signs is not known: use it once.');
      }
      const { forgery, body } = webhook;
      const number = String(journal.nextNumber());
      const id = `delivery_${derivedHex(24, settings.seed, name, number, clock.now())}`;
      const record = journal.add(name, { ...webhook, id, forgery });
      const result = await attempts.make(workspace, record, {
        key,
        body,
        timeout: defaultTimeoutMs,
      });
      if (result.kind !== 'sent') {
        journal.change(name, record, { state: result.kind, error: result.reason });
      } else {
        const { problem: error } = result;
        const state = error === undefined ? 'delivered' : 'failed';
        journal.change(name, record, { state, error });
      }
      return record;
    },
    close() {
      queue.close();
      attempts.close();
    },
  };
}
