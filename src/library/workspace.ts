import type { components, operations } from '../contract/control.gen.js';
import { loadContract } from '../contract/document.js';
import type { OperationRequest } from '../contract/operation.js';
import { contractValidation } from '../contract/validation.js';
import { expectRequests } from './expectation.js';
import type { Emulator } from '../emulator.js';
import type { ControlOperationId } from '../operations/control/control-operation.js';
import { controlTable } from '../operations/control/table.js';
import type { Caller } from '../operations/operation.js';
import { workspaceNameOf } from '../workspace/name.js';
import { controlFormats } from '../workspace/settings.js';

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
export type RequestMatcher = Schemas['RequestMatcher'];
export type Snapshot = Schemas['Snapshot'];

/**
 * Everything behind one API key: its data, clock, settings and rules. Workspaces never see each
 * other, so tests that have one each can run side by side.
 *
 * What each function takes and answers is what the operation of the control API takes and
 * answers; bad input rejects with an error that names the field and the fault.
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
    /** Runs that may still start; null if they cost nothing. */
    get(): Promise<number | null>;
    set(remaining: number | null): Promise<void>;
  };
  /** What the client asked of the vendor's API, and how it was answered. */
  readonly requests: {
    list(filter?: RequestFilter): Promise<JournalPage>;
    find(matcher: RequestMatcher): Promise<JournalEntry[]>;
    count(matcher: RequestMatcher): Promise<number>;
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
  /** Lets time pass until nothing is left to happen. */
  settle(): Promise<ClockAdvanced>;
  /** Puts everything back to what it began with. Snapshots stay. */
  reset(): Promise<void>;
  /** Remembers the workspace as it is. */
  snapshot(name?: string): Promise<Snapshot & { restore(): Promise<void> }>;
  /** Goes back to a snapshot. What happens from there on happens as it did, ids included. */
  restore(name: string): Promise<void>;
  /** Adds definitions, batches and rules, and changes settings and clock: all of it or nothing. */
  load(fixtures: Fixtures): Promise<FixturesLoaded>;
  /** Writes the workspace as fixtures that load back to the same state. */
  export(): Promise<Fixtures>;
}

/** A door to a workspace that goes past HTTP. */
export function openWorkspace(emulator: Emulator, apiKey: string, url: string): Workspace {
  const call = controlCaller(emulator, workspaceNameOf(apiKey));
  const advance = (body: ClockAdvance) => call('advanceClock', { body });
  const restore = async (snapshot_name: string): Promise<void> => {
    await call('restoreSnapshot', { params: { snapshot_name } });
  };
  const ofBatch = (test_case_batch_job_id: string) => ({ params: { test_case_batch_job_id } });
  return {
    apiKey,
    url,
    clock: {
      get: () => call('getClock', {}),
      set: (body) => call('setClock', { body }),
      advance: (by) => advance(typeof by === 'string' ? { by } : by),
    },
    settings: {
      get: () => call('getSettings', {}),
      change: (body) => call('changeSettings', { body }),
    },
    outcomes: {
      add: (body) => call('addOutcomeRule', { body }),
      list: () => call('listOutcomeRules', {}),
      delete: (outcome_rule_id) => call('deleteOutcomeRule', { params: { outcome_rule_id } }),
      clear: () => call('deleteOutcomeRules', {}),
    },
    faults: {
      add: (body) => call('addFault', { body }),
      list: () => call('listFaults', {}),
      delete: (fault_id) => call('deleteFault', { params: { fault_id } }),
      clear: () => call('deleteFaults', {}),
    },
    credit: {
      get: async () => (await call('getCredit', {})).remaining,
      async set(remaining) {
        await call('setCredit', { body: { remaining } });
      },
    },
    requests: requestsOf(call),
    batchTests: {
      step: (id) => call('stepBatchTest', ofBatch(id)),
      complete: (id) => call('completeBatchTest', ofBatch(id)),
      wait: (id, query = {}) => call('waitForBatchTest', { ...ofBatch(id), query }),
    },
    testRuns: {
      explain: (test_case_job_id) => call('explainTestRun', { params: { test_case_job_id } }),
    },
    settle: () => advance({ until: 'idle' }),
    async reset() {
      await call('resetWorkspace', { body: {} });
    },
    async snapshot(name = 'snapshot') {
      const snapshot = await call('takeSnapshot', { params: { snapshot_name: name } });
      return { ...snapshot, restore: () => restore(name) };
    },
    restore,
    load: (body) => call('loadFixtures', { body }),
    export: () => call('exportWorkspace', {}),
  };
}

/** By id: that each gets the request of its own contract, the caller's types ensure. */
const performs = controlTable as object as Partial<
  Record<string, (services: Emulator, caller: Caller, request: object) => unknown>
>;

type Call = ReturnType<typeof controlCaller>;

function requestsOf(call: Call): Workspace['requests'] {
  const list = (query: RequestFilter = {}) => call('listRequests', { query });
  return {
    list,
    find: (body) => call('findRequests', { body }),
    count: async (body) => (await call('countRequests', { body })).count,
    wait: async (query) => (await call('waitForRequests', { query })).count,
    expect: ({ count, ...matcher }) =>
      expectRequests(matcher, count, (body) => call('findRequests', { body })),
    async clear() {
      await call('resetWorkspace', { body: { only: ['journal'] } });
    },
  };
}

type Result<Id extends ControlOperationId> = Awaited<ReturnType<(typeof controlTable)[Id]>>;

/** Calls operations of the control contract, their requests validated as over HTTP. */
function controlCaller(emulator: Emulator, workspace: string) {
  const contract = loadContract('control');
  const validation = contractValidation(contract, controlFormats);
  return async <Id extends ControlOperationId>(
    id: Id,
    request: Partial<OperationRequest<operations, Id>>,
  ): Promise<Result<Id>> => {
    const operation = contract.operations.find((candidate) => candidate.id === id);
    if (operation?.hasBody === true) validation.checkBody(operation, request.body);
    if (operation !== undefined && request.query !== undefined) {
      validation.checkQuery(operation, request.query);
    }
    const performed = () => performs[id]?.(emulator, { workspace }, request);
    const result = await (operation?.method === 'get'
      ? performed()
      : emulator.store.certain(performed));
    return result as Result<Id>;
  };
}
