import {
  createAgentVersion,
  deleteAgentVersion,
  getAgentVersions,
  listAgentVersions,
  publishAgent,
  publishAgentVersion,
} from './agents/agent-versions.js';
import {
  createAgent,
  deleteAgent,
  getAgent,
  listAgents,
  listAgentsV2,
  updateAgent,
} from './agents/agents.js';
import {
  createConversationFlow,
  createRetellLLM,
  deleteConversationFlow,
  deleteRetellLLM,
  getConversationFlow,
  getRetellLLM,
  listConversationFlows,
  listConversationFlowsV2,
  listRetellLLM,
  listRetellLLMV2,
  updateConversationFlow,
  updateRetellLLM,
} from './engines/engines.js';
import { createPlaygroundCompletion } from './agents/playground.js';
import {
  createBatchTest,
  getBatchTest,
  listBatchTests,
  listBatchTestsV2,
} from './testing/batch-tests.js';
import type { Operation, OperationId } from './operation.js';
import {
  createTestCaseDefinition,
  deleteTestCaseDefinition,
  getTestCaseDefinition,
  listTestCaseDefinitions,
  listTestCaseDefinitionsV2,
  updateTestCaseDefinition,
} from './testing/test-cases.js';
import { getTestRun, listTestRuns, listTestRunsV2 } from './testing/test-runs.js';

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
  createRetellLLM,
  getRetellLLM,
  updateRetellLLM,
  deleteRetellLLM,
  listRetellLLM,
  listRetellLLMV2,
  createConversationFlow,
  getConversationFlow,
  updateConversationFlow,
  deleteConversationFlow,
  listConversationFlows,
  listConversationFlowsV2,
  createAgent,
  getAgent,
  updateAgent,
  deleteAgent,
  listAgents,
  listAgentsV2,
  getAgentVersions,
  listAgentVersions,
  createAgentVersion,
  publishAgentVersion,
  publishAgent,
  deleteAgentVersion,
  createPlaygroundCompletion,
} satisfies { [Id in OperationId]: Operation<Id> };
