import type { components } from '../contract/retell.gen.js';
import {
  changedContent,
  isSameContent,
  newContent,
  type TestCaseContent,
  type TestCaseRevision,
} from '../domain/test-case.js';
import { ApiError, MissingError } from '../errors.js';
import { keyedId } from '../random.js';
import { findTestVariableProblem } from '../simulation/test-variables.js';
import { resolveEngine } from './engines.js';
import { toArray } from './gathering.js';
import {
  findWorkspace,
  refuseWithoutCredit,
  type Caller,
  type Operation,
  type Services,
} from './operation.js';
import { readEngineQuery, readPageQuery, toPage } from './paging.js';

export const createTestCaseDefinition: Operation<'createTestCaseDefinition'> = (
  services,
  caller,
  { body },
) => {
  const { store, workspaces } = services;
  const content = newContent(body);
  refuseInvalidTestVariables(content);
  const workspace = workspaces.open(caller.workspace);
  refuseWithoutCredit(workspace);
  resolveEngine(services, workspace, content.response_engine, 'body/response_engine');
  const { id, name, now, settings } = workspace;
  const revision = store.groupedTransactionWithNewIds((attempt) => {
    const ordinal = store.workspaces.takeOrdinal(id, 'definition');
    const definitionId = keyedId('definition', settings.seed, name, ordinal, attempt);
    const revision = { definitionId, content, createdAt: now, modifiedAt: now };
    store.testCases.insert({ ...revision, workspaceId: id });
    return revision;
  });
  return toTestCaseDefinition(revision);
};

export const getTestCaseDefinition: Operation<'getTestCaseDefinition'> = (
  services,
  caller,
  { params },
) => toTestCaseDefinition(getCurrent(services, caller, params.test_case_definition_id).revision);

export const updateTestCaseDefinition: Operation<'updateTestCaseDefinition'> = (
  services,
  caller,
  { params, body },
) => {
  const { store } = services;
  const update = store.transaction(() => {
    const current = getCurrent(services, caller, params.test_case_definition_id);
    const { workspace, revision } = current;
    const content = changedContent(revision.content, body);
    // A change that changes nothing makes no revision.
    if (isSameContent(content, revision.content)) return revision;
    refuseInvalidTestVariables(content);
    if (body.response_engine !== undefined) {
      resolveEngine(services, workspace, content.response_engine, 'body/response_engine');
    }
    const modifiedAt = Math.max(workspace.now, revision.modifiedAt);
    const changed: TestCaseRevision = { ...revision, content, modifiedAt };
    store.testCases.revise({ ...changed, workspaceId: workspace.id });
    return changed;
  });
  return toTestCaseDefinition(update());
};

export const deleteTestCaseDefinition: Operation<'deleteTestCaseDefinition'> = (
  services,
  caller,
  { params },
) => {
  const workspace = findWorkspace(services, caller);
  const { testCases } = services.store;
  if (workspace === undefined || !testCases.delete(workspace.id, params.test_case_definition_id)) {
    throw new MissingError(params.test_case_definition_id, 'test-case-definition');
  }
  return undefined;
};

export const listTestCaseDefinitionsV2: Operation<'listTestCaseDefinitionsV2'> = (
  services,
  caller,
  { query },
) => {
  const engine = readEngineQuery(query);
  const list = ['test cases', caller.workspace, engine];
  const page = readPageQuery(query, list);
  const items = listDefinitions(services, caller, engine, page.after, page.limit + 1);
  return toPage(items, page, list, toTestCaseDefinition);
};

export const listTestCaseDefinitions: Operation<'listTestCaseDefinitions'> = (
  services,
  caller,
  { query },
) => {
  const definitions = listDefinitions(services, caller, readEngineQuery(query));
  return toArray(definitions, toTestCaseDefinition, '/v2/list-test-case-definitions');
};

function listDefinitions(
  services: Services,
  caller: Caller,
  engine: string,
  before?: number,
  limit?: number,
) {
  const workspace = findWorkspace(services, caller);
  if (workspace === undefined) return [];
  return services.store.testCases.listPage({ workspaceId: workspace.id, engine, before, limit });
}

/** @throws ApiError 400 */
function refuseInvalidTestVariables({ dynamic_variables: variables }: TestCaseContent): void {
  const found = findTestVariableProblem(variables);
  if (found === undefined) return;
  const path = `body/dynamic_variables/${found.name}`;
  throw new ApiError('invalid_request', `${path} ${found.problem}`);
}

function getCurrent(services: Services, caller: Caller, id: string) {
  const workspace = findWorkspace(services, caller);
  const revision = workspace && services.store.testCases.find(workspace.id, id);
  if (workspace === undefined || revision === undefined) {
    throw new MissingError(id, 'test-case-definition');
  }
  return { workspace, revision };
}

export function toTestCaseDefinition(
  revision: TestCaseRevision,
): components['schemas']['TestCaseDefinition'] {
  return {
    test_case_definition_id: revision.definitionId,
    type: 'simulation',
    ...revision.content,
    creation_timestamp: revision.createdAt,
    user_modified_timestamp: revision.modifiedAt,
  };
}
