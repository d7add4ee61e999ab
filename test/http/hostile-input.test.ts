import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadContract, type ContractOperation } from '../../src/contract/document.js';
import { someCall } from '../support/calls.js';
import { buildTestApp, someDefinition, type TestClient } from '../support/emulator.js';
import { createExampleObjects, exampleRequests } from '../support/example-requests.js';

const json = { 'content-type': 'application/json' };

/** A request that must be answered, whatever it has, and by no error of the emulator's own. */
async function ask(client: TestClient, method: string, url: string, payload?: string | object) {
  const sent = {
    method: method as 'GET',
    url,
    ...(payload !== undefined && { headers: json, payload }),
  };
  const { status, body } = await client.send(sent);
  const shown = `${method} ${url.slice(0, 200)} ${JSON.stringify(payload ?? '').slice(0, 200)}`;
  expect(status === 501 || status < 500, `${shown}: ${JSON.stringify(body)}`).toBe(true);
  if (status >= 400 && method !== 'HEAD') {
    expect(body, shown).toMatchObject({ status: 'error', message: expect.any(String) as string });
  }
  return { status, body };
}

/** What was accepted can be exported, and loaded elsewhere. */
async function expectLoadable(client: TestClient, other: TestClient): Promise<void> {
  const exported = await client.call<object>('GET', '/_emulator/export');
  await other.call('POST', '/_emulator/fixtures?replace=true', exported);
}

type Schema = Record<string, unknown> & { properties?: Record<string, Schema>; items?: Schema };

/** The paths of all numbers in a schema, each as a function that makes a body with that number. */
function* numbersIn(
  schema: Schema,
  document: Document,
  depth = 6,
): Generator<{ path: string; make: (text: string) => string }> {
  if (depth === 0) return;
  const { $ref, properties = {}, items, type } = schema;
  if (typeof $ref === 'string') {
    const name = $ref.split('/').at(-1) ?? '';
    const target = document.components.schemas[name];
    if (target !== undefined) yield* numbersIn(target, document, depth - 1);
    return;
  }
  if (['number', 'integer'].some((each) => [type].flat().includes(each))) {
    yield { path: '', make: (text) => text };
  }
  for (const each of ['allOf', 'anyOf', 'oneOf'] as const) {
    for (const part of (schema[each] as Schema[] | undefined) ?? []) {
      yield* numbersIn(part, document, depth - 1);
    }
  }
  if (items !== undefined) {
    for (const { path, make } of numbersIn(items, document, depth - 1)) {
      yield { path: `/0${path}`, make: (text) => `[${make(text)}]` };
    }
  }
  for (const [name, property] of Object.entries(properties)) {
    for (const { path, make } of numbersIn(property, document, depth - 1)) {
      yield { path: `/${name}${path}`, make: (text) => `{${JSON.stringify(name)}:${make(text)}}` };
    }
  }
}

interface Document {
  readonly components: { readonly schemas: Record<string, Schema> };
  readonly paths: Record<
    string,
    Record<string, { requestBody?: { content: Record<string, { schema: Schema }> } }>
  >;
}
const documentOf = (name: string): Document =>
  parse(readFileSync(`openapi/${name}.yaml`, 'utf8').replaceAll(/retell\.yaml#/g, '#')) as Document;

const oddNumbers = [
  ...['-0', '1e308', '-1e308', '5e-324', '9007199254740992', '9007199254740991', '-1', '0.5'],
  ...['1e400', '"1"', '"NaN"', 'null', '[]', 'true'],
];

describe('a number in a body', () => {
  it.each(['retell', 'control'] as const)('of the contract %s never causes a 500', async (name) => {
    const { client } = buildTestApp();
    const sender = client();
    const ids = await createExampleObjects(sender);
    const vendor = documentOf('retell');
    const own = documentOf(name);
    const document = {
      ...own,
      components: { schemas: { ...vendor.components.schemas, ...own.components.schemas } },
    };
    let count = 0;
    for (const operation of loadContract(name).operations) {
      // Those wait, or act on all workspaces for each of them.
      if (!operation.hasBody || /^waitFor|^await/.test(operation.id)) continue;
      const { requestBody } = document.paths[operation.path]?.[operation.method] ?? {};
      const schema = requestBody?.content['application/json']?.schema ?? {};
      const example = exampleRequests[operation.id];
      const url = example?.url(ids) ?? operation.path.replaceAll(/\{\w+\}/g, 'x');
      const rest = JSON.stringify(example?.body?.(ids) ?? {}).slice(1);
      const seen = new Set<string>();
      for (const { path, make } of numbersIn(schema, document)) {
        if (seen.has(path)) continue;
        seen.add(path);
        for (const number of oddNumbers) {
          // The last of two properties of one name counts.
          const own = make(number).slice(1, -1);
          const payload = rest === '}' ? `{${own}}` : `{${rest.slice(0, -1)},${own}}`;
          await ask(sender, operation.method.toUpperCase(), url, payload);
          count += 1;
        }
      }
    }
    expect(count).toBeGreaterThan(300);
    await expectLoadable(sender, client('key_b'));
  });
});

const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
const many = (count: number, value: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => value(index)).join(',');

describe('a call', () => {
  const call = JSON.stringify(someCall).slice(0, -1);
  it.each([
    ['deep metadata', `"metadata":{"a":${nested(97)}}`, 201],
    ['metadata that is too deep', `"metadata":{"a":${nested(120)}}`, 400],
    ['half a surrogate in metadata', '"metadata":{"a":"\\ud800"}', 400],
    ['half a surrogate in a name', '"metadata":{"\\udfff":1}', 400],
    ['a prototype in metadata', '"metadata":{"__proto__":{"a":1},"b":2}', 201],
    ['a zero byte in metadata', '"metadata":{"a\\u0000b":"\\u0000"}', 201],
    [
      'many metadata',
      `"metadata":{${many(50_000, (index) => `"k${String(index)}":1`)}}`,
      undefined,
    ],
    [
      'a large variable',
      `"retell_llm_dynamic_variables":{"a":"${'x'.repeat(4_000_000)}"}`,
      undefined,
    ],
    [
      'many variables',
      `"retell_llm_dynamic_variables":{${many(20_000, (index) => `"k${String(index)}":"v"`)}}`,
      undefined,
    ],
    ['half a surrogate in a variable', '"retell_llm_dynamic_variables":{"a":"\\udc00"}', 400],
    [
      'a variable that names itself',
      '"retell_llm_dynamic_variables":{"a":"{{a}}","b":"{{a}}{{b}}"}',
      201,
    ],
    ['odd headers', '"custom_sip_headers":{"X-A":"a\\r\\nX-B: b","X-\\u0000":"é"}', undefined],
    ['a time to start far away', '"ignore_e164_validation":true,"metadata":{"at":1e308}', 201],
  ])('may have %s', async (_what, more, expected) => {
    const { client } = buildTestApp();
    const sender = client();
    const { status, body } = await ask(sender, 'POST', '/v2/create-phone-call', `${call},${more}}`);
    if (expected !== undefined) expect(status, JSON.stringify(body).slice(0, 300)).toBe(expected);
    if (status !== 201) return;
    const id = String(body['call_id']);
    await sender.call('POST', '/_emulator/clock/advance', { by: '10m' });
    const { status: read } = await ask(sender, 'GET', `/v2/get-call/${id}`);
    expect(read).toBe(200);
    await ask(sender, 'POST', '/v3/list-calls', {});
    await ask(sender, 'GET', '/_emulator/requests');
  });

  it.each(['to_number', 'from_number'])('may have an odd %s', async (name) => {
    const { client } = buildTestApp();
    const sender = client();
    const numbers = [
      '',
      '+',
      '+1',
      ' +14155550100',
      '+1415555010a',
      '+'.repeat(1000),
      '00'.repeat(5e4),
      '١٢٣',
      '\u0000',
    ];
    for (const number of [...numbers, 'sip:a@b', '+1415 555 0100', '-0', '1e308']) {
      for (const more of [{}, { ignore_e164_validation: true }]) {
        const body = { ...someCall, [name]: number, ...more };
        await ask(sender, 'POST', '/v2/create-phone-call', body);
        await ask(sender, 'POST', '/v2/register-phone-call', { agent_id: 'a', [name]: number });
      }
    }
    await sender.call('POST', '/_emulator/clock/advance', { by: '10m' });
    await ask(sender, 'POST', '/v3/list-calls', {});
  });
});

describe('a filter of calls', () => {
  const values = Array.from({ length: 10_000 }, (_, index) => `agent_${String(index)}`);
  const texts = Array.from({ length: 10_000 }, (_, index) => `+1415${String(index)}`);
  it.each([
    ['/v2/list-calls', { agent_id: values }],
    ['/v2/list-calls', { from_number: texts, to_number: texts, call_id: values }],
    ['/v2/list-calls', { metadata: Object.fromEntries(values.map((id) => [id, 'x'])) }],
    ['/v2/list-calls', { dynamic_variables: Object.fromEntries(values.map((id) => [id, ['x']])) }],
    ['/v2/list-calls', { start_timestamp: { lower_threshold: -1e308, upper_threshold: 1e308 } }],
    ['/v2/list-calls', { duration_ms: { upper_threshold: 0.5, lower_threshold: -0 } }],
    ['/v3/list-calls', { agent: values.map((agent_id) => ({ agent_id })) }],
    [
      '/v3/list-calls',
      { agent: values.map((agent_id, version) => ({ agent_id, version: [version] })) },
    ],
    ['/v3/list-calls', { call_id: { type: 'string', op: 'eq', value: 'x'.repeat(4_000_000) } }],
    ['/v3/list-calls', { from_number: { type: 'string', op: 'co', value: '%_%'.repeat(10_000) } }],
    ['/v3/list-calls', { to_number: { type: 'string', op: 'sw', value: '\u0000' } }],
    ['/v3/list-calls', { disconnection_reason: { type: 'enum', op: 'in', value: values } }],
    ['/v3/list-calls', { start_timestamp: { type: 'range', op: 'bt', value: [1e308, -1e308] } }],
    ['/v3/list-calls', { duration_ms: { type: 'number', op: 'gt', value: 5e-324 } }],
    ['/v3/list-calls', { combined_cost: { type: 'number', op: 'lt', value: -0 } }],
  ])('may be large or odd: %s', async (url, filter_criteria) => {
    const { client } = buildTestApp();
    const sender = client();
    for (let count = 0; count < 5; count += 1)
      await sender.call('POST', '/v2/create-phone-call', someCall);
    await ask(sender, 'POST', url, { filter_criteria });
    await ask(sender, 'POST', url, { filter_criteria, limit: 1000, sort_order: 'ascending' });
  });

  it('takes keys and limits of any form', async () => {
    const { client } = buildTestApp();
    const sender = client();
    for (const pagination_key of ['', 'x', 'x'.repeat(1e6), '../..', '\u0000', 'LTEu', 7, null]) {
      for (const url of ['/v2/list-calls', '/v3/list-calls', '/v2/list-agents']) {
        await ask(sender, 'POST', url, { pagination_key, skip: -1 });
      }
    }
    for (const skip of [-1, 0.5, 1e308, 9007199254740992, '1', null]) {
      await ask(sender, 'POST', '/v3/list-calls', { skip });
    }
  });
});

describe('an id or a number in a path', () => {
  const odd = [
    ...['%2B14155550100', '+14155550100', '%20', '%2F', 'a%2Fb', '..%2f..', '%2e%2e', '%00', '%ff'],
    ...['%C0%80', '%ED%A0%80', '%F0%9F%98%80', 'a;b', 'a%3Bb', '%25', '%252F', '%5C', '%0d%0aX:y'],
    ...['+1%20(415)%20555', 'x'.repeat(16_000), '__proto__', 'constructor', "'--", '%7B%7B', '*'],
  ];
  const operations = (['retell', 'control'] as const).flatMap((name) =>
    loadContract(name).operations.filter(({ path, id }) => path.includes('{') && !/wait/i.test(id)),
  );
  const urlOf = ({ path }: ContractOperation, value: string) => path.replaceAll(/\{\w+\}/g, value);

  it('of any form is answered', async () => {
    const { client } = buildTestApp();
    const sender = client();
    for (const operation of operations) {
      for (const value of odd) {
        const payload = operation.hasBody ? {} : undefined;
        await ask(sender, operation.method.toUpperCase(), urlOf(operation, value), payload);
        await ask(sender, 'HEAD', urlOf(operation, value));
        await ask(sender, 'OPTIONS', urlOf(operation, value));
      }
    }
  });

  it('is decoded once', async () => {
    const { client } = buildTestApp();
    const { phone_number: number } = await client().call<{ phone_number: string }>(
      ...(['POST', '/create-phone-number', {}] as const),
    );
    for (const form of [number, encodeURIComponent(number)]) {
      const { body } = await ask(client(), 'GET', `/get-phone-number/${form}`);
      expect(body).toMatchObject({ phone_number: number });
    }
    const twice = encodeURIComponent(encodeURIComponent(number));
    expect((await ask(client(), 'GET', `/get-phone-number/${twice}`)).status).toBe(404);
  });
});

describe('a snapshot', () => {
  it.each([
    ...['a', 'x'.repeat(100), 'x'.repeat(5000), '%2e%2e%2fetc', 'a%20b', '%00', '%0a'],
    ...['%F0%9F%98%80', '__proto__', "'%20OR%201=1--", 'before%20load', '%', 'a%2Fb', '%5c..'],
  ])('named %s is kept as it is, or refused', async (name) => {
    const { client } = buildTestApp();
    const sender = client();
    const { status } = await ask(sender, 'POST', `/_emulator/snapshots/${name}`);
    const listed = await sender.call<{ name: string }[]>('GET', '/_emulator/snapshots');
    if (status >= 300) {
      expect(listed).toEqual([]);
      return;
    }
    expect(listed.map((one) => one.name)).toEqual([decodeURIComponent(name)]);
    await sender.createDefinition(someDefinition);
    await sender.call('POST', `/_emulator/snapshots/${name}/restore`);
    const exported = await sender.call<{ definitions: unknown[] }>('GET', '/_emulator/export');
    expect(exported.definitions).toEqual([]);
    await sender.call('DELETE', `/_emulator/snapshots/${name}`);
    expect(await sender.call('GET', '/_emulator/snapshots')).toEqual([]);
  });
});
