import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { toE164 } from '../../src/domain/objects/contact.js';
import { parseCsv } from '../../src/domain/objects/csv.js';
import { someCall } from '../support/calls.js';
import { advance } from '../support/control.js';
import { buildTestApp, type TestClient } from '../support/emulator.js';
import { asForm } from '../support/forms.js';
import { newYear } from '../support/manual-clock.js';

const { client: clientOf } = buildTestApp({
  initialClock: () => ({ mode: 'manual', time: newYear }),
  atEnd: afterAll,
});
let keys = 0;
const newClient = () => clientOf(`key_contacts_${String((keys += 1))}`);

interface Contact {
  contact_id: string;
  phone_number: string;
}

interface Page {
  items: (Contact & Record<string, unknown>)[];
  has_more: boolean;
  pagination_key?: string;
  total?: number;
}

const number = '+14155550111';
const create = (client: TestClient, body: object = {}) =>
  client.call<Contact>('POST', '/create-contact', { phone_number: number, ...body });
const list = (client: TestClient, body: object = {}) =>
  client.call<Page>('POST', '/list-contacts', body);
const numbersOf = ({ items }: Page) => items.map(({ phone_number: one }) => one);

describe('a contact', () => {
  it('is found by its id and its number, of which there is one', async () => {
    const client = newClient();
    const contact = await create(client, { first_name: 'Ann', custom_fields: { plan: 'a', x: 1 } });
    expect(contact).toMatchObject({
      ...{ first_name: 'Ann', conversation_count: 0, created_timestamp: newYear },
      org_id: expect.stringMatching(/^org_/) as string,
    });
    expect(await client.call('GET', `/get-contact/${contact.contact_id}`)).toEqual(contact);
    expect(await client.call('GET', `/get-contact-by-phone/${number}`)).toEqual(contact);
    const payload = { phone_number: number };
    const again = { method: 'POST', url: '/create-contact', payload } as const;
    expect(await client.send(again)).toMatchObject({ status: 400 });
    await advance(client, '1s');
    const change = { tags: ['vip'], custom_fields: { x: null, y: 2 } };
    const url = `/update-contact/${contact.contact_id}`;
    expect(await client.call('PATCH', url, change)).toMatchObject({
      ...{ first_name: 'Ann', tags: ['vip'], user_modified_timestamp: newYear + 1000 },
      custom_fields: { plan: 'a', y: 2 },
    });
    await client.call('DELETE', `/delete-contact/${contact.contact_id}`);
    expect(
      await client.send({ method: 'GET', url: `/get-contact-by-phone/${number}` }),
    ).toMatchObject({ status: 404, body: { message: `Item ${number} not found from contact` } });
    await create(client);
  });

  it('has custom fields of the types that the CRM configuration says', async () => {
    const client = newClient();
    await client.call('POST', '/update-crm-config', {
      custom_fields: [
        { name: 'plan', type: 'enum', options: ['free'] },
        { name: 'age', type: 'number' },
      ],
    });
    const payload = (fields: object) => ({ phone_number: number, custom_fields: fields });
    const request = { method: 'POST', url: '/create-contact' } as const;
    for (const bad of [{ plan: 'paid' }, { age: '7' }]) {
      expect(await client.send({ ...request, payload: payload(bad) })).toMatchObject({
        status: 400,
      });
    }
    await client.call('POST', '/create-contact', payload({ plan: 'free', age: 7, other: true }));
  });

  it('knows the calls from and to its number', async () => {
    const client = newClient();
    const contact = await create(client, { phone_number: someCall.to_number });
    await client.call('POST', '/v2/create-phone-call', someCall);
    await advance(client, { until: 'idle' });
    expect(await client.call('GET', `/get-contact/${contact.contact_id}`)).toMatchObject({
      ...{ conversation_count: 1, last_conversation_timestamp: expect.any(Number) as number },
    });
    const url = `/list-contact-conversations/${contact.contact_id}`;
    expect(await client.call('GET', url)).toMatchObject({
      items: [{ type: 'call', direction: 'outbound', summary: expect.any(String) as string }],
      has_more: false,
    });
    const other = await create(client, { phone_number: '+14155550100000' });
    expect(
      await client.call('GET', `/list-contact-conversations/${other.contact_id}`),
    ).toMatchObject({ items: [] });
  });
});

describe('the list of contacts', () => {
  it('has the last conversation first, filters, a search and pages', async () => {
    const client = newClient();
    await create(client, { phone_number: '+14155550101', first_name: 'Ann', tags: ['vip'] });
    await create(client, { phone_number: someCall.to_number, do_not_call: true });
    await create(client, { phone_number: '+14155550103', custom_fields: { plan: 'ANNual' } });
    await client.call('POST', '/v2/create-phone-call', someCall);
    await advance(client, '10s');
    const all = await list(client);
    expect(numbersOf(all)).toEqual([someCall.to_number, '+14155550103', '+14155550101']);
    expect(all.total).toBe(3);
    const first = await list(client, { limit: 2 });
    expect(first).toMatchObject({ has_more: true, total: 3 });
    const key = first.pagination_key;
    expect(numbersOf(await list(client, { limit: 2, pagination_key: key }))).toEqual([
      '+14155550101',
    ]);
    expect(numbersOf(await list(client, { skip: 2 }))).toEqual(['+14155550101']);
    expect(numbersOf(await list(client, { sort_order: 'asc', limit: 1 }))).toEqual([
      '+14155550101',
    ]);
    expect(numbersOf(await list(client, { search_query: 'ann' }))).toEqual([
      ...['+14155550103', '+14155550101'],
    ]);
    const filters = [
      [{ tags: { type: 'enum', op: 'in', value: ['vip'] } }, ['+14155550101']],
      [{ do_not_call: { type: 'boolean', op: 'eq', value: true } }, [someCall.to_number]],
      [{ phone_number: { type: 'string', op: 'ew', value: '103' } }, ['+14155550103']],
      [{ custom_fields: [{ type: 'present', op: 'pr', key: 'plan' }] }, ['+14155550103']],
      [{ external_id: { type: 'present', op: 'pr' } }, []],
      [
        { last_conversation_timestamp: { type: 'number', op: 'gt', value: 0 } },
        [someCall.to_number],
      ],
    ] as const;
    for (const [filter, expected] of filters) {
      expect(numbersOf(await list(client, { filter_criteria: filter }))).toEqual(expected);
    }
    const both = { skip: 1, pagination_key: key };
    expect(
      await client.send({ method: 'POST', url: '/list-contacts', payload: both }),
    ).toMatchObject({ status: 400 });
  });
});

describe('an import', () => {
  const csv =
    'phone,name,plan\r\n(415) 555-0111,"Ann, ""A""",free\r\n+442071838750,Bob,\r\nnone,Eve,\r\n';
  const mapping = [
    { external_field_name: 'phone', field_name: 'phone_number' },
    { external_field_name: 'name', field_name: 'first_name' },
    { external_field_name: 'plan', field_name: 'plan' },
  ];
  const upload = async (client: TestClient) => {
    const form = asForm({ file: { file: 'a.csv', content: csv } });
    const url = '/upload-contact-import-file';
    const { body } = await client.send({ method: 'POST', url, ...form });
    return String(body['upload_id']);
  };

  it('creates and changes contacts when its time is over, also after an export', async () => {
    const client = newClient();
    await create(client, { last_name: 'Lee', tags: ['old'] });
    expect(await client.call('GET', '/get-contact-import')).toEqual({ status: 'idle' });
    const body = { upload_id: await upload(client), column_mapping: mapping, tags: ['new'] };
    expect(await client.call('POST', '/create-contact-import', body)).toMatchObject({
      ...{ status: 'queued', succeeded: 0 },
    });
    await advance(client, '1s');
    expect(await client.call('GET', '/get-contact-import')).toMatchObject({ status: 'running' });
    const exported = await client.call('GET', '/_emulator/export');
    const other = newClient();
    await other.call('POST', '/_emulator/fixtures?replace=true', exported);
    expect(await other.call('GET', '/_emulator/export')).toEqual(exported);
    for (const one of [client, other]) {
      await advance(one, '1s');
      expect(await one.call('GET', '/get-contact-import')).toMatchObject({
        ...{ status: 'idle', succeeded: 2, failed: 1, start_timestamp: newYear },
      });
      expect(await one.call('GET', `/get-contact-by-phone/${number}`)).toMatchObject({
        ...{ first_name: 'Ann, "A"', last_name: 'Lee', tags: ['old', 'new'] },
        custom_fields: { plan: 'free' },
      });
      expect(await one.call('GET', '/get-contact-by-phone/+442071838750')).toMatchObject({
        first_name: 'Bob',
      });
    }
  });

  it('needs one column of numbers, and headers that the file has', async () => {
    const client = newClient();
    const id = await upload(client);
    const start = (upload_id: string, column_mapping: object[]) =>
      client.send({
        ...{ method: 'POST', url: '/create-contact-import' },
        payload: { upload_id, column_mapping },
      });
    const [phone = {}] = mapping;
    expect(await start(id, mapping.slice(1))).toMatchObject({ status: 400 });
    expect(await start(id, [phone, phone])).toMatchObject({ status: 400 });
    const unknown = { external_field_name: 'other', field_name: 'x' };
    expect(await start(id, [phone, unknown])).toMatchObject({ status: 400 });
    expect(await start('none', [phone])).toMatchObject({ status: 404 });
    expect(await start(id, [phone])).toMatchObject({ status: 201 });
    expect(await start(id, [phone])).toMatchObject({ status: 422 });
  });

  it('has a sister that fills contacts from past calls', async () => {
    const client = newClient();
    await create(client);
    await client.call('POST', '/backfill-contact-analysis-data', { backfill_attributes: ['a'] });
    await advance(client, { until: 'idle' });
    expect(await client.call('GET', '/get-backfill-contact-job-status')).toMatchObject({
      ...{ status: 'idle', succeeded: 1 },
    });
  });
});

describe('CSV', () => {
  const fields = fc.string({ maxLength: 8 }).filter((text) => !text.startsWith('\uFEFF'));
  it('is read as it was written', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fields, { minLength: 1, maxLength: 4 }), { maxLength: 5 }),
        (rows) => {
          const quote = (value: string) => `"${value.replaceAll('"', '""')}"`;
          const text = rows.map((row) => row.map(quote).join(',')).join('\r\n');
          const full = rows.filter((row) => row.some((value) => value !== ''));
          expect(parseCsv(text)).toEqual(full);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('may be anything', () => {
    const odd = fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', 'a') });
    fc.assert(
      fc.property(odd, (text) => {
        expect(parseCsv(text).length).toBeLessThanOrEqual(text.length);
      }),
      { numRuns: 300 },
    );
  });
});

it.each([
  ['(415) 555-0111', 'US', '+14155550111'],
  ['14155550111', 'US', '+14155550111'],
  ['+44 20 7183 8750', 'US', '+442071838750'],
  ['442071838750', 'GB', '+442071838750'],
  ['12', 'US', undefined],
  ['', 'US', undefined],
])('the number %j of %s is %s', (text, country, expected) => {
  expect(toE164(text, country)).toBe(expected);
});
