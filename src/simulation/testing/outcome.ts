import type { Outcome } from '../../domain/testing/batch-test.js';
import {
  forcedById,
  type ForcedBy,
  type ForcedOutcome,
} from '../../domain/testing/forced-outcome.js';
import type { Chance } from '../../random.js';
import {
  maxDuration,
  parseDuration,
  type OutcomeWeights,
  type DurationDistribution,
  type Settings,
} from '../../workspace/settings.js';

/** Identifies a run for keyed draws: its workspace, its batch's ordinal there, and its index. */
export interface RunIdentity {
  /** The workspace's name. */
  readonly workspace: string;
  readonly batchOrdinal: number;
  readonly runIndex: number;
}

/** How a run will end, and how long it takes. */
export interface PlannedOutcome {
  readonly outcome: Outcome;
  /** Milliseconds. */
  readonly duration: number;
  /** What forced the outcome; null if chance decided. */
  readonly forcedBy: ForcedBy | null;
}

/** The outcomes that were forced for a run. The first that is there counts. */
export interface ForcedOutcomes {
  readonly byRule: { readonly rule: string; readonly outcome: ForcedOutcome } | undefined;
  /** By the definition's test variables. */
  readonly byVariables: ForcedOutcome | undefined;
  readonly unknownDefinitionId: string | null;
}

const purposes = ['outcome', 'duration', 'duration angle'] as const;

/** Draws a number in [0, 1) for one purpose of one run. */
export type DrawForRun = (purpose: (typeof purposes)[number]) => number;

export const drawForRun = (chance: Chance, run: RunIdentity): DrawForRun =>
  chance.split(purposes, run.workspace, run.batchOrdinal, run.runIndex);

/** Decides how a run ends when it starts: by rule, by test variable or id, or else by chance. */
export function planOutcome(
  drawFor: DrawForRun,
  settings: Settings,
  forcedOutcomes: ForcedOutcomes,
): PlannedOutcome {
  const forced = pickForcedOutcome(forcedOutcomes);
  const { status, ending, duration, explanation, transcript } = forced?.outcome ?? {};
  return {
    outcome: status ?? pick(settings.outcomes, drawFor('outcome')),
    duration:
      (duration === undefined ? undefined : parseDuration(duration)) ??
      drawDuration(settings.runDuration, drawFor),
    forcedBy:
      forced === undefined
        ? null
        : {
            ...forced.origin,
            ...(ending !== undefined && { ending }),
            ...(explanation !== undefined && { explanation }),
            ...(transcript !== undefined && { transcript }),
          },
  };
}

function pickForcedOutcome({ byRule, byVariables, unknownDefinitionId }: ForcedOutcomes) {
  if (byRule !== undefined) {
    return { outcome: byRule.outcome, origin: { source: 'rule', rule: byRule.rule } as const };
  }
  if (byVariables !== undefined) {
    return { outcome: byVariables, origin: { source: 'dynamic-variable' } as const };
  }
  const byId = unknownDefinitionId === null ? undefined : forcedById(unknownDefinitionId);
  return byId && { outcome: byId, origin: { source: 'definition-id' } as const };
}

/** Picks an outcome by weight. `draw` is in [0, 1). */
function pick({ pass, fail, error }: OutcomeWeights, draw: number): Outcome {
  const point = draw * (pass + fail + error);
  if (point < pass) return 'pass';
  // Rounding may put the point at the very end; an outcome without weight is never drawn.
  return point < pass + fail || error === 0 ? (fail > 0 ? 'fail' : 'pass') : 'error';
}

/** Whole milliseconds. */
export function drawDuration(
  duration: DurationDistribution,
  draw: (purpose: 'duration' | 'duration angle') => number,
): number {
  if (duration.kind === 'range') {
    return duration.from + Math.floor(draw('duration') * (duration.to - duration.from + 1));
  }
  // Box and Muller's transform; 1 - draw is never 0.
  const radius = Math.sqrt(-2 * Math.log(1 - draw('duration')));
  const normal = radius * Math.cos(2 * Math.PI * draw('duration angle'));
  const drawn = Math.round(duration.median * Math.exp(duration.sigma * normal));
  return Math.min(drawn, maxDuration);
}
