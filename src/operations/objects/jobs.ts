import type { components } from '../../contract/retell.gen.js';
import type { JobName } from '../../domain/objects/jobs.js';
import {
  newObject,
  type ObjectContent,
  type StoredObject,
} from '../../domain/objects/stored-object.js';
import { ApiError } from '../../errors.js';
import { drawStateTime } from '../../simulation/objects/plan.js';
import type { Workspace } from '../../simulation/workspaces/workspace.js';
import type { Services } from '../operation.js';

type Job = components['schemas']['Job'];

function toJob({ content, status }: StoredObject): Job {
  const { start_timestamp, succeeded, failed, triggered_by } = content as Partial<Job>;
  return {
    status: status as Job['status'],
    ...(start_timestamp !== undefined && { start_timestamp }),
    ...(succeeded !== undefined && { succeeded }),
    ...(failed !== undefined && { failed }),
    ...(triggered_by !== undefined && { triggered_by }),
  };
}

/** The job of this name that runs, or ran last. */
export function readJob({ store }: Services, workspace: Workspace, name: JobName): Job {
  const job = store.objects.find({ workspaceId: workspace.id, kind: 'job' }, name);
  return job === undefined ? { status: 'idle' } : toJob(job);
}

/**
 * Starts a job.
 * @param work what it has to do.
 * @throws ApiError 422 if one of this name runs
 */
export function startJob(
  { store, worker }: Services,
  workspace: Workspace,
  name: JobName,
  work: ObjectContent,
): Job {
  const { id: workspaceId, now } = workspace;
  const list = { workspaceId, kind: 'job' } as const;
  const job = store.now((writer) => {
    const present = writer.objects.find(list, name);
    if (present !== undefined && present.status !== 'idle') throw new ApiError('job_runs');
    const ordinal = writer.workspaces.takeOrdinal(workspaceId, 'object');
    const duration = drawStateTime(workspace, 'job', ordinal);
    const content = { start_timestamp: now, triggered_by: 'manual', succeeded: 0, failed: 0 };
    const started = newObject(name, { ...content, ...work, duration }, now, {
      ...{ status: 'queued', nextAt: now + duration },
    });
    if (present !== undefined) writer.objects.delete(list, name);
    writer.objects.insert(list, started);
    return started;
  });
  worker.scheduleBy(workspaceId, job.nextAt ?? Infinity);
  return toJob(job);
}
