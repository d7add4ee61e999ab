import type { components } from '../../contract/retell.gen.js';
import {
  changedContent,
  isSameContent,
  newContent,
  type TestCaseContent,
  type TestCaseRevision,
} from '../../domain/testing/test-case.js';
import { ApiError, MissingError } from '../../errors.js';
import { keyedId } from '../../random.js';
import type { StoredTestCase } from '../../store/test-cases.js';
import { findTestVariableProblem } from '../../simulation/testing/test-variables.js';
import { resolveEngine } from '../engines/engines.js';
import { toArraySlowly, type Source } from '../gathering.js';
import {
  findWorkspace,
  refuseWithoutCredit,
  type Caller,
  type Operation,
  type Services,
} from '../operation.js';
import { readEngineQuery, readPageQuery, toPageSlowly, type PageRequest } from '../paging.js';

type Definition = components['schemas']['TestCaseDefinition'];

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
  const revision = store.together((writer, attempt) => {
    const ordinal = writer.workspaces.takeOrdinal(id, 'definition');
    const definitionId = keyedId('definition', settings.seed, name, ordinal, attempt);
    const revision = { definitionId, content, createdAt: now, modifiedAt: now };
    writer.testCases.insert({ ...revision, workspaceId: id });
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
  const changed = services.store.together((writer) => {
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
    writer.testCases.revise({ ...changed, workspaceId: workspace.id });
    return changed;
  });
  return toTestCaseDefinition(changed);
};

export const deleteTestCaseDefinition: Operation<'deleteTestCaseDefinition'> = (
  services,
  caller,
  { params },
) => {
  const { test_case_definition_id: id } = params;
  const workspace = findWorkspace(services, caller);
  const isDeleted =
    workspace !== undefined &&
    services.store.together(({ testCases }) => testCases.delete(workspace.id, id));
  if (!isDeleted) throw new MissingError(id, 'test-case-definition');
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
  return toPageSlowly(definitionsOf(services, caller, engine, page), page, list);
};

export const listTestCaseDefinitions: Operation<'listTestCaseDefinitions'> = (
  services,
  caller,
  { query },
) => {
  const definitions = definitionsOf(services, caller, readEngineQuery(query));
  return toArraySlowly(definitions, '/v2/list-test-case-definitions');
};

function definitionsOf(
  services: Services,
  caller: Caller,
  engine: string,
  page?: PageRequest,
): Source<StoredTestCase & { readonly position: number }, Definition> {
  const { testCases } = services.store;
  const limit = page && page.limit + 1;
  return {
    list(last) {
      const workspace = findWorkspace(services, caller);
      if (workspace === undefined) return [];
      const before = last?.position ?? page?.after;
      return testCases.listPage({ workspaceId: workspace.id, engine, before, limit });
    },
    toWire: toTestCaseDefinition,
    turn: () => services.clock.turn(),
  };
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

export function toTestCaseDefinition(revision: TestCaseRevision): Definition {
  return {
    test_case_definition_id: revision.definitionId,
    type: 'simulation',
    ...revision.content,
    creation_timestamp: revision.createdAt,
    user_modified_timestamp: revision.modifiedAt,
  };
}
