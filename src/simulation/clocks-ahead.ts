import type { Store } from '../store/store.js';
import { runningFrom, timeAt } from '../workspace/clock.js';

/** What is ahead by less is caught up with soon. */
const toleranceMs = 1000;

/**
 * Lets the workspaces go on whose time is ahead of the machine's, because its clock was wrong once, or
 * their database comes from another machine. Without it they would stand still until the machine's
 * clock is there. Time does not go back: it goes on from where it was.
 * @returns how many there are.
 */
export function releaseClocksAhead({ workspaces, transaction }: Store, wall: number): number {
  const ahead = workspaces.listRunningClocks().filter(({ clock, reachedAt }) => {
    return reachedAt > timeAt(clock, wall) + toleranceMs || clock.anchor > wall + toleranceMs;
  });
  if (ahead.length === 0) return 0;
  const release = transaction(() => {
    for (const { id, clock, reachedAt } of ahead) {
      const time = Math.max(reachedAt, timeAt(clock, wall));
      workspaces.setClock(id, runningFrom(time, wall, clock.speed));
    }
  });
  release();
  return ahead.length;
}
