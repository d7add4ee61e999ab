import type { Forgery } from '../domain/webhooks/webhook-event.js';
import { ApiError } from '../errors.js';
import { derivedHex } from '../random.js';
import type { Workspace } from '../simulation/workspaces/workspace.js';
import type { Workspaces } from '../simulation/workspaces/workspaces.js';
import type { Store } from '../store/store.js';
import type { Clock } from '../workspace/clock.js';
import { createAttempts, type AttemptResult } from './attempt.js';
import {
  createDeliveryJournal,
  type DeliveryChange,
  type DeliveryEvent,
  type DeliveryJournal,
  type DeliveryRecord,
  type FunctionParts,
} from './delivery-journal.js';
import { createDeliveryQueue, type DeliveryQueue } from './delivery-queue.js';
import type { DeliveryRequestParts } from './delivery-requests.js';
import type { OutboundRules } from './destination.js';
import { createSigningKeys, type SigningKeys } from './signing-keys.js';

/** A webhook to send. */
export interface Webhook {
  readonly event: DeliveryEvent;
  /** The id of the call or chat that it is about. */
  readonly callId: string | undefined;
  readonly url: string;
  /** JSON, as `JSON.stringify` writes it. */
  readonly body: string;
  /** When the event happened, by the workspace's clock. */
  readonly time: number;
  /** What is to be wrong with it. */
  readonly forgery?: Forgery;
  /** What a request for a custom function has besides. */
  readonly ofFunction?: FunctionParts | undefined;
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
  /**
   * Asks something, and asks again until it is answered with a 2xx. The record has the whole answer.
   * @param pause waits before the next attempt, and resolves with the workspace as it is then; with
   *   undefined if there is to be none.
   * @throws ApiError 409 if there is no key to sign with.
   */
  ask(workspace: Workspace, question: Webhook, pause: Pause): Promise<DeliveryRecord>;
  close(): void;
}

/** @param attempts that were made. */
export type Pause = (attempts: number) => Promise<Workspace | undefined>;

export interface WebhookOptions {
  readonly clock: Clock;
  readonly store: Store;
  readonly workspaces: Pick<Workspaces, 'get'>;
  readonly listener: Pick<DeliveryRequestParts, 'onError' | 'onWarning'>;
  readonly functions: DeliveryRequestParts['functions'];
  /** Where webhooks may go besides this machine; nowhere if undefined. */
  readonly rules: OutboundRules | undefined;
  /** Deliveries that the journal of a workspace holds, and what all journals may take together. */
  readonly journal: { readonly entries: number; readonly bytes: number };
}

/** Documented: how long an agent that says nothing else waits for an answer. */
const defaultTimeoutMs = 10_000;

/** The answer to a question may have metadata of 50 kB, and settings of an agent. */
const maxQuestionAnswerBytes = 256 * 1024;

export function createWebhooks(options: WebhookOptions): Webhooks {
  const { clock, store, workspaces, functions } = options;
  const journal = createDeliveryJournal(options.journal);
  const keys = createSigningKeys();
  const attempts = createAttempts(clock, keys, options.rules);
  const parts = { clock, store, workspaces, journal, attempts, keys, functions };
  const queue = createDeliveryQueue({ ...parts, ...options.listener });

  /** Starts a record for a webhook. @throws ApiError 409 */
  function begin(workspace: Workspace, webhook: Webhook): { key: string; record: DeliveryRecord } {
    const { name, settings } = workspace;
    const key = attempts.keyOf(workspace);
    if (key === undefined) {
      throw new ApiError('conflict', 'The API key that signs is not known: use it once.');
    }
    const { forgery } = webhook;
    const number = String(journal.nextNumber());
    const id = `delivery_${derivedHex(24, settings.seed, name, number, clock.now())}`;
    return { key, record: journal.add(name, { ...webhook, id, forgery }) };
  }

  return {
    journal,
    keys,
    queue,
    async send(workspace, webhook) {
      const { key, record } = begin(workspace, webhook);
      const { body, ofFunction } = webhook;
      const message = { key, body, ofFunction, timeout: defaultTimeoutMs };
      const result = await attempts.make(workspace, record, message);
      journal.change(workspace.name, record, changeBy(result));
      return record;
    },
    async ask(workspace, question, pause) {
      const { key, record } = begin(workspace, question);
      const message = {
        ...{ key, body: question.body, timeout: defaultTimeoutMs },
        maxAnswerBytes: maxQuestionAnswerBytes,
      };
      for (let present = workspace; ;) {
        const change = changeBy(await attempts.make(present, record, message));
        const next = change.state === 'failed' ? await pause(record.attempts.length) : undefined;
        if (next === undefined) {
          journal.change(workspace.name, record, change);
          return record;
        }
        present = next;
      }
    },
    close() {
      queue.close();
      attempts.close();
    },
  };
}

/** What a delivery that is sent once has come to. */
function changeBy(result: AttemptResult): DeliveryChange {
  if (result.kind !== 'sent') return { state: result.kind, error: result.reason };
  return { state: result.problem === undefined ? 'delivered' : 'failed', error: result.problem };
}
