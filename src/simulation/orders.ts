import { applyRule, type RunFacts } from '../domain/outcome-rule.js';
import type { OrderedOutcome } from '../domain/ordered-outcome.js';
import { engineIdOf, engineOfKey } from '../domain/response-engine.js';
import { placeholderRevision } from '../domain/test-case.js';
import type { Store } from '../store/store.js';
import type { QueuedRun } from '../store/test-runs.js';
import type { RunOrders } from './fate.js';

/** What has been ordered in a workspace, while runs are started in one transaction. */
export interface OrderBook {
  /** Asks the rules, of which the one that decides counts a hit, and the definition. */
  ordersFor(run: QueuedRun): RunOrders;
  /** Stores the hits. */
  close(): void;
}

export function openOrderBook(store: Store, workspaceId: number): OrderBook {
  const rules = store.outcomeRules.list(workspaceId).map((rule) => ({ ...rule, newHits: 0 }));

  const askRules = (run: QueuedRun) => {
    if (rules.length === 0) return undefined;
    const facts = factsOf(store, run);
    for (const stored of rules) {
      const outcome = applyRule(stored.rule, stored.hits + stored.newHits, facts);
      if (outcome === undefined) continue;
      stored.newHits += 1;
      return { rule: stored.id, outcome };
    }
    return undefined;
  };

  return {
    ordersFor: (run) => ({
      byRule: askRules(run),
      byVariables: run.magic === null ? undefined : (JSON.parse(run.magic) as OrderedOutcome),
      unknownDefinitionId: run.unknownDefinitionId,
    }),
    close() {
      for (const { id, hits, newHits } of rules) {
        if (newHits > 0) store.outcomeRules.setHits(workspaceId, id, hits + newHits);
      }
    },
  };
}

function factsOf(store: Store, run: QueuedRun): RunFacts {
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
