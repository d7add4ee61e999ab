import type { components } from '../../contract/retell.gen.js';
import type { StoredObject } from '../../domain/objects/stored-object.js';
import { ApiError } from '../../errors.js';
import { crmConfigId } from '../../domain/objects/jobs.js';
import { engineName } from '../../simulation/engine-lookup.js';
import type { Workspace } from '../../simulation/workspaces/workspace.js';
import type { StoreReader } from '../../store/store.js';
import {
  changeObject,
  createObject,
  deleteObject,
  findObject,
  listObjectPage,
  openSettled,
  orgIdOf,
  toWire,
} from '../objects/objects.js';
import { readPageQuery, toPage } from '../paging.js';
import type { Operation } from '../operation.js';

type Schemas = components['schemas'];

/** Documented: the most apps of one provider. */
const mostOfProvider = 20;

/** In its wire shape. Its content was validated when it was written. */
const toApp = (object: StoredObject, workspace: Workspace): Schemas['App'] =>
  ({
    ...toWire('app', object),
    org_id: orgIdOf(workspace),
    created_timestamp: object.createdAt,
    user_modified_timestamp: object.modifiedAt,
  }) as unknown as Schemas['App'];

/** Documented: secrets never come back. The emulator does not keep them. */
const withoutSecrets = ({ auth_config: auth, ...input }: Schemas['AppInput']) => ({
  ...input,
  ...(auth && {
    auth_config: {
      type: auth.type,
      ...(auth.client_id !== undefined && { client_id: auth.client_id }),
      ...(auth.username !== undefined && { username: auth.username }),
    },
  }),
});

export const createApp: Operation<'createApp'> = async (services, caller, { body }) => {
  const workspace = await openSettled(services, caller);
  const list = { workspaceId: workspace.id, kind: 'app', order: 'ascending' } as const;
  const others = [...services.store.objects.listPage(list)].filter(
    ({ content }) => content['provider'] === body.provider,
  );
  if (others.length >= mostOfProvider) {
    const problem = `body/provider must not have more than ${String(mostOfProvider)} apps`;
    throw new ApiError('invalid_request', problem);
  }
  const app = createObject(services, workspace, 'app', () => ({
    content: { ...withoutSecrets(body), connection_status: 'not_connected' },
  }));
  return toApp(app, workspace);
};

export const getApp: Operation<'getApp'> = async (services, caller, { params }) => {
  const { workspace, object } = await findObject(services, caller, 'app', params.app_id);
  return toApp(object, workspace);
};

/** Documented: other credentials, or another tenant, are not connected yet. */
export const updateApp: Operation<'updateApp'> = async (services, caller, { params, body }) => {
  const found = await findObject(services, caller, 'app', params.app_id);
  const isOther = ['auth_config', 'tenant_id', 'tenant_url'].some((name) => name in body);
  const content = {
    ...found.object.content,
    ...withoutSecrets(body),
    // Provider and type are those of its creation.
    provider: found.object.content['provider'],
    type: found.object.content['type'],
    ...(isOther && { connection_status: 'not_connected' }),
  };
  return toApp(changeObject(services, found, { content }), found.workspace);
};

export const listApps: Operation<'listApps'> = (services, caller, { query }) =>
  listObjectPage(services, caller, 'app', query, toApp);

/** Documented: refused while something refers to it. A CRM configuration loses its link. */
export const deleteApp: Operation<'deleteApp'> = async (services, caller, { params, query }) => {
  const found = await findObject(services, caller, 'app', params.app_id);
  const { workspace, object } = found;
  const [user] = usagesOf(services.store, workspace.id, object);
  if (user !== undefined && query.force_delete !== true) {
    const detail = `${object.id} is used by ${user.usage.agent_id}; force_delete=true deletes it anyway.`;
    throw new ApiError('app_in_use', detail);
  }
  services.store.together(({ objects }) => {
    const list = { workspaceId: workspace.id, kind: 'crm-config' } as const;
    const config = objects.find(list, crmConfigId);
    if (config?.content['app_id'] !== object.id) return;
    const content = Object.fromEntries(
      Object.entries(config.content).filter(([name]) => name !== 'app_id'),
    );
    objects.change(list, { ...config, content });
  });
  deleteObject(services, found);
  return undefined;
};

interface Usage {
  readonly position: number;
  readonly usage: Schemas['AppUsage'];
}

/** The agents of which a version, or the engine of a version, names an app. The first one comes last. */
function usagesOf({ assets }: StoreReader, workspaceId: number, app: StoredObject): Usage[] {
  const names = (content: object): boolean => JSON.stringify(content).includes(`"${app.id}"`);
  const usages = new Map<string, Usage>();
  for (const { id, position, version, content } of assets.listAllVersions({
    ...{ workspaceId, kind: 'agent' },
  })) {
    const engine = content['response_engine'] as Schemas['ResponseEngine'];
    const stored =
      engine.type === 'custom-llm'
        ? undefined
        : assets.find({ workspaceId, ...engineName(engine) }, engine.version ?? undefined);
    if (!names(content) && (stored === undefined || !names(stored.content))) continue;
    const name = content['agent_name'];
    const usage = usages.get(id)?.usage ?? {
      ...{ type: 'agent' as const, agent_id: id, agent_versions: [] },
      ...(typeof name === 'string' && { agent_name: name }),
      configured_timestamp: app.createdAt,
    };
    usage.agent_versions.push(version);
    usages.set(id, { position, usage });
  }
  return [...usages.values()];
}

export const listAppUsages: Operation<'listAppUsages'> = async (
  services,
  caller,
  { params, query },
) => {
  const { sort_order: order = 'descending' } = query;
  const list = ['app usages', caller.workspace, params.app_id, order];
  const page = readPageQuery(query, list);
  const { workspace, object } = await findObject(services, caller, 'app', params.app_id);
  const all = usagesOf(services.store, workspace.id, object);
  if (order === 'ascending') all.reverse();
  const after = page.after ?? (order === 'ascending' ? 0 : Infinity);
  const rest = all.filter(({ position }) =>
    order === 'ascending' ? position > after : position < after,
  );
  return toPage(rest, page, list, ({ usage }) => usage);
};

/** Nothing is asked: credentials work if there are some. */
export const testAppAuth: Operation<'testAppAuth'> = async (services, caller, { params }) => {
  const found = await findObject(services, caller, 'app', params.app_id);
  const { content } = found.object;
  const success = content['auth_config'] !== undefined;
  const connection_status = success ? 'connected' : 'error';
  changeObject(services, found, { content: { ...content, connection_status } });
  return { success };
};
