import type { Engine } from '../../domain/engine.js';
import type { TestCaseContent } from '../../domain/test-case.js';
import { toldStart, type EndedTestRun } from '../../domain/test-run.js';
import { keyedChance } from '../../random.js';
import { explain } from './explanation.js';
import { writeScript, type Script } from './script.js';
import {
  toCamelCaseToolMock,
  toTranscript,
  type TranscriptEntry,
  type TranscriptSnapshot,
} from './transcript.js';

/** What there is to read of a run that has ended. */
export interface Story {
  /** Its entries are as the client gave them where it ordered a transcript. */
  readonly transcript: TranscriptSnapshot<TranscriptEntry | object> | null;
  readonly explanation: string;
  /** When the run ended, as it is told: later than it did if it was too short for what was said. */
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
 * Tells a run. Nothing of it is stored: what is said depends on the seed, the run's place, what
 * definition and engine say, and the outcome; times and ids depend on the run.
 */
export function tellRun(run: EndedTestRun, content: TestCaseContent, engine?: Engine): Story {
  const { batchOrdinal, runIndex, outcome } = run;
  const chance = keyedChance(run.seed).within('conversation', batchOrdinal, runIndex, outcome);
  const dynamicVariables = {
    ...systemVariables,
    ...engine?.defaultVariables,
    ...content.dynamic_variables,
  };
  const played = { ...content, dynamic_variables: dynamicVariables };
  const script = writeScript(played, engine, outcome, chance);
  const ordered = run.order?.transcript;
  const startedAt = toldStart(run);
  const lineCount = ordered === undefined ? script.lines.length : 0;
  const endsAt = Math.max(run.endsAt, startedAt + lineCount);
  const transcript = ordered ?? toTranscript(script, { runId: run.id, engine, startedAt, endsAt });
  const { type } = engine ?? content.response_engine;
  return {
    transcript:
      ordered === undefined && transcript.length === 0
        ? null
        : {
            transcript,
            dynamicVariables,
            callEnded: outcome !== 'error',
            ...(type === 'retell-llm' && {
              toolMocks: content.tool_mocks.map(toCamelCaseToolMock),
            }),
            knowledgeBaseRetrievedContents: [],
            ...(ordered === undefined ? spotOf(script) : {}),
          },
    explanation: run.order?.explanation ?? explain(script, played),
    endedAt: endsAt,
  };
}

const spotOf = ({ spot }: Script) => ({
  ...(spot?.kind === 'node' && { currentNodeId: spot.id }),
  ...(spot?.kind === 'state' && { currentState: spot.name }),
});
