import {
  isFaultDue,
  matchesFault,
  type FaultCause,
  type FaultInput,
  type RequestFacts,
} from '../domain/requests/fault.js';
import { keyedChance } from '../random.js';
import { drawDuration } from '../simulation/testing/outcome.js';
import type { Workspace } from '../simulation/workspaces/workspace.js';
import { parseDuration, parseDurationDistribution } from '../workspace/settings.js';
import type { Services } from './operation.js';

/** The effects of a fault rule on one request: a delay, an error, a lost answer. */
export interface Fault {
  readonly cause: FaultCause;
  readonly phase: 'before' | 'after';
  /** Milliseconds of the machine's clock. */
  readonly latency: number;
  readonly error?: NonNullable<FaultInput['error']>;
  readonly connection?: NonNullable<FaultInput['connection']>;
  readonly drip?: { readonly chunks: number; readonly over: number };
}

/**
 * Finds the first fault rule that matches the request and is due. The rule counts a hit.
 * @param toFacts returns the facts that rules match on; called only if the workspace has rules.
 */
export function findFault(
  { store }: Services,
  workspace: Workspace,
  toFacts: () => RequestFacts,
): Fault | undefined {
  const { id: workspaceId, name, now, settings } = workspace;
  const faults = store.faults.list(workspaceId);
  if (faults.length === 0) return undefined;
  const facts = toFacts();
  return store.now((writer) => {
    for (const { id, fault, createdAt, seen, hits } of faults) {
      if (!matchesFault(fault, facts)) continue;
      const chance = keyedChance(settings.seed).within(name, 'fault', id, seen);
      const lifetime = (fault.for === undefined ? undefined : parseDuration(fault.for)) ?? Infinity;
      const state = { seen, hits, age: now - createdAt };
      const isHit = isFaultDue(fault, state, lifetime, () => chance('hit'));
      writer.faults.setCounts(workspaceId, id, seen + 1, hits + Number(isHit));
      if (isHit) return toFault(id, fault, chance);
    }
    return undefined;
  });
}

function toFault(id: string, input: FaultInput, chance: (purpose: string) => number): Fault {
  const { error, latency, connection, drip } = input;
  const changesAnswer = connection === 'truncate' || drip !== undefined;
  const { phase = changesAnswer ? 'after' : 'before' } = input;
  const duration = latency === undefined ? undefined : parseDurationDistribution(latency);
  return {
    cause: { source: 'rule', rule: id },
    phase,
    latency: duration === undefined ? 0 : drawDuration(duration, chance),
    ...(error !== undefined && { error }),
    ...(connection !== undefined && { connection }),
    ...(drip !== undefined && {
      drip: { chunks: drip.chunks, over: parseDuration(drip.over) ?? 0 },
    }),
  };
}
