import { isFaultDue, type FaultInput } from '../domain/requests/fault.js';
import { keyedChance, type Chance } from '../random.js';
import type { StoredFault } from '../store/faults.js';
import type { StoreWriter } from '../store/store.js';
import { parseDuration } from '../workspace/settings.js';
import type { Workspace } from './workspaces/workspace.js';

/** A fault rule that hit something, and the chance of this hit. */
export interface TakenFault {
  readonly id: string;
  readonly fault: FaultInput;
  readonly chance: Chance;
}

/** Finds the first fault rule that matches and is due. The rule counts a hit. */
export function takeFault(
  writer: StoreWriter,
  { id: workspaceId, name, now, settings }: Workspace,
  faults: readonly StoredFault[],
  matches: (fault: FaultInput) => boolean,
): TakenFault | undefined {
  for (const { id, fault, createdAt, seen, hits } of faults) {
    if (!matches(fault)) continue;
    const chance = keyedChance(settings.seed).within(name, 'fault', id, seen);
    const lifetime = (fault.for === undefined ? undefined : parseDuration(fault.for)) ?? Infinity;
    const state = { seen, hits, age: now - createdAt };
    const isHit = isFaultDue(fault, state, lifetime, () => chance('hit'));
    writer.faults.setCounts(workspaceId, id, seen + 1, hits + Number(isHit));
    if (isHit) return { id, fault, chance };
  }
  return undefined;
}
