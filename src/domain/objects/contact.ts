import type { components } from '../../contract/retell.gen.js';
import { passesFlag, passesKeyed, passesNumber, passesText } from '../filters.js';

type Schemas = components['schemas'];

export type Contact = Schemas['Contact'];
export type ContactFilter = Schemas['ContactFilter'];

/** True if a contact passes all filters that are given. */
export function passesContactFilter(contact: Contact, filter: ContactFilter): boolean {
  const { tags, external_id: external } = filter;
  return (
    passesText(contact.contact_id, filter.contact_id) &&
    passesText(contact.phone_number, filter.phone_number) &&
    passesFlag(contact.do_not_call ?? false, filter.do_not_call) &&
    passesNumber(contact.last_conversation_timestamp, filter.last_conversation_timestamp) &&
    (tags === undefined || (contact.tags ?? []).some((tag) => tags.value.includes(tag))) &&
    (external === undefined ||
      passesKeyed({ id: contact.external_id }, [{ ...external, key: 'id' }])) &&
    passesKeyed(contact.custom_fields ?? {}, filter.custom_fields)
  );
}

/** True if a part of what a contact is found by has this text. */
export function matchesSearch(contact: Contact, query: string): boolean {
  const text = query.toLowerCase();
  const parts: unknown[] = [
    ...[contact.phone_number, contact.first_name, contact.last_name, contact.external_id],
    ...Object.values(contact.custom_fields ?? {}),
  ];
  return parts.some((part) =>
    JSON.stringify(part ?? '')
      .toLowerCase()
      .includes(text),
  );
}

/** A number in E.164 form; undefined if it is none. */
export function toE164(text: string, country: string): string | undefined {
  const digits = text.replaceAll(/\D/g, '');
  if (digits.length < 7 || digits.length > 15) return undefined;
  if (text.trim().startsWith('+')) return `+${digits}`;
  const isNorthAmerican = country === 'US' || country === 'CA';
  if (isNorthAmerican && digits.length === 10) return `+1${digits}`;
  return isNorthAmerican && digits.length !== 11 ? undefined : `+${digits}`;
}
