import type { Engine } from '../../domain/engine.js';
import type { TestCaseContent } from '../../domain/test-case.js';
import type { EndedTestRun } from '../../domain/test-run.js';
import { keyedChance } from '../../random.js';
import { explain } from './explanation.js';
import { writeScript } from './script.js';
import { toTranscript, type TranscriptSnapshot } from './transcript.js';

/** What there is to read of a run that has ended. */
export interface Story {
  /** Its entries are as the client gave them where it ordered a transcript. */
  readonly transcript: TranscriptSnapshot | OrderedSnapshot | null;
  readonly explanation: string;
}

interface OrderedSnapshot {
  readonly transcript: readonly object[];
  readonly dynamicVariables: Readonly<Record<string, string>>;
}

/**
 * Tells a run. Nothing of it is stored: what is said depends on the seed, what definition and
 * engine say, and the outcome; times and ids depend on the run.
 */
export function tellRun(run: EndedTestRun, content: TestCaseContent, engine?: Engine): Story {
  const chance = keyedChance(run.seed).within('conversation', JSON.stringify(content), run.outcome);
  const dynamicVariables = { ...engine?.defaultVariables, ...content.dynamic_variables };
  const played = { ...content, dynamic_variables: dynamicVariables };
  const script = writeScript(played, engine, run.outcome, chance);
  const transcript = toTranscript(script, {
    runId: run.id,
    startedAt: run.startedAt,
    endsAt: run.endsAt,
    dynamicVariables,
  });
  const { order } = run;
  return {
    transcript:
      order?.transcript === undefined
        ? transcript
        : { transcript: order.transcript, dynamicVariables },
    explanation: order?.explanation ?? explain(script, played),
  };
}
