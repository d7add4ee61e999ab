/** What happened in one step of a workspace. */
export interface AdvanceResult {
  readonly runsStarted: number;
  readonly runsEnded: number;
  readonly batchTestsCompleted: number;
  /** Calls that were connected. */
  readonly callsStarted: number;
  readonly callsEnded: number;
  /** When something is next due there, by its clock; Infinity if nothing is. */
  readonly next: number;
  /** What to wait for before the next step; nothing if absent. */
  readonly waitFor?: Promise<unknown>;
}

/** Advances one workspace towards a time of its clock by a bounded amount of work, to be called in `acrossTurns`. */
export type AdvanceOnce = (workspaceId: number, until: number) => AdvanceResult;
