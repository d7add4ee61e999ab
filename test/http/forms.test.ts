import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { readFormValues } from '../../src/http/bodies/form-values.js';
import { buildTestApp } from '../support/emulator.js';
import { formText, formType } from '../support/forms.js';

const text = { type: 'string' };
const schema = {
  type: 'object',
  properties: {
    name: text,
    size: { type: 'integer' },
    on: { type: 'boolean' },
    urls: { type: 'array', items: text },
    texts: { type: 'array', items: { type: 'object', properties: { title: text, text } } },
  },
};

const read = (...parts: [string, unknown][]) => readFormValues(parts, schema);

describe('the parts of a form', () => {
  it('become the types of the schema', () => {
    expect(read(['name', '7'], ['size', '7'], ['on', 'true'], ['other', '7'])).toEqual({
      ...{ name: '7', size: 7, on: true, other: '7' },
    });
    expect(read(['size', 'x'], ['on', 'yes'])).toEqual({ size: 'x', on: 'yes' });
  });

  it.each([
    ['as JSON', [['texts', '[{"title":"a","text":"1"},{"title":"b","text":"2"}]']]],
    [
      'as JSON of each',
      [
        ['texts', '{"title":"a","text":"1"}'],
        ['texts[]', '{"title":"b","text":"2"}'],
      ],
    ],
    [
      'with numbers',
      [
        ['texts[0][title]', 'a'],
        ['texts[0][text]', '1'],
        ['texts[1][title]', 'b'],
        ['texts[1][text]', '2'],
      ],
    ],
    [
      'with empty brackets',
      [
        ['texts[][title]', 'a'],
        ['texts[][text]', '1'],
        ['texts[][title]', 'b'],
        ['texts[][text]', '2'],
      ],
    ],
  ] as [string, [string, string][]][])('become a list of objects %s', (_how, parts) => {
    expect(read(...parts)).toEqual({
      texts: [
        { title: 'a', text: '1' },
        { title: 'b', text: '2' },
      ],
    });
  });

  it('become a list of texts, repeated, with brackets, or as JSON', () => {
    const urls = ['a', 'b'];
    expect(read(['urls', 'a'], ['urls', 'b'])).toEqual({ urls });
    expect(read(['urls[]', 'a'], ['urls[]', 'b'])).toEqual({ urls });
    expect(read(['urls', '["a","b"]'])).toEqual({ urls });
    expect(read(['urls[0]', 'a'], ['urls[7]', 'b'])).toEqual({ urls });
  });

  it('never change a prototype, whatever their names', () => {
    const names = fc.oneof(
      fc.constantFrom('__proto__', 'constructor', 'texts[__proto__]', 'texts[][__proto__]'),
      fc.constantFrom('texts[0][constructor]', 'urls[99999999999]', 'texts[5][a]', '[', '[]', ''),
      fc.string(),
    );
    const values = fc.oneof(fc.string(), fc.constantFrom('{"__proto__":{"a":1}}', '[[]]', '{'));
    fc.assert(
      fc.property(fc.array(fc.tuple(names, values), { maxLength: 8 }), (parts) => {
        const body = read(...parts);
        expect(Object.getPrototypeOf(body)).toBe(Object.prototype);
        expect(({} as Record<string, unknown>)['a']).toBeUndefined();
        expect(JSON.stringify(body).length).toBeLessThan(10_000);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a form', () => {
  const { client: clientOf } = buildTestApp({ atEnd: afterAll });
  const client = clientOf('key_forms');
  const url = '/create-knowledge-base';
  const send = (payload: string | Buffer, type = formType) =>
    client.send({ method: 'POST', url, payload, headers: { 'content-type': type } });

  it('that is cut off, or has no boundary, is refused', async () => {
    const whole = formText({ knowledge_base_name: 'A' });
    expect(await send(whole)).toMatchObject({ status: 201 });
    expect(await send(whole.slice(0, -30))).toMatchObject({ status: 400 });
    expect(await send(whole, 'multipart/form-data')).toMatchObject({ status: 400 });
    expect(await send('', formType)).toMatchObject({ status: 400 });
  });

  it('has limits', async () => {
    const long = { knowledge_base_name: 'A', knowledge_base_texts: 'x'.repeat(5 * 1024 ** 2 + 1) };
    expect(await send(formText(long))).toMatchObject({ status: 413 });
    const many = Object.fromEntries(
      Array.from({ length: 1001 }, (_, index) => [`field_${String(index)}`, 'x']),
    );
    expect(await send(formText(many))).toMatchObject({ status: 413 });
    const content = 'x'.repeat(50 * 1024 ** 2 + 1);
    const large = { knowledge_base_name: 'A', knowledge_base_files: [{ file: 'a', content }] };
    expect(await send(formText(large))).toMatchObject({ status: 413 });
  });

  it('is in the journal without the content of its files', async () => {
    const file = { file: 'secret.txt', content: 'classified' };
    const key = clientOf('key_journal_of_forms');
    const payload = formText({ knowledge_base_name: 'A', knowledge_base_files: [file] });
    await key.send({ method: 'POST', url, payload, headers: { 'content-type': formType } });
    const { items } = await key.call<{ items: object[] }>('GET', '/_emulator/requests');
    expect(items).toMatchObject([
      {
        operation: 'createKnowledgeBase',
        body: { knowledge_base_files: [{ filename: 'secret.txt', size: 10 }] },
      },
    ]);
    expect(JSON.stringify(items)).not.toContain('classified');
  });
});
