import { ApiError } from '../errors.js';

/** Counts the requests that wait for something, by workspace. */
export interface Waiters {
  /**
   * Counts one more until the function that it returns is called.
   * @throws ApiError 429 if as many wait already as may.
   */
  add(workspace: string): () => void;
}

/** Each of them is told of every request, so many would slow down the others. */
const mostForWorkspace = 100;

export function createWaiters(most = mostForWorkspace): Waiters {
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
