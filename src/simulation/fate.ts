import type { Outcome } from '../domain/batch-test.js';
import { orderedById, type Order, type OrderedOutcome } from '../domain/ordered-outcome.js';
import type { Chance } from '../random.js';
import {
  longestDuration,
  parseDuration,
  type OutcomeWeights,
  type RunDuration,
  type Settings,
} from '../workspace/settings.js';

/** What tells one run from every other, for chance: its workspace and its place there. */
export interface RunIdentity {
  /** The workspace's name. */
  readonly workspace: string;
  readonly batchOrdinal: number;
  readonly runIndex: number;
}

/** How a run will end, and how long it takes. */
export interface Fate {
  readonly outcome: Outcome;
  /** Milliseconds. */
  readonly duration: number;
  /** What decided it, if not chance. */
  readonly order: Order | null;
}

/** What has been ordered for a run: the first of these that is there counts. */
export interface RunOrders {
  readonly byRule: { readonly rule: string; readonly outcome: OrderedOutcome } | undefined;
  /** What the definition's variables say. */
  readonly byVariables: OrderedOutcome | undefined;
  readonly unknownDefinitionId: string | null;
}

const purposes = ['outcome', 'duration', 'duration angle'] as const;

/** What is left to chance for one run. */
export type FateDraw = (purpose: (typeof purposes)[number]) => number;

export const fateDraw = (chance: Chance, run: RunIdentity): FateDraw =>
  chance.split(purposes, run.workspace, run.batchOrdinal, run.runIndex);

/** Decides a run's fate when it starts: by rule, by magic value, or else by chance. */
export function decideFate(drawFor: FateDraw, settings: Settings, orders: RunOrders): Fate {
  const ordered = pickOrder(orders);
  const { status, ending, duration, explanation, transcript } = ordered?.outcome ?? {};
  return {
    outcome: status ?? pick(settings.outcomes, drawFor('outcome')),
    duration:
      (duration === undefined ? undefined : parseDuration(duration)) ??
      drawDuration(settings.runDuration, drawFor),
    order:
      ordered === undefined
        ? null
        : {
            ...ordered.origin,
            ...(ending !== undefined && { ending }),
            ...(explanation !== undefined && { explanation }),
            ...(transcript !== undefined && { transcript }),
          },
  };
}

function pickOrder({ byRule, byVariables, unknownDefinitionId }: RunOrders) {
  if (byRule !== undefined) {
    return { outcome: byRule.outcome, origin: { source: 'rule', rule: byRule.rule } as const };
  }
  if (byVariables !== undefined) {
    return { outcome: byVariables, origin: { source: 'dynamic-variable' } as const };
  }
  const byId = unknownDefinitionId === null ? undefined : orderedById(unknownDefinitionId);
  return byId && { outcome: byId, origin: { source: 'definition-id' } as const };
}

/** `draw`, in [0, 1), falls into one of the weights laid end to end. */
function pick({ pass, fail, error }: OutcomeWeights, draw: number): Outcome {
  const point = draw * (pass + fail + error);
  if (point < pass) return 'pass';
  // Rounding may put the point at the very end; an outcome without weight is never drawn.
  return point < pass + fail || error === 0 ? (fail > 0 ? 'fail' : 'pass') : 'error';
}

/** Whole milliseconds. */
export function drawDuration(
  duration: RunDuration,
  draw: (purpose: 'duration' | 'duration angle') => number,
): number {
  if (duration.kind === 'range') {
    return duration.from + Math.floor(draw('duration') * (duration.to - duration.from + 1));
  }
  // Box and Muller's transform; 1 - draw is never 0.
  const radius = Math.sqrt(-2 * Math.log(1 - draw('duration')));
  const normal = radius * Math.cos(2 * Math.PI * draw('duration angle'));
  const drawn = Math.round(duration.median * Math.exp(duration.sigma * normal));
  return Math.min(drawn, longestDuration);
}
