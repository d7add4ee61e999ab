import type { components } from '../../contract/retell.gen.js';
import { findComponentMistake } from '../../domain/engines/asset-mistakes.js';
import type { StoredObject } from '../../domain/objects/stored-object.js';
import { listOf } from '../../domain/json.js';
import { ApiError } from '../../errors.js';
import type { StoredAssetVersion } from '../../store/assets.js';
import type { StoreReader } from '../../store/store.js';
import { toArray } from '../gathering.js';
import {
  changeObject,
  createObject,
  findObject,
  listObjectPage,
  listObjects,
  openSettled,
  toWire,
} from '../objects/objects.js';
import type { Operation } from '../operation.js';

type SharedComponent = components['schemas']['SharedComponent'];

const kind = 'conversation-flow-component';

/** Properties that only the emulator sets. */
const own = [
  'conversation_flow_component_id',
  'user_modified_timestamp',
  'linked_conversation_flow_ids',
];

const clientContent = (input: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(input).filter(([name]) => !own.includes(name)));

/** @throws ApiError 400 */
function checked(content: Record<string, unknown>): Record<string, unknown> {
  const mistake = findComponentMistake(content);
  if (mistake === undefined) return content;
  throw new ApiError('invalid_request', `body${mistake.path} ${mistake.problem}`);
}

/** Returns a function that writes components. It reads the flows once. */
function componentWriter(store: StoreReader, workspaceId: number) {
  const users = flowsByComponent(store, workspaceId);
  return (object: StoredObject): SharedComponent =>
    ({
      ...toWire(kind, object),
      user_modified_timestamp: object.modifiedAt,
      linked_conversation_flow_ids: (users.get(object.id) ?? []).map(({ id }) => id),
    }) as unknown as SharedComponent;
}

/** The flows that use a shared component in their latest version. */
function flowsByComponent({ assets }: StoreReader, workspaceId: number) {
  const users = new Map<string, StoredAssetVersion[]>();
  const page = { workspaceId, kind: 'conversation-flow', order: 'ascending' } as const;
  for (const flow of assets.listPage({ ...page, after: undefined, limit: undefined })) {
    const ids = listOf(flow.content['nodes'])
      .filter(isShared)
      .map(({ component_id: id }) => String(id));
    for (const id of new Set(ids)) users.set(id, [...(users.get(id) ?? []), flow]);
  }
  return users;
}

const isShared = (node: Readonly<Record<string, unknown>>): boolean =>
  node['type'] === 'component' && node['component_type'] === 'shared';

export const createConversationFlowComponent: Operation<'createConversationFlowComponent'> = async (
  services,
  caller,
  { body },
) => {
  const content = checked(clientContent(body));
  const workspace = await openSettled(services, caller);
  const object = createObject(services, workspace, kind, () => ({ content }));
  return componentWriter(services.store, workspace.id)(object);
};

export const getConversationFlowComponent: Operation<'getConversationFlowComponent'> = async (
  services,
  caller,
  { params: { conversation_flow_component_id: id } },
) => {
  const { workspace, object } = await findObject(services, caller, kind, id);
  return componentWriter(services.store, workspace.id)(object);
};

export const updateConversationFlowComponent: Operation<'updateConversationFlowComponent'> = async (
  services,
  caller,
  { params: { conversation_flow_component_id: id }, body },
) => {
  const found = await findObject(services, caller, kind, id);
  const content = checked({ ...found.object.content, ...clientContent(body) });
  const changed = changeObject(services, found, { content });
  return componentWriter(services.store, found.workspace.id)(changed);
};

/** Documented: the flows that use it get a local copy. Published versions do not change. */
export const deleteConversationFlowComponent: Operation<'deleteConversationFlowComponent'> = async (
  services,
  caller,
  { params: { conversation_flow_component_id: id } },
) => {
  const { workspace, object } = await findObject(services, caller, kind, id);
  const { id: workspaceId, now } = workspace;
  const users = flowsByComponent(services.store, workspaceId).get(id) ?? [];
  services.store.together(({ objects, assets }) => {
    for (const flow of users.filter(({ isPublished }) => !isPublished)) {
      const name = { workspaceId, kind: 'conversation-flow', id: flow.id } as const;
      const modifiedAt = Math.max(now, flow.modifiedAt);
      assets.change(name, flow.version, withLocalCopy(flow.content, object), modifiedAt);
    }
    objects.delete({ workspaceId, kind }, id);
  });
  return undefined;
};

const withLocalCopy = (
  flow: Readonly<Record<string, unknown>>,
  { id, content }: StoredObject,
): Record<string, unknown> => ({
  ...flow,
  components: [...listOf(flow['components']), { component_id: id, ...content }],
  nodes: listOf(flow['nodes']).map((node) =>
    isShared(node) && node['component_id'] === id ? { ...node, component_type: 'local' } : node,
  ),
});

export const listConversationFlowComponentsV2: Operation<'listConversationFlowComponentsV2'> = (
  services,
  caller,
  { query },
) => {
  let write: ReturnType<typeof componentWriter> | undefined;
  return listObjectPage(services, caller, kind, query, (object, { id }) =>
    (write ??= componentWriter(services.store, id))(object),
  );
};

export const listConversationFlowComponents: Operation<'listConversationFlowComponents'> = async (
  services,
  caller,
) => {
  const { workspace, objects } = await listObjects(services, caller, kind);
  if (workspace === undefined) return [];
  const write = componentWriter(services.store, workspace.id);
  return toArray(objects, write, '/v2/list-conversation-flow-components');
};
