import { loadContract } from '../contract/document.js';
import type { FaultInput, WebhookFault } from '../domain/requests/fault.js';
import { ApiError } from '../errors.js';

/** Headers that frame the body. A client could not read an answer in which these were wrong. */
const framingHeaders = /^(content-length|transfer-encoding|trailer)$/i;

/** The problem of a fault rule that fits the schema; undefined if there is none. */
export function findFaultMistake(fault: FaultInput): string | undefined {
  const { match, error, latency, connection, drip, phase, webhook } = fault;
  const foreign = namesIn(match, webhook === undefined ? ofWebhooks : ofRequests);
  if (foreign.length > 0) {
    const [has, what] = webhook === undefined ? ['no', 'webhooks'] : ['a', 'requests'];
    return `must not match "${foreign.join('", "')}", which only ${what} have: it has ${has} "webhook"`;
  }
  if (webhook !== undefined) return findWebhookMistake(fault, webhook);
  if ([error, latency, connection, drip].every((what) => what === undefined)) {
    return 'must have "error", "latency", "connection", "drip" or "webhook"';
  }
  if (error !== undefined && (connection !== undefined || drip !== undefined)) {
    return 'must not have both "error" and "connection" or "drip"';
  }
  if (error?.message !== undefined && error.body !== undefined) {
    return 'must not have both "message" and "body" in "error"';
  }
  const framing = Object.keys(error?.headers ?? {}).find((name) => framingHeaders.test(name));
  if (framing !== undefined) {
    return `must not set ${framing}, by which HTTP says where an answer ends: it goes by the body`;
  }
  if (connection !== undefined && drip !== undefined) {
    return 'must not have both "connection" and "drip"';
  }
  if (phase === 'before' && (connection === 'truncate' || drip !== undefined)) {
    return 'must have the phase "after" where it changes the answer';
  }
  return findUnknownOperation(match?.operation);
}

const ofWebhooks = ['event', 'tool', 'callId', 'agentId', 'url'];
const ofRequests = ['operation', 'path', 'testCaseDefinitionId', 'batchTestId'];
const aboutRequests = ['error', 'latency', 'connection', 'drip', 'phase'];

const namesIn = (object: object | undefined, names: readonly string[]): string[] =>
  names.filter((name) => object !== undefined && name in object);

function findWebhookMistake(fault: FaultInput, webhook: WebhookFault): string | undefined {
  const others = namesIn(fault, aboutRequests);
  if (others.length > 0) return `must not have both "webhook" and "${others.join('", "')}"`;
  const { drop, delay, holdUntil } = webhook;
  const isOfFunctions = fault.match?.event === 'custom_function';
  if (fault.match?.tool !== undefined && !isOfFunctions) {
    return 'must match the event "custom_function" where it matches a "tool"';
  }
  if (holdUntil !== undefined && isOfFunctions) {
    return 'must not have "holdUntil" for a custom function: its call would wait for itself';
  }
  if (drop === true && Object.keys(webhook).length > 1) {
    return 'must have nothing beside "drop" in "webhook": what is not sent cannot go wrong otherwise';
  }
  if (delay !== undefined && holdUntil !== undefined) {
    return 'must not have both "delay" and "holdUntil" in "webhook"';
  }
  return undefined;
}

function findUnknownOperation(operation: string | undefined): string | undefined {
  const operations = loadContract('retell').operations.map(({ id }) => id);
  if (operation === undefined || operations.includes(operation)) return undefined;
  return `must name an operation: there is no ${JSON.stringify(operation)} among ${operations.join(', ')}`;
}

/** Refuses the name of an operation that does not exist. @throws ApiError 400 */
export function refuseUnknownOperation(operation: string | undefined, path: string): void {
  const problem = findUnknownOperation(operation);
  if (problem !== undefined) throw new ApiError('invalid_request', `${path} ${problem}`);
}
