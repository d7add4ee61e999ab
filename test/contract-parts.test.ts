import { expect, test } from 'vitest';
import { createAjv, partAdder } from '../src/contract/ajv.js';

const document = {
  paths: { '/v2/agents/{id}': { schema: { $ref: '#/components/schemas/Agent' } } },
  components: {
    schemas: {
      Agent: {
        type: 'object',
        properties: {
          voice: { $ref: '#/components/schemas/Voice' },
          successor: { $ref: '#/components/schemas/Agent' },
        },
      },
      Voice: { type: 'string' },
      Call: { type: 'object' },
    },
  },
};

test('a part is added with the parts that it refers to, itself among them', () => {
  const ajv = createAjv({});
  const id = partAdder(ajv, 'contract', document)('/components/schemas/Agent') ?? '';
  expect(ajv.validate(id, { successor: { voice: 'v' } })).toBe(true);
  expect(ajv.validate(id, { successor: { voice: 1 } })).toBe(false);
});

test('a part that nothing refers to is not added', () => {
  const ajv = createAjv({});
  partAdder(ajv, 'contract', document)('/components/schemas/Agent');
  expect(ajv.schemas).toHaveProperty(['contract#/components/schemas/Voice']);
  expect(ajv.schemas).not.toHaveProperty(['contract#/components/schemas/Call']);
});

test('a pointer may be percent-encoded, and may be added twice', () => {
  const ajv = createAjv({});
  const add = partAdder(ajv, 'contract', document);
  const pointer = '/paths/~1v2~1agents~1%7Bid%7D/schema';
  const id = add(pointer) ?? '';
  expect(add(pointer)).toBe(id);
  expect(ajv.validate(id, { voice: 1 })).toBe(false);
});

test('a part that the document does not have gets no id', () => {
  const add = partAdder(createAjv({}), 'contract', document);
  expect(add('/components/schemas/Voice/items')).toBeUndefined();
  expect(add('/paths/~1v2/schema')).toBeUndefined();
});

test('every part is prepared', () => {
  const ajv = createAjv({});
  const closed = (part: object) => ({ additionalProperties: false, ...part });
  const id = partAdder(ajv, 'contract', document, closed)('/components/schemas/Agent') ?? '';
  expect(ajv.validate(id, { successor: { voice: 'v' } })).toBe(true);
  expect(ajv.validate(id, { successor: { unknown: 'v' } })).toBe(false);
});
