import type { ObjectKind } from '../../domain/objects/kinds.js';
import { afterExport, afterJob, crmConfigId, jobNames } from '../../domain/objects/jobs.js';
import { afterIndexing } from '../../domain/objects/knowledge-base.js';
import type { StoredObject } from '../../domain/objects/stored-object.js';
import type { ListedObject } from '../../store/objects.js';
import type { StoreWriter } from '../../store/store.js';
import { passBatchCall, type DialTask } from '../calls/batch-calls.js';
import type { Workspace } from '../workspaces/workspace.js';
import { importContacts } from './import-contacts.js';

/** What an object becomes at its next state, and what else happens then. */
type NextState = (
  object: ListedObject,
  at: number,
  parts: { readonly writer: StoreWriter; readonly workspace: Workspace },
) => StoredObject;

/** By kind. The other kinds have no states. */
const nextStates: Partial<Record<ObjectKind, NextState>> = {
  'knowledge-base': afterIndexing,
  'export-request': afterExport,
  job: finishJob,
};

/** A job that ends has done something. */
function finishJob(
  job: ListedObject,
  at: number,
  { writer, workspace }: Parameters<NextState>[2],
): StoredObject {
  const next = afterJob(job, at);
  if (next.status !== 'idle') return next;
  if (job.id === jobNames.sync) noteSync(writer, workspace, at);
  const done =
    job.id === jobNames.import
      ? importContacts(writer, workspace, job, at)
      : { succeeded: countContacts(writer, workspace), failed: 0 };
  return { ...next, content: { ...next.content, ...done } };
}

function noteSync(writer: StoreWriter, { id: workspaceId }: Workspace, at: number): void {
  const list = { workspaceId, kind: 'crm-config' } as const;
  const config = writer.objects.find(list, crmConfigId);
  if (config === undefined) return;
  const content = { ...config.content, last_sync_timestamp: at };
  writer.objects.change(list, { ...config, content });
}

const countContacts = ({ objects }: StoreWriter, { id: workspaceId }: Workspace): number =>
  [...objects.listPage({ workspaceId, kind: 'contact', order: 'ascending' })].length;

interface PassedObjects {
  readonly settledAt: number;
  readonly next: number;
  /** What must be loaded before more can happen; undefined if nothing must. */
  readonly waitFor: Promise<unknown> | undefined;
}

/**
 * Lets the states come that objects of a workspace are due for, `size` at a time. Returns when the next one is
 * due, and when the last one came.
 */
export function passDueObjects(
  writer: StoreWriter,
  workspace: Workspace,
  { until, size, dial }: { readonly until: number; readonly size: number; readonly dial: DialTask },
): PassedObjects {
  const { objects } = writer;
  const { id: workspaceId } = workspace;
  const first = objects.nextDue(workspaceId) ?? Infinity;
  if (first > until) return { settledAt: 0, next: first, waitFor: undefined };
  let settledAt = 0;
  let waitFor: Promise<unknown> | undefined;
  for (const object of objects.listDue(workspaceId, until, size)) {
    const { kind, nextAt } = object;
    settledAt = nextAt ?? until;
    if (kind === 'batch-call') {
      const passed = passBatchCall(object, settledAt, { writer, workspace, dial });
      ({ waitFor } = passed);
      objects.change({ workspaceId, kind }, passed.object);
      // What happens in its call may come before the next object.
      break;
    }
    const next = nextStates[kind]?.(object, settledAt, { writer, workspace });
    objects.change({ workspaceId, kind }, next ?? { ...object, nextAt: null });
  }
  return { settledAt, next: objects.nextDue(workspaceId) ?? Infinity, waitFor };
}
