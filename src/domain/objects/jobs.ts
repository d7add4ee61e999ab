import type { StoredObject } from './stored-object.js';

/** Jobs of which a workspace has one at once. The name is the id. */
export const jobNames = {
  sync: 'crm-sync',
  import: 'contact-import',
  backfill: 'contact-backfill',
} as const;

export type JobName = (typeof jobNames)[keyof typeof jobNames];

/** The id of the only CRM configuration of a workspace. */
export const crmConfigId = 'crm_config';

/** How long each state of a job or an export lasts. */
const durationOf = ({ content, nextAt, createdAt }: StoredObject): number =>
  typeof content['duration'] === 'number' ? content['duration'] : (nextAt ?? createdAt) - createdAt;

/** `queued`, then `running`, then `idle`. */
export const afterJob = (job: StoredObject, at: number): StoredObject =>
  job.status === 'queued'
    ? { ...job, status: 'running', nextAt: at + durationOf(job) }
    : { ...job, status: 'idle', nextAt: null };

/** `created`, then `processing`, then `completed` with a URL. */
export const afterExport = (request: StoredObject, at: number): StoredObject =>
  request.status === 'created'
    ? { ...request, status: 'processing', nextAt: at + durationOf(request) }
    : {
        ...request,
        ...{ status: 'completed', nextAt: null },
        content: {
          url: `https://exports.retell-emulator.invalid/${request.id}.csv`,
          ...request.content,
        },
      };
