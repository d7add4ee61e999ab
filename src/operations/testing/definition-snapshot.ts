import type { components } from '../../contract/retell.gen.js';
import {
  engineKeyOf,
  engineOfKey,
  type ResponseEngine,
} from '../../domain/engines/response-engine.js';
import type { TestCaseRevision } from '../../domain/testing/test-case.js';
import { derivedHex } from '../../random.js';
import { toCamelCaseToolMock } from '../../simulation/conversation/transcript.js';
import type { Workspace } from '../../simulation/workspaces/workspace.js';
import type { StoredTestRun } from '../../store/test-runs.js';
import { toTestCaseDefinition } from './test-cases.js';

type Schemas = components['schemas'];

/** The definition as it was when the run started, in the spelling of the setting `definitionSnapshot`. */
export const toDefinitionSnapshot = (
  revision: TestCaseRevision,
  run: StoredTestRun,
  { name, settings }: Pick<Workspace, 'name' | 'settings'>,
): Schemas['TestCaseJob']['test_case_definition_snapshot'] =>
  settings.definitionSnapshot === 'documented'
    ? toTestCaseDefinition(revision)
    : toObservedSnapshot(revision, run, name);

/** Observed in raw answers: all names in camel case, with the organisation and always with a version. */
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

/** The version is the definition's, or else that of the run's batch, or else the first. */
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
