import type { components } from '../../contract/retell.gen.js';
import { crmConfigId, jobNames } from '../../domain/objects/jobs.js';
import { newObject } from '../../domain/objects/stored-object.js';
import { ApiError, MissingError } from '../../errors.js';
import type { Workspace } from '../../simulation/workspaces/workspace.js';
import { readJob, startJob } from '../objects/jobs.js';
import { openSettled, orgIdOf } from '../objects/objects.js';
import type { Operation, Services } from '../operation.js';

type Schemas = components['schemas'];
type Config = Omit<Schemas['CrmConfig'], 'org_id'>;

const listOf = ({ id }: Workspace) => ({ workspaceId: id, kind: 'crm-config' }) as const;

/** Empty if nothing was set. */
export const configOf = ({ store }: Services, workspace: Workspace): Config =>
  store.objects.find(listOf(workspace), crmConfigId)?.content ?? {};

export const getCrmConfig: Operation<'getCrmConfig'> = async (services, caller) => {
  const workspace = await openSettled(services, caller);
  return { org_id: orgIdOf(workspace), ...configOf(services, workspace) };
};

/** Documented (SDK types): names that are there already. */
const builtIn = [
  ...['phone_number', 'first_name', 'last_name', 'tags', 'do_not_call', 'custom_fields'],
  ...['conversation_count', 'last_conversation_timestamp', 'created_timestamp'],
];

export const updateCrmConfig: Operation<'updateCrmConfig'> = async (
  services,
  caller,
  { body: { app_id: appId, ...change } },
) => {
  const workspace = await openSettled(services, caller);
  const { store } = services;
  if (typeof appId === 'string') findApp(services, workspace, appId);
  const before = configOf(services, workspace);
  const { app_id: linked, ...rest } = before;
  const app = appId === undefined ? linked : (appId ?? undefined);
  const content = { ...rest, ...change, ...(app !== undefined && { app_id: app }) };
  refuseMistakes(content);
  const object = newObject(crmConfigId, content, workspace.now);
  store.together(({ objects, workspaces }) => {
    const present = objects.find(listOf(workspace), crmConfigId);
    if (present === undefined) {
      // As when fixtures add it.
      workspaces.takeOrdinal(workspace.id, 'object');
      objects.insert(listOf(workspace), object);
    } else objects.change(listOf(workspace), { ...present, content, modifiedAt: workspace.now });
  });
  return { org_id: orgIdOf(workspace), ...content };
};

/** @throws ApiError 404 */
function findApp({ store }: Services, { id: workspaceId }: Workspace, id: string) {
  const app = store.objects.find({ workspaceId, kind: 'app' }, id);
  if (app === undefined) throw new MissingError(id, 'app', 'unprocessable');
  return app;
}

/** @throws ApiError 400 */
function refuseMistakes({
  custom_fields: fields = [],
  crm_analysis_data_mappings: mappings = [],
}: Config): void {
  const refuse = (problem: string): never => {
    throw new ApiError('invalid_request', `body/${problem}`);
  };
  const names = new Set<string>();
  for (const [index, { name, type, options = [] }] of fields.entries()) {
    const path = `custom_fields/${String(index)}`;
    if (builtIn.includes(name) || /^(contact|external)/.test(name)) {
      refuse(`${path}/name must not be the name of a built-in field`);
    }
    if (names.has(name)) refuse(`${path}/name must be unique`);
    if (type === 'enum' && options.length === 0) refuse(`${path}/options must not be empty`);
    names.add(name);
  }
  for (const [index, { field_name: name }] of mappings.entries()) {
    const isKnown = names.has(name) || (builtIn.includes(name) && name !== 'phone_number');
    if (isKnown) continue;
    refuse(`crm_analysis_data_mappings/${String(index)}/field_name must be a field of contacts`);
  }
}

/** The app that a request means. @throws ApiError 404, or 400 if none is linked */
function linkedApp(services: Services, workspace: Workspace, id: string | undefined) {
  const linked = id ?? configOf(services, workspace).app_id;
  if (linked === undefined) throw new ApiError('invalid_request', 'no CRM app is linked');
  return findApp(services, workspace, linked);
}

/** Fields that contacts have in most CRMs. */
const schema: Schemas['CrmSchema']['fields'] = [
  { name: 'phone', type: 'string', label: 'Phone number' },
  { name: 'firstname', type: 'string', label: 'First name' },
  { name: 'lastname', type: 'string', label: 'Last name' },
  { name: 'email', type: 'string', label: 'Email' },
  { name: 'company', type: 'string', label: 'Company' },
  { name: 'createdate', type: 'datetime', label: 'Created' },
];

export const getCrmSchema: Operation<'getCrmSchema'> = async (services, caller, { query }) => {
  const workspace = await openSettled(services, caller);
  const { content } = linkedApp(services, workspace, query.app_id);
  return { provider: String(content['provider']), fields: [...schema] };
};

export const runSyncJob: Operation<'runSyncJob'> = async (services, caller) => {
  const workspace = await openSettled(services, caller);
  linkedApp(services, workspace, undefined);
  return startJob(services, workspace, jobNames.sync, {});
};

export const getSyncJobStatus: Operation<'getSyncJobStatus'> = async (services, caller) =>
  readJob(services, await openSettled(services, caller), jobNames.sync);
