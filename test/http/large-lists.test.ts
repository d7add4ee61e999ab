import { describe, expect, it, vi } from 'vitest';
import { gatherSlowly } from '../../src/operations/gathering.js';
import { newContent } from '../../src/domain/testing/test-case.js';
import { advance, plainSettings, buildStoppedApp } from '../support/control.js';
import type { ManualClock } from '../support/manual-clock.js';
import { someDefinition, type Page, type Run, type TestClient } from '../support/emulator.js';

vi.mock('../../src/domain/requests/answer-sizes.js', async () =>
  (await import('../support/answer-sizes.js')).smallAnswers(4),
);

const mebibyte = 1024 * 1024;
/** Nearly as much as a body may have, a quarter of it as of everything here. */
const large = 4_900_000 / 4;
/** What a page may have, with the item that fills it. */
const maxOfPage = 8 * mebibyte + large + 2000;
const llm = 'type=retell-llm&llm_id=llm_1';

/** The answers are not checked against the contract: they are many megabytes. */
async function open() {
  const parts = buildStoppedApp({ settings: plainSettings, validateResponses: false });
  // So that there is a workspace.
  await parts.client.call('GET', '/_emulator/clock');
  return parts;
}

/** Not over HTTP, where checking what is so large takes most of the time. */
function createDefinitions({ emulator }: TestClient, count: number, size = large): string[] {
  const { store, workspaces } = emulator;
  const { id: workspaceId, now } = workspaces.open(workspaces.listNames()[0] ?? '');
  const rest = { workspaceId, createdAt: now, modifiedAt: now };
  return Array.from({ length: count }, () =>
    store.now((writer) => {
      const ordinal = writer.workspaces.takeOrdinal(workspaceId, 'definition');
      const definitionId = `test_case_${String(ordinal)}`;
      const content = newContent({ ...someDefinition, user_prompt: 'x'.repeat(size) });
      writer.testCases.insert({ ...rest, definitionId, content });
      return definitionId;
    }),
  );
}

/** Reads all pages, as large as they may be, and keeps an id of each item. */
async function readPages(client: TestClient, url: string, id = 'test_case_definition_id') {
  const pages: unknown[][] = [];
  for (let key: string | undefined = ''; key !== undefined;) {
    const from = key === '' ? '' : `&pagination_key=${key}`;
    const { status, body, headers } = await client.send({ method: 'GET', url: `${url}${from}` });
    expect(status).toBe(200);
    expect(Number(headers['content-length'])).toBeLessThan(maxOfPage);
    const page = body as unknown as Page<Record<string, unknown>>;
    expect(page.has_more).toBe(page.pagination_key !== undefined);
    pages.push(page.items.map((item) => item[id]));
    key = page.pagination_key;
  }
  return pages;
}

async function refusal(client: TestClient, url: string): Promise<unknown> {
  const { status, body } = await client.send({ method: 'GET', url });
  expect(status).toBe(400);
  return body['message'];
}

describe('lists of large items', () => {
  it('have pages that end early, and are refused if they have no pages', async () => {
    const { client } = await open();
    const ids = createDefinitions(client, 40);
    const newestFirst = ids.toReversed();
    const pages = await readPages(client, `/v2/list-test-case-definitions?${llm}&limit=1000`);
    expect(pages.flat()).toEqual(newestFirst);
    expect(pages.map(({ length }) => length)).toEqual([7, 7, 7, 7, 7, 5]);
    expect(await refusal(client, `/list-test-case-definitions?${llm}`)).toBe(
      'The answer is too large: its first 28 items have 33 MiB, and it may have 32 MiB. ' +
        '/v2/list-test-case-definitions lists the same in pages.',
    );

    const { test_case_batch_job_id: batchId } = await client.createBatchTest(ids);
    await advance(client, { until: 'idle' });
    const runs = await readPages(client, `/v2/list-test-runs/${batchId}?limit=1000`);
    expect(runs.flat()).toEqual(ids);
    expect(runs.map(({ length }) => length)).toEqual([7, 7, 7, 7, 7, 5]);
    expect(await refusal(client, `/list-test-runs/${batchId}`)).toContain(
      `32 MiB. /v2/list-test-runs/${batchId} lists the same in pages.`,
    );

    const exported = await client.call<{ definitions: unknown[] }>('GET', '/_emulator/export');
    expect(exported.definitions).toHaveLength(40);
    createDefinitions(client, 15);
    expect(await refusal(client, '/_emulator/export')).toBe(
      'The answer is too large: an export may have 64 MiB, and what is here has 65 MiB. ' +
        'With batchesFrom=0 it comes in parts.',
    );
  });

  it('have at least one item in a page, and the requested number if it fits', async () => {
    const { client } = await open();
    const ids = createDefinitions(client, 3);
    const url = `/v2/list-test-case-definitions?${llm}&limit=`;
    for (const [limit, lengths] of [
      [1, [1, 1, 1]],
      [2, [2, 1]],
      [3, [3]],
    ] as const) {
      const pages = await readPages(client, `${url}${String(limit)}`);
      expect(pages.map(({ length }) => length)).toEqual(lengths);
      expect(pages.flat()).toEqual(ids.toReversed());
    }
    expect(await client.call('GET', `/list-test-case-definitions?${llm}`)).toHaveLength(3);
  });

  it('are the same for engines and agents', async () => {
    const { client, emulator } = await open();
    const { id: workspaceId, now: modifiedAt } = emulator.workspaces.get(1);
    const engines = Array.from({ length: 29 }, (_, index) => {
      const [id, general_prompt] = [`llm_${String(index)}`, 'x'.repeat(large - index)];
      const first = { content: { general_prompt }, baseVersion: null, modifiedAt };
      emulator.store.now(({ assets }) => {
        assets.insert({ workspaceId, kind: 'retell-llm', id }, first);
      });
      return id;
    });
    const pages = await readPages(client, '/v2/list-retell-llms?sort_order=ascending', 'llm_id');
    expect(pages.flat()).toEqual(engines);
    expect(pages.map(({ length }) => length)).toEqual([7, 7, 7, 7, 1]);
    expect(await refusal(client, '/list-retell-llms')).toContain('/v2/list-retell-llms');
    expect(await client.call('GET', '/list-retell-llms?limit=20')).toHaveLength(20);

    const { agent_id: id } = await client.call('POST', '/create-agent', {
      voice_id: 'v',
      agent_name: 'x'.repeat(large),
      response_engine: { type: 'custom-llm', llm_websocket_url: 'wss://x' },
    });
    for (let version = 1; version < 29; version += 1) {
      await client.call('POST', `/create-agent-version/${String(id)}`, { base_version: 0 });
    }
    const successor = `/list-agent-versions/${String(id)}`;
    expect(await refusal(client, `/get-agent-versions/${String(id)}`)).toContain(successor);
    const versions = await client.call<Page<object>>('GET', `${successor}?limit=1000`);
    expect(versions.items).toHaveLength(29);
    expect(await client.call('GET', '/list-agents?is_latest=true')).toHaveLength(1);
  });

  it('count the forced outcomes of runs, too', async () => {
    const { client } = await open();
    const content = 'x'.repeat(600_000);
    await client.call('POST', '/_emulator/outcome-rules', {
      outcome: { status: 'pass', transcript: [{ role: 'agent', content }] },
    });
    const ids = Array.from({ length: 20 }, (_, index) => `case ${String(index)}`);
    const { test_case_batch_job_id: batchId } = await client.createBatchTest(ids);
    await advance(client, { until: 'idle' });
    const pages = await readPages(client, `/v2/list-test-runs/${batchId}?limit=1000`);
    expect(pages.flat()).toEqual(ids);
    expect(pages.map(({ length }) => length)).toEqual([14, 6]);
  });
});

/** Counts the turns of the event loop that a request takes. */
function countTurns(clock: ManualClock) {
  const turn = clock.turn.bind(clock);
  const counted = { turns: 0 };
  clock.turn = () => {
    counted.turns += 1;
    return turn();
  };
  return async (work: () => Promise<unknown>): Promise<number> => {
    counted.turns = 0;
    await work();
    return counted.turns;
  };
}

describe('a list of large items', () => {
  it.each([
    `/v2/list-test-case-definitions?${llm}`,
    `/list-test-case-definitions?${llm}`,
    '/v2/list-retell-llms',
    '/list-retell-llms',
    `/list-batch-tests?${llm}`,
  ])('lets other requests in while %s is read', async (url) => {
    const { client, clock, emulator } = await open();
    const turnsOf = countTurns(clock);
    const list = () => client.call('GET', url);
    const usual = await turnsOf(list);
    createDefinitions(client, 3);
    const { id: workspaceId, now: modifiedAt } = emulator.workspaces.get(1);
    for (const id of ['llm_0', 'llm_1', 'llm_2']) {
      const first = {
        content: { general_prompt: 'x'.repeat(large) },
        ...{ baseVersion: null, modifiedAt },
      };
      emulator.store.now(({ assets }) => {
        assets.insert({ workspaceId, kind: 'retell-llm', id }, first);
      });
    }
    const batch = { response_engine: { type: 'retell-llm', llm_id: 'llm_1' } };
    const batchTests = Array(2000).fill({ ...batch, runs: [{ test_case_definition_id: 'a' }] });
    if (url.includes('batch')) await client.call('POST', '/_emulator/fixtures', { batchTests });
    expect(await turnsOf(list)).toBeGreaterThan(usual);
  });

  it('has no bound that depends on its pauses', async () => {
    const items = Array.from({ length: 40 }, (_, position) => ({ position }));
    let turns = 0;
    const source = {
      list: (last?: { position: number }) => items.slice((last?.position ?? -1) + 1),
      toWire: () => 'x'.repeat(mebibyte),
      turn: () => Promise.resolve(void (turns += 1)),
    };
    const { gathered, lastOfMore } = await gatherSlowly(source, 32 * mebibyte);
    expect([gathered.items.length, lastOfMore, turns]).toEqual([32, { position: 31 }, 32]);
    const few = await gatherSlowly(source, 32 * mebibyte, 3);
    expect([few.gathered.items.length, few.lastOfMore]).toEqual([3, { position: 2 }]);
    const all = await gatherSlowly(source, Infinity);
    expect([all.gathered.items.length, all.lastOfMore]).toEqual([40, undefined]);
  });
});

describe('a page of large runs', () => {
  it('lets other requests in, and is read again if the workspace was restored meanwhile', async () => {
    const { client, clock } = await open();
    const ids = createDefinitions(client, 3);
    const { test_case_batch_job_id: batchId } = await client.createBatchTest(ids);
    await advance(client, { until: 'idle' });
    const url = `/v2/list-test-runs/${batchId}`;
    let turns = 0;
    let between: (() => Promise<unknown>) | undefined;
    const turn = clock.turn.bind(clock);
    clock.turn = async () => {
      turns += 1;
      const now = between;
      between = undefined;
      await turn();
      await now?.();
    };
    await client.call('POST', '/_emulator/snapshots/s');
    turns = 0;
    await client.call('GET', '/v2/list-test-runs/x').catch(() => undefined);
    const usual = turns;
    turns = 0;
    const { items } = await client.call<Page<Run>>('GET', url);
    expect(turns - usual).toBeGreaterThanOrEqual(2);

    between = () => client.call('POST', '/_emulator/snapshots/s/restore');
    expect(await client.call('GET', url)).toEqual({ items, has_more: false });
    between = () => client.call('POST', '/_emulator/reset', {});
    expect((await client.send({ method: 'GET', url })).status).toBe(404);
  });
});

describe('warnings of a batch of large definitions', () => {
  it('name only the first, and say so', async () => {
    const { client } = await open();
    const { llm_id } = await client.call('POST', '/create-retell-llm', {
      general_tools: [
        {
          type: 'custom',
          name: 'book',
          url: 'https://x.test',
          parameters: { type: 'object', properties: {} },
        },
      ],
    });
    const ids = createDefinitions(client, 8, 4_900_000);
    await client.createBatchTest(ids, { type: 'retell-llm', llm_id });
    const { items } = await client.call<{ items: { warnings: string[] }[] }>(
      'GET',
      '/_emulator/requests?operation=createBatchTest',
    );
    const warnings = items[0]?.warnings ?? [];
    const mocks = warnings.filter((text) => text.includes('has no mock for the tool book'));
    expect(mocks).toHaveLength(6);
    expect(warnings.at(-1)).toBe(
      'the last 2 of the 8 definitions were not looked at: all of them are too large',
    );
  });
});
