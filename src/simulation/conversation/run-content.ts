import type { Engine } from '../../domain/engines/engine.js';
import type { EngineType } from '../../domain/engines/response-engine.js';
import type { TestCaseContent } from '../../domain/testing/test-case.js';
import type { Ending } from '../../domain/testing/forced-outcome.js';
import { reportedStart, type EndedTestRun } from '../../domain/testing/test-run.js';
import { keyedChance, type Draw } from '../../random.js';
import type { Conversation } from './entry.js';
import { explain } from './explanation.js';
import { maxVariables } from './facts.js';
import { simulateConversation } from './run.js';
import type { GenerateValue } from './schema-value.js';
import {
  toCamelCaseToolMock,
  toTranscript,
  type TranscriptEntry,
  type TranscriptSnapshot,
} from './transcript.js';

/** What a client reads of a run that has ended. */
export interface RunContent {
  /** If the client forced a transcript, its entries are those that it gave. */
  readonly transcript: TranscriptSnapshot<TranscriptEntry | object> | null;
  readonly explanation: string;
  /** The end to report: later than the stored end if the run was too short for its transcript. */
  readonly endedAt: number;
}

/**
 * Variables that the vendor sets. Observed (raw answers): these names, and all values but that of
 * `system_timezone`, for which Documented is the time zone that prompts get the time in.
 */
const systemVariables = {
  session_type: 'voice',
  call_type: 'web_call',
  system_timezone: 'America/Los_Angeles',
  call_id: 'playground',
} as const;

/**
 * Computes the content of a run. Nothing of it is stored: the words depend on the seed, the run's
 * index in its batch, the definition, the engine and the outcome; times and ids depend on the run.
 */
export function describeRun(
  run: EndedTestRun,
  content: TestCaseContent,
  engine: Engine | undefined,
  generate: GenerateValue,
): RunContent {
  const { batchOrdinal, runIndex, outcome, forcedBy } = run;
  const chance = keyedChance(run.seed).within('conversation', batchOrdinal, runIndex, outcome);
  const dynamicVariables = {
    ...systemVariables,
    ...firstOf(engine?.defaultVariables ?? {}),
    ...firstOf(content.dynamic_variables),
  };
  const withVariables = { ...content, dynamic_variables: dynamicVariables };
  const ending = endingOf(run, chance);
  const input = { content: withVariables, engine, generate, draw: chance };
  const conversation = simulateConversation({ ...input, outcome, ending });
  const forced = forcedBy?.transcript;
  const startedAt = reportedStart(run);
  const count = forced === undefined ? conversation.entries.length : 0;
  const endsAt = Math.max(run.endsAt, startedAt + count);
  const transcript = forced ?? toTranscript(conversation, { runId: run.id, startedAt, endsAt });
  const { type } = engine ?? content.response_engine;
  return {
    transcript:
      forced === undefined && transcript.length === 0
        ? null
        : {
            transcript,
            dynamicVariables,
            callEnded: outcome !== 'error',
            ...(type === 'retell-llm' && {
              toolMocks: content.tool_mocks.map(toCamelCaseToolMock),
            }),
            knowledgeBaseRetrievedContents: [],
            ...(forced === undefined ? stateOf(conversation, type) : {}),
          },
    explanation: forcedBy?.explanation ?? explain(conversation, withVariables),
    endedAt: endsAt,
  };
}

const firstOf = (variables: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(variables).slice(0, maxVariables));

/** What the snapshot has only if the transcript was not forced. */
const stateOf = ({ node, variables }: Conversation, type: EngineType) => ({
  dynamicVariables: Object.fromEntries(variables),
  ...(node !== undefined &&
    (type === 'conversation-flow' ? { currentNodeId: node.id } : { currentState: node.name })),
});

/** The share of failing runs that fail because the agent stays silent. */
const silentFailures = 0.04;

/** Observed: all 92 recorded runs that ended in `error` were ended because of a loop. */
function endingOf({ outcome, forcedBy }: EndedTestRun, draw: Draw): Ending | undefined {
  if (forcedBy?.ending !== undefined) return forcedBy.ending;
  if (outcome === 'error') return 'loop';
  return outcome === 'fail' && forcedBy === null && draw('silence') < silentFailures
    ? 'silence'
    : undefined;
}
