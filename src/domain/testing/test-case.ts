import { isDeepStrictEqual } from 'node:util';
import type { components } from '../../contract/retell.gen.js';
import { knownEngine, type ResponseEngine } from '../engines/response-engine.js';
import { knownToolMock } from './tool-mock.js';

type Input = components['schemas']['TestCaseDefinitionInput'];

/** What a definition says, with nothing left out. */
export type TestCaseContent = Required<Input>;

/** What a definition said from one change to the next. Immutable. */
export interface TestCaseRevision {
  readonly definitionId: string;
  readonly content: TestCaseContent;
  /** When the definition was created, in milliseconds since the epoch. */
  readonly createdAt: number;
  /** When this revision was made. */
  readonly modifiedAt: number;
}

/** Observed: what a definition is answered with where the client left it out. */
const defaults = { dynamic_variables: {}, tool_mocks: [], llm_model: 'gpt-4.1' } as const;

export function newContent(
  input: Input & Pick<TestCaseContent, 'name' | 'response_engine' | 'user_prompt' | 'metrics'>,
): TestCaseContent {
  const { name, response_engine, user_prompt, metrics } = input;
  const { dynamic_variables, tool_mocks, llm_model } = defaults;
  return changedContent(
    {
      name,
      response_engine,
      user_prompt,
      metrics,
      dynamic_variables,
      tool_mocks: [...tool_mocks],
      llm_model,
    },
    input,
  );
}

/** The content with the properties that are given in place of its own. */
export function changedContent(content: TestCaseContent, change: Input): TestCaseContent {
  const { response_engine = content.response_engine, tool_mocks = content.tool_mocks } = change;
  return {
    name: change.name ?? content.name,
    response_engine: knownEngine(response_engine),
    user_prompt: change.user_prompt ?? content.user_prompt,
    metrics: change.metrics ?? content.metrics,
    dynamic_variables: change.dynamic_variables ?? content.dynamic_variables,
    tool_mocks: tool_mocks.map(knownToolMock),
    llm_model: change.llm_model ?? content.llm_model,
  };
}

export const isSameContent = (a: TestCaseContent, b: TestCaseContent): boolean =>
  isDeepStrictEqual(a, b);

/** Stands for a definition that was never created, so that any id can be run. */
export function placeholderRevision(
  definitionId: string,
  engine: ResponseEngine,
  createdAt: number,
): TestCaseRevision {
  const content = newContent({
    name: definitionId,
    response_engine: engine,
    user_prompt: `You want to see whether the agent can handle ${definitionId}.`,
    metrics: ['The agent handles the request'],
  });
  return { definitionId, content, createdAt, modifiedAt: createdAt };
}
