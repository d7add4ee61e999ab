import type { Engine } from '../../domain/engines/engine.js';
import type { TestCaseContent } from '../../domain/testing/test-case.js';
import { hasEnded } from '../../domain/testing/test-run.js';
import { sizedCache } from '../../bounded-cache.js';
import { describeRun, type RunContent } from '../../simulation/conversation/run-content.js';
import type { GenerateValue } from '../../simulation/conversation/schema-value.js';
import type { StoredTestRun } from '../../store/test-runs.js';

interface Known {
  readonly definition: TestCaseContent;
  readonly engine: Engine | undefined;
  readonly content: RunContent;
}

/** What the transcripts that are kept in memory have together; 200 characters of a key count as one. */
const maxEntries = 30_000;

/**
 * The contents of the runs that were read last, because clients list the runs of a batch again and again until
 * all have ended, and a conversation costs more than all else of an answer. Nothing makes one stale: it is used
 * only for a run that is the same in all that its content follows from. The emulators of a process share them,
 * and nobody changes them.
 */
const known = sizedCache<string, Known>(maxEntries);

/** @returns undefined before the end of the run. */
export function contentOfRun(
  { run, target, engine: name, engineVersion, engineContentKey }: StoredTestRun,
  definition: TestCaseContent,
  engine: Engine | undefined,
  generate: GenerateValue,
): RunContent | undefined {
  if (!hasEnded(run)) return undefined;
  const key = JSON.stringify([run, target, name, engineVersion, engineContentKey]);
  const before = known.get(key);
  // The definition of a run of an unknown one is made up from what the key has.
  const isOfSame = target.revisionKey === null || before?.definition === definition;
  if (before !== undefined && isOfSame && before.engine === engine) return before.content;
  const content = describeRun(run, definition, engine, generate);
  const { length } = content.transcript?.transcript ?? [];
  known.set(key, { definition, engine, content }, { size: length + Math.ceil(key.length / 200) });
  return content;
}
