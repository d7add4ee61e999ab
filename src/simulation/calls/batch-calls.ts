import {
  nextDialStep,
  taskIdOf,
  type BatchCallContent,
  type BatchCallStatus,
  type BatchCallTask,
} from '../../domain/calls/batch-call.js';
import type { ObjectContent, StoredObject } from '../../domain/objects/stored-object.js';
import type { ListedObject } from '../../store/objects.js';
import type { StoreWriter } from '../../store/store.js';
import type { Workspace } from '../workspaces/workspace.js';

/**
 * Dials a task of a batch: creates its call, within the transaction of `writer`. Returns a promise if something
 * must be loaded before; nothing was dialled then.
 */
export type DialTask = (
  workspace: Workspace,
  batch: BatchCallContent & { readonly id: string },
  task: BatchCallTask,
) => Promise<unknown> | undefined;

export interface DialResult {
  readonly object: StoredObject;
  readonly waitFor: Promise<unknown> | undefined;
}

interface DialParts {
  readonly writer: StoreWriter;
  readonly workspace: Workspace;
  readonly dial: DialTask;
}

/** Reads move calls of `polls`, and calls of `immediate` are over at once: no time is kept to. */
const keepsTime = ({ settings: { progression } }: Workspace): boolean =>
  progression.kind === 'time' || progression.kind === 'manual';

/** What a batch does that is due, and what becomes of it. */
export function passBatchCall(
  object: ListedObject,
  at: number,
  { writer, workspace, dial }: DialParts,
): DialResult {
  const { id: workspaceId } = workspace;
  const content = contentOf(object);
  if (object.status === 'finished') return done(finish(writer, workspaceId, object));
  const isPaced = keepsTime(workspace);
  const limits = limitsOf(writer, workspace, content);
  const step = isPaced
    ? nextDialStep(content, at, limits)
    : { kind: limits.room > 0 ? ('dial' as const) : ('wait-for-room' as const) };
  if (step.kind === 'wait-until') return done(stateOf(object, 'dialling', step.time));
  if (step.kind === 'wait-for-room') return done(stateOf(object, 'waiting_for_room', null));
  const list = { workspaceId, kind: 'batch-call-task' } as const;
  const taskId = taskIdOf(object.id, content.dialled);
  const task = writer.objects.find(list, taskId);
  if (task !== undefined) {
    const present = { ...workspace, now: at };
    const waitFor = dial(present, { ...content, id: object.id }, taskOf(task));
    if (waitFor !== undefined) return { object, waitFor };
    writer.objects.delete(list, taskId);
  }
  const dialled = content.dialled + 1;
  const next = { ...object, content: { ...object.content, dialled, dialledAt: at } };
  const nextAt = isPaced ? at + limits.interval : at;
  return done(stateOf(next, dialled < content.total_task_count ? 'dialling' : 'finished', nextAt));
}

const done = (object: StoredObject): DialResult => ({ object, waitFor: undefined });

const stateOf = (
  object: StoredObject,
  status: BatchCallStatus,
  nextAt: number | null,
): StoredObject => ({ ...object, status, nextAt });

function finish(writer: StoreWriter, workspaceId: number, object: StoredObject): StoredObject {
  writer.objects.delete({ workspaceId, kind: 'batch-call' }, object.id);
  return object;
}

const contentOf = ({ content }: StoredObject) => content as ObjectContent & BatchCallContent;

const taskOf = ({ content }: StoredObject) => content as ObjectContent & BatchCallTask;

function limitsOf(
  { objects, calls }: StoreWriter,
  { id: workspaceId, settings }: Workspace,
  { reserved_concurrency: reserved }: BatchCallContent,
) {
  const { concurrencyLimit, callsPerSecond } = settings.calls;
  const batches = [...objects.listPage({ workspaceId, kind: 'batch-call', order: 'ascending' })];
  return {
    interval: Math.ceil(1000 / callsPerSecond),
    lastDialledAt: Math.max(
      -Infinity,
      ...batches.map((batch) => contentOf(batch).dialledAt ?? -Infinity),
    ),
    room: Math.min(
      concurrencyLimit - calls.countUnderWay(workspaceId),
      // Documented: what is reserved is for calls of other kinds.
      reserved === 0 ? Infinity : concurrencyLimit - reserved - calls.countOfBatches(workspaceId),
    ),
  };
}

/** Lets batches that wait for room look again. Returns true if there is one. */
export function wakeBatchCalls({ objects }: StoreWriter, workspaceId: number, at: number): boolean {
  const list = { workspaceId, kind: 'batch-call' } as const;
  // Read before anything is written.
  const waiting = [...objects.listPage({ ...list, order: 'ascending' })].filter(
    ({ status }) => status === 'waiting_for_room',
  );
  for (const batch of waiting) objects.change(list, stateOf(batch, 'dialling', at));
  return waiting.length > 0;
}
