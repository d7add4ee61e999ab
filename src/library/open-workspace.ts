import type { operations } from '../contract/control.gen.js';
import { loadContract } from '../contract/document.js';
import type { OperationRequest } from '../contract/operation.js';
import { contractValidation } from '../contract/validation.js';
import type { Emulator } from '../emulator.js';
import { ApiError } from '../errors.js';
import { findUnusable, maxFixtureLevels } from '../json/checks.js';
import type { ControlOperationId } from '../operations/control/control-operation.js';
import { controlTable } from '../operations/control/table.js';
import { afterExclusiveWork, type Caller, type Services } from '../operations/operation.js';
import { runOperation } from '../operations/run-operation.js';
import { workspaceNameOf } from '../workspace/name.js';
import { controlFormats } from '../workspace/settings.js';
import { expectDeliveries, expectRequests } from './expectation.js';
import type {
  ClockAdvance,
  DeliveryFilter,
  DeliveryMatcher,
  RequestFilter,
  RequestMatcher,
  Workspace,
  WorkspaceInfo,
} from './workspace.js';

/**
 * Returns a workspace of an emulator in this process. Its functions call operations directly, without HTTP.
 */
export function openWorkspace(emulator: Emulator, apiKey: string, url: string): Workspace {
  const name = workspaceNameOf(apiKey);
  // Webhooks are signed with it.
  emulator.webhooks.keys.add(apiKey, name);
  return workspaceWith(controlCaller(emulator, name), apiKey, url);
}

/** Builds the functions of a workspace from calls to operations of the control contract. */
export function workspaceWith(call: Call, apiKey: string, url: string): Workspace {
  const advance = (body: ClockAdvance) => call('advanceClock', { body });
  const restore = async (snapshot_name: string): Promise<void> => {
    await call('restoreSnapshot', { params: { snapshot_name } });
  };
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
    ...rulesOf(call),
    credit: {
      get: async () => (await call('getCredit', {})).remaining,
      async set(remaining) {
        await call('setCredit', { body: { remaining } });
      },
    },
    requests: requestsOf(call),
    webhooks: webhooksOf(call),
    batchTests: batchTestsOf(call),
    calls: callsOf(call),
    testRuns: {
      explain: (test_case_job_id) => call('explainTestRun', { params: { test_case_job_id } }),
    },
    info: () => call('getWorkspace', {}),
    setLabel: (label) => call('changeWorkspace', { body: { label } }),
    settle: () => advance({ until: 'idle' }),
    async reset() {
      await call('resetWorkspace', {});
    },
    async snapshot(name = 'snapshot') {
      const snapshot = await call('takeSnapshot', { params: { snapshot_name: name } });
      return { ...snapshot, restore: () => restore(name) };
    },
    restore,
    load: (body, query = {}) => call('loadFixtures', { query, body }),
    export: (query = {}) => call('exportWorkspace', { query }),
  };
}

/** Returns all workspaces. The API key makes no difference. */
export const listWorkspaces = (emulator: Emulator): Promise<WorkspaceInfo[]> =>
  controlCaller(emulator, '')('listWorkspaces', {});

/** By id. The types of the caller make sure that each operation gets a request of its own type. */
const operationsById = controlTable as object as Partial<
  Record<string, (services: Services, caller: Caller, request: object) => unknown>
>;

/** Calls an operation of the control contract. @throws ApiError */
export type Call = ReturnType<typeof controlCaller>;

function rulesOf(call: Call): Pick<Workspace, 'outcomes' | 'callRules' | 'chatRules' | 'faults'> {
  return {
    outcomes: {
      add: (body) => call('addOutcomeRule', { body }),
      list: () => call('listOutcomeRules', {}),
      delete: (outcome_rule_id) => call('deleteOutcomeRule', { params: { outcome_rule_id } }),
      clear: () => call('deleteOutcomeRules', {}),
    },
    callRules: {
      add: (body) => call('addCallRule', { body }),
      list: () => call('listCallRules', {}),
      delete: (call_rule_id) => call('deleteCallRule', { params: { call_rule_id } }),
      clear: () => call('deleteCallRules', {}),
    },
    chatRules: {
      add: (body) => call('addChatRule', { body }),
      list: () => call('listChatRules', {}),
      delete: (chat_rule_id) => call('deleteChatRule', { params: { chat_rule_id } }),
      clear: () => call('deleteChatRules', {}),
    },
    faults: {
      add: (body) => call('addFault', { body }),
      list: () => call('listFaults', {}),
      delete: (fault_id) => call('deleteFault', { params: { fault_id } }),
      clear: () => call('deleteFaults', {}),
    },
  };
}

function requestsOf(call: Call): Workspace['requests'] {
  const list = (query: RequestFilter = {}) => call('listRequests', { query });
  const find = (body: RequestMatcher) => call('findRequests', { body });
  const findNearMisses = (body: RequestMatcher, query: { limit?: number } = {}) =>
    call('findNearMisses', { body, query });
  return {
    list,
    find,
    findNearMisses,
    count: async (body) => (await call('countRequests', { body })).count,
    wait: async (query) => (await call('waitForRequests', { query })).count,
    expect: ({ count, ...matcher }) => expectRequests(matcher, count, { find, findNearMisses }),
    async clear() {
      await call('resetWorkspace', { body: { only: ['journal'] } });
    },
  };
}

function webhooksOf(call: Call): Workspace['webhooks'] {
  const find = (body: DeliveryMatcher) => call('findDeliveries', { body });
  const findNearMisses = (body: DeliveryMatcher, query: { limit?: number } = {}) =>
    call('findNearDeliveries', { body, query });
  return {
    send: (body) => call('sendWebhook', { body }),
    forge: (body) => call('forgeWebhook', { body }),
    redeliver: (delivery_id) => call('redeliverWebhook', { params: { delivery_id } }),
    list: (query: DeliveryFilter = {}) => call('listDeliveries', { query }),
    find,
    findNearMisses,
    count: async (body) => (await call('countDeliveries', { body })).count,
    wait: async (query) => (await call('waitForDeliveries', { query })).count,
    expect: ({ count, ...matcher }) => expectDeliveries(matcher, count, { find, findNearMisses }),
  };
}

function callsOf(call: Call): Workspace['calls'] {
  const ofCall = (call_id: string) => ({ params: { call_id } });
  return {
    inbound: (body) => call('receiveCall', { body }),
    explain: (id) => call('explainCall', ofCall(id)),
    conversation: (id) => call('getConversation', ofCall(id)),
    answer: (id) => call('answerCall', ofCall(id)),
    join: (id) => call('joinWebCall', ofCall(id)),
    leave: (id) => call('leaveWebCall', ofCall(id)),
    say: (id, body) => call('sayInCall', { ...ofCall(id), body }),
    hangUp: (id, by = 'user') => call('hangUpCall', { ...ofCall(id), body: { by } }),
    end: (id, body) => call('endCall', { ...ofCall(id), body }),
  };
}

function batchTestsOf(call: Call): Workspace['batchTests'] {
  const ofBatch = (test_case_batch_job_id: string) => ({ params: { test_case_batch_job_id } });
  return {
    step: (id) => call('stepBatchTest', ofBatch(id)),
    complete: (id) => call('completeBatchTest', ofBatch(id)),
    wait: (id, query = {}) => call('waitForBatchTest', { ...ofBatch(id), query }),
  };
}

type Result<Id extends ControlOperationId> = Awaited<ReturnType<(typeof controlTable)[Id]>>;

/**
 * Returns a function that calls operations of the control contract. It validates requests as HTTP does. It
 * copies requests and results, so that later changes of an object by one side have no effect on the other.
 */
function controlCaller(emulator: Emulator, workspace: string) {
  const contract = loadContract('control');
  const validation = contractValidation(contract, controlFormats);
  const server = { emulator, validation, validateResponses: false };
  const refuseIfClosed = (): void => {
    if (emulator.changes.closed) throw new ApiError('unavailable', 'The emulator was closed.');
  };
  return async <Id extends ControlOperationId>(
    id: Id,
    request: Partial<OperationRequest<operations, Id>>,
  ): Promise<Result<Id>> => {
    refuseIfClosed();
    const operation = contract.operations.find((candidate) => candidate.id === id);
    const problem = findUnusable(
      'body',
      request.body,
      id === 'loadFixtures' ? maxFixtureLevels : undefined,
    );
    if (problem !== undefined) throw new ApiError('invalid_request', problem);
    const perform = operationsById[id];
    if (operation === undefined || perform === undefined) throw new ApiError('not_found');
    const { params, query } = structuredClone({ params: request.params, query: request.query });
    const asked = { operation, workspace, query, body: request.body };
    try {
      const result = await runOperation(server, asked, (unknownValues) => {
        // Copied once it has been checked: what has functions cannot be copied.
        const body = structuredClone(request.body);
        const caller = { workspace, unknownValues };
        return afterExclusiveWork(perform)(emulator, caller, { params, query, body });
      });
      return structuredClone(result) as Result<Id>;
    } catch (error) {
      refuseIfClosed();
      if (error instanceof ApiError && error.code === 'not_found') throw notFound(params ?? {});
      throw error;
    }
  };
}

/** What the ids in the parameters of operations identify. */
const kindsByParameter: Record<string, string> = {
  call_id: 'call',
  call_rule_id: 'call rule',
  chat_rule_id: 'chat rule',
  delivery_id: 'delivery',
  fault_id: 'fault',
  outcome_rule_id: 'outcome rule',
  snapshot_name: 'snapshot',
  test_case_batch_job_id: 'batch test',
  test_case_job_id: 'test run',
};

/** Names the id in the message. Over HTTP, the path names it. */
function notFound(params: Record<string, string>): ApiError {
  const missing = Object.entries(params).map(
    ([name, id]) => `${kindsByParameter[name] ?? name} "${id}"`,
  );
  return new ApiError('not_found', `There is no ${missing.join()}.`);
}
