/**
 * The types of the library's API. They use only the contract's types, and none of the emulator's inside:
 * users' compilers would read those, too, and miss the types of our dependencies.
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
export type CallRule = Schemas['CallRule'];
export type ChatRule = Schemas['ChatRule'];
export type CallRuleInput = Schemas['CallRuleInput'];
export type ChatRuleInput = Schemas['ChatRuleInput'];
export type CallEntryInput = Schemas['CallEntryInput'];
export type CallEnd = Schemas['CallEnd'];
export type CallToReceive = Schemas['CallToReceive'];
export type ReceivedCall = Schemas['ReceivedCall'];
export type CallProvenance = Schemas['CallProvenance'];
export type CallConversation = Schemas['CallConversation'];
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
export type Delivery = Schemas['Delivery'];
export type DeliveryPage = Schemas['DeliveryPage'];
export type DeliveryMatcher = Schemas['DeliveryMatcher'];
export type DeliveryFilter = Partial<OperationRequest<operations, 'listDeliveries'>['query']>;
export type NearDeliveries = Schemas['NearDeliveries'];
export type WebhookToSend = Schemas['WebhookToSend'];
export type WebhookToForge = Schemas['WebhookToForge'];
export type ForgeryReport = Schemas['ForgeryReport'];
export type Snapshot = Schemas['Snapshot'];
export type WorkspaceInfo = Schemas['Workspace'];

/**
 * Everything that belongs to one API key: data, clock, settings and rules. A workspace cannot see the data of
 * another, so tests with a workspace each can run in parallel. Each function takes and returns what its
 * operation of the control API takes and returns. Invalid input rejects with an `ApiError` that names the
 * field and the problem.
 */
export interface Workspace {
  /** The API key for the client under test. */
  readonly apiKey: string;
  /** The `baseURL` for the client under test. */
  readonly url: string;
  readonly clock: {
    get(): Promise<Clock>;
    /** Makes the clock manual or real. Time never goes back. */
    set(change: ClockChange): Promise<Clock>;
    /** Advances the clock, for example by `'10s'`. Resolves after everything due has happened. */
    advance(by: string | ClockAdvance): Promise<ClockAdvanced>;
  };
  readonly settings: {
    get(): Promise<Settings>;
    /** Changes the given settings, for runs that have not started. */
    change(settings: Partial<Settings>): Promise<Settings>;
  };
  readonly outcomes: {
    /** Decides how matching runs end. The first rule that matches a run applies. */
    add(rule: OutcomeRuleInput): Promise<OutcomeRule>;
    list(): Promise<OutcomeRule[]>;
    delete(id: string): Promise<void>;
    clear(): Promise<void>;
  };
  readonly callRules: {
    /** Decides how matching calls go. The first rule that matches a call applies. */
    add(rule: CallRuleInput): Promise<CallRule>;
    list(): Promise<CallRule[]>;
    delete(id: string): Promise<void>;
    clear(): Promise<void>;
  };
  readonly chatRules: {
    /** Decides how matching calls go. The first rule that matches a call applies. */
    add(rule: ChatRuleInput): Promise<ChatRule>;
    list(): Promise<ChatRule[]>;
    delete(id: string): Promise<void>;
    clear(): Promise<void>;
  };
  readonly faults: {
    /** Makes some requests fail. The first rule that matches a request and is due applies. */
    add(fault: FaultInput): Promise<Fault>;
    list(): Promise<Fault[]>;
    delete(id: string): Promise<void>;
    clear(): Promise<void>;
  };
  readonly credit: {
    /** How many more runs can be created; null for any number. */
    get(): Promise<number | null>;
    set(remaining: number | null): Promise<void>;
  };
  /** The requests of the client to the vendor's API, with their answers. */
  readonly requests: {
    list(filter?: RequestFilter): Promise<JournalPage>;
    find(matcher: RequestMatcher): Promise<JournalEntry[]>;
    count(matcher: RequestMatcher): Promise<number>;
    /** The requests that differ from the matcher in the fewest parts, and those parts. */
    findNearMisses(matcher: RequestMatcher, options?: { limit?: number }): Promise<NearMisses>;
    /** Resolves as soon as `count` matching requests have been answered; 1 if absent. */
    wait(filter: RequestFilter & { count?: number; timeout?: string }): Promise<number>;
    /**
     * Returns the matching requests if there are exactly `count`, or at least one if `count` is absent.
     * Otherwise rejects with a message that lists the closest requests.
     */
    expect(expected: RequestMatcher & { count?: number }): Promise<JournalEntry[]>;
    clear(): Promise<void>;
  };
  /** What the emulator sent to the client's own code, and how that answered. */
  readonly webhooks: {
    /** Sends one signed webhook about a made-up call or chat. */
    send(webhook: WebhookToSend): Promise<Delivery>;
    /** Sends webhooks whose signature is not right; `accepted` has those that the receiver took. */
    forge(webhook: WebhookToForge): Promise<ForgeryReport>;
    /** Sends one again, as a delivery of its own. */
    redeliver(id: string): Promise<Delivery>;
    list(filter?: DeliveryFilter): Promise<DeliveryPage>;
    find(matcher: DeliveryMatcher): Promise<Delivery[]>;
    count(matcher: DeliveryMatcher): Promise<number>;
    /** The deliveries that come nearest without matching, and in which parts they differ. */
    findNearMisses(matcher: DeliveryMatcher, options?: { limit?: number }): Promise<NearDeliveries>;
    /** Resolves as soon as so many are over, however they ended; 1 if it does not say. */
    wait(filter: DeliveryFilter & { count?: number; timeout?: string }): Promise<number>;
    /**
     * Rejects, and says what came nearest, unless as many deliveries match as it says, or at least
     * one if it does not.
     */
    expect(expected: DeliveryMatcher & { count?: number }): Promise<Delivery[]>;
  };
  readonly batchTests: {
    /** Ends the next run of a batch whose progression is `manual`. */
    step(id: string): Promise<BatchTestState>;
    /** Ends all runs of such a batch. */
    complete(id: string): Promise<BatchTestState>;
    /** Resolves as soon as the batch has the status. Rejects after the timeout, by the machine's clock. */
    wait(
      id: string,
      options?: { status?: 'in_progress' | 'complete'; timeout?: string },
    ): Promise<BatchTestState>;
  };
  readonly calls: {
    /** Lets somebody call one of the numbers, and asks the number's webhook about it first. */
    inbound(call: CallToReceive): Promise<ReceivedCall>;
    /** Why a call went as it did, what happened in it, and what comes next. */
    explain(id: string): Promise<CallProvenance>;
    /** What was said in a call until now. */
    conversation(id: string): Promise<CallConversation>;
    /** Connects a call that rings. */
    answer(id: string): Promise<CallProvenance>;
    /** Joins a web call, as the browser of its user does. */
    join(id: string): Promise<CallProvenance>;
    /** Ends an ongoing web call, as the browser of its user does. */
    leave(id: string): Promise<CallProvenance>;
    /** Adds a turn, a tool with its result, or a pressed key to an ongoing call. */
    say(id: string, entry: CallEntryInput): Promise<CallProvenance>;
    /** Ends an ongoing call. The one who hangs up is the user if absent. */
    hangUp(id: string, by?: 'user' | 'agent'): Promise<CallProvenance>;
    /** Ends a call that is not over, for any reason that goes with its status. */
    end(id: string, end: CallEnd): Promise<CallProvenance>;
  };
  readonly testRuns: {
    /** Why a run ended as it did, and when its status changed. */
    explain(id: string): Promise<TestRunProvenance>;
  };
  /** The name of the workspace, which is a hash of the API key, its label and its last use. */
  info(): Promise<WorkspaceInfo>;
  /** Sets the label in the list of workspaces; null removes it. */
  setLabel(label: string | null): Promise<WorkspaceInfo>;
  /** Advances the clock until nothing is left to happen. */
  settle(): Promise<ClockAdvanced>;
  /** Restores the state in which the workspace began. Snapshots are kept. */
  reset(): Promise<void>;
  /** Stores the state of the workspace under a name. */
  snapshot(name?: string): Promise<Snapshot & { restore(): Promise<void> }>;
  /** Restores a snapshot. The same requests then give the same results as before, with the same ids. */
  restore(name: string): Promise<void>;
  /**
   * Adds definitions, batches and rules, and changes settings and clock. If there is any mistake, nothing is
   * loaded. With `replace`, the present content is deleted first.
   */
  load(fixtures: Fixtures, options?: { replace?: boolean }): Promise<FixturesLoaded>;
  /**
   * Returns the workspace as fixtures, which restore the same state when loaded. With `batchesFrom: 0` it
   * returns the first of several parts, and with the `nextBatchesFrom` of a part the next one.
   */
  export(options?: { batchesFrom?: number }): Promise<Fixtures>;
}
