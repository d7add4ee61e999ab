/**
 * Counts the requests under way, so that a workspace has a bounded number of them, and one receiver of a
 * workspace does not take all: others of the same workspace get theirs while a slow one does not answer.
 * Workspaces have nothing to do with each other here.
 */
export interface Slots {
  /** Takes a slot for a request to this origin; false if there is none. */
  take(workspaceId: number, origin: string): boolean;
  release(workspaceId: number, origin: string): void;
  /** How many are taken in a workspace. */
  taken(workspaceId: number): number;
  /** True if there is a slot for a request to this origin. */
  isFree(workspaceId: number, origin: string): boolean;
}

export interface SlotLimits {
  readonly workspace: number;
  readonly origin: number;
}

export function createSlots(limits: SlotLimits): Slots {
  const workspaces = new Map<number, Map<string, number>>();
  const taken = (workspaceId: number): number =>
    [...(workspaces.get(workspaceId)?.values() ?? [])].reduce((sum, count) => sum + count, 0);
  const isFree = (workspaceId: number, origin: string): boolean =>
    (workspaces.get(workspaceId)?.get(origin) ?? 0) < limits.origin &&
    taken(workspaceId) < limits.workspace;
  return {
    isFree,
    take(workspaceId, origin) {
      if (!isFree(workspaceId, origin)) return false;
      const origins = workspaces.get(workspaceId) ?? new Map<string, number>();
      workspaces.set(workspaceId, origins.set(origin, (origins.get(origin) ?? 0) + 1));
      return true;
    },
    release(workspaceId, origin) {
      const origins = workspaces.get(workspaceId);
      const count = origins?.get(origin) ?? 0;
      if (count > 1) origins?.set(origin, count - 1);
      else origins?.delete(origin);
      if (origins?.size === 0) workspaces.delete(workspaceId);
    },
    taken,
  };
}
