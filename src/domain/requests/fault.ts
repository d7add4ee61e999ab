import type { components } from '../../contract/control.gen.js';
import { matchesGlob } from '../glob.js';
import type { QueuedEvent } from '../webhooks/webhook-event.js';

type Schemas = components['schemas'];

/** Which requests fail, when, and how. */
export type FaultInput = Schemas['FaultInput'];

/** What goes wrong with a webhook. */
export type WebhookFault = Schemas['WebhookFault'];

/** The fault rule that made a request fail. */
export type FaultCause = Schemas['FaultCause'];

/** The facts of a request that fault rules match on. */
export interface RequestFacts {
  /** The id of the operation. */
  readonly operation: string;
  readonly path: string;
  /** Definition ids in the path, or in the body of a batch to create. */
  readonly definitionIds: readonly string[];
  readonly batchId: string | undefined;
}

export function matchesFault({ match = {}, webhook }: FaultInput, facts: RequestFacts): boolean {
  if (webhook !== undefined) return false;
  const { operation, path, testCaseDefinitionId, batchTestId } = match;
  return (
    (operation ?? facts.operation) === facts.operation &&
    (path === undefined || matchesGlob(path, facts.path)) &&
    (testCaseDefinitionId === undefined || facts.definitionIds.includes(testCaseDefinitionId)) &&
    (batchTestId ?? facts.batchId) === facts.batchId
  );
}

/** The facts of a webhook that fault rules match on. */
export interface WebhookFacts {
  readonly event: QueuedEvent;
  /** The name of a custom function. */
  readonly tool: string | null;
  readonly callId: string;
  readonly agentId: string;
  readonly url: string;
}

export function matchesWebhookFault(
  { match = {}, webhook }: FaultInput,
  facts: WebhookFacts,
): boolean {
  if (webhook === undefined) return false;
  const { event, tool, callId, agentId, url } = match;
  return (
    isMeant(event, facts.event) &&
    (tool ?? facts.tool) === facts.tool &&
    (callId ?? facts.callId) === facts.callId &&
    (agentId ?? facts.agentId) === facts.agentId &&
    (url === undefined || matchesGlob(url, facts.url))
  );
}

/** A rule that names no event is meant for webhooks. */
const isMeant = (named: QueuedEvent | undefined, event: QueuedEvent): boolean =>
  named === undefined ? event !== 'custom_function' : named === event;

/** The counts and the age of a fault rule. */
export interface FaultState {
  /** Requests that the rule matched before this one. */
  readonly seen: number;
  /** Matched requests that it made fail. */
  readonly hits: number;
  /** Milliseconds since the rule was added, by the workspace's clock. */
  readonly age: number;
}

/** True if a fault rule applies to a request that it matches. */
export function isFaultDue(
  fault: FaultInput,
  { seen, hits, age }: FaultState,
  lifetime: number,
  draw: () => number,
): boolean {
  const { times = Infinity, after = 0, every = 1, probability = 1 } = fault;
  return (
    hits < times &&
    seen >= after &&
    (seen - after + 1) % every === 0 &&
    age < lifetime &&
    draw() < probability
  );
}
