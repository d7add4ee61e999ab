import { kindOf, type ObjectKind } from '../../domain/objects/kinds.js';
import {
  newObject,
  type ObjectContent,
  type StoredObject,
} from '../../domain/objects/stored-object.js';
import { MissingError } from '../../errors.js';
import { keyedId } from '../../random.js';
import type { Workspace } from '../../simulation/workspaces/workspace.js';
import type { ListedObject } from '../../store/objects.js';
import { readPageQuery, toPage } from '../paging.js';
import { findSettledWorkspace, settle, type Caller, type Services } from '../operation.js';

/** What there is to say of a new object. */
export interface ObjectDraft extends Partial<
  Pick<StoredObject, 'uniqueValue' | 'status' | 'nextAt'>
> {
  readonly content: ObjectContent;
}

/** The caller's workspace, created if it does not exist, after all that was due in it has happened. */
export const openSettled = async (services: Services, caller: Caller): Promise<Workspace> =>
  settle(services, services.workspaces.open(caller.workspace));

/**
 * Creates an object.
 * @param toDraft gets a number that no other object of the workspace has.
 */
export function createObject(
  services: Services,
  { id: workspaceId, name, now, settings }: Workspace,
  kind: ObjectKind,
  toDraft: (ordinal: number) => ObjectDraft,
): StoredObject {
  const object = services.store.now((writer, attempt) => {
    const ordinal = writer.workspaces.takeOrdinal(workspaceId, 'object');
    const id = keyedId(kind, settings.seed, name, ordinal, attempt);
    const { content, ...more } = toDraft(ordinal);
    const created = newObject(id, content, now, more);
    writer.objects.insert({ workspaceId, kind }, created);
    return created;
  });
  scheduleNext(services, workspaceId, object);
  return object;
}

/** Wakes the worker when the next state of an object comes. */
function scheduleNext({ worker }: Services, workspaceId: number, { nextAt }: StoredObject): void {
  if (nextAt !== null) worker.scheduleBy(workspaceId, nextAt);
}

/** An object of the caller's workspace. */
export interface FoundObject {
  readonly workspace: Workspace;
  readonly object: ListedObject;
}

/** @throws ApiError if the caller has no such object */
export async function findObject(
  services: Services,
  caller: Caller,
  kind: ObjectKind,
  id: string,
): Promise<FoundObject> {
  const workspace = await findSettledWorkspace(services, caller);
  const object = workspace && services.store.objects.find({ workspaceId: workspace.id, kind }, id);
  if (workspace === undefined || object === undefined) {
    throw new MissingError(id, kind, 'unprocessable');
  }
  return { workspace, object };
}

/** Stores an object after a change. Returns it as it is then. */
export function changeObject(
  services: Services,
  { workspace, object }: FoundObject,
  change: Partial<StoredObject>,
): StoredObject {
  const modifiedAt = Math.max(workspace.now, object.modifiedAt);
  const changed = { ...object, modifiedAt, ...change };
  services.store.together(({ objects }) => {
    objects.change({ workspaceId: workspace.id, kind: object.kind }, changed);
  });
  scheduleNext(services, workspace.id, changed);
  return changed;
}

export function deleteObject({ store }: Services, { workspace, object }: FoundObject): void {
  const { kind, id } = object;
  store.together(({ objects }) => objects.delete({ workspaceId: workspace.id, kind }, id));
}

/** The objects of a kind in the caller's workspace, the newest first. */
export async function listObjects(
  services: Services,
  caller: Caller,
  kind: ObjectKind,
): Promise<{ workspace: Workspace | undefined; objects: Iterable<ListedObject> }> {
  const workspace = await findSettledWorkspace(services, caller);
  const list = (workspaceId: number): Iterable<ListedObject> =>
    services.store.objects.listPage({ workspaceId, kind, order: 'descending' });
  return { workspace, objects: workspace === undefined ? [] : list(workspace.id) };
}

interface PageQuery {
  readonly limit?: number;
  readonly pagination_key?: string;
  readonly sort_order?: 'ascending' | 'descending';
}

/** A page of the objects of a kind. */
export async function listObjectPage<Wire extends object>(
  services: Services,
  caller: Caller,
  kind: ObjectKind,
  query: PageQuery,
  toWire: (object: ListedObject, workspace: Workspace) => Wire,
) {
  const { sort_order: order = 'descending' } = query;
  const list = [kind, caller.workspace, order];
  const page = readPageQuery(query, list);
  const workspace = await findSettledWorkspace(services, caller);
  if (workspace === undefined) return toPage<ListedObject, Wire>([], page, list, noWire);
  const { after, limit } = page;
  const range = { workspaceId: workspace.id, kind, after, limit: limit + 1, order };
  return toPage(services.store.objects.listPage(range), page, list, (object) =>
    toWire(object, workspace),
  );
}

const noWire = (): never => {
  throw new Error('there is no object');
};

/** Documented (SDK types): the organisation that an object belongs to. */
export const orgIdOf = ({ name }: Workspace): string => keyedId('org', name);

/** An object without states in its wire shape. */
export const toWire = (
  kind: ObjectKind,
  { id, content }: StoredObject,
): Record<string, unknown> => ({
  [kindOf(kind).idProperty]: id,
  ...content,
});
