import { wallTimeOf, type WorkspaceClock } from '../../workspace/clock.js';

/** When something is next due in each workspace that has unfinished work. */
export interface DueTimes {
  /**
   * Sets the next due time, by the workspace's clock; Infinity if nothing is due any more. The clock is
   * looked up if it isn't given. Returns the same time by the wall clock.
   */
  set(workspaceId: number, time: number, clock?: WorkspaceClock): number;
  /** By the workspace's clock; Infinity if nothing is due. */
  timeOf(workspaceId: number): number;
  /** True if something is due there when the wall clock shows `wall`. */
  isDueBy(workspaceId: number, wall: number): boolean;
  listDueBy(wall: number): number[];
  /** The first due time of all workspaces, by the wall clock. */
  readonly nextWall: () => number;
}

interface Due {
  readonly time: number;
  /** The same by the wall clock; Infinity if the workspace's clock never gets there by itself. */
  readonly wall: number;
}

const never: Due = { time: Infinity, wall: Infinity };

export function createDueTimes(clockOf: (workspaceId: number) => WorkspaceClock): DueTimes {
  const entries = new Map<number, Due>();
  const get = (id: number): Due => entries.get(id) ?? never;
  return {
    set(id, time, clock) {
      if (time === Infinity) {
        entries.delete(id);
        return Infinity;
      }
      const wall = wallTimeOf(clock ?? clockOf(id), time);
      entries.set(id, { time, wall });
      return wall;
    },
    timeOf: (id) => get(id).time,
    isDueBy: (id, wall) => get(id).wall <= wall,
    listDueBy: (wall) => [...entries].flatMap(([id, due]) => (due.wall <= wall ? [id] : [])),
    nextWall() {
      let next = Infinity;
      for (const { wall } of entries.values()) next = Math.min(next, wall);
      return next;
    },
  };
}
