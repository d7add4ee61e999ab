import { applyRule, type RunFacts } from '../../domain/testing/outcome-rule.js';
import type { ForcedOutcome } from '../../domain/testing/forced-outcome.js';
import { engineIdOf, engineOfKey } from '../../domain/engines/response-engine.js';
import { placeholderRevision } from '../../domain/testing/test-case.js';
import type { StoreReader, StoreWriter } from '../../store/store.js';
import type { QueuedRun } from '../../store/test-runs.js';
import type { ForcedOutcomes } from './outcome.js';

/** Finds the outcomes that were forced for runs which start within one transaction. */
export interface ForcedOutcomeFinder {
  /** Looks at the rules, then at the definition. The rule that decides counts a hit. */
  find(run: QueuedRun): ForcedOutcomes;
  /** Stores the hits of the rules. */
  storeHits(): void;
}

export function createForcedOutcomeFinder(
  writer: StoreWriter,
  workspaceId: number,
): ForcedOutcomeFinder {
  const rules = writer.outcomeRules.list(workspaceId).map((rule) => ({ ...rule, newHits: 0 }));

  const matchRules = (run: QueuedRun) => {
    if (rules.length === 0) return undefined;
    const facts = factsOf(writer, run);
    for (const stored of rules) {
      const outcome = applyRule(stored.rule, stored.hits + stored.newHits, facts);
      if (outcome === undefined) continue;
      stored.newHits += 1;
      return { rule: stored.id, outcome };
    }
    return undefined;
  };

  return {
    find: (run) => ({
      byRule: matchRules(run),
      byVariables: run.magic === null ? undefined : (JSON.parse(run.magic) as ForcedOutcome),
      unknownDefinitionId: run.unknownDefinitionId,
    }),
    storeHits() {
      for (const { id, hits, newHits } of rules) {
        if (newHits > 0) writer.outcomeRules.setHits(workspaceId, id, hits + newHits);
      }
    },
  };
}

function factsOf(store: StoreReader, run: QueuedRun): RunFacts {
  const engine = engineOfKey(run.engine, run.engineVersion);
  const { definitionId, content } =
    run.revisionKey === null
      ? placeholderRevision(run.unknownDefinitionId ?? '', engine, run.queuedAt)
      : store.testCases.getRevision(run.revisionKey);
  return {
    definitionId,
    name: content.name,
    engineId: engineIdOf(engine),
    batchOrdinal: run.batchOrdinal,
    dynamicVariables: content.dynamic_variables,
  };
}
