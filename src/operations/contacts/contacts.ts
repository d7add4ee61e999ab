import { matchesSearch, passesContactFilter, type Contact } from '../../domain/objects/contact.js';
import { isAnalysed } from '../../domain/calls/call.js';
import type { ObjectContent, StoredObject } from '../../domain/objects/stored-object.js';
import { ApiError, MissingError } from '../../errors.js';
import { callContextReader } from '../../simulation/calls/call-steps.js';
import { analysisOf } from '../../simulation/calls/render.js';
import type { Workspace } from '../../simulation/workspaces/workspace.js';
import type { Contacted } from '../../store/contacted-numbers.js';
import { required } from '../../store/database/database.js';
import { configOf } from '../apps/crm.js';
import {
  changeObject,
  createObject,
  deleteObject,
  findObject,
  listObjects,
  openSettled,
  orgIdOf,
  toWire,
} from '../objects/objects.js';
import { findSettledWorkspace, type Operation, type Services } from '../operation.js';
import { readPageQuery, toPage } from '../paging.js';

/** In its wire shape. Its content was validated when it was written. */
function toContact(object: StoredObject, workspace: Workspace, contacted?: Contacted): Contact {
  return {
    ...toWire('contact', object),
    org_id: orgIdOf(workspace),
    conversation_count: contacted?.count ?? 0,
    ...(contacted && { last_conversation_timestamp: contacted.last }),
    created_timestamp: object.createdAt,
    user_modified_timestamp: object.modifiedAt,
  } as unknown as Contact;
}

function toContactNow({ store }: Services, object: StoredObject, workspace: Workspace): Contact {
  const [contacted] = store.contactedNumbers.list(workspace.id, object.uniqueValue ?? '');
  return toContact(object, workspace, contacted);
}

/**
 * Custom fields after a change; null clears one.
 * @throws ApiError 400 if the CRM configuration has other types
 */
function customFields(
  services: Services,
  workspace: Workspace,
  before: unknown,
  change: Readonly<Record<string, unknown>> | undefined,
): { custom_fields?: ObjectContent } {
  if (change === undefined) return {};
  const { custom_fields: known = [] } = configOf(services, workspace);
  for (const [name, value] of Object.entries(change)) {
    const field = known.find((one) => one.name === name);
    if (field === undefined || value === null) continue;
    const fits =
      field.type === 'enum'
        ? (field.options ?? []).includes(value as string)
        : typeof value === (['number', 'boolean'].includes(field.type) ? field.type : 'string');
    if (fits) continue;
    throw new ApiError('invalid_request', `body/custom_fields/${name} must be ${field.type}`);
  }
  const merged = Object.entries({ ...(before as object), ...change });
  return { custom_fields: Object.fromEntries(merged.filter(([, value]) => value !== null)) };
}

export const createContact: Operation<'createContact'> = async (services, caller, { body }) => {
  const { custom_fields: fields, ...said } = body;
  const workspace = await openSettled(services, caller);
  const custom = customFields(services, workspace, undefined, fields);
  const { phone_number: number } = body;
  const list = { workspaceId: workspace.id, kind: 'contact' } as const;
  if (services.store.objects.findByValue(list, number) !== undefined) {
    const problem = `body/phone_number must be a new number: ${number} is there already`;
    throw new ApiError('invalid_request', problem);
  }
  const contact = createObject(services, workspace, 'contact', () => ({
    content: { ...said, ...custom },
    uniqueValue: number,
  }));
  return toContactNow(services, contact, workspace);
};

export const getContact: Operation<'getContact'> = async (services, caller, { params }) => {
  const found = await findObject(services, caller, 'contact', params.contact_id);
  return toContactNow(services, found.object, found.workspace);
};

export const getContactByPhone: Operation<'getContactByPhone'> = async (
  services,
  caller,
  { params: { phone_number: number } },
) => {
  const workspace = await findSettledWorkspace(services, caller);
  const list = workspace && ({ workspaceId: workspace.id, kind: 'contact' } as const);
  const contact = list && services.store.objects.findByValue(list, number);
  if (workspace === undefined || contact === undefined) {
    throw new MissingError(number, 'contact', 'unprocessable');
  }
  return toContactNow(services, contact, workspace);
};

export const updateContact: Operation<'updateContact'> = async (
  services,
  caller,
  { params, body },
) => {
  const found = await findObject(services, caller, 'contact', params.contact_id);
  const { workspace, object } = found;
  const { custom_fields: fields, ...said } = body;
  const before = object.content['custom_fields'];
  const content = {
    ...object.content,
    ...said,
    ...customFields(services, workspace, before, fields),
    // It identifies the contact.
    phone_number: object.content['phone_number'],
  };
  return toContactNow(services, changeObject(services, found, { content }), workspace);
};

export const deleteContact: Operation<'deleteContact'> = async (services, caller, { params }) => {
  deleteObject(services, await findObject(services, caller, 'contact', params.contact_id));
  return undefined;
};

export const listContacts: Operation<'listContacts'> = async (services, caller, { body = {} }) => {
  const {
    filter_criteria: filter = {},
    search_query: query = '',
    sort_order: order = 'desc',
  } = body;
  const { skip = 0, pagination_key: key } = body;
  if (key !== undefined && body.skip !== undefined) {
    throw new ApiError('invalid_request', 'body must not have both skip and pagination_key');
  }
  const list = ['contacts', caller.workspace, order, query, JSON.stringify(filter)];
  const page = readPageQuery(body, list);
  const { workspace, objects } = await listObjects(services, caller, 'contact');
  const all = workspace === undefined ? [] : sorted(services, workspace, objects);
  if (order === 'asc') all.reverse();
  const passing = all.filter(
    (contact) =>
      passesContactFilter(contact, filter) && (query === '' || matchesSearch(contact, query)),
  );
  // The key of a page is how many came before the next one.
  const items = passing.map((contact, index) => ({ contact, position: index + 1 }));
  const rest = items.slice(page.after ?? skip);
  return { ...toPage(rest, page, list, ({ contact }) => contact), total: passing.length };
};

/** Documented: who was never spoken to comes last. */
function sorted(services: Services, workspace: Workspace, objects: Iterable<StoredObject>) {
  const contacted = new Map(
    services.store.contactedNumbers.list(workspace.id).map((one) => [one.number, one]),
  );
  return Array.from(objects, (object) =>
    toContact(object, workspace, contacted.get(object.uniqueValue ?? '')),
  ).sort((a, b) => (b.last_conversation_timestamp ?? 0) - (a.last_conversation_timestamp ?? 0));
}

export const listContactConversations: Operation<'listContactConversations'> = async (
  services,
  caller,
  { params, query },
) => {
  const list = ['contact conversations', caller.workspace, params.contact_id];
  const page = readPageQuery(query, list);
  const { workspace, object } = await findObject(services, caller, 'contact', params.contact_id);
  const { store } = services;
  const skip = page.after ?? 0;
  const contextOf = callContextReader(store);
  const ids = store.contactedNumbers.callsWith(
    ...([workspace.id, object.uniqueValue ?? '', skip, page.limit + 1] as const),
  );
  const items = ids.map((id, index) => ({ id, position: skip + index + 1 }));
  return toPage(items, page, list, ({ id }) => {
    const stored = required(store.calls.find(workspace.id, id));
    const { direction, plan, state } = stored.call;
    const { connectsAt: start, endsAt: end, reason } = plan;
    const isOver = end !== undefined && end <= workspace.now;
    const analysis = isAnalysed(plan, state)
      ? analysisOf(stored.call, contextOf(stored))
      : undefined;
    return {
      ...{ type: 'call' as const, call_id: id, direction },
      ...(start !== undefined && start <= workspace.now && { start_timestamp: start }),
      ...(isOver && reason !== undefined && { disconnection_reason: reason }),
      ...(isOver && start !== undefined && { duration_ms: end - start }),
      ...(analysis?.user_sentiment !== undefined && { sentiment: analysis.user_sentiment }),
      ...(analysis?.call_successful !== undefined && { successful: analysis.call_successful }),
      ...(analysis?.call_summary !== undefined && { summary: analysis.call_summary }),
    };
  });
};
