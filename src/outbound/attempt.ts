import { resultText } from '../domain/calls/custom-function.js';
import { isAccepted } from '../domain/webhooks/delivery.js';
import type { Workspace } from '../simulation/workspaces/workspace.js';
import { version } from '../version.js';
import type { Clock } from '../workspace/clock.js';
import type { Forgery } from '../domain/webhooks/webhook-event.js';
import type { AttemptRecord, DeliveryRecord, FunctionParts } from './delivery-journal.js';
import { destinationFinder, type OutboundRules } from './destination.js';
import { forge, type SignedBody } from './forgery.js';
import type { Sender, Sent } from './sender.js';
import { sign, signatureHeader } from './signature.js';
import type { SigningKeys } from './signing-keys.js';

/** What came of one request. */
export type AttemptResult =
  | { readonly kind: 'suppressed' | 'dropped' | 'cancelled'; readonly reason: string }
  /** Undefined if it was accepted. */
  | { readonly kind: 'sent'; readonly problem: string | undefined };

export interface Message {
  readonly key: string;
  readonly body: string;
  readonly timeout: number;
  readonly maxAnswerBytes?: number;
  /** What a request for a custom function has besides. Its answer must come whole. */
  readonly ofFunction?: FunctionParts | undefined;
}

type Headers = Readonly<Record<string, string>>;

/** Enough for the characters of an answer that the agent gets, whatever they are. */
const maxFunctionAnswerBytes = 64 * 1024;

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
      const { timeout, ofFunction } = message;
      const maxAnswerBytes = ofFunction ? maxFunctionAnswerBytes : message.maxAnswerBytes;
      const realTime = clock.now();
      const stamp = settings.webhooks.signatureClock === 'real' ? realTime : now;
      const { url, forgery } = record;
      const { body, signature } = signedBody(forgery, message, stamp);
      record.body = body;
      const headers = headersWith(signature, body, ofFunction?.headers);
      const attempt = newAttempt(now, realTime, url, headers);
      record.attempts.push(attempt);
      const limits = { timeout, ...(maxAnswerBytes !== undefined && { maxAnswerBytes }) };
      const method = { ...(ofFunction && { method: ofFunction.method }) };
      const sent = await (await sender.get()).send({ url, headers, body, ...method, ...limits });
      if ('refused' in sent) {
        record.attempts.pop();
        return { kind: 'suppressed', reason: sent.refused };
      }
      const { target, status, error, latency } = sent;
      const answer = ofFunction ? resultText(sent.body) : sent.body;
      Object.assign(attempt, { target, status, answer, error, latency });
      const problem = ofFunction ? functionProblem(sent) : webhookProblem(sent);
      return { kind: 'sent', problem };
    },
    close: sender.close,
  };
}

/** Why a webhook was not accepted. Only the status counts. */
function webhookProblem({ status, error = 'there was no answer' }: Sent): string | undefined {
  if (isAccepted(status)) return undefined;
  return status === undefined ? error : `it was answered with ${String(status)}`;
}

/** Why a custom function has no result. Observed: in the words of the HTTP client. */
function functionProblem({ status, error, isCut }: Sent): string | undefined {
  if (status === undefined) return error ?? 'there was no answer';
  if (!isAccepted(status)) return `Request failed with status code ${String(status)}`;
  return isCut ? undefined : error;
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

/** Those of a tool may replace all but the signature. */
function headersWith(signature: string | undefined, body: string, own: Headers = {}): Headers {
  const names = Object.keys(own).map((name) => name.toLowerCase());
  const usual = {
    ...(body !== '' && { 'content-type': 'application/json' }),
    'user-agent': `retell-emulator/${version}`,
  };
  return {
    ...Object.fromEntries(Object.entries(usual).filter(([name]) => !names.includes(name))),
    ...own,
    ...(signature !== undefined && { [signatureHeader]: signature }),
  };
}

const newAttempt = (
  time: number,
  realTime: number,
  target: string,
  headers: Headers,
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
