import { createBatchTest, getBatchTest, listBatchTests, listBatchTestsV2 } from './batch-tests.js';
import type { Operation, OperationId } from './operation.js';
import {
  createTestCaseDefinition,
  deleteTestCaseDefinition,
  getTestCaseDefinition,
  listTestCaseDefinitions,
  listTestCaseDefinitionsV2,
  updateTestCaseDefinition,
} from './test-cases.js';
import { getTestRun, listTestRuns, listTestRunsV2 } from './test-runs.js';

/** Every operation of openapi/retell.yaml. The compiler complains while one is missing. */
export const operationsTable = {
  createTestCaseDefinition,
  getTestCaseDefinition,
  updateTestCaseDefinition,
  deleteTestCaseDefinition,
  listTestCaseDefinitions,
  listTestCaseDefinitionsV2,
  createBatchTest,
  getBatchTest,
  listBatchTests,
  listBatchTestsV2,
  getTestRun,
  listTestRuns,
  listTestRunsV2,
} satisfies { [Id in OperationId]: Operation<Id> };
