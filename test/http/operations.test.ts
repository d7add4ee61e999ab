import { afterAll, describe, expect, it } from 'vitest';
import { loadContract, type ContractOperation } from '../../src/contract/document.js';
import { readCall } from '../support/calls.js';
import { readChat } from '../support/chats.js';
import { buildTestApp, someDefinition, type TestClient } from '../support/emulator.js';
import {
  engineQuery,
  createExampleObjects,
  someAgent,
  exampleRequests,
  payloadOf,
  type Ids,
} from '../support/example-requests.js';
import { asForm } from '../support/forms.js';
import { objectIds } from '../support/object-example-requests.js';

const contract = loadContract('retell');

/** One emulator for all tests. Each test has a key of its own. */
const { app, client: clientOf } = buildTestApp({ atEnd: afterAll });
let keys = 0;
const newKey = () => `key_${String((keys += 1))}`;

describe('every operation of the contract', () => {
  it('is tested here', () => {
    expect(Object.keys(exampleRequests).sort()).toEqual(
      contract.operations.map(({ id }) => id).sort(),
    );
  });

  describe.each(contract.operations)('$id', ({ id, method: lowerCase, path, success }) => {
    const example = exampleRequests[id] ?? { url: () => '', malformed: { url: '' } };
    const method = lowerCase.toUpperCase() as 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
    const withBody = (ids: Ids) => (example.body ? payloadOf(example, example.body(ids)) : {});
    const error = { status: 'error', message: expect.any(String) as string };

    it(`answers ${String(success)} to a valid request`, async () => {
      const client = clientOf(newKey());
      const ids = await createExampleObjects(client);
      const { status, body } = await client.send({
        method,
        url: example.url(ids),
        ...withBody(ids),
      });
      expect(status, JSON.stringify(body)).toBe(success);
    });

    it('answers 401 without a key, and does nothing', async () => {
      const client = clientOf(newKey());
      const ids = await createExampleObjects(client);
      const response = await app.inject({ method, url: example.url(ids), ...withBody(ids) });
      expect(response.json()).toEqual(error);
      expect(response.statusCode).toBe(401);
      expect(await prepared(client, ids)).toBe(true);
    });

    it('neither shows nor changes objects of another key', async () => {
      const client = clientOf(newKey());
      const ids = await createExampleObjects(client);
      const { status, body } = await clientOf(newKey()).send({
        ...{ method, url: example.url(ids) },
        ...withBody(ids),
      });
      if (path.includes('{') || example.namesInBody === true) {
        expect(body).toEqual(error);
        expect(status).toBe(404);
      } else {
        // Another key has no CRM, and no uploaded file.
        const refused: Record<string, number> = {
          ...{ getCrmSchema: 400, runSyncJob: 400, createContactImport: 404 },
        };
        expect(status).toBe(refused[id] ?? success);
        if (id in refused) return;
        const known = id === 'createBatchTest' ? [ids.batch, ids.run] : Object.values(ids);
        for (const value of known) expect(JSON.stringify(body)).not.toContain(value);
      }
      expect(await prepared(client, ids)).toBe(true);
    });

    it('answers 400 to a malformed request', async () => {
      const client = clientOf(newKey());
      const ids = await createExampleObjects(client);
      const request =
        'url' in example.malformed
          ? { url: example.malformed.url, ...withBody(ids) }
          : { url: example.url(ids), ...payloadOf(example, example.malformed.body as object) };
      const { status, body } = await client.send({ method, ...request });
      expect(body).toMatchObject(error);
      expect(status).toBe(400);
      expect(await prepared(client, ids)).toBe(true);
    });

    if (!path.includes('{')) return;
    it('answers 404 to an unknown id', async () => {
      const client = clientOf(newKey());
      const ids = await createExampleObjects(client);
      for (const unknown of ['x', 'x'.repeat(5000), '%00', '__proto__']) {
        const tested = { definition: unknown, batch: unknown, run: unknown };
        const calls = { number: unknown, call: unknown, listener: unknown, pastCall: unknown };
        const engines = { llm: unknown, flow: unknown, agent: unknown };
        const chats = { chat: unknown, pastChat: unknown };
        const nothing = { ...tested, ...calls, ...chats, ...engines, ...objectIds(unknown) };
        const url = example.url(nothing);
        const { status } = await client.send({ method, url, ...withBody(ids) });
        expect(status).toBe(404);
      }
    });
  });

  /** True if all that was prepared is still there as it was. */
  async function prepared(client: TestClient, ids: Ids): Promise<boolean> {
    const definition = await client.call<{ name: string }>(
      ...(['GET', `/get-test-case-definition/${ids.definition}`] as const),
    );
    const batch = await client.getBatchTest(ids.batch);
    const listed = await client.call<unknown[]>('GET', `/list-batch-tests?${engineQuery}`);
    const assets = await Promise.all(
      [
        `retell-llm/${ids.llm}`,
        `conversation-flow/${ids.flow}`,
        `agent/${ids.agent}?version=0`,
      ].map((name) => client.call('GET', `/get-${name}`)),
    );
    for (const asset of assets) expect(asset).toMatchObject({ is_published: false });
    expect(assets[2]).toMatchObject(someAgent);
    await client.call('GET', `/get-phone-number/${ids.number}`);
    expect(await readCall(client, ids.call)).toMatchObject({ call_status: 'ongoing' });
    expect(await readCall(client, ids.pastCall)).not.toHaveProperty('metadata');
    expect(await readChat(client, ids.chat)).toMatchObject({ chat_status: 'ongoing' });
    return (
      definition.name === someDefinition.name && batch.total_count === 1 && listed.length === 1
    );
  }
});

describe('the example request of the reference', () => {
  const control = loadContract('control');
  const vendors = contract.operations.map((operation) => ({ contract, ...operation }));
  const ours = control.operations
    .filter(({ hasBody }) => hasBody)
    .map((operation) => ({ contract: control, ...operation }));

  it.each([...vendors, ...ours])('is accepted: $id', async ({ contract, ...operation }) => {
    const client = clientOf(newKey());
    const ids = await createExampleObjects(client);
    const url = filledUrl(operation, ids);
    const { method, path, hasBody, success } = operation;
    const described = contract.document.paths[path]?.[method] as Partial<Described> | undefined;
    const { 'application/json': json, 'multipart/form-data': form } =
      described?.requestBody?.content ?? {};
    const given = (json ?? form)?.example;
    const example = given && 'chat_id' in given ? { ...given, chat_id: ids.chat } : given;
    expect(example !== undefined, 'has an example').toBe(hasBody);
    const own = JSON.stringify(example ?? {})
      .replace('upload_0123456789abcdef', ids.upload)
      .replace('listener_0123456789abcdefghij', ids.listener);
    const filled = JSON.parse(own) as object;
    const payload = example && (form ? asForm(withFiles(filled)) : { payload: filled });
    const { status, body } = await client.send({ method, url, ...payload });
    expect(status, JSON.stringify(body)).toBe(success);
  });

  interface Described {
    readonly requestBody: { content: Partial<Record<string, { example?: object }>> };
  }

  /** The reference has a text for a file. */
  const withFiles = (example: object) =>
    Object.fromEntries(
      Object.entries(example).map(([name, value]: [string, unknown]) => [
        name,
        /^(file|files|knowledge_base_files)$/.test(name)
          ? [value].flat().map((content) => ({ file: 'a.png', content: String(content) }))
          : value,
      ]),
    );

  /** Operations that only a call allows that is over. */
  const ofPastCalls = ['updateCall', 'rerunCallAnalysis'];

  /** Ids that there are in the path, and in the query what the contract proposes. */
  function filledUrl({ id, path, query }: ContractOperation, ids: Ids): string {
    const byName: Record<string, string> = {
      ...{ test_case_definition_id: ids.definition, test_case_batch_job_id: ids.batch },
      ...{ test_case_job_id: ids.run, llm_id: ids.llm },
      ...{ conversation_flow_id: ids.flow, agent_id: ids.agent, phone_number: ids.number },
      ...(id === 'getContactByPhone' && { phone_number: ids.contactNumber }),
      contact_id: ids.contact,
      ...{ conversation_flow_component_id: ids.component, app_id: ids.app },
      ...(id.includes('ChatAgent') && { agent_id: ids.chatAgent }),
      ...{ voice_id: ids.voice, knowledge_base_id: ids.knowledgeBase, source_id: ids.source },
      call_id: ofPastCalls.includes(id) ? ids.pastCall : ids.call,
      chat_id: id === 'rerunChatAnalysis' ? ids.pastChat : ids.chat,
    };
    const proposed = new URLSearchParams();
    for (const { name, ...parameter } of query) {
      const { example, schema } = parameter as { example?: string; schema: { default?: string } };
      const value = example ?? schema.default;
      if (value !== undefined) proposed.set(name, value);
    }
    const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => byName[name] ?? '');
    return `${filled}?${proposed.toString()}`;
  }
});
