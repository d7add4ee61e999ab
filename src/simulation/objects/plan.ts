import type { ObjectKind } from '../../domain/objects/kinds.js';
import { keyedChance } from '../../random.js';
import type { DurationDistribution } from '../../workspace/settings.js';
import { drawDuration } from '../testing/outcome.js';
import type { Workspace } from '../workspaces/workspace.js';

/**
 * Draws how long something of a workspace takes: no time under the progression `immediate`.
 * @param key of the draw.
 */
export function drawTime(
  { settings, name }: Workspace,
  duration: DurationDistribution,
  ...key: readonly [kind: string, ordinal: number]
): number {
  if (settings.progression.kind === 'immediate') return 0;
  const chance = keyedChance(settings.seed).within(name, ...key);
  return drawDuration(duration, (purpose) => chance(purpose));
}

/** Draws whether a knowledge base fails. */
export function drawIndexing({ settings, name }: Workspace, ordinal: number): 'complete' | 'error' {
  const { complete, error } = settings.knowledgeBases.outcomes;
  const draw = keyedChance(settings.seed)('knowledge base outcome', name, ordinal);
  return draw * (complete + error) < complete ? 'complete' : 'error';
}

/** Draws how long an object of fixtures stays in a state from which another comes. */
export function drawStateTime(workspace: Workspace, kind: ObjectKind, ordinal: number): number {
  const { knowledgeBases, jobDuration } = workspace.settings;
  return kind === 'knowledge-base'
    ? drawTime(workspace, knowledgeBases.duration, kind, ordinal)
    : Math.floor(drawTime(workspace, jobDuration, kind, ordinal) / 2);
}
