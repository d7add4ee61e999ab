import { describe, expect, it } from 'vitest';
import { loadContract } from '../../src/contract/document.js';
import { buildTestApp, retellLlm, someDefinition, type TestClient } from '../support/emulator.js';

const contract = loadContract('retell');

interface Visit {
  /** Path and query of a request that succeeds, made from ids of the workspace. */
  readonly url: (ids: Ids) => string;
  readonly body?: (ids: Ids) => object;
  /** What to make of it so that it is malformed. */
  readonly malformed: { readonly url: string } | { readonly body: unknown };
}

interface Ids {
  readonly definition: string;
  readonly batch: string;
  readonly run: string;
}

const engine = 'type=retell-llm&llm_id=llm_1';
const tooLong = `/${'x'.repeat(20_000)}`;

/** Every operation of the contract, by id; the test fails while one is missing. */
const visits: Record<string, Visit> = {
  createTestCaseDefinition: {
    url: () => '/create-test-case-definition',
    body: () => someDefinition,
    malformed: { body: { ...someDefinition, name: 7 } },
  },
  getTestCaseDefinition: {
    url: ({ definition }) => `/get-test-case-definition/${definition}`,
    malformed: { url: '/get-test-case-definition/%zz' },
  },
  updateTestCaseDefinition: {
    url: ({ definition }) => `/update-test-case-definition/${definition}`,
    body: () => ({ name: 'New' }),
    malformed: { body: { name: 7 } },
  },
  deleteTestCaseDefinition: {
    url: ({ definition }) => `/delete-test-case-definition/${definition}`,
    malformed: { url: '/delete-test-case-definition/%zz' },
  },
  listTestCaseDefinitions: {
    url: () => `/list-test-case-definitions?${engine}`,
    malformed: { url: '/list-test-case-definitions?type=x' },
  },
  listTestCaseDefinitionsV2: {
    url: () => `/v2/list-test-case-definitions?${engine}`,
    malformed: { url: '/v2/list-test-case-definitions?type=retell-llm' },
  },
  createBatchTest: {
    url: () => '/create-batch-test',
    body: ({ definition }) => ({
      test_case_definition_ids: [definition],
      response_engine: retellLlm,
    }),
    malformed: { body: { test_case_definition_ids: [] } },
  },
  getBatchTest: {
    url: ({ batch }) => `/get-batch-test/${batch}`,
    malformed: { url: '/get-batch-test/%zz' },
  },
  listBatchTests: {
    url: () => `/list-batch-tests?${engine}`,
    malformed: { url: '/list-batch-tests' },
  },
  listBatchTestsV2: {
    url: () => `/v2/list-batch-tests?${engine}&limit=5`,
    malformed: { url: `/v2/list-batch-tests?${engine}&limit=x` },
  },
  getTestRun: {
    url: ({ run }) => `/get-test-run/${run}`,
    malformed: { url: '/get-test-run/%zz' },
  },
  listTestRuns: {
    url: ({ batch }) => `/list-test-runs/${batch}`,
    malformed: { url: '/list-test-runs/%zz' },
  },
  listTestRunsV2: {
    url: ({ batch }) => `/v2/list-test-runs/${batch}?limit=5`,
    malformed: { url: '/v2/list-test-runs/x?limit=0' },
  },
};

async function prepare(client: TestClient): Promise<Ids> {
  const { test_case_definition_id: definition } = await client.createDefinition();
  const { test_case_batch_job_id: batch } = await client.createBatchTest([definition]);
  const { items } = await client.listRuns(batch);
  return { definition, batch, run: items[0]?.test_case_job_id ?? '' };
}

describe('every operation of the contract', () => {
  it('is visited here', () => {
    expect(Object.keys(visits).sort()).toEqual(contract.operations.map(({ id }) => id).sort());
  });

  describe.each(contract.operations)('$id', ({ id, method: lowerCase, path, success }) => {
    const visit = visits[id] ?? { url: () => '', malformed: { url: '' } };
    const method = lowerCase.toUpperCase() as 'GET' | 'POST' | 'PUT' | 'DELETE';
    const withBody = (ids: Ids) => (visit.body ? { payload: visit.body(ids) } : {});
    const error = { status: 'error', message: expect.any(String) as string };

    it(`answers ${String(success)} on the happy path`, async () => {
      const { client } = buildTestApp();
      const ids = await prepare(client());
      const { status, body } = await client().send({
        method,
        url: visit.url(ids),
        ...withBody(ids),
      });
      expect(status, JSON.stringify(body)).toBe(success);
    });

    it('answers 401 without a key, and does nothing', async () => {
      const { app, client } = buildTestApp();
      const ids = await prepare(client());
      const response = await app.inject({ method, url: visit.url(ids), ...withBody(ids) });
      expect(response.json()).toEqual(error);
      expect(response.statusCode).toBe(401);
      expect(await prepared(client(), ids)).toBe(true);
    });

    it('shows and changes nothing of another key', async () => {
      const { client } = buildTestApp();
      const ids = await prepare(client());
      const { status, body } = await client('key_b').send({
        ...{ method, url: visit.url(ids) },
        ...withBody(ids),
      });
      if (path.includes('{')) {
        expect(body).toEqual({ status: 'error', message: 'The requested resource was not found.' });
        expect(status).toBe(404);
      } else {
        expect(status).toBe(success);
        const known = id === 'createBatchTest' ? [ids.batch, ids.run] : Object.values(ids);
        for (const value of known) expect(JSON.stringify(body)).not.toContain(value);
      }
      expect(await prepared(client(), ids)).toBe(true);
    });

    it('answers 400 to what is malformed', async () => {
      const { client } = buildTestApp();
      const ids = await prepare(client());
      const request =
        'url' in visit.malformed
          ? { url: visit.malformed.url, ...withBody(ids) }
          : { url: visit.url(ids), payload: visit.malformed.body as object };
      const { status, body } = await client().send({ method, ...request });
      expect(body).toEqual(error);
      expect(status).toBe(400);
      expect(await prepared(client(), ids)).toBe(true);
    });

    if (!path.includes('{')) return;
    it('answers 404 to an id that there is not', async () => {
      const { client } = buildTestApp();
      const ids = await prepare(client());
      for (const unknown of ['x', tooLong.slice(1, 5000), '%00', '__proto__']) {
        const nothing = { definition: unknown, batch: unknown, run: unknown };
        const url = visit.url(nothing);
        const { status } = await client().send({ method, url, ...withBody(ids) });
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
    const listed = await client.call<unknown[]>('GET', `/list-batch-tests?${engine}`);
    return (
      definition.name === someDefinition.name && batch.total_count === 1 && listed.length === 1
    );
  }
});
