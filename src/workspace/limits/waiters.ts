import { ApiError } from '../../errors.js';

/** Counts the waiting requests of each workspace. */
export interface Waiters {
  /**
   * Counts one more, until the returned function is called.
   * @throws ApiError 429 if the workspace has too many.
   */
  add(workspace: string): () => void;
}

/** Each waiting request is notified of every other request, so too many would slow all down. */
const maxForWorkspace = 100;

export function createWaiters(most = maxForWorkspace): Waiters {
  const counts = new Map<string, number>();
  const change = (workspace: string, by: number): void => {
    const count = (counts.get(workspace) ?? 0) + by;
    if (count === 0) counts.delete(workspace);
    else counts.set(workspace, count);
  };
  return {
    add(workspace) {
      if ((counts.get(workspace) ?? 0) >= most) {
        const fault = `${String(most)} requests wait in this workspace already, which is the most.`;
        throw new ApiError('too_many_waiters', fault);
      }
      change(workspace, 1);
      return () => {
        change(workspace, -1);
      };
    },
  };
}
