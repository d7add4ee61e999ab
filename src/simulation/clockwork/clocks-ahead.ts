import type { Store } from '../../store/store.js';
import { runningFrom, timeAt } from '../../workspace/clock.js';

/** A smaller difference is over soon. */
const toleranceMs = 1000;

/**
 * Releases workspaces whose time is ahead of the machine's. That happens after the machine's clock was
 * wrong, or if the database comes from another machine. Without this, nothing would happen in them until
 * the machine's clock reaches their time. Their time goes on from where it is; it does not go back.
 * @returns how many there are.
 */
export function releaseClocksAhead(store: Store, wall: number): number {
  const ahead = store.workspaces.listRunningClocks().filter(({ clock, reachedAt }) => {
    return reachedAt > timeAt(clock, wall) + toleranceMs || clock.anchor > wall + toleranceMs;
  });
  if (ahead.length === 0) return 0;
  store.now((writer) => {
    for (const { id, clock, reachedAt } of ahead) {
      const time = Math.max(reachedAt, timeAt(clock, wall));
      writer.workspaces.setClock(id, runningFrom(time, wall, clock.speed));
    }
  });
  return ahead.length;
}
