import {
  matchesFault,
  type FaultCause,
  type FaultInput,
  type RequestFacts,
} from '../domain/requests/fault.js';
import { takeFault } from '../simulation/take-fault.js';
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
  // Rules about webhooks are none of this.
  const faults = store.faults
    .list(workspace.id)
    .filter(({ fault: { webhook } }) => webhook === undefined);
  if (faults.length === 0) return undefined;
  const facts = toFacts();
  const taken = store.now((writer) =>
    takeFault(writer, workspace, faults, (fault) => matchesFault(fault, facts)),
  );
  return taken && toFault(taken.id, taken.fault, taken.chance);
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
