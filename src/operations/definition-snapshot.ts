import type { components } from '../contract/retell.gen.js';
import { engineKeyOf, engineOfKey, type ResponseEngine } from '../domain/response-engine.js';
import type { TestCaseRevision } from '../domain/test-case.js';
import { derivedHex } from '../random.js';
import { toCamelCaseToolMock } from '../simulation/conversation/transcript.js';
import type { Workspace } from '../simulation/workspace.js';
import type { StoredTestRun } from '../store/test-runs.js';
import { toTestCaseDefinition } from './test-cases.js';

type Schemas = components['schemas'];

/** The definition that a run ran, in the spelling that the settings ask for. */
export const toDefinitionSnapshot = (
  revision: TestCaseRevision,
  run: StoredTestRun,
  { name, settings }: Pick<Workspace, 'name' | 'settings'>,
): Schemas['TestCaseJob']['test_case_definition_snapshot'] =>
  settings.definitionSnapshot === 'documented'
    ? toTestCaseDefinition(revision)
    : toObservedSnapshot(revision, run, name);

/** Observed (raw answers): camel case throughout, with the organisation, and always a version. */
function toObservedSnapshot(
  { definitionId, content, createdAt, modifiedAt }: TestCaseRevision,
  run: StoredTestRun,
  workspace: string,
): Schemas['ObservedDefinitionSnapshot'] {
  return {
    testCaseDefinitionId: definitionId,
    orgId: `org_${derivedHex(24, 'organisation', workspace)}`,
    type: 'simulation',
    name: content.name,
    responseEngine: toObservedEngine(content.response_engine, run),
    userPrompt: content.user_prompt,
    metrics: content.metrics,
    dynamicVariables: content.dynamic_variables,
    toolMocks: content.tool_mocks.map(toCamelCaseToolMock),
    llmModel: content.llm_model,
    creationTimestamp: createdAt,
    userModifiedTimestamp: modifiedAt,
  };
}

/** A version that the definition does not name is that of the run's batch, or else the first. */
function toObservedEngine(
  engine: ResponseEngine,
  run: StoredTestRun,
): Schemas['ObservedDefinitionSnapshot']['responseEngine'] {
  const tested = engineOfKey(run.engine, run.engineVersion);
  const version =
    engine.version ?? (engineKeyOf(engine) === run.engine ? tested.version : undefined) ?? 0;
  return engine.type === 'retell-llm'
    ? { type: engine.type, llmId: engine.llm_id, version }
    : { type: engine.type, conversationFlowId: engine.conversation_flow_id, version };
}
