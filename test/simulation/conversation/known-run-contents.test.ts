import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readEngine } from '../../../src/domain/engines/engine.js';
import { contentOfRun } from '../../../src/operations/testing/known-run-contents.js';
import { describeRun } from '../../../src/simulation/conversation/run-content.js';
import { anyContent, anyRun, generate, run } from '../../support/ended-runs.js';

const stored = { runIndex: 0, engine: 'retell-llm llm_1', engineVersion: 0, engineContentKey: 1 };
const target = { revisionKey: 1, unknownDefinitionId: null };

describe('the content of a run that was read before', () => {
  it('is that of the definition and the engine that it has now', () => {
    const engines = ['Hello', 'Good day'].map((begin_message) =>
      readEngine('retell-llm', { begin_message }),
    );
    // Few, so that the same run is read with other definitions and engines.
    const runs = fc.sample(anyRun, 3);
    const definitions = fc.sample(anyContent, 3);
    const index = fc.nat({ max: 2 });
    const read = fc.record({ run: index, definition: index, engine: index });
    fc.assert(
      fc.property(fc.array(read), (reads) => {
        for (const chosen of reads) {
          const run = runs[chosen.run];
          const definition = definitions[chosen.definition];
          const engine = engines[chosen.engine];
          if (run === undefined || definition === undefined) continue;
          const content = contentOfRun({ ...stored, run, target }, definition, engine, generate);
          expect(content).toEqual(describeRun(run, definition, engine, generate));
        }
      }),
      { numRuns: 20 },
    );
  });

  it('is not there before the run has ended', () => {
    const [definition] = fc.sample(anyContent, 1);
    const pending = { ...run(), status: 'in_progress' } as const;
    if (definition === undefined) throw new Error('there is no definition');
    const content = contentOfRun(
      { ...stored, run: pending, target },
      definition,
      undefined,
      generate,
    );
    expect(content).toBeUndefined();
  });
});
