/**
 * Work of several turns of the event loop, such as a large load, during which nothing else may read or
 * change the workspace. Requests about the workspace wait for it.
 */
export interface ExclusiveWork {
  /** Resolves when the work in this workspace is over; undefined if there is none. */
  underWay(workspace: string): Promise<void> | undefined;
  /** Does the work. There must be no other in the workspace. */
  run<Result>(workspace: string, work: () => Promise<Result>): Promise<Result>;
}

export function createExclusiveWork(): ExclusiveWork {
  const ends = new Map<string, Promise<void>>();
  return {
    underWay: (workspace) => ends.get(workspace),
    async run(workspace, work) {
      let end: () => void = () => undefined;
      ends.set(
        workspace,
        new Promise((resolve) => {
          end = resolve;
        }),
      );
      try {
        return await work();
      } finally {
        ends.delete(workspace);
        end();
      }
    },
  };
}
