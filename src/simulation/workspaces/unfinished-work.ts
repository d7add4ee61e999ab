import type { SnapshotInfo } from '../../store/snapshots.js';
import { makeAll, type Steps } from '../../store/steps.js';
import type { Store, StoreWriter } from '../../store/store.js';
import { runningFrom, type Clock } from '../../workspace/clock.js';

/**
 * Restores a snapshot, which there must be. The clock goes on from when it was taken.
 * @param wall the time of the machine.
 */
export function* restoreSnapshot(
  writer: StoreWriter,
  id: number,
  name: string,
  wall: number,
): Steps<SnapshotInfo> {
  const restored = yield* writer.snapshots.restore(id, name);
  const { clock: saved } = writer.workspaces.get(id);
  const time = restored.takenAt;
  writer.workspaces.setClock(
    id,
    saved.mode === 'manual' ? { mode: 'manual', time } : runningFrom(time, wall, saved.speed),
  );
  return restored;
}

/** Undoes unfinished work of a workspace, or finishes it; see `UnfinishedWorkWriter`. */
export function* endUnfinishedWork(writer: StoreWriter, id: number, wall: number): Steps<void> {
  const { unfinishedWork } = writer;
  const name = unfinishedWork.restoring(id);
  if (name === undefined) {
    yield* unfinishedWork.undo(id);
    return;
  }
  yield* restoreSnapshot(writer, id, name, wall);
  unfinishedWork.end(id);
}

/** The same for what a process that was killed had begun. */
export function endAllUnfinishedWork(store: Store, clock: Clock): void {
  for (const id of store.unfinishedWork.list()) {
    store.now((writer) => {
      makeAll(endUnfinishedWork(writer, id, clock.now()));
    });
  }
}
