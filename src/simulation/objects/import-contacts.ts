import { toE164 } from '../../domain/objects/contact.js';
import { parseCsv } from '../../domain/objects/csv.js';
import {
  newObject,
  type ObjectContent,
  type StoredObject,
} from '../../domain/objects/stored-object.js';
import { keyedId } from '../../random.js';
import type { StoreWriter } from '../../store/store.js';
import type { Workspace } from '../workspaces/workspace.js';

/** What an import has to do. */
interface ImportWork {
  readonly upload_id: string;
  readonly column_mapping: readonly { external_field_name: string; field_name: string }[];
  readonly default_country?: string;
  readonly tags?: readonly string[];
}

/** Creates contacts from the rows of an uploaded file, and changes those with its numbers. */
export function importContacts(
  writer: StoreWriter,
  workspace: Workspace,
  job: StoredObject,
  at: number,
): { readonly succeeded: number; readonly failed: number } {
  const work = job.content as unknown as ImportWork;
  const { id: workspaceId } = workspace;
  const file = writer.objects.find({ workspaceId, kind: 'contact-file' }, work.upload_id);
  const [headers = [], ...rows] = parseCsv((file?.content['text'] as string | undefined) ?? '');
  let succeeded = 0;
  for (const row of rows) {
    const fields = fieldsOf(headers, row, work);
    const number = toE164(
      (fields['phone_number'] as string | undefined) ?? '',
      work.default_country ?? 'US',
    );
    if (number === undefined) continue;
    storeContact(writer, workspace, { ...fields, phone_number: number }, work.tags, at);
    succeeded += 1;
  }
  return { succeeded, failed: rows.length - succeeded };
}

const builtIn = ['phone_number', 'first_name', 'last_name'];

function fieldsOf(
  headers: readonly string[],
  row: readonly string[],
  { column_mapping: mapping }: ImportWork,
): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  const custom: Record<string, unknown> = {};
  for (const { external_field_name: header, field_name: name } of mapping) {
    const value = row[headers.indexOf(header)];
    if (value === undefined) continue;
    if (builtIn.includes(name)) fields[name] = value;
    else if (name === 'do_not_call') fields[name] = /^(true|yes|1)$/i.test(value);
    else custom[name] = value;
  }
  return { ...fields, ...(Object.keys(custom).length > 0 && { custom_fields: custom }) };
}

function storeContact(
  writer: StoreWriter,
  { id: workspaceId, name, settings }: Workspace,
  fields: ObjectContent & { readonly phone_number: string },
  tags: readonly string[] | undefined,
  at: number,
): void {
  const list = { workspaceId, kind: 'contact' } as const;
  const present = writer.objects.findByValue(list, fields.phone_number);
  const before = present?.content ?? {};
  const merged = {
    ...before,
    ...fields,
    ...(fields['custom_fields'] !== undefined && {
      custom_fields: {
        ...(before['custom_fields'] as object),
        ...(fields['custom_fields'] as object),
      },
    }),
    ...(tags && {
      tags: [...new Set([...((before['tags'] as string[] | undefined) ?? []), ...tags])],
    }),
  };
  if (present !== undefined) {
    writer.objects.change(list, {
      ...present,
      content: merged,
      modifiedAt: Math.max(at, present.modifiedAt),
    });
    return;
  }
  const ordinal = writer.workspaces.takeOrdinal(workspaceId, 'object');
  const id = keyedId('contact', settings.seed, name, ordinal);
  writer.objects.insert(list, newObject(id, merged, at, { uniqueValue: fields.phone_number }));
}
