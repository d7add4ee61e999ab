/**
 * What the library gives to its users. It imports nothing of the inside: their compilers would read
 * that, and miss the types of its dependencies.
 */
import type { components, operations } from '../contract/control.gen.js';
import type { OperationRequest } from '../contract/operation.js';

type Schemas = components['schemas'];

export type Clock = Schemas['Clock'];
export type ClockChange = Omit<Schemas['ClockChange'], 'workspace'>;
export type ClockAdvance = Omit<Schemas['ClockAdvance'], 'workspace'>;
export type ClockAdvanced = Schemas['ClockAdvanced'];
export type Settings = Schemas['Settings'];
export type OutcomeRule = Schemas['OutcomeRule'];
export type OutcomeRuleInput = Schemas['OutcomeRuleInput'];
export type BatchTestState = Schemas['BatchTestState'];
export type TestRunProvenance = Schemas['TestRunProvenance'];
export type Fixtures = Schemas['Fixtures'];
export type FixturesLoaded = Schemas['FixturesLoaded'];
export type Fault = Schemas['Fault'];
export type FaultInput = Schemas['FaultInput'];
export type JournalEntry = Schemas['JournalEntry'];
export type JournalPage = Schemas['JournalPage'];
export type RequestFilter = Partial<OperationRequest<operations, 'listRequests'>['query']>;
export type NearMisses = Schemas['NearMisses'];
export type RequestMatcher = Schemas['RequestMatcher'];
export type Snapshot = Schemas['Snapshot'];
export type WorkspaceInfo = Schemas['Workspace'];

/**
 * Everything behind one API key: its data, clock, settings and rules. Workspaces never see each
 * other, so tests that have one each can run side by side.
 *
 * What each function takes and answers is what the operation of the control API takes and
 * answers; bad input rejects with an `ApiError` that names the field and the fault.
 */
export interface Workspace {
  /** For the client under test. */
  readonly apiKey: string;
  /** The `baseURL` for the client under test. */
  readonly url: string;
  readonly clock: {
    get(): Promise<Clock>;
    /** Lets it stand still, or go on. Time never goes back. */
    set(change: ClockChange): Promise<Clock>;
    /** Lets time pass, `'10s'` say, and resolves when all that was due has happened. */
    advance(by: string | ClockAdvance): Promise<ClockAdvanced>;
  };
  readonly settings: {
    get(): Promise<Settings>;
    /** Changes what is given, for runs that have not started. */
    change(settings: Partial<Settings>): Promise<Settings>;
  };
  readonly outcomes: {
    /** Says how the runs end that match. The first rule that does decides. */
    add(rule: OutcomeRuleInput): Promise<OutcomeRule>;
    list(): Promise<OutcomeRule[]>;
    delete(id: string): Promise<void>;
    clear(): Promise<void>;
  };
  readonly faults: {
    /** Says which requests fail, when and how. The first fault that matches hits. */
    add(fault: FaultInput): Promise<Fault>;
    list(): Promise<Fault[]>;
    delete(id: string): Promise<void>;
    clear(): Promise<void>;
  };
  readonly credit: {
    /** Runs that may still be created; null if they cost nothing. */
    get(): Promise<number | null>;
    set(remaining: number | null): Promise<void>;
  };
  /** What the client asked of the vendor's API, and how it was answered. */
  readonly requests: {
    list(filter?: RequestFilter): Promise<JournalPage>;
    find(matcher: RequestMatcher): Promise<JournalEntry[]>;
    count(matcher: RequestMatcher): Promise<number>;
    /** The requests that come nearest without matching, and in which parts they differ. */
    findNearMisses(matcher: RequestMatcher, options?: { limit?: number }): Promise<NearMisses>;
    /** Resolves as soon as so many have been answered; 1 if it does not say. */
    wait(filter: RequestFilter & { count?: number; timeout?: string }): Promise<number>;
    /**
     * Rejects, and says what came nearest, unless as many requests match as it says, or at least
     * one if it does not.
     */
    expect(expected: RequestMatcher & { count?: number }): Promise<JournalEntry[]>;
    clear(): Promise<void>;
  };
  readonly batchTests: {
    /** Ends the next run of a batch whose progression is `manual`. */
    step(id: string): Promise<BatchTestState>;
    /** Ends all its runs. */
    complete(id: string): Promise<BatchTestState>;
    /** Resolves as soon as it has the status; rejects after the timeout, by the machine's clock. */
    wait(
      id: string,
      options?: { status?: 'in_progress' | 'complete'; timeout?: string },
    ): Promise<BatchTestState>;
  };
  readonly testRuns: {
    /** Why a run ended as it did, and when what happened. */
    explain(id: string): Promise<TestRunProvenance>;
  };
  /** Its name, which is a hash of the key, with its label and its last use. */
  info(): Promise<WorkspaceInfo>;
  /** Says what to call it in the list of workspaces; null removes the label. */
  setLabel(label: string | null): Promise<WorkspaceInfo>;
  /** Lets time pass until nothing is left to happen. */
  settle(): Promise<ClockAdvanced>;
  /** Puts everything back to what it began with. Snapshots stay. */
  reset(): Promise<void>;
  /** Remembers the workspace as it is. */
  snapshot(name?: string): Promise<Snapshot & { restore(): Promise<void> }>;
  /** Goes back to a snapshot. What happens from there on happens as it did, ids included. */
  restore(name: string): Promise<void>;
  /**
   * Adds definitions, batches and rules, and changes settings and clock: all of it or nothing.
   * With `replace`, nothing else is left.
   */
  load(fixtures: Fixtures, options?: { replace?: boolean }): Promise<FixturesLoaded>;
  /**
   * Writes the workspace as fixtures that load back to the same state. With `batchesFrom: 0` it returns the
   * first of several parts, and with the `nextBatchesFrom` of a part the next one.
   */
  export(options?: { batchesFrom?: number }): Promise<Fixtures>;
}
