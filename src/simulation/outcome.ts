import type { Outcome } from '../domain/batch-test.js';
import type { Draw } from '../random.js';
import type { OutcomeWeights, Settings } from '../workspace/settings.js';

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
}

/** Decides a run's fate when it starts. It depends on the seed, the run and the settings only. */
export function drawFate(chance: Draw, run: RunIdentity, settings: Settings): Fate {
  const draw = (purpose: string) => chance(run.workspace, run.batchOrdinal, run.runIndex, purpose);
  const { min, max } = settings.runDuration;
  return {
    outcome: pick(settings.outcomes, draw('outcome')),
    duration: min + Math.floor(draw('duration') * (max - min + 1)),
  };
}

/** `draw`, in [0, 1), falls into one of the weights laid end to end. */
function pick({ pass, fail, error }: OutcomeWeights, draw: number): Outcome {
  const point = draw * (pass + fail + error);
  if (point < pass) return 'pass';
  // Rounding may put the point at the very end; an outcome without weight is never drawn.
  return point < pass + fail || error === 0 ? (fail > 0 ? 'fail' : 'pass') : 'error';
}
