import { wallTimeOf, type WorkspaceClock } from '../workspace/clock.js';

/** When something is next due in each workspace that has unfinished work. */
export interface Agenda {
  /**
   * By the workspace's clock, which is looked up if it isn't given; Infinity if nothing is due any
   * more. Answers it by the wall clock.
   */
  set(workspaceId: number, time: number, clock?: WorkspaceClock): number;
  /** By the workspace's clock; Infinity if nothing is due. */
  timeOf(workspaceId: number): number;
  /** True if it is due once the wall clock is there. */
  isDueBy(workspaceId: number, wall: number): boolean;
  listDueBy(wall: number): number[];
  /** The first of all, by the wall clock. */
  readonly nextWall: () => number;
}

interface Due {
  readonly time: number;
  /** The same by the wall clock; Infinity if the workspace's clock never gets there by itself. */
  readonly wall: number;
}

const never: Due = { time: Infinity, wall: Infinity };

export function createAgenda(clockOf: (workspaceId: number) => WorkspaceClock): Agenda {
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
