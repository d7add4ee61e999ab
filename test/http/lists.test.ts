import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  buildTestApp,
  type Batch,
  type Definition,
  type Page,
  type TestClient,
} from '../support/emulator.js';

const llm = 'type=retell-llm&llm_id=llm_1';
const flow = 'type=conversation-flow&conversation_flow_id=flow_1';
const flowEngine = { type: 'conversation-flow', conversation_flow_id: 'flow_1' };

/** Reads all pages of a list, doing `between` after each. */
async function readAll<Item>(
  client: TestClient,
  url: string,
  limit: number,
  between: () => Promise<unknown> = () => Promise.resolve(),
): Promise<Item[]> {
  const items: Item[] = [];
  for (let key: string | undefined = ''; key !== undefined;) {
    const from = key === '' ? '' : `&pagination_key=${key}`;
    const page: Page<Item> = await client.call('GET', `${url}limit=${String(limit)}${from}`);
    expect(page.items.length).toBeLessThanOrEqual(limit);
    if (page.has_more) expect(page.items.length).toBe(limit);
    expect(page.has_more).toBe(page.pagination_key !== undefined);
    items.push(...page.items);
    key = page.pagination_key;
    await between();
  }
  return items;
}

const batchId = (batch: Batch) => batch.test_case_batch_job_id;
const definitionId = (definition: Definition) => definition.test_case_definition_id;

describe('lists of definitions', () => {
  // facts.md 38
  it('have the definitions of the engine, newest first, in both forms', async () => {
    const { client } = buildTestApp();
    const first = await client().createDefinition();
    const second = await client().createDefinition();
    const other = await client().createDefinition({ response_engine: flowEngine });
    const v2: Page<Definition> = await client().call(
      'GET',
      `/v2/list-test-case-definitions?${llm}`,
    );
    expect(v2).toEqual({ items: [second, first], has_more: false });
    expect(await client().call('GET', `/list-test-case-definitions?${llm}`)).toEqual(v2.items);
    expect(await client().call('GET', `/list-test-case-definitions?${flow}`)).toEqual([other]);
  });

  it('follow a definition to another engine', async () => {
    const { client } = buildTestApp();
    const definition = await client().createDefinition();
    const url = `/update-test-case-definition/${definitionId(definition)}`;
    const moved = await client().call('PUT', url, { response_engine: flowEngine });
    expect(await client().call('GET', `/list-test-case-definitions?${llm}`)).toEqual([]);
    expect(await client().call('GET', `/list-test-case-definitions?${flow}`)).toEqual([moved]);
  });

  it('are empty for a key that has created nothing', async () => {
    const { client } = buildTestApp();
    await client('key_a').createDefinition();
    const page = await client('key_b').call('GET', `/v2/list-test-case-definitions?${llm}`);
    expect(page).toEqual({ items: [], has_more: false });
  });
});

describe('lists of batches', () => {
  // facts.md 38
  it('have the batches of the engine, newest first, also by version', async () => {
    const { client } = buildTestApp();
    const on = (version?: number | null) => ({
      ...{ type: 'retell-llm', llm_id: 'llm_1' },
      ...(version !== undefined && { version }),
    });
    const none = await client().createBatchTest(['a'], on());
    const zero = await client().createBatchTest(['a'], on(0));
    const one = await client().createBatchTest(['a'], on(1));
    const nul = await client().createBatchTest(['a'], on(null));
    await client().createBatchTest(['a'], flowEngine);
    const list = async (query: string) => {
      const v2: Page<Batch> = await client().call('GET', `/v2/list-batch-tests?${query}`);
      expect(await client().call('GET', `/list-batch-tests?${query}`)).toEqual(v2.items);
      return v2.items.map(batchId);
    };
    expect(await list(llm)).toEqual([nul, one, zero, none].map(batchId));
    expect(await list(`${llm}&version=0`)).toEqual([batchId(zero)]);
    expect(await list(`${llm}&version=1`)).toEqual([batchId(one)]);
    expect(await list(`${llm}&version=2`)).toEqual([]);
  });

  it('show everything that was due by now', async () => {
    const { client, clock } = buildTestApp();
    await client().createBatchTest();
    clock.jump(60_000);
    const { items }: Page<Batch> = await client().call('GET', `/v2/list-batch-tests?${llm}`);
    expect(items[0]?.status).toBe('complete');
  });
});

describe('lists of runs', () => {
  // facts.md 17, 63: an order that clients must not rely on
  it('keep the order of the ids of the batch', async () => {
    const { client } = buildTestApp();
    const ids = Array.from({ length: 25 }, (_, index) => `id_${String(index)}`);
    const batch = await client().createBatchTest(ids);
    const { items, has_more } = await client().listRuns(batchId(batch));
    expect(items.map((run) => run.test_case_definition_id)).toEqual(ids);
    expect(has_more).toBe(false);
  });

  // facts.md 38
  it('have 50 items on a page unless told otherwise, 1,000 at the most', async () => {
    const { client } = buildTestApp();
    const batch = await client().createBatchTest(Array.from({ length: 1000 }, () => 'a'));
    const byDefault = await client().listRuns(batchId(batch), '');
    expect([byDefault.items.length, byDefault.has_more]).toEqual([50, true]);
    const most = await client().listRuns(batchId(batch), 'limit=1000');
    expect([most.items.length, most.has_more]).toEqual([1000, false]);
  });

  it.each(['/list-test-runs/none', '/v2/list-test-runs/none'])('%s answers 404', async (url) => {
    const { client } = buildTestApp();
    await client().createBatchTest();
    expect((await client().send({ method: 'GET', url })).status).toBe(404);
  });
});

describe('paging', () => {
  it('has no gap and no repeat, even if items are created or deleted between pages', async () => {
    const step = fc.constantFrom('create definition', 'create batch', 'delete definition', 'wait');
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 12 }),
        fc.integer({ min: 1, max: 5 }),
        fc.array(step, { maxLength: 12 }),
        async (count, limit, steps) => {
          const { client: clientOf, clock } = buildTestApp();
          const client = clientOf();
          const definitions: Definition[] = [];
          const batches: Batch[] = [];
          for (let index = 0; index < count; index += 1) {
            definitions.unshift(await client.createDefinition());
            batches.unshift(await client.createBatchTest(['a', 'b', 'c', 'd', 'e', 'f', 'g']));
          }
          const deleted = new Set<string>();
          const disturb = async () => {
            const next = steps.pop();
            if (next === 'create definition') await client.createDefinition();
            if (next === 'create batch') await client.createBatchTest();
            if (next === 'wait') await clock.advance(700);
            const victim = definitions[steps.length];
            if (next !== 'delete definition' || victim === undefined) return;
            deleted.add(definitionId(victim));
            await client.send({
              method: 'DELETE',
              url: `/delete-test-case-definition/${definitionId(victim)}`,
            });
          };
          const listed = await readAll<Definition>(
            ...([client, `/v2/list-test-case-definitions?${llm}&`, limit, disturb] as const),
          );
          const ids = listed.map(definitionId);
          expect(new Set(ids).size).toBe(ids.length);
          const stayed = definitions.map(definitionId).filter((id) => !deleted.has(id));
          expect(ids.filter((id) => !deleted.has(id))).toEqual(stayed);

          const url = `/v2/list-batch-tests?${llm}&`;
          const listedBatches = (await readAll<Batch>(client, url, limit, disturb)).map(batchId);
          const atStart = batches.map(batchId);
          const known = new Set(atStart);
          expect(new Set(listedBatches).size).toBe(listedBatches.length);
          expect(listedBatches.filter((id) => known.has(id))).toEqual(atStart);

          for (const batch of batches.slice(0, 1)) {
            const runs = await readAll<{ test_case_definition_id: string }>(
              ...([client, `/v2/list-test-runs/${batchId(batch)}?`, limit, disturb] as const),
            );
            expect(runs.map((run) => run.test_case_definition_id).join('')).toBe('abcdefg');
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  it('refuses a key of another list', async () => {
    const { client } = buildTestApp();
    const batches: Batch[] = [];
    for (let index = 0; index < 3; index += 1) {
      await client().createDefinition();
      await client('key_b').createDefinition();
      batches.push(await client().createBatchTest(['a', 'b']));
    }
    const keyOf = async (url: string, who = 'key_a') => {
      const page: Page<unknown> = await client(who).call('GET', `${url}limit=1`);
      return page.pagination_key ?? '';
    };
    const definitions = `/v2/list-test-case-definitions?${llm}&`;
    const runs = (index: number) =>
      `/v2/list-test-runs/${batches[index]?.test_case_batch_job_id ?? ''}?`;
    const good = await keyOf(definitions);
    const bad = [
      '',
      'x',
      '1',
      `${good}x`,
      good.slice(1),
      Buffer.from('2.0123456789abcdef').toString('base64url'),
      await keyOf(definitions, 'key_b'),
      await keyOf(`/v2/list-batch-tests?${llm}&`),
      await keyOf(runs(0)),
    ];
    for (const key of bad) {
      const url = `${definitions}pagination_key=${key}`;
      const { status, body } = await client().send({ method: 'GET', url });
      expect(body['message']).toContain('query/pagination_key must be a key of this list');
      expect(status).toBe(400);
    }
    const foreign = `${runs(1)}pagination_key=${await keyOf(runs(0))}`;
    expect((await client().send({ method: 'GET', url: foreign })).status).toBe(400);
    const sound = `${definitions}pagination_key=${good}&limit=7`;
    expect((await client().send({ method: 'GET', url: sound })).status).toBe(200);
  });

  it.each([
    ['', "query must have required property 'type'"],
    ['type=custom-llm', 'query/type must be "retell-llm" or "conversation-flow"'],
    ['type=retell-llm', `query must have required property 'llm_id' when type is "retell-llm"`],
    ['type=retell-llm&conversation_flow_id=f', "must have required property 'llm_id'"],
    ['type=conversation-flow&llm_id=f', "must have required property 'conversation_flow_id'"],
    [`${llm}&limit=0`, 'query/limit must be >= 1'],
    [`${llm}&limit=-1`, 'query/limit must be >= 1'],
    [`${llm}&limit=1001`, 'query/limit must be <= 1000'],
    [`${llm}&limit=1.5`, 'query/limit must be integer'],
    [`${llm}&limit=ten`, 'query/limit must be integer'],
    [`${llm}&limit=`, 'query/limit must be integer'],
    [`${llm}&limit=1&limit=2`, 'query/limit must be integer'],
    [`${llm}&version=x`, 'query/version must be integer'],
  ])('refuses the query %s', async (query, fault) => {
    const { client } = buildTestApp();
    const url = `/v2/list-batch-tests?${query}`;
    const { status, body } = await client().send({ method: 'GET', url });
    expect(body['message']).toContain(fault);
    expect(status).toBe(400);
  });
});

describe('deprecated lists', () => {
  type Agent = Record<string, unknown>;

  // facts.md 53
  it('have all versions of agents, or the latest of each, page by page', async () => {
    const { client } = buildTestApp();
    for (const drafts of [0, 2, 1]) {
      const agent = {
        voice_id: 'v',
        response_engine: { type: 'custom-llm', llm_websocket_url: 'wss://x' },
      };
      const { agent_id: id } = await client().call('POST', '/create-agent', agent);
      for (let draft = 0; draft < drafts; draft += 1) {
        await client().call('POST', `/create-agent-version/${String(id)}`, { base_version: 0 });
      }
    }
    const list = (query: string) => client().call<Agent[]>('GET', `/list-agents?${query}`);
    const walk = async (query: string): Promise<Agent[]> => {
      const seen: Agent[] = [];
      for (let from = ''; ;) {
        const [agent] = await list(`limit=1&${query}${from}`);
        if (agent === undefined) return seen;
        seen.push(agent);
        const { agent_id: id, version } = agent;
        from = `&pagination_key=${String(id)}&pagination_key_version=${String(version)}`;
      }
    };
    const all = await walk('');
    expect(all).toEqual(await list(''));
    expect(all.map(({ version }) => version)).toEqual([1, 0, 2, 1, 0, 0]);
    const latest = await walk('is_latest=true');
    expect(latest).toEqual(await list('is_latest=true'));
    expect(latest).toEqual([all[0], all[2], all[5]]);
    const middle = String(all[2]?.['agent_id']);
    expect(await list(`pagination_key=${middle}`)).toEqual([all[5]]);
    for (const unlisted of [`${middle}&pagination_key_version=3`, 'agent_x']) {
      const url = `/list-agents?pagination_key=${unlisted}`;
      const { status, body } = await client().send({ method: 'GET', url });
      expect(status).toBe(400);
      expect(body['message']).toContain('query/pagination_key must be the id of a listed one');
    }
  });

  // facts.md 57
  it('say so, and name the operation to use instead', async () => {
    const { client } = buildTestApp();
    const { test_case_batch_job_id: id } = await client().createBatchTest();
    const successors = [
      [`/list-test-case-definitions?${llm}`, '/v2/list-test-case-definitions'],
      [`/list-batch-tests?${llm}`, '/v2/list-batch-tests'],
      [`/list-test-runs/${id}`, `/v2/list-test-runs/${id}`],
    ] as const;
    for (const [url, successor] of successors) {
      const { headers } = await client().send({ method: 'GET', url });
      expect(headers['deprecation']).toMatch(/^@\d+$/);
      expect(headers['link']).toBe(`<${successor}>; rel="successor-version"`);
    }
    const url = `/v2/list-batch-tests?${llm}`;
    expect((await client().send({ method: 'GET', url })).headers['deprecation']).toBeUndefined();
  });
});
