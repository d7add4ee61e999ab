/**
 * Work of several turns of the event loop, such as a large load, during which nothing else may read or
 * change the workspace. Requests about the workspace wait for it.
 *
 * | state     | is true                                    | ends                                          |
 * | --------- | ------------------------------------------ | --------------------------------------------- |
 * | none      | `underWay` is undefined                    | by `run`                                      |
 * | under way | requests wait                              | when the work ends, or fails and is mended    |
 * | broken    | work failed, and could not be mended, as   | when a request finds that it can be mended;   |
 * |           | on a full disk                             | the others get the error                      |
 */
export interface ExclusiveWork {
  /**
   * Resolves when the work in this workspace is over; undefined if there is none. Rejects if what failed work
   * left can't be mended.
   */
  underWay(workspace: string): Promise<void> | undefined;
  /**
   * Does the work. There must be no other in the workspace.
   * @param mend undoes what failed work left, or finishes it. Called once more at each request until it
   *   does not throw.
   */
  run<Result>(workspace: string, work: () => Promise<Result>, mend: () => void): Promise<Result>;
}

export function createExclusiveWork(): ExclusiveWork {
  const waits = new Map<string, () => Promise<void>>();
  return {
    underWay: (workspace) => waits.get(workspace)?.(),
    async run(workspace, work, mend) {
      let end: () => void = () => undefined;
      const ended = new Promise<void>((resolve) => {
        end = resolve;
      });
      waits.set(workspace, () => ended);
      try {
        const result = await work();
        waits.delete(workspace);
        return result;
      } catch (error) {
        const mendOnce = (): void => {
          mend();
          waits.delete(workspace);
        };
        // eslint-disable-next-line @typescript-eslint/require-await -- what it throws is to be a rejection
        waits.set(workspace, async () => {
          mendOnce();
        });
        try {
          mendOnce();
        } catch {
          // The next request tries again. The caller gets the first error.
        }
        throw error;
      } finally {
        end();
      }
    },
  };
}
