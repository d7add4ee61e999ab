import { isAccepted } from '../domain/webhooks/delivery.js';
import type { Workspace } from '../simulation/workspaces/workspace.js';
import { version } from '../version.js';
import type { Clock } from '../workspace/clock.js';
import type { Forgery } from '../domain/webhooks/webhook-event.js';
import type { AttemptRecord, DeliveryRecord } from './delivery-journal.js';
import { destinationFinder, type OutboundRules } from './destination.js';
import { forge, type SignedBody } from './forgery.js';
import type { Sender } from './sender.js';
import { sign, signatureHeader } from './signature.js';
import type { SigningKeys } from './signing-keys.js';

/** What came of one request. */
export type AttemptResult =
  | { readonly kind: 'suppressed' | 'dropped'; readonly reason: string }
  /** Undefined if it was accepted. */
  | { readonly kind: 'sent'; readonly problem: string | undefined };

export interface Message {
  readonly key: string;
  readonly body: string;
  readonly timeout: number;
  readonly maxAnswerBytes?: number;
}

/** Signs and sends single requests, and notes them in the journal. */
export interface Attempts {
  /** Why nothing may be sent to this URL; undefined if it may. */
  refusalOf(url: string): string | undefined;
  /** The key that signs for a workspace; undefined if it is not known. */
  keyOf(workspace: Workspace): string | undefined;
  /**
   * Sends a webhook once. Each request has a signature of its own time.
   * @param record gets the attempt, and the body as it was sent.
   */
  make(workspace: Workspace, record: DeliveryRecord, message: Message): Promise<AttemptResult>;
  close(): void;
}

export function createAttempts(
  clock: Clock,
  keys: SigningKeys,
  rules: OutboundRules = { allow: [], rewrites: [] },
): Attempts {
  const findDestination = destinationFinder(rules);
  const sender = lazySender(clock, rules);
  return {
    refusalOf(url) {
      const destination = findDestination(url);
      return 'refused' in destination ? destination.refused : undefined;
    },
    keyOf: ({ name, settings }) => settings.webhooks.signingKey ?? keys.get(name),
    async make({ now, settings }, record, message) {
      const { timeout, maxAnswerBytes } = message;
      const realTime = clock.now();
      const stamp = settings.webhooks.signatureClock === 'real' ? realTime : now;
      const { url, forgery } = record;
      const { body, signature } = signedBody(forgery, message, stamp);
      record.body = body;
      const headers = headersWith(signature);
      const attempt = newAttempt(now, realTime, url, headers);
      record.attempts.push(attempt);
      const limits = { timeout, ...(maxAnswerBytes !== undefined && { maxAnswerBytes }) };
      const sent = await (await sender.get()).send({ url, headers, body, ...limits });
      if ('refused' in sent) {
        record.attempts.pop();
        return { kind: 'suppressed', reason: sent.refused };
      }
      const { target, status, body: answer, error, latency } = sent;
      Object.assign(attempt, { target, status, answer, error, latency });
      if (isAccepted(status)) return { kind: 'sent', problem: undefined };
      const problem = status === undefined ? error : `it was answered with ${String(status)}`;
      return { kind: 'sent', problem: problem ?? 'there was no answer' };
    },
    close: sender.close,
  };
}

const signedBody = (
  forgery: Forgery | undefined,
  { body, key }: { readonly body: string; readonly key: string },
  stamp: number,
): SignedBody =>
  forgery === undefined
    ? { body, signature: sign(body, key, stamp) }
    : forge(forgery, body, key, stamp);

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
